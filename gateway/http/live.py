"""The live socket: a snapshot, then changes, then a heartbeat every two seconds.

Each client has one writer, which sends what changed since its own last number whenever it is ready for more. A slow
client gets newer values and fewer frames; a frozen one is closed; neither delays anybody else.
"""

import asyncio

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from gateway.http.access import Forbidden
from gateway.http.origins import is_foreign
from gateway.http.world import SeesUnits, TheWorld, World

router = APIRouter(prefix="/api/v1")

HEARTBEAT_S = 2.0
FROZEN_S = 10.0
"""A client that has taken nothing for this long is closed; it resumes where it was when it comes back."""


@router.websocket("/live")
async def live(
    _: SeesUnits, socket: WebSocket, world: TheWorld, stream: str | None = None, since: int | None = None
) -> None:
    """Serve one watcher until either side leaves."""
    check_origin(socket)
    await socket.accept()
    writer = asyncio.create_task(_write(socket, world, stream, since))
    reader = asyncio.create_task(_drain(socket))
    try:
        await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (writer, reader):
            task.cancel()
        results = await asyncio.gather(writer, reader, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect | TimeoutError):
            raise result


def check_origin(socket: WebSocket) -> None:
    """A page of another site may not open our socket with our user's browser.

    Raises:
        Forbidden: the Origin header names another host than the one asked for.
    """
    if is_foreign(socket.headers):
        raise Forbidden(f"a page of {socket.headers['origin']} may not watch here")


async def _write(socket: WebSocket, world: World, stream: str | None, since: int | None) -> None:
    picture = world.live
    with picture.watch() as changed:
        resumes = stream == picture.stream and since is not None and 0 <= since <= picture.seq
        at = since if resumes and since is not None else None
        while True:
            changed.clear()
            seq = picture.seq
            if at is None:
                frame = picture.snapshot(world.now())
            elif resumes or seq > at:
                frame = picture.changes(at, world.now())
            else:
                frame = picture.heartbeat(world.now())
            at, resumes = seq, False
            async with asyncio.timeout(FROZEN_S):
                await socket.send_text(frame.decode())
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await changed.wait()
            except TimeoutError:
                pass  # nothing new: the next frame is the heartbeat


async def _drain(socket: WebSocket) -> None:
    """Read and forget whatever the client says, and notice when it leaves."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
