"""Closed and slow roads over the API: entered by area, line, point or way, kept, obeyed, ended; and what becomes of
those who stand in them."""

import random
from datetime import timedelta
from typing import Any

import pytest

from gateway.feeds.live import Eta
from gateway.http.access import Permission, Principal
from gateway.services.network import Position
from gateway.storage import closures as storage
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.fix_map import Drawn
from tests.fix_town import UNIT, along, fix_row, point, send, tick, told_events, watch
from tests.gateway_traffic import MORNING
from tracker.missions import Place
from tracker.roads.closures import CREEP
from tracker.roads.engines import CchEngine

HIGH, LOW = 1, 2  # the ways of the town's two streets


def square(town: Drawn, letter: str, east: float, half: float, north: float = 0.0) -> list[dict[str, float]]:
    """A square around a point on the street."""
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return [point(town.at(letter, east + x, north + y)) for x, y in corners]


async def close(centre: Centre, expect: int = 201, **closure: Any) -> Any:
    """Close something, and let the next turn see it."""
    told = await centre.ask("POST", "closures", {"reason": "banjir"} | closure, expect)
    await centre.arrivals.turn(centre.now)
    return told


async def on_the_way(roads: Centre, town: Drawn) -> Eta:
    """A unit near A that is sent to D; its arrival time."""
    await roads.commit([fix_row(0, town.at("A", 50))])
    await send(roads, town.at("D", -50))
    return eta_of(roads)


def eta_of(centre: Centre) -> Eta:
    """As it is shown now."""
    eta = centre.state(UNIT).eta
    assert eta is not None
    return eta


def p50(eta: Eta) -> float:
    """Its middle, which must be there and above 0."""
    assert eta.eta_s is not None, eta.unknown_because
    assert min(eta.eta_s.p10, eta.eta_s.p50, eta.eta_s.p90) > 0
    return eta.eta_s.p50


@pytest.mark.parametrize("how", ["area", "line", "point", "ways"])
async def test_what_is_closed_is_gone_round_and_open_again_when_it_ends(roads: Centre, town: Drawn, how: str) -> None:
    """However it is named; route and arrival time follow in the same turn, nobody is off the route because of it, and
    the answer says which roads it is."""
    named: Any = {
        "area": {"area": square(town, "B", 500, 60)},
        "line": {"line": [point(town.at("B", 200, 5)), point(town.at("B", 800, -5))]},
        "point": {"line": [point(town.at("B", 500, 12))]},
        "ways": {"ways": [HIGH]},
    }[how]
    before = await on_the_way(roads, town)
    told = await close(roads, id="c1", **named)
    assert (told["state"], told["factor"], told["effect"]["streets"]) == ("holding", None, ["Jalan Utama"])
    assert told["effect"]["edges"] == (3 if how == "ways" else 1)
    assert told["effect"]["length_m"] == pytest.approx(3000 if how == "ways" else 1000, rel=0.01)
    after = eta_of(roads)
    if how == "ways":  # the unit itself stands on it
        assert after.note == "at a walking pace through what is closed: banjir (c1)"
    else:
        assert (after.note, after.route_version) == (None, 2)
        assert after.distance_m == pytest.approx((before.distance_m or 0) + 1400, rel=0.02)
    assert p50(after) > p50(before) + 50
    ended = await roads.ask("DELETE", "closures/c1")
    assert (ended["state"], ended["ended_at"]) == ("over", told["starts_at"])
    await roads.arrivals.turn(roads.now)
    assert p50(eta_of(roads)) == pytest.approx(p50(before))
    assert await told_events(roads) == []


