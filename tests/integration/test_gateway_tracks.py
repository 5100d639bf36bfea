"""Fixes judged by their neighbours: before they move a marker, and the same in whatever order they came."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from gateway.demo.broker import Mosquitto
from gateway.services.count import Intake
from gateway.services.judge_tracks import Tracks
from gateway.storage import fixes
from gateway.storage.fixes import Row
from gateway.storage.pool import open_pool, type_of_pool
from tests.fix_gateway import CENTRE, until_here
from tests.gateway_traffic import MORNING, epoch, peer, topic
from tracker.fix import Fix, Quality
from tracker.track import judged_track

UNIT = "ambulans-01"
NORTH = 1 / 111_195


def fix(second: float, metres: float, longitude: float = 111.88, speed: float = 15.0) -> Fix:
    return Fix(
        time=MORNING + timedelta(seconds=second), latitude=-7.15 + metres * NORTH, longitude=longitude, speed=speed
    )


def drive() -> list[Fix]:
    """Forty minutes with a wild spell, a frozen one, a leap of speed, a tunnel and a voyage."""
    track = [fix(second, 15 * second) for second in range(900)]
    track[100:140] = [fix(second, 15 * second, longitude=131.3) for second in range(100, 140)]
    track[300:320] = [fix(second, 15 * 299) for second in range(300, 320)]
    track[400] = fix(400, 15 * 400, speed=69.0)
    track += [fix(second, 15 * second) for second in range(1100, 1400)]
    track += [fix(second, 15 * second, longitude=131.3) for second in range(2000, 2400)]
    return track


def rows(track: Sequence[Fix]) -> list[Row]:
    return [Row(CENTRE, UNIT, "gnss", each, MORNING, "box", number) for number, each in enumerate(track)]


@pytest.fixture
async def pool(cleared_url: str) -> AsyncIterator[type_of_pool]:
    """Connections as the gateway has them, to an empty table."""
    async with open_pool(cleared_url, 2) as opened:
        yield opened


async def take(pool: type_of_pool, tracks: Tracks, batch: Sequence[Row]) -> list[Row]:
    """A batch as the gateway takes it: stored, then judged."""
    async with pool.connection() as connection, connection.transaction():
        await fixes.store(connection, batch)
    return tracks.judged(batch)


async def stored_flags(pool: type_of_pool) -> dict[datetime, Quality]:
    async with pool.connection() as connection:
        page = await fixes.page(connection, CENTRE, UNIT, MORNING, MORNING + timedelta(days=1), 10_000)
    return {each.fix.time: each.fix.quality for each in page}


@pytest.mark.parametrize("seed", range(4))
async def test_the_stored_flags_are_the_same_in_whatever_order_the_fixes_came(pool: type_of_pool, seed: int) -> None:
    """In order, shuffled within minutes, in shuffled batches, and all of it twice: what is stored is what one judge
    says who sees the whole track at once."""
    chance = random.Random(seed)
    track = drive()
    expected = {each.time: each.quality for each in judged_track(track)}
    assert sum(bool(quality) for quality in expected.values()) > 60
    order = rows(track)
    if seed == 1:
        order.sort(key=lambda row: row.fix.time.timestamp() + chance.uniform(0, 60))
    elif seed >= 2:
        order += order[: 300 if seed == 3 else 0]
        chance.shuffle(order)
    tracks = Tracks(CENTRE, pool, Intake(MORNING))
    size = 100
    for start in range(0, len(order), size):
        await take(pool, tracks, order[start : start + size])
        if chance.random() < 0.2:
            await tracks.settle(all_of_them=True)
    await tracks.settle(all_of_them=True)
    assert await stored_flags(pool) == expected


async def test_a_restart_in_the_middle_of_a_wild_spell_forgets_nothing(pool: type_of_pool) -> None:
    """The new process begins with the newest fix that was usable, and judges the wild ones by it."""
    track = drive()[:200]
    before = Tracks(CENTRE, pool, Intake(MORNING))
    await take(pool, before, rows(track)[:110])
    await before.settle(all_of_them=True)
    after = Tracks(CENTRE, pool, Intake(MORNING))
    async with pool.connection() as connection:
        after.begin(await fixes.latest(connection, CENTRE))
    told = await take(pool, after, rows(track)[110:])
    assert [row.fix.quality for row in told[:30]] == [Quality.JUMP] * 30
    await after.settle(all_of_them=True)
    assert await stored_flags(pool) == {each.time: each.quality for each in judged_track(track)}


async def test_what_could_not_be_written_is_written_when_the_database_is_back(pool: type_of_pool) -> None:
    """Found flags and late tracks wait."""
    tracks = Tracks(CENTRE, pool, Intake(MORNING))
    track = drive()[:200]
    late = rows(track)
    await take(pool, tracks, late[:120] + late[150:])
    await take(pool, tracks, late[120:150])
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE fixes RENAME TO hidden")
        try:
            with pytest.raises(psycopg.Error):
                await tracks.settle(all_of_them=True)
        finally:
            await connection.execute("ALTER TABLE hidden RENAME TO fixes")
    await tracks.settle(all_of_them=True)
    assert await stored_flags(pool) == {each.time: each.quality for each in judged_track(track)}


async def test_a_jump_moves_no_marker_and_is_told(gateway_here: str, mosquitto: Mosquitto) -> None:
    """Through broker and gateway: the marker waits where it was, the fix is stored with its flag, the counters tell."""
    begin = datetime.now(UTC) - timedelta(seconds=20)
    places = [111.88] * 10 + [131.3] * 5
    with peer(mosquitto.port) as unit:
        for number, longitude in enumerate(places):
            unit.say(topic(UNIT), epoch(number + 1, begin + timedelta(seconds=number), longitude=longitude))
    async with httpx.AsyncClient(base_url=gateway_here) as client:

        async def flagged() -> list[dict[str, Any]] | None:
            page = (await client.get(f"/api/v1/units/{UNIT}/fixes")).json()["fixes"]
            return page if len(page) == 15 and sum("jump" in each["quality"] for each in page) == 5 else None

        await until_here(flagged, what="five fixes flagged as jumps")
        (state,) = [each for each in (await client.get("/api/v1/units")).json()["units"] if each["unit"] == UNIT]
        counters = (await client.get("/api/v1/intake")).json()["counters"]
    assert state["position"]["longitude"] == pytest.approx(111.88)
    assert counters["flagged"]["jump"] == 5
