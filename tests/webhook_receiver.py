"""A receiver of webhooks for tests: real HTTP on loopback, in the test's own loop. It can be slow, refuse, be gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway import signing
from gateway.demo.ports import free_port


class Received(msgspec.Struct, frozen=True):
    """One request whose answer was the receiver's choice."""

    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def event(self) -> Any:
        """The CloudEvent as plain JSON."""
        return msgspec.json.decode(self.body)


class Receiver:
    """Notes every request; `answer` decides what it is told."""

    def __init__(self) -> None:
        self.port = free_port()
        self.received: list[Received] = []
        self.answer: Callable[[Any], int] = lambda _: 204
        self.delay: Callable[[Any], float] = lambda _: 0.0
        self.at_once = self.most_at_once = 0
        self._server: asyncio.Server | None = None
        self._gone = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[Received]:
        """What it answered well."""
        return [each for each in self.received if each.status < 300]

    async def start(self) -> None:
        """Listen, again or for the first time."""
        self._gone = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Be gone: nothing listens, and connections that were open break."""
        if self._server is not None:
            self._server.close()
            self._gone.set()
            serving = [task for task in self._open.values() if task is not None]
            for writer in list(self._open):
                writer.transport.abort()
            if serving:
                await asyncio.wait(serving)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
                body = await reader.readexactly(int(headers["content-length"]))
                await self._take(headers, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side left, or we did
        finally:
            self._open.pop(writer)
            writer.close()

    async def _take(self, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        event, gone = msgspec.json.decode(body), self._gone
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), self.delay(event))
            if gone.is_set():
                raise ConnectionAbortedError
            status = self.answer(event)
            self.received.append(Received(headers, body, status))
            writer.write(f"HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
        finally:
            self.at_once -= 1


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens for the length of the block."""
    receiver = Receiver()
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()


def check(secret: str, received: Received) -> str:
    """The id of what was received, if its signature holds now."""
    return signing.check(secret, received.headers, received.body, datetime.now(UTC))
