"""Time that is told to go on: every loop has done its present before the future begins."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import HeldClock, TrueClock

BEGAN = datetime(2026, 11, 23, 3, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """So long after it began."""
    return BEGAN + timedelta(seconds=seconds)


@pytest.mark.asyncio
async def test_loops_are_woken_in_the_order_of_their_times_and_see_those_times() -> None:
    """Two loops of different periods, one of which works slowly: nobody sees another's time."""
    clock = HeldClock(BEGAN)
    seen: list[tuple[str, float]] = []

    async def loop(name: str, period: float, work: float) -> None:
        while True:
            await clock.sleep(period)
            at = clock.seconds()
            await asyncio.sleep(work)
            assert clock.seconds() == at, "time stood still while it worked"
            seen.append((name, at))

    tasks = [asyncio.create_task(loop("quick", 2.0, 0.0)), asyncio.create_task(loop("slow", 3.0, 0.02))]
    await asyncio.sleep(0)
    await clock.advance(after(7.0))
    assert seen == [("quick", 2.0), ("slow", 3.0), ("quick", 4.0), ("slow", 6.0), ("quick", 6.0)]
    assert clock.now() == after(7.0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.asyncio
async def test_an_event_wakes_its_loop_without_any_time_and_nobody_rests_before_it_has_worked() -> None:
    """A loop that is told of something does it at the present moment, and its old turn wakes nobody later."""
    clock, told = HeldClock(BEGAN), asyncio.Event()
    done: list[tuple[float, bool]] = []

    async def loop() -> None:
        while True:
            by_event = await clock.wait(told, 10.0)
            told.clear()
            await asyncio.sleep(0.01)
            done.append((clock.seconds(), by_event))

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    await clock.advance(after(4.0))
    assert done == []
    told.set()
    await clock.rest()
    assert done == [(4.0, True)]
    await clock.advance(after(13.9))
    assert done == [(4.0, True)]
    await clock.advance(after(14.0))
    assert done == [(4.0, True), (14.0, False)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await clock.advance(after(60.0))  # nobody is waited for who has gone
    assert clock.now() == after(60.0)


@pytest.mark.asyncio
async def test_what_a_rounding_error_leaves_of_a_period_passes_too() -> None:
    """A loop that asks how much is left of its second comes to its end, and does not ask for ever at one moment."""
    clock, ends = HeldClock(BEGAN), []

    async def loop() -> None:
        swept = clock.seconds()
        while True:
            await clock.sleep(1.0 - (clock.seconds() - swept))
            if clock.seconds() - swept >= 1.0:
                swept = clock.seconds()
                ends.append(swept)
            await clock.sleep(0.1)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await clock.advance(after(600.0))
    assert len(ends) > 500
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
async def test_the_machines_clock_tells_an_event_from_the_time_that_is_over() -> None:
    """And its times are aware."""
    clock, event = TrueClock(), asyncio.Event()
    assert not await clock.wait(event, 0.001)
    event.set()
    assert await clock.wait(event, 60.0)
    assert clock.now().tzinfo is UTC