async def test_it_starts_and_ends_by_itself(roads: Centre, town: Drawn) -> None:
    """Planned for in a minute, for two minutes: obeyed from the one to the other, without a request or a fix."""
    before = await on_the_way(roads, town)
    times = {"starts_at": roads.now + timedelta(seconds=60), "ends_at": roads.now + timedelta(seconds=180)}
    planned: Any = {name: time.isoformat() for name, time in times.items()}
    told = await close(roads, area=square(town, "B", 500, 60), **planned)
    assert told["state"] == "planned"
    metres = {}
    for second in (30, 59, 60, 120, 179, 180):
        roads.now = times["starts_at"] + timedelta(seconds=second - 60)
        await roads.commit([fix_row(second, town.at("A", 50))])
        metres[second] = round((eta_of(roads).distance_m or 0) - (before.distance_m or 0), -2)
    assert metres == {30: 0, 59: 0, 60: 1400, 120: 1400, 179: 1400, 180: 0}
    assert (await roads.ask("GET", "closures")) == {
        "server_time": roads.now.isoformat().replace("+00:00", "Z"), "closures": [],
    }  # fmt: skip
    (kept,) = (await roads.ask("GET", "closures?all=true"))["closures"]
    assert (kept["state"], kept["ended_at"]) == ("over", None)


async def test_a_slow_zone_is_driven_through_as_slowly_as_it_says(roads: Centre, town: Drawn) -> None:
    """The kilometre from B to C takes twice as long; at ten times the other street is better."""
    before = await on_the_way(roads, town)
    street = [point(town.at("B", 20)), point(town.at("C", -20))]
    await close(roads, id="market", line=street, factor=2.0)
    slow = eta_of(roads)
    assert slow.distance_m == before.distance_m
    assert p50(before) * 1.2 < p50(slow) < p50(before) * 1.5
    changed = await roads.ask("PATCH", "closures/market", {"factor": 10})
    assert changed["factor"] == 10
    await roads.arrivals.turn(roads.now)
    assert (eta_of(roads).distance_m or 0) > (before.distance_m or 0) + 1000


async def test_a_closure_can_be_moved_prolonged_and_made_open_ended(roads: Centre, town: Drawn) -> None:
    """What is not named stays; after its end by the clock it may be prolonged, after its end by hand not."""
    end = (roads.now + timedelta(minutes=5)).isoformat()
    await close(roads, id="c1", area=square(town, "B", 500, 60), ends_at=end)
    moved = await roads.ask("PATCH", "closures/c1", {"area": square(town, "F", 500, 60)})
    assert (moved["reason"], moved["effect"]["streets"], moved["ends_at"] is None) == ("banjir", [], False)
    roads.now += timedelta(minutes=6)
    assert (await roads.ask("GET", "closures/c1"))["state"] == "over"
    prolonged = await roads.ask("PATCH", "closures/c1", {"ends_at": None})
    assert (prolonged["state"], prolonged["ends_at"]) == ("holding", None)
    await roads.ask("DELETE", "closures/c1")
    assert await roads.ask("DELETE", "closures/c1") == await roads.ask("GET", "closures/c1")
    refused = await roads.ask("PATCH", "closures/c1", {"ends_at": None}, 409)
    assert "was ended at" in refused["detail"]


async def test_one_that_is_taken_back_never_begins(roads: Centre, town: Drawn) -> None:
    """Planned and ended: its hour comes, and the road is open."""
    before = await on_the_way(roads, town)
    start = (roads.now + timedelta(seconds=30)).isoformat()
    await close(roads, id="c1", area=square(town, "B", 500, 60), starts_at=start)
    assert (await roads.ask("DELETE", "closures/c1"))["state"] == "over"
    await roads.commit([fix_row(40, town.at("A", 50))])
    assert eta_of(roads).distance_m == before.distance_m


