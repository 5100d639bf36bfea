"""How the gateway itself is doing: health, counters, the quarantine."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
import psycopg
from fastapi import APIRouter, Query, Response
from psycopg_pool import PoolTimeout

from gateway.http.world import SeesHealth, SeesIntake, TheWorld, answer, documented
from gateway.services.count import Counts
from gateway.storage import quarantine
from gateway.storage.quarantine import Quarantined

DATABASE_S = 2.0
"""A database that takes longer for nothing is not there: whoever asks wants to know now."""

router = APIRouter(prefix="/api/v1", tags=["operations"])


class Health(msgspec.Struct):
    """Each part, by itself. All true is status 200, anything else 503."""

    database: bool
    live_session: bool
    backlog_session: bool


class IntakeSince(msgspec.Struct):
    """Counters of this process."""

    since: datetime
    counters: Counts


class Quarantine(msgspec.Struct):
    """The newest messages that could not be stored as good fixes, and how many there are for each reason."""

    messages: list[Quarantined]  # payload in base64
    by_reason: dict[str, int]


@router.get("/health", responses=documented(Health, "everything is there"))
async def health(_: SeesHealth, world: TheWorld) -> Response:
    """Whether the gateway can do its work now: a real query, and both sessions."""
    try:
        async with asyncio.timeout(DATABASE_S), world.pool.connection() as connection:
            await connection.execute("SELECT 1")
        database = True
    except (psycopg.Error, PoolTimeout, TimeoutError):
        database = False
    sessions = world.sessions()
    parts = Health(database, sessions["live"], sessions["backlog"])
    return answer(parts, 200 if database and all(sessions.values()) else 503)


@router.get("/intake", responses=documented(IntakeSince, "what came in and what became of it"))
async def intake(_: SeesIntake, world: TheWorld) -> Response:
    """Counters since the gateway started: nothing that arrives goes uncounted."""
    return answer(IntakeSince(world.intake.since, world.intake.counts()))


@router.get("/quarantine", responses=documented(Quarantine, "what could not be stored"))
async def list_quarantine(
    _: SeesIntake, world: TheWorld, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """What could not be stored as a good fix: reason, sentence, raw bytes, how often."""
    async with world.pool.connection() as connection:
        messages = await quarantine.newest(connection, world.centre, limit)
        by_reason = await quarantine.counts(connection, world.centre)
    return answer(Quarantine(messages, by_reason))
