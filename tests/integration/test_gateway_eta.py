"""Arrival times of units under way, over roads drawn in the test: routed anew from each fix, told when they changed,
aged, unknown, scored. Three defects that peers have are tried here by name."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely

from gateway.feeds.live import Eta
from gateway.services import score_command
from gateway.services.network import Position
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.fix_map import Drawn, draw
from tests.gateway_traffic import MORNING
from tracker.eta.plan import PREFERENCE
from tracker.fix import Fix
from tracker.geodesy import bearing, distance
from tracker.missions import Place
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine
from tracker.roads.router import Router

UNIT = "ambulans-01"
TOWN = """
A---------B---------C---------D
|         |         |         |
|         |         |         |
|         |         |         |
|         |         |         |
|         |         |         |
|         |         |         |
E---------F---------G---------H
"""
WAYS = {
    "ABCD": {"highway": "primary", "name": "Jalan Utama"}, "EFGH": {"highway": "tertiary"},
    "AE": {}, "BF": {}, "CG": {}, "DH": {},
}  # fmt: skip
WANDER_S = 4.0
"""Seconds that `PREFERENCE` metres of the slowest street here take."""

PACE = 12.0
"""Metres per second of the units in these tests."""


@pytest.fixture(scope="module")
def town() -> Drawn:
    """Two streets of 3 km, 700 m apart, with four streets between them."""
    return draw(TOWN, WAYS, step=100.0)


@pytest.fixture
def roads(centre: Centre, town: Drawn) -> Centre:
    """The centre with the town's roads loaded."""
    centre.arrivals.estimator.load(town.graph, CchEngine(town.graph), centre.now)
    return centre


def fix_row(second: float, place: tuple[float, float], speed: float = PACE, course: float | None = None) -> Row:
    at = MORNING + timedelta(seconds=second)
    fix = Fix(time=at, latitude=place[0], longitude=place[1], speed=speed, course=course)
    return Row(CENTRE, UNIT, "gnss", fix, at + timedelta(milliseconds=300), "box", int(second * 10))


def along(town: Drawn, letters: str, start: float = 0.0, every: float = 1.0, pace: float = PACE) -> list[Row]:
    """A drive past these letters, a fix each ``every`` seconds."""
    points = [town.places[letter] for letter in letters]
    lengths = [distance(*a, *b) for a, b in pairwise(points)]
    ends = np.concatenate(([0.0], np.cumsum(lengths)))
    rows = []
    for step in range(int(ends[-1] / pace / every) + 1):
        done = step * every * pace
        leg = min(int(np.searchsorted(ends, done, side="right")) - 1, len(lengths) - 1)
        part = (done - ends[leg]) / lengths[leg]
        (y0, x0), (y1, x1) = points[leg], points[leg + 1]
        place = (y0 + (y1 - y0) * part, x0 + (x1 - x0) * part)
        rows.append(fix_row(start + step * every, place, pace, bearing(y0, x0, y1, x1)))
    return rows


def standing(place: tuple[float, float], start: float, seconds: int) -> list[Row]:
    return [fix_row(start + second, place, 0.0) for second in range(seconds)]


def point(place: tuple[float, float]) -> dict[str, float]:
    return {"latitude": place[0], "longitude": place[1]}


async def watch(centre: Centre, rows: Sequence[Row]) -> list[Eta]:
    """Commit fixes one by one; every arrival time that was told."""
    told: list[Eta] = []
    for row in rows:
        await centre.commit([row])
        eta = centre.state(UNIT).eta
        if eta is not None and (not told or eta is not told[-1]):
            told.append(eta)
    return told


async def tick(centre: Centre, seconds: float) -> Eta | None:
    """Time passes without a fix."""
    centre.now += timedelta(seconds=seconds)
    await centre.arrivals.turn(centre.now)
    return centre.state(UNIT).eta


async def send(centre: Centre, place: tuple[float, float], urgency: str = "routine") -> None:
    await centre.ask("PUT", f"units/{UNIT}/destination", point(place) | {"urgency": urgency})
    await centre.arrivals.turn(centre.now)


# On the way