async def test_the_same_closure_twice_is_one(roads: Centre, town: Drawn) -> None:
    """With an id of the client's own; other content under it is refused."""
    body = {"reason": "banjir", "id": "c1", "area": square(town, "B", 500, 60)}
    first = await roads.ask("POST", "closures", body, 201)
    roads.now += timedelta(seconds=5)
    assert await roads.ask("POST", "closures", body) == first
    for other in ({"factor": 3}, {"starts_at": "2026-11-22T00:00:00Z"}):
        assert "'c1' exists" in (await roads.ask("POST", "closures", body | other, 409))["detail"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "names no area, no line and no ways"),
        ({"area": [[0, 0]]}, "area"),
        ({"area": "two"}, "is no polygon"),
        ({"area": "bow tie"}, "is no polygon"),
        ({"area": "sea"}, "no road of drawn lies there"),
        ({"line": [{"latitude": 0.0, "longitude": 0.0}]}, "no road of drawn lies there"),
        ({"ways": [HIGH, 4711]}, "the roads of drawn have no way 4711"),
        ({"ways": [HIGH], "factor": 0.5}, "factor"),
        ({"ways": [HIGH], "ends_at": "2026-11-21T03:04:04Z"}, "ends before it starts"),
        ({"ways": [HIGH], "starts_at": "2026-11-21T03:04:04"}, "starts_at"),
        ({"ways": [HIGH], "reason": ""}, "reason"),
        ({"ways": [HIGH], "speed": 3}, "speed"),
    ],
)
async def test_a_closure_that_cannot_be_meant_is_refused_with_a_sentence(
    roads: Centre, town: Drawn, wrong: dict[str, Any], says: str
) -> None:
    """422, and nothing is kept."""
    corners = {
        "two": square(town, "B", 500, 60)[:2],
        "bow tie": [square(town, "B", 500, 60)[corner] for corner in (0, 2, 1, 3)],
        "sea": square(town, "B", 500, 60, north=5000),
    }
    if isinstance(wrong.get("area"), str):
        wrong = wrong | {"area": corners[wrong["area"]]}
    assert says in (await close(roads, 422, **wrong))["detail"]
    assert (await roads.ask("GET", "closures?all=true"))["closures"] == []


async def test_what_is_not_there_is_404(centre: Centre) -> None:
    """With the list where it would be."""
    for method, body in (("GET", None), ("PATCH", {"factor": None}), ("DELETE", None)):
        told = await centre.ask(method, "closures/none", body, 404)
        assert "no closure 'none'; GET /api/v1/closures lists them" in told["detail"]


async def test_closing_roads_is_a_right_of_its_own(centre: Centre) -> None:
    """Who may only dispatch sees closures and makes none."""
    rights = frozenset(Permission) - {Permission.MANAGE_CLOSURES}
    centre.world.principal = Principal("dispatcher", rights, frozenset({CENTRE}))
    await centre.ask("POST", "closures", {"reason": "banjir", "ways": [1]}, 403)
    await centre.ask("DELETE", "closures/c1", None, 403)
    await centre.ask("GET", "closures")


async def test_its_roads_are_shown_as_geojson(roads: Centre, town: Drawn) -> None:
    """The piece of road from junction to junction."""
    await close(roads, id="c1", line=[point(town.at("B", 500))])
    told = await roads.ask("GET", "closures/c1/roads")
    (line,) = told["geometry"]["coordinates"]
    assert sorted(line) == [[round(x, 6), round(y, 6)] for y, x in (town.at("B"), town.at("C"))]
    assert told["properties"]["state"] == "holding"


async def test_without_roads_it_is_kept_until_there_are_some(centre: Centre, town: Drawn) -> None:
    """No effect is told; once a region is loaded, what the database holds is put on it."""
    told = await close(centre, id="c1", area=square(town, "B", 500, 60))
    assert (told["state"], told["effect"]) == ("holding", None)
    assert (await centre.ask("GET", "closures/c1/roads"))["geometry"] is None
    centre.arrivals.estimator.load(town.graph, CchEngine(town.graph), centre.now)
    async with centre.world.pool.connection() as connection:
        centre.world.closures.begin(await storage.find(connection, CENTRE, now=centre.now), centre.now)
    assert (await centre.ask("GET", "closures/c1"))["effect"]["edges"] == 1
    assert (await on_the_way(centre, town)).distance_m == pytest.approx(2900 + 1400, rel=0.02)


