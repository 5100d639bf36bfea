"""A TCP proxy that does to a connection what networks do to it, on the word of the test.

    passing      bytes go both ways at once
    cut          every connection is reset (RST on both sides); new ones pass
    hole         nothing passes and nobody is told, not even of an end; what was open then stays dead for ever, also
                 after `heal`: to both ends the connection looks well (half-open)
    hold         nothing passes until `heal`; then all of it does: a frozen path, or a server that hangs
    refuse       nobody listens: new connections are refused (open ones stay)
    truncate     so many bytes more of each connection, then it is reset, in the midst of a message
    delay        each chunk waits before it goes on
    dribble      chunks are cut into small pieces, so that no reader can count on whole messages

It lives in a thread with an event loop of its own. Its methods return when the fault is in force.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol, Self, TypeVar

import pytest

LOOPBACK = "127.0.0.1"
CHUNK = 64 * 1024
ANSWER_S = 10.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 s: close(2) sends RST (socket(7))

T = TypeVar("T")
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """A client's connection and ours to the target."""

    def __init__(self, client: Pipe, target: Pipe) -> None:
        self.client, self.target = client, target
        self.dead = False
        self.budget: int | None = None  # bytes that may still pass, both ways together

    def reset(self) -> None:
        for _, writer in (self.client, self.target):
            found = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # it is closed already
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()


class FaultProxy:
    """Listens on a free port of loopback and carries what comes to the target.

    Args:
        target: port on loopback.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self.accepted = 0
        """Connections that ever came."""
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection | None] = {}
        self._open = asyncio.Event()
        self._open.set()
        self._hole = False
        self._delay_s = 0.0
        self._piece: int | None = None

    # Faults. Any thread may call these.

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        return self._do(self._cut())

    def hole(self) -> int:
        """Swallow everything from now on, and let what is open now never pass again; how many were open."""
        return self._do(self._dig())

    def hold(self) -> None:
        """Let nothing pass until `heal`; nothing is lost."""
        self._do(self._hold())

    def refuse(self) -> None:
        """Let nobody connect until `heal`."""
        self._do(self._stop_listening())

    def truncate(self, after_bytes: int) -> None:
        """Let each open connection carry so many bytes more, both ways together, and reset it then."""
        self._do(self._limit(after_bytes))

    def delay(self, seconds: float) -> None:
        """Let each chunk wait so long, until `heal`."""
        self._do(self._shape(seconds, self._piece))

    def dribble(self, piece: int) -> None:
        """Let chunks pass in pieces of so many bytes, until `heal`."""
        self._do(self._shape(self._delay_s, piece))

    def heal(self) -> None:
        """Pass everything again, and listen. What fell into a hole stays there."""
        self._do(self._heal())

    # Life

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def open_connections(self) -> int:
        """Connections that are open and not dead."""
        return sum(c is not None and not c.dead for c in list(self._connections.values()))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()  # connections live on
            self._server = None

    async def _close(self) -> None:
        await self._stop_listening()
        await self._cut()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _cut(self) -> int:
        found = [c for c in self._connections.values() if c is not None]
        for connection in found:
            connection.reset()
        return len([c for c in found if not c.dead])

    async def _dig(self) -> int:
        self._hole = True
        found = [c for c in self._connections.values() if c is not None and not c.dead]
        for connection in found:
            connection.dead = True
        return len(found)

    async def _hold(self) -> None:
        self._open.clear()

    async def _limit(self, after_bytes: int) -> None:
        for connection in self._connections.values():
            if connection is not None:
                connection.budget = after_bytes

    async def _shape(self, delay_s: float, piece: int | None) -> None:
        self._delay_s, self._piece = delay_s, piece

    async def _heal(self) -> None:
        self._hole = False
        self._delay_s, self._piece = 0.0, None
        self._open.set()
        if self._server is None:
            await self._listen()

    # One connection

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = self._loop.create_task(self._carry((reader, writer)))
        self._connections[task] = None
        task.add_done_callback(self._connections.pop)

    async def _carry(self, client: Pipe) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if self._hole:  # the connection stands (the kernel has taken it), and that is all
                await asyncio.Event().wait()
            target = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:  # nobody there: the client learns it as it would behind any such box
            client[1].transport.abort()
            return
        finally:
            if task.cancelling():
                client[1].transport.abort()
        connection = self._connections[task] = _Connection(client, target)
        connection.dead = self._hole
        ways = [
            self._loop.create_task(self._pump(connection, client[0], target[1])),
            self._loop.create_task(self._pump(connection, target[0], client[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for way in ways:
                way.cancel()
            ends = await asyncio.gather(*ways, return_exceptions=True)
            if any(ends):  # cut on one side: cut on both
                connection.reset()
            for _, writer in (client, target):
                writer.close()

    async def _pump(self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            piece = self._piece or len(data)
            for start in range(0, len(data), piece):
                part = data[start : start + piece]
                await self._gate(connection)
                if connection.budget is not None:
                    part = part[: connection.budget]
                    connection.budget -= len(part)
                writer.write(part)
                await writer.drain()
                if connection.budget == 0:
                    raise ConnectionResetError("the budget is spent")
        await self._gate(connection)
        if writer.can_write_eof():
            writer.write_eof()

    async def _gate(self, connection: _Connection) -> None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        await self._open.wait()
        if connection.dead:
            await asyncio.Event().wait()  # for ever: until the proxy ends


class MakeProxy(Protocol):
    """Starts a proxy before a port of loopback."""

    def __call__(self, target: int) -> FaultProxy: ...


@pytest.fixture
def make_proxy() -> Iterator[MakeProxy]:
    """Starts proxies; ends them after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda target: stack.enter_context(FaultProxy(target))