async def test_a_unit_with_a_destination_has_an_arrival_time_over_roads(roads: Centre, town: Drawn) -> None:
    """With interval, source, age, distance, model and route; in the feed at once, before the next fix."""
    await roads.commit([fix_row(0, town.at("A", 50))])
    assert roads.state(UNIT).eta is None
    await send(roads, town.at("D", -50))
    state = roads.state(UNIT)
    eta = state.eta
    assert eta is not None
    assert eta.eta_s is not None
    assert (eta.source, eta.leg, eta.unknown_because) == ("road", "to-place", None)
    assert eta.distance_m == pytest.approx(2900, rel=0.01)
    assert 0 < eta.eta_s.p10 < eta.eta_s.p50 < eta.eta_s.p90
    assert eta.model == roads.arrivals.estimator.model
    assert (eta.fix_age_s, eta.route_version) == (0.3, 1)
    assert state.mission is not None
    assert state.mission.state == "assigned"
    listed = (await roads.ask("GET", "units"))["units"][0]
    assert listed["eta"]["eta_s"]["p50"] == eta.eta_s.p50
    assert listed["eta"]["route_version"] == 1


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


async def test_it_falls_to_the_arrival_and_is_not_told_with_every_fix(roads: Centre, town: Drawn) -> None:
    """One number a minute or so on an even drive; what is left falls; at the goal there is none."""
    await send(roads, town.at("D", -50))
    rows = along(town, "ABCD")[:245]
    told = await watch(roads, rows)
    left = [each.eta_s.p50 for each in told if each.eta_s]
    assert left == sorted(left, reverse=True)
    assert 4 <= len(told) <= len(rows) / 8
    assert {each.route_version for each in told} == {1}
    await watch(roads, standing(town.at("D", -50), 260, 60))
    state = roads.state(UNIT)
    assert (state.eta, state.events) == (None, ())
    assert state.mission is not None
    assert state.mission.state == "arrived"


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


async def test_as_the_fix_grows_old_it_widens_and_then_is_unknown(roads: Centre, town: Drawn) -> None:
    """From road to last-known to unknown, wider each time; never 0, and with the reason. A fix brings it back."""
    await roads.commit([fix_row(0, town.at("A", 100))])
    await send(roads, town.at("D", -50))
    widths, sources = [], []
    for _ in range(36):
        eta = await tick(roads, 5)
        assert eta is not None
        sources.append(eta.source)
        if eta.eta_s is not None:
            assert min(eta.eta_s.p10, eta.eta_s.p50) > 0
            widths.append(eta.eta_s.p90 - eta.eta_s.p10)
    assert widths == sorted(widths)
    assert widths[-1] > widths[0] + 200
    assert [each for each, before in zip(sources, [None, *sources], strict=False) if each != before] == [
        "road", "last-known",
    ]  # fmt: skip
    eta = roads.state(UNIT).eta
    assert eta is not None
    assert (eta.eta_s, eta.distance_m) == (None, None)
    assert eta.unknown_because is not None
    assert "does not tell where the unit is" in eta.unknown_because
    assert await tick(roads, 5) is eta  # no news is not told again
    (again,) = await watch(roads, [fix_row(200, town.at("B"))])
    assert again.source == "road"


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


async def test_without_roads_it_is_by_straight_line_and_says_so(centre: Centre, town: Drawn) -> None:
    """The same object, another source and model, no route."""
    await centre.commit([fix_row(0, town.at("A"))])
    await send(centre, town.at("D"))
    eta = centre.state(UNIT).eta
    assert eta is not None
    assert eta.eta_s is not None
    assert (eta.source, eta.model, eta.route_version) == ("straight-line", "straight-line-1", None)
    route = await centre.ask("GET", f"units/{UNIT}/route")
    assert (route["geometry"], route["properties"]["version"]) == (None, None)


async def test_roads_that_are_loaded_while_units_drive_are_used_at_once(centre: Centre, town: Drawn) -> None:
    """The next turn routes everybody."""
    await centre.commit([fix_row(0, town.at("A", 50))])
    await send(centre, town.at("D", -50))
    centre.arrivals.estimator.load(town.graph, CchEngine(town.graph), centre.now)
    eta = await tick(centre, 1)
    assert eta is not None
    assert eta.source == "road"