async def test_who_does_not_drive_there_is_not_routed_anew_and_everybody_is_as_if(roads: Centre, town: Drawn) -> None:
    """Closures come and go at random while a unit drives: the plan that was kept, because roads became slower only and
    none of its own, is what routing from there finds; and where roads open again, so is the new one."""
    chance = random.Random(1)
    await on_the_way(roads, town)
    estimator, kept = roads.arrivals.estimator, 0
    followed = roads.arrivals.followed(UNIT)
    assert followed is not None
    holding: list[str] = []
    for number in range(40):
        before, grows = followed.plans, not holding or chance.random() < 0.55
        if grows:
            place = town.at(chance.choice("ABCEFG"), 500) if number % 2 else town.at(chance.choice("ABCD"), 0, -350)
            slow = {
                "factor": chance.choice([None, 1.5, 4.0]),
                "line": [point(place)],
                "id": f"c{number}",
                "reason": "x",
            }
            await roads.ask("POST", "closures", slow, 201)
            holding.append(f"c{number}")
        else:
            await roads.ask("DELETE", f"closures/{holding.pop(chance.randrange(len(holding)))}")
        here = town.at("A", 60 + 10 * number)
        await roads.commit([fix_row(2 + number, here, course=90.0)])
        assert followed._drive is not None
        drive, _ = estimator.plan(
            Position(*here, 90.0, 12.0), Place(*town.at("D", -50)), followed.driving, standing=False
        )
        assert (followed._drive.note, followed._drive.unknown_because) == (drive.note, drive.unknown_because)
        if drive.eta is not None:
            assert followed._drive.eta is not None
            assert followed._drive.eta.p50 == pytest.approx(drive.eta.p50, abs=0.1)
        kept += grows and followed.plans == before
    assert kept >= 5


async def test_a_closure_on_the_way_to_the_hospital_is_told_before_the_scene_is_reached(
    roads: Centre, town: Drawn
) -> None:
    """The way to the scene is as it was; the arrival at the hospital is told anew in the same turn, and again when no
    road leads there any more."""
    await roads.commit([fix_row(0, town.at("A", 100))])
    incident = {"place": point(town.at("B")), "urgency": "emergency", "id": "i1", "destination": point(town.at("D"))}
    await roads.ask("POST", "incidents", incident, 201)
    await roads.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await roads.arrivals.turn(roads.now)
    before = eta_of(roads)
    await close(roads, id="c1", area=square(town, "C", 500, 60))
    after = eta_of(roads)
    assert before.onward is not None
    assert before.onward.eta_s is not None
    assert after.onward is not None
    assert after.onward.eta_s is not None
    assert after.eta_s == before.eta_s
    assert after.onward.eta_s.p50 > before.onward.eta_s.p50 + 60
    assert after.onward.note is None  # the hospital lies at a corner: by the other street it is open
    await close(roads, id="c2", area=square(town, "F", 500, 60))
    await close(roads, id="c3", area=square(town, "B", 500, 60))
    cut = eta_of(roads)
    assert p50(cut) == pytest.approx(p50(before))
    assert cut.onward is not None
    assert cut.onward.eta_s is None
    assert cut.onward.unknown_because is not None
    assert cut.onward.unknown_because.startswith("no open road leads there; closed now: ")


# Those who stand in it


async def test_a_unit_in_a_closed_area_has_an_arrival_time_out_of_it(roads: Centre, town: Drawn) -> None:
    """At a walking pace to its edge, with a note that names the closure, and wider; once out of it as everybody's."""
    before = await on_the_way(roads, town)
    await close(roads, id="kauman", area=square(town, "A", 150, 200))
    inside = eta_of(roads)
    assert inside.note == "at a walking pace through what is closed: banjir (kauman)"
    assert inside.source == "road"
    assert p50(inside) > p50(before)
    assert inside.eta_s is not None
    assert before.eta_s is not None
    assert inside.eta_s.p90 / inside.eta_s.p50 > before.eta_s.p90 / before.eta_s.p50
    route = await roads.ask("GET", f"units/{UNIT}/route")
    assert route["geometry"] is not None
    told = await watch(roads, along(town, "AB", 1, every=5)[:-1])
    assert all(each.note for each in told)
    (*_, outside) = await watch(roads, along(town, "BC", 90, every=5)[4:20])
    assert outside.note is None
    candidates = await roads.ask("GET", f"eta?unit={UNIT}&lat={town.at('D')[0]}&lon={town.at('D')[1]}")
    assert candidates["note"] is None


