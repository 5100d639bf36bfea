"""Three defects that peers' arrival times have, tried here by name."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from gateway.services.network import Position
from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import PACE, UNIT, along, fix_row, point, send, tick, watch
from tests.gateway_traffic import MORNING
from tracker.eta.plan import PREFERENCE
from tracker.fix import Fix
from tracker.missions import Place
from tracker.roads.router import Router

WANDER_S = 4.0
"""Seconds that `PREFERENCE` metres of the slowest street here take."""


async def test_a_failed_route_is_unknown_and_never_the_best(
    roads: Centre, town: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Peer's defect 1: a route that failed counted as 0 seconds, the best unit of all, and was kept for 30 days. Here
    the router is down: unknown, with the reason, at the end of the list; and known again with the next fix."""
    await roads.commit([fix_row(0, town.at("A", 50))])
    other = Fix(time=MORNING, latitude=town.at("C")[0], longitude=town.at("C")[1])
    roads.world.live.apply("ambulans-02", "gnss", other, MORNING)
    await roads.ask("POST", "incidents", {"place": point(town.at("D", -50)), "urgency": "emergency", "id": "i1"}, 201)
    far = (await roads.ask("GET", "incidents/i1/candidates"))["candidates"]
    assert [each["unit"] for each in far] == ["ambulans-02", UNIT, "ambulans-03"]
    with monkeypatch.context() as down:

        def fails(*_: Any) -> None:
            raise RuntimeError("out of memory")

        down.setattr(Router, "route", fails)
        await send(roads, town.at("D", -50))
        eta = roads.state(UNIT).eta
        assert eta is not None
        assert eta.eta_s is None
        assert eta.unknown_because == "the router failed: out of memory"
        down.setattr(Router, "many_to_many", fails)
        told = (await roads.ask("GET", "incidents/i1/candidates"))["candidates"]
        assert [each["eta_s"] for each in told] == [None] * 3
        assert told[0]["unknown_because"] == "the router failed: out of memory"
        down.setattr(Router, "route", lambda *_: None)
        down.setattr(Router, "many_to_many", lambda _, some, others: np.full((len(some), len(others)), np.nan))
        (eta,) = await watch(roads, [fix_row(1, town.at("A", 60))])
        assert (eta.eta_s, eta.unknown_because) == (None, "no open road leads there")
        told = await roads.ask("GET", "incidents/i1/candidates")
        assert [each["eta_s"] for each in told["candidates"]] == [None] * 3
    (eta,) = await watch(roads, [fix_row(2, town.at("A", 70))])
    assert eta.eta_s is not None


async def test_the_arrival_time_is_routed_anew_from_every_fix(roads: Centre, town: Drawn) -> None:
    """A peer routed once and counted down: here, all along the way and off it, the drive held is that of the newest
    fix, as if it had just been asked for."""
    goal = town.at("D", -50)
    await send(roads, goal)
    estimator, checked, differing = roads.arrivals.estimator, 0, 0
    for row in [*along(town, "ABF"), *along(town, "FG", 226), *along(town, "GCD", 310)][::3]:
        await roads.commit([row])
        followed = roads.arrivals.followed(UNIT)
        assert followed is not None
        if followed.leg is None:
            break
        fix = row.fix
        drive, _ = estimator.plan(
            Position(fix.latitude, fix.longitude, fix.course, fix.speed), Place(*goal), followed.driving, standing=False
        )
        assert drive.eta is not None
        assert followed._drive is not None
        assert followed._drive.eta is not None
        if checked:  # the first is of a unit that has yet to set out
            assert followed._drive.eta.p50 == pytest.approx(drive.eta.p50, abs=WANDER_S)
            assert followed._drive.distance == pytest.approx(drive.distance, abs=PREFERENCE)
            differing += followed._drive.eta.p50 != pytest.approx(drive.eta.p50, abs=0.05)
        checked += 1
    assert checked > 100
    assert differing <= 3  # within the receiver's noise of a corner both streets are true, and the planned one is kept


async def test_between_two_fixes_what_is_left_falls_with_the_clock(roads: Centre, town: Drawn) -> None:
    """Peer's defect 2: an arrival that neither falls with the clock nor is routed again. After 40 s without a fix it
    is 40 s less; the next fix, where the unit has not moved at all, puts it back."""
    await roads.commit([fix_row(0, town.at("A", 100), PACE)])
    await send(roads, town.at("D", -50))
    before = roads.state(UNIT).eta
    later = await tick(roads, 40)
    assert before is not None
    assert before.eta_s is not None
    assert later is not None
    assert later.eta_s is not None
    passed = (later.at - before.at).total_seconds()
    assert later.eta_s.p50 + passed == pytest.approx(before.eta_s.p50, abs=0.5)
    (again,) = await watch(roads, [fix_row(60, town.at("A", 100), 0.0)])
    assert again.eta_s is not None
    assert again.eta_s.p50 == pytest.approx(before.eta_s.p50, abs=0.5)


async def test_a_drained_backlog_does_not_make_an_old_position_fresh(roads: Centre, town: Drawn) -> None:
    """Peer's defect 3: freshness by the time of receipt. Two hours of backlog arrive now: the unit stays where and as
    old as its newest fix, its arrival unknown, until a current fix comes."""
    await send(roads, town.at("D", -50))
    rows = along(town, "AB", -7200)
    roads.now = MORNING + timedelta(seconds=10)
    for start in range(0, len(rows), 20):
        await roads.commit(rows[start : start + 20])
        eta = roads.state(UNIT).eta
        assert eta is not None
        assert eta.eta_s is None
        assert eta.fix_age_s is not None
        assert eta.fix_age_s > 7000
    (fresh,) = await watch(roads, [fix_row(11, town.at("B", 100))])
    assert fresh.eta_s is not None