# When there is no way


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
        down.setattr(Router, "route", lambda *_: None)
        (eta,) = await watch(roads, [fix_row(1, town.at("A", 60))])
        assert (eta.eta_s, eta.unknown_because) == (None, "no open road leads there")
        told = await roads.ask("GET", "incidents/i1/candidates")
        assert [each["eta_s"] for each in told["candidates"]] == [None] * 3
    (eta,) = await watch(roads, [fix_row(2, town.at("A", 70))])
    assert eta.eta_s is not None


async def test_a_unit_or_a_place_off_the_map_has_no_arrival_time(roads: Centre, town: Drawn) -> None:
    """Its roads are not known: that is said, and no number."""
    await roads.commit([fix_row(0, town.at("A", -3000))])
    await send(roads, town.at("D"))
    eta = roads.state(UNIT).eta
    assert eta is not None
    assert eta.eta_s is None
    assert eta.unknown_because == "the unit is not within 500 m of a road of this region"
    told = await roads.ask("POST", "eta/matrix", {"places": [point(town.at("B")), point((0.0, 0.0))], "units": [UNIT]})
    assert [each["eta_s"] for each in told["rows"][0]] == [None, None]
    assert told["rows"][0][1]["unknown_because"].startswith("neither end")


async def test_a_closed_road_is_gone_round_in_the_next_turn(roads: Centre, town: Drawn) -> None:
    """No fix is needed; the route has another version; and the driver is not off it."""
    await roads.commit([fix_row(0, town.at("A", 50))])
    await send(roads, town.at("D", -50))
    before = roads.state(UNIT).eta
    network = roads.arrivals.estimator.network
    assert network is not None
    assert before is not None
    square = tuple(town.at("B", east, north) for east, north in ((400, -50), (600, -50), (600, 50), (400, 50)))
    network.closures.put(Closure("flood", MORNING, MORNING + timedelta(seconds=30), area=square))
    roads.arrivals.estimator.reweigh(roads.now)
    after = await tick(roads, 0.5)
    assert after is not None
    assert after.route_version == 2
    assert after.distance_m == pytest.approx(before.distance_m + 1400 if before.distance_m else 0, rel=0.02)
    opened = await tick(roads, 35)  # by itself: the closure ends
    assert opened is not None
    assert (opened.route_version, roads.state(UNIT).events) == (3, ())


# Events


async def told_events(centre: Centre) -> list[tuple[str, bool]]:
    """(kind, cleared) of every event of the unit's mission that is stored, in order."""
    await centre.arrivals.save()
    mission = centre.arrivals.missions.active[UNIT].id
    events = (await centre.ask("GET", f"missions/{mission}/events"))["events"]
    return [(each["kind"], each["cleared_at"] is not None) for each in events]


async def test_an_even_drive_raises_nothing(roads: Centre, town: Drawn) -> None:
    """Nor does one that stops at a light and goes on."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "AB"))
    await watch(roads, standing(town.at("B"), 84, 60))
    await watch(roads, along(town, "BCD", 145))
    await watch(roads, standing(town.at("D", -50), 315, 60))
    assert await told_events(roads) == []


async def test_a_detour_is_off_route_once_and_clears(roads: Centre, town: Drawn) -> None:
    """Down a side street, 700 m off and along the other street: raised once, shown, and cleared when that is followed.
    The route that the board shows has changed with it."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "AB"))
    told = await watch(roads, along(town, "BFG", 84))
    await watch(roads, along(town, "GCD", 84 + 142))
    assert [each for each in await told_events(roads) if each[0] == "off-route"] == [("off-route", True)]
    assert told[-1].route_version is not None
    assert told[-1].route_version > 1