async def test_a_destination_in_a_closed_area_is_come_to(roads: Centre, town: Drawn) -> None:
    """The scene of the flood itself: every unit has a time, with the note, in lists as in the feed; a way of which
    `CREEP` times the road's time is inside."""
    await roads.commit([fix_row(0, town.at("A", 50))])
    scene = {"place": point(town.at("C", 300)), "urgency": "routine", "id": "i1"}
    await roads.ask("POST", "incidents", scene, 201)
    (dry, *_) = (await roads.ask("GET", "incidents/i1/candidates"))["candidates"]
    await close(roads, id="kota", area=square(town, "C", 300, 150))
    (wet, *others) = (await roads.ask("GET", "incidents/i1/candidates"))["candidates"]
    assert wet["unit"] == UNIT
    assert wet["note"] == "at a walking pace through what is closed: banjir (kota)"
    assert dry["eta_s"]["p50"] < wet["eta_s"]["p50"] < CREEP * dry["eta_s"]["p50"]
    assert wet["distance_m"] == pytest.approx(2250, rel=0.02)
    assert [each["eta_s"] for each in others] == [None, None]
    await send(roads, town.at("C", 300))
    assert eta_of(roads).note == wet["note"]
    assert p50(eta_of(roads)) == pytest.approx(wet["eta_s"]["p50"], rel=0.05)  # a candidate has still to set out


async def test_beyond_what_is_closed_is_unknown_and_says_what_is_closed(roads: Centre, town: Drawn) -> None:
    """Both streets are cut: nobody drives through a flood that they do not stand in. Unknown, never 0, sorted last."""
    await on_the_way(roads, town)
    await close(roads, id="utara", area=square(town, "B", 500, 60))
    await close(roads, id="selatan", area=square(town, "F", 500, 60), reason="jembatan putus")
    eta = eta_of(roads)
    assert eta.eta_s is None
    assert eta.unknown_because is not None
    assert eta.unknown_because.startswith("no open road leads there; closed now: ")
    assert "banjir (utara)" in eta.unknown_because
    assert "jembatan putus (selatan)" in eta.unknown_because
    places = [point(town.at("D")), point(town.at("B"))]
    told = await roads.ask("POST", "eta/matrix", {"places": places, "units": [UNIT]})
    assert told["rows"][0][0]["eta_s"] is None
    assert told["rows"][0][1]["eta_s"]["p50"] > 0
    place = town.at("A", 50)
    areas = (await roads.ask("GET", f"isochrone?lat={place[0]}&lon={place[1]}&minutes=20"))["features"]
    assert areas[0]["geometry"]["coordinates"]


async def test_an_area_over_the_whole_town_leaves_everybody_an_arrival_time(roads: Centre, town: Drawn) -> None:
    """From inside to inside, through the one closure that both are in."""
    before = await on_the_way(roads, town)
    await close(roads, id="semua", area=square(town, "B", 500, 4000))
    assert p50(eta_of(roads)) > 2 * p50(before)
    place = town.at("A", 50)
    areas = (await roads.ask("GET", f"isochrone?lat={place[0]}&lon={place[1]}&minutes=5"))["features"]
    assert areas[0]["geometry"]["coordinates"]
    eta = await tick(roads, 1)
    assert eta is not None
    assert eta.note == "at a walking pace through what is closed: banjir (semua)"
    assert roads.now > MORNING
