"""Arrival times over roads drawn in the test: routed from each fix, told when they changed, unknown without a way."""

from datetime import timedelta

import pytest
import shapely

from gateway.storage import missions
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.fix_map import Drawn
from tests.fix_town import UNIT, along, fix_row, point, send, standing, tick, watch
from tests.gateway_traffic import MORNING
from tracker.missions import By, Leg, LegKind, Mission, Place, Urgency
from tracker.roads.closures import Closure
from tracker.roads.engines import CchEngine


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
    (leg,) = route["properties"]["legs"]
    assert (leg["leg"], leg["geometry"], leg["length_m"]) == (
        "to-place", route["geometry"], route["properties"]["length_m"],
    )  # fmt: skip
    assert eta.eta_s is not None
    assert (leg["eta_s"]["p50"], leg["model"]) == (eta.eta_s.p50, eta.model)


async def test_the_route_shows_every_leg_with_its_arrival_time(roads: Centre, town: Drawn) -> None:
    """To the scene, and on to the hospital; at the scene the hospital's way is what is left."""
    await roads.commit([fix_row(0, town.at("A", 100))])
    incident = {"place": point(town.at("B")), "urgency": "emergency", "id": "i1", "destination": point(town.at("G"))}
    await roads.ask("POST", "incidents", incident, 201)
    await roads.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await roads.arrivals.turn(roads.now)
    properties = (await roads.ask("GET", f"units/{UNIT}/route"))["properties"]
    scene, hospital = properties["legs"]
    assert [each["leg"] for each in (scene, hospital)] == ["to-scene", "to-hospital"]
    assert scene["length_m"] == properties["length_m"] == pytest.approx(900, rel=0.02)
    assert hospital["length_m"] == pytest.approx(1700, rel=0.02)
    assert hospital["geometry"]["coordinates"][0] == pytest.approx(scene["geometry"]["coordinates"][-1])
    assert 0 < scene["eta_s"]["p50"] < hospital["eta_s"]["p50"]
    await watch(roads, along(town, "AB", 1))
    await watch(roads, standing(town.at("B"), 85, 60))
    feature = await roads.ask("GET", f"units/{UNIT}/route")
    (left,) = feature["properties"]["legs"]
    assert (feature["geometry"], left["geometry"]) == (None, hospital["geometry"])
    assert left["eta_s"]["p50"] > roads.arrivals.scene.median / 2


async def test_the_stay_at_the_scene_comes_from_the_centre_s_own_history(roads: Centre, town: Drawn) -> None:
    """Thirty past stays of five minutes or so replace another city's eighteen, an hour later at the latest."""
    await roads.commit([fix_row(0, town.at("A", 100))])
    incident = {"place": point(town.at("B")), "urgency": "emergency", "id": "i1", "destination": point(town.at("D"))}
    await roads.ask("POST", "incidents", incident, 201)
    scene = Place(*town.at("C"))
    async with roads.world.pool.connection() as connection, connection.transaction():
        for number in range(30):
            began = MORNING - timedelta(hours=2 + number)
            came, left = began + timedelta(minutes=5), began + timedelta(minutes=10, seconds=number)
            leg = Leg(LegKind.TO_SCENE, scene, began, came, By.GPS, left, By.GPS)
            past = Mission(f"past-{number}", UNIT, "i1", Urgency.EMERGENCY, began, (leg,), left)
            assert await missions.insert(connection, CENTRE, past)
    await roads.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await roads.arrivals.turn(roads.now)
    totals = []
    for _ in range(2):
        eta = await tick(roads, 0)
        assert eta is not None
        assert eta.eta_s is not None
        assert eta.onward is not None
        assert eta.onward.eta_s is not None
        totals.append(eta.onward.eta_s.p50 - eta.eta_s.p50)
        await roads.arrivals._learn_scene()
    assert roads.arrivals.scene.median == pytest.approx(314.5)
    assert totals[0] - totals[1] == pytest.approx(18 * 60 - 314.5, abs=1)