async def test_the_wrong_way_is_told_and_clears_after_the_turn(roads: Centre, town: Drawn) -> None:
    """500 m away from the goal on its own street, then back."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "CB"))
    assert [event.kind for event in roads.state(UNIT).events] == ["wrong-way", "slipping"]
    await watch(roads, along(town, "BC", 84))
    assert ("wrong-way", True) in await told_events(roads)
    assert sum(kind == "wrong-way" for kind, _ in await told_events(roads)) == 1


async def test_a_unit_that_stands_on_the_way_is_stalled_and_late(roads: Centre, town: Drawn) -> None:
    """A jam: after two minutes stalled, and the arrival slips; both clear, or end with the drive."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "AB"))
    await watch(roads, standing(town.at("B"), 84, 300))
    assert [event.kind for event in roads.state(UNIT).events] == ["stalled", "slipping"]
    await watch(roads, along(town, "BCD", 385))
    await watch(roads, standing(town.at("D", -50), 555, 60))
    assert sorted(await told_events(roads)) == [("slipping", True), ("stalled", True)]


async def test_a_tunnel_raises_nothing(roads: Centre, town: Drawn) -> None:
    """Silence for 80 s, and then the unit is where it would be."""
    await send(roads, town.at("D", -50))
    rows = along(town, "ABCD")
    await watch(roads, rows[:80])
    for _ in range(16):
        await tick(roads, 5)
    await watch(roads, rows[160:])
    assert await told_events(roads) == []


# Two legs


async def test_the_hospital_s_time_holds_the_scene_s(roads: Centre, town: Drawn) -> None:
    """On the way to the scene: drive, stay and drive. At the scene the stay runs down. Then the drive alone."""
    await roads.commit([fix_row(0, town.at("A", 100))])
    incident = {"place": point(town.at("B")), "urgency": "emergency", "id": "i1", "destination": point(town.at("D"))}
    await roads.ask("POST", "incidents", incident, 201)
    await roads.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await roads.arrivals.turn(roads.now)
    eta = roads.state(UNIT).eta
    assert eta is not None
    assert eta.eta_s is not None
    assert eta.onward is not None
    assert eta.onward.eta_s is not None
    assert (eta.leg, eta.onward.leg) == ("to-scene", "to-hospital")
    assert eta.onward.eta_s.p50 > eta.eta_s.p50 + roads.arrivals.scene.median + 100
    await watch(roads, along(town, "AB", 1))
    (*_, at_scene) = await watch(roads, standing(town.at("B"), 85, 200))
    assert (at_scene.leg, at_scene.onward, at_scene.route_version) == ("to-hospital", None, None)
    assert at_scene.eta_s is not None
    assert 600 < at_scene.eta_s.p50 < eta.onward.eta_s.p50
    (*_, driving) = await watch(roads, along(town, "BCD", 285)[:60])
    assert driving.eta_s is not None
    assert driving.eta_s.p50 < 200
    assert driving.route_version is not None


# Questions


async def test_a_matrix_is_what_each_question_alone_would_say(roads: Centre, town: Drawn) -> None:
    """Rows in the order of the units, arrivals in the order of the places; who has no position has none."""
    await roads.commit([fix_row(0, town.at("A", 50), 0.0)])
    places = [town.at("D"), town.at("F"), town.at("A", 50)]
    told = await roads.ask("POST", "eta/matrix", {"places": [point(each) for each in places], "urgency": "urgent"})
    assert [row[0]["unit"] for row in told["rows"]] == ["ambulans-01", "ambulans-02", "ambulans-03"]
    for place, cell in zip(places, told["rows"][0], strict=True):
        alone = await roads.ask("GET", f"eta?unit={UNIT}&lat={place[0]}&lon={place[1]}&urgency=urgent")
        assert cell["eta_s"] == pytest.approx(alone["eta_s"], rel=1e-6)
        assert cell["eta_s"]["p10"] > 0
        assert (alone["source"], alone["model"]) == ("road", roads.arrivals.estimator.model)
    assert {cell["eta_s"] for row in told["rows"][1:] for cell in row} == {None}


async def test_a_matrix_that_would_keep_everybody_waiting_is_refused(roads: Centre, town: Drawn) -> None:
    """With its size."""
    body = {"places": [point(town.at("D"))] * 200, "units": [UNIT] * 51}
    assert "10200" not in (await roads.ask("POST", "eta/matrix", body, 422))["detail"].replace("10000", "")


