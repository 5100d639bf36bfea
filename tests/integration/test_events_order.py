"""A reader of events that goes by numbers sees each event once, whoever commits first."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from gateway.services import events as services
from gateway.services.events import Feed
from gateway.storage import events
from gateway.storage.events import Event, Numbered
from gateway.storage.pool import open_pool, type_of_pool
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING


@pytest.fixture
async def pool(enrolled_url: str) -> AsyncIterator[type_of_pool]:
    async with open_pool(enrolled_url, 8) as opened:
        yield opened


def opened(name: str) -> Event:
    return Event("incident.opened", f"incidents/{name}", {"id": name}, MORNING)


async def number(pool: type_of_pool) -> list[Numbered]:
    async with pool.connection() as connection, connection.transaction():
        return await events.number(connection, CENTRE)


async def after(pool: type_of_pool, seen: int) -> list[Numbered]:
    async with pool.connection() as connection:
        return await events.after(connection, CENTRE, seen)


async def test_who_wrote_first_and_commits_last_is_not_skipped(pool: type_of_pool) -> None:
    """A reader that has seen the second writer's event sees the first writer's, later and with a higher number."""
    async with pool.connection() as slow, slow.transaction():
        await events.put(slow, CENTRE, opened("first"))
        async with pool.connection() as quick:
            await events.put(quick, CENTRE, opened("second"))
        assert [event.subject for event in await number(pool)] == ["incidents/second"]
        seen = (await after(pool, 0))[-1].id
    await number(pool)
    assert [event.subject for event in await after(pool, seen)] == ["incidents/first"]


async def test_two_that_give_numbers_at_once_give_them_in_order_and_once(pool: type_of_pool) -> None:
    """The second waits for the first's commit, and begins behind it."""
    async with pool.connection() as first, first.transaction():
        await events.put(first, CENTRE, opened("a"))
        assert [event.id for event in await events.number(first, CENTRE)] == [1]
        async with pool.connection() as other:
            await events.put(other, CENTRE, opened("b"))
        waiting = asyncio.create_task(number(pool))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.3)
    assert [(event.id, event.subject) for event in await waiting] == [(2, "incidents/b")]


async def test_a_number_that_was_given_is_not_given_anew_by_who_waited(pool: type_of_pool) -> None:
    """Both saw the same event without a number; the second looks again once it has the lock."""
    async with pool.connection() as connection:
        await events.put(connection, CENTRE, opened("a"))
    await number(pool)  # the counter is there: what follows waits for its lock, and not for its row
    async with pool.connection() as connection:
        await events.put(connection, CENTRE, opened("b"))
    async with pool.connection() as first, first.transaction():
        assert [event.id for event in await events.number(first, CENTRE)] == [2]
        waiting = asyncio.create_task(number(pool))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.3)
    assert await waiting == []
    assert [(event.id, event.subject) for event in await after(pool, 1)] == [(2, "incidents/b")]


async def test_a_reader_beside_many_writers_sees_each_event_once_and_in_each_writers_order(pool: type_of_pool) -> None:
    """Eight writers that hold their transactions for different times; one of them takes half of its changes back."""
    done = asyncio.Event()
    seen: list[str] = []

    async def write(writer: int) -> None:
        for turn in range(12):
            try:
                async with pool.connection() as connection, connection.transaction():
                    await events.put(connection, CENTRE, opened(f"{writer}-{turn:02d}"))
                    await asyncio.sleep(0.002 * ((writer * 7 + turn * 3) % 5))
                    if writer == 0 and turn % 2:
                        raise psycopg.Rollback
            except psycopg.Rollback:
                pass

    async def read() -> None:
        newest = 0
        while True:
            last = done.is_set()
            await number(pool)
            found = await after(pool, newest)
            for event in found:
                assert event.id == newest + 1
                newest = event.id
                seen.append(event.subject.removeprefix("incidents/"))
            if last and not found:
                return

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(writer) for writer in range(6)))
    done.set()
    await reading
    kept = {f"{writer}-{turn:02d}" for writer in range(6) for turn in range(12) if writer or not turn % 2}
    assert sorted(seen) == sorted(kept)
    for writer in range(6):
        own = [name for name in seen if name.startswith(f"{writer}-")]
        assert own == sorted(own)


async def test_an_event_of_a_kind_that_nobody_knows_is_a_mistake_of_ours(pool: type_of_pool) -> None:
    """It would be delivered to nobody, or to somebody who cannot read it."""
    async with pool.connection() as connection:
        with pytest.raises(ValueError, match="no event of kind"):
            await events.put(connection, CENTRE, Event("mission.began", "missions/m", {}, MORNING))


async def test_ends_and_a_moments_number(pool: type_of_pool) -> None:
    """From a date on: the number of the last event before it."""
    async with pool.connection() as connection:
        assert await events.ends(connection, CENTRE) == (0, 0)
        for minute in range(3):
            at = MORNING + timedelta(minutes=minute)
            await events.put(connection, CENTRE, Event("unit.status", "units/u", {"n": minute}, at, unit="u"))
    await number(pool)
    async with pool.connection() as connection:
        assert await events.ends(connection, CENTRE) == (0, 3)
        assert await events.before(connection, CENTRE, MORNING) == 0
        assert await events.before(connection, CENTRE, MORNING + timedelta(minutes=1)) == 1
        await connection.execute("DELETE FROM events WHERE id = 1")
        assert await events.ends(connection, CENTRE) == (1, 3)


async def test_whoever_writes_wakes_the_feed_when_it_is_committed_and_not_before(
    enrolled_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed does not ask by itself here. What is told in a transaction is seen right after its end; a write without
    a transaction likewise; what is only read wakes nobody."""
    monkeypatch.setattr(services, "POLL_S", 3600.0)
    told, seen = asyncio.Event(), asyncio.Queue[str]()

    def heard(fresh: list[Numbered]) -> None:
        for event in fresh:
            seen.put_nowait(event.subject)

    async with open_pool(enrolled_url, 3, told) as pool:
        feed = asyncio.create_task(Feed(CENTRE, pool, on_events=heard, told=told).run())
        async with pool.connection() as connection, connection.transaction():
            await events.put(connection, CENTRE, opened("first"))
            assert not told.is_set()
            assert seen.empty()
        assert await asyncio.wait_for(seen.get(), 10) == "incidents/first"
        async with pool.connection() as connection:
            await events.put(connection, CENTRE, opened("second"))
        assert await asyncio.wait_for(seen.get(), 10) == "incidents/second"
        told.clear()
        assert len(await after(pool, 0)) == 2
        assert not told.is_set()
        feed.cancel()
        await asyncio.gather(feed, return_exceptions=True)
