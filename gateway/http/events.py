"""What happens, as server-sent events (WHATWG HTML, 9.2): events with numbers, and between them where units are.

An event has its number as `id`; a client that comes back names the last one it saw, and misses none. Positions have no
`id`: of those only the newest counts, and a client that comes back gets that of each unit first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse

from gateway.feeds.positions import position_of
from gateway.http.world import SeesMissions, TheWorld, World, aware
from gateway.services.cloudevents import encoded
from gateway.storage.events import KINDS

router = APIRouter(prefix="/api/v1", tags=["events"])

QUIET_S = 15.0
"""After so long without a word a comment is sent, so that both ends notice a path that is dead."""

ROUND_S = 0.5
"""Positions are told so often at most."""

POSITION = "unit.position"
GAP = "gap"

_encode = msgspec.json.Encoder().encode

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "events by number, and where units are; described in /api/v1/asyncapi.json",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class Gap(msgspec.Struct, frozen=True):
    """Events that the client asked for and that are no longer, or not yet, here: it should read what it shows anew."""

    after: int
    next: int


@router.get("/events", responses=STREAM, response_class=StreamingResponse)
async def stream(
    _: SeesMissions,
    world: TheWorld,
    since: Annotated[int | None, Query(ge=0, le=2**62, description="the number of the last event seen")] = None,
    since_time: Annotated[datetime | None, Query(description="all that happened from then on")] = None,
    kinds: Annotated[str, Query(max_length=1000, description="comma-separated; all if absent")] = "",
    positions: bool = True,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Events from now on, or behind the last one seen: by the header Last-Event-ID, else by `since`. With positions of
    units in between, unless `positions=false`."""
    wanted = frozenset(kinds.split(",")) if kinds else frozenset(KINDS)
    if not wanted <= frozenset(KINDS):
        raise HTTPException(422, f"there is no kind {', '.join(sorted(wanted - frozenset(KINDS)))}: {', '.join(KINDS)}")
    if last_event_id:
        if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19):
            raise HTTPException(422, "Last-Event-ID is no number of ours")
        since = int(last_event_id)
    start = aware("since_time", since_time)
    if since is None and start is not None:
        since = await world.feed.before(start)
    before, newest = await world.feed.ends()
    return StreamingResponse(
        _frames(world, since, before, newest, wanted, positions=positions),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(
    world: World, since: int | None, before: int, newest: int, wanted: frozenset[str], *, positions: bool
) -> AsyncIterator[bytes]:
    at = newest if since is None else since
    yield b"retry: 2000\n\n"
    if not before <= at <= newest:
        yield _frame(GAP, _encode(Gap(at, before + 1 if at < before else newest + 1)))
        at = before if at < before else newest
    clock = asyncio.get_running_loop().time
    seen, told_at, heard_at = -1, -ROUND_S, clock()  # of the live picture: number and time of the last round
    with world.feed.listen() as woken, world.live.watch(woken):
        while not world.feed.closed:
            woken.clear()
            for event in await world.feed.after(at):
                at, heard_at = event.id, clock()
                if event.kind in wanted:
                    yield _frame(event.kind, encoded(world.centre, event), event.id)
            due = positions and world.live.seq > seen
            if due and clock() >= told_at + ROUND_S:
                states, seen = world.live.changed(seen), world.live.seq
                told_at = heard_at = clock()
                for state in states:
                    yield _frame(POSITION, _encode(position_of(state, world.now())))
                due = False
            if clock() >= heard_at + QUIET_S:
                heard_at = clock()
                yield b":\n\n"
            until = told_at + ROUND_S if due else heard_at + QUIET_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, until - clock())):
                    await woken.wait()


def _frame(kind: str, data: bytes, number: int | None = None) -> bytes:
    head = b"" if number is None else b"id: %d\n" % number
    return head + b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