async def test_hospitals_are_listed_by_the_drive_and_not_by_the_crow(roads: Centre, town: Drawn) -> None:
    """From the scene, nearest in time first; one that cannot be reached comes last, unknown."""
    for name, place in (("near", town.at("C")), ("far", town.at("E")), ("off", town.at("E", -2000))):
        await roads.ask("PUT", f"places/{name}", point(place) | {"kind": "hospital", "name": name})
    await roads.ask("PUT", "places/clinic", point(town.at("D")) | {"kind": "puskesmas", "name": "clinic"})
    await roads.ask("POST", "incidents", {"place": point(town.at("D")), "urgency": "urgent", "id": "i1"}, 201)
    told = (await roads.ask("GET", "incidents/i1/hospitals"))["hospitals"]
    assert [each["place"]["id"] for each in told] == ["near", "far", "off"]
    assert told[0]["eta_s"]["p50"] < told[1]["eta_s"]["p50"]
    assert told[2]["eta_s"] is None
    assert "500 m" in told[2]["unknown_because"]


async def test_the_route_is_geojson_of_the_version_that_the_feed_names(roads: Centre, town: Drawn) -> None:
    """From the unit to the goal along the street, with its name."""
    await roads.commit([fix_row(0, town.at("A", 50))])
    await send(roads, town.at("D", -50))
    route = await roads.ask("GET", f"units/{UNIT}/route")
    line = shapely.geometry.shape(route["geometry"])
    assert line.distance(shapely.Point(*reversed(town.at("B")))) < 1e-5
    eta = roads.state(UNIT).eta
    assert eta is not None
    assert route["properties"]["version"] == eta.route_version
    assert route["properties"]["streets"][0]["name"] == "Jalan Utama"
    assert route["properties"]["length_m"] == pytest.approx(2900, rel=0.01)


async def test_reachable_areas_lie_within_each_other(roads: Centre, town: Drawn) -> None:
    """The larger first; the place itself is in all of them."""
    place = town.at("B")
    told = await roads.ask("GET", f"isochrone?lat={place[0]}&lon={place[1]}&minutes=1&minutes=3")
    large, small = (shapely.geometry.shape(each["geometry"]) for each in told["features"])
    assert [each["properties"]["minutes"] for each in told["features"]] == [3.0, 1.0]
    assert large.area > small.area > 0
    assert all(area.contains(shapely.Point(place[1], place[0])) for area in (large, small))
    for wrong in ("minutes=0", "minutes=121", "minutes=nan"):
        await roads.ask("GET", f"isochrone?lat={place[0]}&lon={place[1]}&{wrong}", None, 422)


# Scores


async def test_what_was_told_is_scored_on_arrival(roads: Centre, town: Drawn) -> None:
    """Every arrival time that was told, against the fix on which the unit stood: by all and by each group, exactly."""
    await send(roads, town.at("D", -50), "urgent")
    told = await watch(roads, along(town, "ABCD"))
    assert (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"] == []
    await watch(roads, standing(town.at("D", -50), 250, 60))
    await roads.arrivals.save()
    scores = (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"]
    known = [each for each in told if each.eta_s]
    arrived = MORNING + timedelta(seconds=250)
    errors = [each.eta_s.p50 - (arrived - each.at).total_seconds() for each in known if each.eta_s]
    (whole,) = [each for each in scores if each["by"] == "all"]
    assert whole["told"] == len(known)
    assert whole["bias_s"] == pytest.approx(np.mean(errors), abs=0.01)
    assert whole["mae_s"] == pytest.approx(np.mean(np.abs(errors)), abs=0.01)
    by = {
        name: [each for each in scores if each["by"] == name] for name in ("lead", "hour", "urgency", "source", "leg")
    }
    assert all(sum(each["told"] for each in group) == len(known) for group in by.values())
    assert [each["group"] for each in by["urgency"]] == ["urgent"]
    assert [each["group"] for each in by["leg"]] == ["to-place"]
    assert len(by["lead"]) > 1


def test_the_table_of_scores_says_when_there_is_nothing() -> None:
    """A sentence, not an empty frame."""
    assert "no arrival time of the last 7 days" in str(score_command.table([], 7))
