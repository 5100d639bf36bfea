"""The thread in which the uplinks live: one asyncio loop for one vehicle, or for a whole simulated fleet.

The sampling side stays outside, in its own thread, because it waits for the disk at each append.
"""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar


class Carrier(Protocol):
    """What the thread carries: a `Delivery` or a `BareDelivery`."""

    async def run(self) -> None: ...

    async def say_goodbye(self) -> None: ...


C = TypeVar("C", bound=Carrier)


class Network:
    """Runs carriers until it is left; leaving it says goodbye for each that was not cut.

    An error in it that nobody foresaw is raised in whoever calls `check`, so that a unit never just falls silent.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._failed)
        self._tasks: dict[Carrier, asyncio.Task[None]] = {}
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="uplink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def add(self, make: Callable[[], C]) -> C:
        """Make a carrier in the loop's thread and let it run."""

        async def added() -> C:
            carrier = make()
            self._tasks[carrier] = task = self._loop.create_task(carrier.run())
            task.add_done_callback(self._ended)
            return carrier

        return asyncio.run_coroutine_threadsafe(added(), self._loop).result()

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called in the loop's thread, soon."""
        self._loop.call_soon_threadsafe(function, *arguments)

    def cut(self, carrier: Carrier) -> None:
        """Break a carrier's connection for good, without a goodbye: there is no coverage any more."""

        async def cut() -> None:
            if task := self._tasks.pop(carrier, None):
                task.cancel()
                await asyncio.wait([task])

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result()

    def check(self) -> None:
        """Raise what went wrong in the loop's thread, if anything did."""
        if self._failure is not None:
            raise self._failure

    async def _end(self) -> None:
        await asyncio.gather(*(carrier.say_goodbye() for carrier in self._tasks))
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        await self._loop.shutdown_default_executor()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failure = error

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._failure = context.get("exception") or RuntimeError(context["message"])
        loop.default_exception_handler(context)
