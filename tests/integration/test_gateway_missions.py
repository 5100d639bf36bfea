"""Incidents, missions and destinations over the API and a real database: idempotent, refused with a sentence, and timed
by fixes in whatever order they come."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from gateway.http.access import Permission, Principal
from gateway.services import patience
from gateway.services.arrivals import Arrivals
from gateway.services.missions import Missions
from gateway.storage import fixes
from gateway.storage.fixes import Row
from tests.fix_centre import Centre, ToldClock
from tests.fix_gateway import CENTRE, until_here
from tests.gateway_traffic import MORNING
from tracker.fix import Fix

UNIT = "ambulans-01"
SCENE = {"latitude": -7.15, "longitude": 111.90, "name": "pasar"}
RSUD = {"kind": "hospital", "name": "RSUD", "latitude": -7.15, "longitude": 111.95}
INCIDENT = {"place": SCENE, "urgency": "emergency", "id": "i1"}


def at(second: float) -> datetime:
    return MORNING + timedelta(seconds=second)


def row(second: float, longitude: float, speed: float = 20.0, unit: str = UNIT) -> Row:
    fix = Fix(time=at(second), latitude=-7.15, longitude=longitude, speed=speed, course=90.0)
    return Row(CENTRE, unit, "gnss", fix, at(second + 1), "box", int(second))


def drive() -> list[Row]:
    """From 2.2 km west to the scene, 5 min there, on to the hospital and 2 min there; a fix each 5 s."""
    rows, second = [], 1.0
    for step in range(71):
        longitude = round(111.88 + step * 0.001, 6)
        stay = {20: 300, 70: 120}.get(step, 0)
        rows += [row(second + wait, longitude, 0.0 if stay else 20.0) for wait in range(0, stay + 5, 5)]
        second += stay + 5
    return rows


# Incidents and places


async def test_an_incident_is_opened_once_however_often_it_is_sent(centre: Centre) -> None:
    """The second time it is the same one, with the status that says so; other content under its id is refused."""
    first = await centre.ask("POST", "incidents", INCIDENT, 201)
    centre.now += timedelta(seconds=9)
    assert await centre.ask("POST", "incidents", INCIDENT) == first
    assert first["opened_at"] == "2026-11-21T03:04:05Z"
    other = await centre.ask("POST", "incidents", INCIDENT | {"urgency": "routine"}, 409)
    assert "'i1' exists" in other["detail"]
    assert (await centre.ask("GET", "incidents"))["incidents"] == [first]
    assert await centre.ask("GET", "incidents/i1") == first


async def test_without_an_id_each_request_opens_another(centre: Centre) -> None:
    """With an id of our own."""
    body = {"place": SCENE, "urgency": "urgent"}
    made = [(await centre.ask("POST", "incidents", body, 201))["id"] for _ in range(2)]
    assert len(set(made)) == 2


async def test_an_incident_can_be_changed_and_closed_and_opened_again(centre: Centre) -> None:
    """What is not named stays; the destination may be a place of the list, copied as it is now."""
    await centre.ask("PUT", "places/rsud", RSUD)
    await centre.ask("POST", "incidents", INCIDENT, 201)
    chosen = await centre.ask("PATCH", "incidents/i1", {"destination": {"place": "rsud"}, "urgency": "urgent"})
    assert chosen["destination"] == {"latitude": -7.15, "longitude": 111.95, "name": "RSUD", "id": "rsud"}
    assert chosen["place"]["name"] == "pasar"
    await centre.ask("PUT", "places/rsud", RSUD | {"latitude": -7.2})
    closed = await centre.ask("PATCH", "incidents/i1", {"closed": True})
    assert (closed["closed_at"], closed["destination"]["latitude"]) == ("2026-11-21T03:04:05Z", -7.15)
    assert (await centre.client.get("/api/v1/incidents?open=true")).json()["incidents"] == []
    assert (await centre.ask("PATCH", "incidents/i1", {"closed": False, "destination": None}))["destination"] is None
    assert [each["id"] for each in (await centre.ask("GET", "places?kind=hospital"))["places"]] == ["rsud"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "incidents", {"place": {"latitude": 91, "longitude": 0}, "urgency": "urgent"}),
        ("POST", "incidents", {"place": SCENE, "urgency": "soon"}),
        ("POST", "incidents", {"place": SCENE, "urgency": "urgent", "id": "No Id"}),
        ("POST", "incidents", {"place": SCENE, "urgency": "urgent", "patient": "a name"}),
        ("POST", "incidents", {"place": SCENE, "urgency": "urgent", "destination": {"latitude": 1.0}}),
        ("POST", "missions", {"unit": UNIT}),
        ("POST", "missions", []),
        ("PUT", "places/No Id", RSUD),
        ("PUT", "places/rsud", {"kind": "hospital"}),
        ("PUT", f"units/{UNIT}/destination", {}),
        ("POST", "eta/matrix", {"places": []}),
    ],
)
async def test_a_body_that_cannot_be_meant_is_refused_with_a_sentence(
    centre: Centre, method: str, path: str, body: Any
) -> None:
    """422, and it says what and where; a field we do not know is one of them: nothing of a patient gets in."""
    assert (await centre.ask(method, path, body, 422))["detail"]


async def test_what_is_not_there_is_404_with_a_sentence(centre: Centre) -> None:
    """Whatever is asked for by an id."""
    await centre.ask("POST", "incidents", INCIDENT, 201)
    for method, path, body in (
        ("GET", "incidents/none", None), ("PATCH", "incidents/none", {}), ("GET", "missions/none", None),
        ("PATCH", "missions/none", {"state": "ended"}), ("GET", "missions/none/events", None),
        ("POST", "missions", {"unit": "stranger", "incident": "i1"}),
        ("POST", "missions", {"unit": UNIT, "incident": "none"}),
        ("PUT", "units/stranger/destination", SCENE), ("DELETE", "units/stranger/destination", None),
        ("PUT", f"units/{UNIT}/destination", {"place": "none"}), ("GET", f"units/{UNIT}/route", None),
        ("GET", "incidents/none/candidates", None), ("GET", "incidents/none/hospitals", None),
        ("GET", "isochrone?lat=-7.15&lon=111.9", None),
    ):  # fmt: skip
        assert "no" in (await centre.ask(method, path, body, 404))["detail"], path


async def test_who_may_only_look_can_change_nothing(centre: Centre) -> None:
    """403 before anything is read or done, on each route that changes something; and no look without the right to."""
    changing = [
        ("POST", "incidents"), ("PATCH", "incidents/i1"), ("POST", "missions"), ("PATCH", "missions/m1"),
        ("PUT", f"units/{UNIT}/destination"), ("DELETE", f"units/{UNIT}/destination"), ("PUT", "places/rsud"),
    ]  # fmt: skip
    looking = ["incidents", "incidents/i1", "missions", "missions/m1", "missions/m1/events", "places", "eta/score"]
    watcher = frozenset({Permission.SEE_UNITS, Permission.SEE_MISSIONS})
    centre.world.principal = Principal("watcher", watcher, frozenset({CENTRE}))
    for method, path in changing:
        assert "watcher may not" in (await centre.ask(method, path, {}, 403))["detail"]
    await centre.ask("GET", "incidents")
    centre.world.principal = Principal("nobody", frozenset(), frozenset({CENTRE}))
    for path in looking:
        await centre.ask("GET", path, None, 403)


async def test_what_the_document_promises_of_bodies_and_answers_is_there(centre: Centre) -> None:
    """Each route that takes a body says which, each answer has its properties."""
    document = await centre.ask("GET", "openapi.json")
    for path, method in (
        ("incidents", "post"), ("incidents/{incident}", "patch"), ("missions", "post"), ("missions/{mission}", "patch"),
        ("units/{unit}/destination", "put"), ("places/{place}", "put"), ("eta/matrix", "post"),
    ):  # fmt: skip
        route = document["paths"][f"/api/v1/{path}"][method]
        body = route["requestBody"]["content"]["application/json"]["schema"]
        assert body["properties"], path
        assert not body.get("additionalProperties", True), path
        assert route["responses"]["200"]["content"]["application/json"]["schema"]["properties"], path


# Missions


async def test_a_mission_is_made_once_and_a_unit_has_one(centre: Centre) -> None:
    """Repeated it is the same; a second one for the unit is refused until the first has ended."""
    await centre.ask("POST", "incidents", INCIDENT, 201)
    await centre.ask("POST", "incidents", INCIDENT | {"id": "i2"}, 201)
    body = {"unit": UNIT, "incident": "i1", "id": "m1"}
    made = await centre.ask("POST", "missions", body, 201)
    assert (made["state"], made["urgency"], made["unit"]) == ("assigned", "emergency", UNIT)
    assert await centre.ask("POST", "missions", body) == made
    assert "on mission m1" in (await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i2"}, 409))["detail"]
    await centre.ask("POST", "missions", body | {"unit": "ambulans-02"}, 409)
    await centre.ask("PATCH", "missions/m1", {"state": "ended"})
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i2", "urgency": "routine"}, 201)
    listed = (await centre.ask("GET", f"missions?unit={UNIT}"))["missions"]
    assert {(each["incident"], each["state"]) for each in listed} == {("i1", "ended"), ("i2", "assigned")}
    assert len((await centre.ask("GET", "missions?active=true&incident=i2"))["missions"]) == 1


async def test_an_incident_is_closed_after_its_missions(centre: Centre) -> None:
    """Nobody is left driving for what is over: whoever closes it is told who is under way and how to end that."""
    await centre.ask("POST", "incidents", INCIDENT, 201)
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await centre.ask("POST", "missions", {"unit": "ambulans-02", "incident": "i1", "id": "m2"}, 201)
    await centre.ask("PATCH", "missions/m2", {"state": "ended"})
    for closing in ({"closed": True}, {"closed_as": "cancelled", "notes": "false"}):
        refused = (await centre.ask("PATCH", "incidents/i1", closing, 409))["detail"]
        assert "m1 (ambulans-01, assigned)" in refused
        assert "m2" not in refused
        assert "PATCH /api/v1/missions/" in refused
    assert (await centre.ask("GET", "incidents/i1"))["version"] == 1
    await centre.ask("PATCH", "missions/m1", {"state": "ended"})
    assert (await centre.ask("PATCH", "incidents/i1", {"closed_as": "cancelled"}))["closed_as"] == "cancelled"


async def test_a_closed_incident_gets_no_unit(centre: Centre) -> None:
    """Open it again first."""
    await centre.ask("POST", "incidents", INCIDENT, 201)
    await centre.ask("PATCH", "incidents/i1", {"closed": True})
    assert "closed" in (await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1"}, 409))["detail"]


async def test_a_mission_is_led_by_hand_where_receivers_are_silent(centre: Centre) -> None:
    """Each step with its time; a step that is none is refused and changes nothing."""
    await centre.ask("POST", "incidents", INCIDENT | {"destination": RSUD_POINT}, 201)
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await centre.ask("PATCH", "missions/m1", {"state": "transporting"}, 409)
    centre.now += timedelta(seconds=600)
    told = await centre.ask("PATCH", "missions/m1", {"state": "at-scene", "at": "2026-11-21T10:10:00+07:00"})
    assert told["legs"][0]["arrived_at"] == "2026-11-21T03:10:00Z"
    assert (await centre.ask("PATCH", "missions/m1", {"state": "at-scene"})) == told
    await centre.ask("PATCH", "missions/m1", {"state": "transporting", "at": "2026-11-21T03:05:00Z"}, 409)
    await centre.ask("PATCH", "missions/m1", {"state": "transporting", "at": "2026-11-21T03:30:00Z"}, 422)
    for state in ("transporting", "arrived", "ended"):
        assert (await centre.ask("PATCH", "missions/m1", {"state": state}))["state"] == state
    assert centre.arrivals.missions.active == {}


async def test_a_hospital_chosen_for_the_incident_is_the_mission_s(centre: Centre) -> None:
    """On the way already; and a mission may have one of its own."""
    await centre.ask("POST", "incidents", INCIDENT, 201)
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await centre.ask("PATCH", "incidents/i1", {"destination": RSUD_POINT})
    legs = (await centre.ask("GET", "missions/m1"))["legs"]
    assert [leg["kind"] for leg in legs] == ["to-scene", "to-hospital"]
    other = await centre.ask("PATCH", "missions/m1", {"destination": {"latitude": -7.3, "longitude": 111.8}})
    assert other["legs"][1]["place"]["latitude"] == -7.3
    assert len((await centre.ask("PATCH", "missions/m1", {"destination": None}))["legs"]) == 1


RSUD_POINT = {"latitude": -7.15, "longitude": 111.95, "name": "RSUD"}


async def test_a_destination_is_a_mission_that_gives_way(centre: Centre) -> None:
    """The same again changes nothing, another replaces it, an incident takes the unit, and then it cannot be sent."""
    first = await centre.ask("PUT", f"units/{UNIT}/destination", RSUD_POINT)
    assert (first["incident"], first["legs"][0]["kind"], first["urgency"]) == (None, "to-place", "routine")
    assert await centre.ask("PUT", f"units/{UNIT}/destination", RSUD_POINT) == first
    second = await centre.ask("PUT", f"units/{UNIT}/destination", SCENE)
    assert second["id"] != first["id"]
    assert (await centre.ask("GET", f"missions/{first['id']}"))["state"] == "ended"
    await centre.ask("POST", "incidents", INCIDENT, 201)
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    assert (await centre.ask("GET", f"missions/{second['id']}"))["state"] == "ended"
    for method in ("PUT", "DELETE"):
        assert "m1" in (await centre.ask(method, f"units/{UNIT}/destination", SCENE, 409))["detail"]
    await centre.ask("PATCH", "missions/m1", {"state": "ended"})
    assert not (await centre.ask("DELETE", f"units/{UNIT}/destination"))["taken_back"]
    await centre.ask("PUT", f"units/{UNIT}/destination", SCENE)
    assert (await centre.ask("DELETE", f"units/{UNIT}/destination"))["taken_back"]


# Times from fixes


async def assigned_mission(centre: Centre) -> None:
    """Mission m1 of `UNIT` to the scene and on to the hospital, assigned at `MORNING`."""
    await centre.ask("POST", "incidents", INCIDENT | {"destination": RSUD_POINT}, 201)
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)
    await centre.arrivals.turn(centre.now)


EXPECTED = [("2026-11-21T03:05:46Z", "2026-11-21T03:10:56Z"), ("2026-11-21T03:14:56Z", None)]


async def test_fixes_lead_a_mission_by_themselves(centre: Centre) -> None:
    """Arrived, left, arrived: at the fixes where that was true, and the database holds it."""
    await assigned_mission(centre)
    await centre.commit(drive(), batch=1)
    assert (await centre.ask("GET", "missions/m1"))["state"] == "arrived"
    assert await centre.times("m1") == EXPECTED
    await centre.arrivals.save()
    fresh = Missions(CENTRE, centre.world.pool)
    assert [leg.arrived_at for leg in (await fresh.mission("m1")).legs] == [at(101), at(651)]
    state = centre.world.live.state(UNIT)
    assert state is not None
    assert state.eta is None
    assert state.mission is not None
    assert state.mission.state == "arrived"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_times_are_the_same_in_whatever_order_the_fixes_come(centre: Centre, seed: int) -> None:
    """Shuffled, in batches of any size, some twice: late ones are read again from the database."""
    await assigned_mission(centre)
    rng = random.Random(seed)
    rows = drive() + rng.sample(drive(), 20)
    rng.shuffle(rows)
    await centre.commit(rows, batch=rng.choice([1, 7, 50]))
    await centre.settle()
    assert await centre.times("m1") == EXPECTED


async def test_a_mission_that_has_ended_is_corrected_by_what_comes_later(centre: Centre) -> None:
    """The unit was without coverage, somebody ended the mission, and two hours later its memory arrives."""
    await assigned_mission(centre)
    await centre.commit(drive()[:3])
    centre.now = at(1200)
    await centre.ask("PATCH", "missions/m1", {"state": "ended"})
    centre.now = at(7200)
    await centre.commit(drive()[3:])
    await centre.settle()
    told = await centre.ask("GET", "missions/m1")
    assert (told["state"], told["ended_at"]) == ("ended", "2026-11-21T03:24:05Z")
    assert await centre.times("m1") == EXPECTED


async def test_a_restarted_gateway_finds_its_missions_where_they_are(centre: Centre) -> None:
    """The fixes were stored by another process; nobody followed them."""
    await assigned_mission(centre)
    async with centre.world.pool.connection() as connection, connection.transaction():
        await fixes.store(connection, drive()[:40])
    centre.now = at(400)
    again = Arrivals(
        centre.world.pool, centre.world.live, Missions(CENTRE, centre.world.pool), centre.arrivals.estimator,
        ToldClock(lambda: centre.now),
    )  # fmt: skip
    await again._load()
    await again.turn(centre.now)
    followed = again.followed(UNIT)
    assert followed is not None
    assert followed.mission.legs[0].arrived_at == at(101)


async def test_the_database_may_be_away_and_nothing_told_is_lost(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrival times go on; times and told arrivals are stored when it is back, once."""
    await assigned_mission(centre)
    rows = drive()
    async with centre.world.pool.connection() as connection, connection.transaction():
        await fixes.store(connection, rows)
    pool = centre.arrivals.missions._pool
    with monkeypatch.context() as away:
        away.setattr(pool, "connection", _refuses)
        for each in rows:
            centre.world.live.apply(each.unit, each.source, each.fix, each.received_at)
            centre.now = each.fix.time
            centre.arrivals.committed([each])
            await centre.arrivals.turn(centre.now)
            await centre.arrivals.save()
        waiting = len(centre.arrivals._told)
        assert waiting > 10
    await centre.arrivals.save()
    await centre.arrivals.save()
    async with pool.connection() as connection:
        found = await (await connection.execute("SELECT count(*) FROM etas")).fetchone()
    assert found == (waiting,)
    assert (await Missions(CENTRE, pool).mission("m1")).legs[1].arrived_at == at(651)


async def test_a_fault_in_arrival_times_does_not_end_the_gateway(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged, and what was taken meanwhile is read again: the arrival is found all the same."""
    await assigned_mission(centre)
    with monkeypatch.context() as broken:
        broken.setattr(Arrivals, "_take_fixes", lambda _: 1 / 0)
        broken.setattr(Arrivals, "_load", _nothing)
        broken.setattr(patience, "FIRST_S", 0.05)
        running = asyncio.create_task(centre.arrivals.run())
        async with centre.world.pool.connection() as connection, connection.transaction():
            await fixes.store(connection, drive())
        centre.now = at(700)
        centre.arrivals.committed(drive())

        async def arrived() -> bool:
            return (await centre.arrivals.missions.mission("m1")).legs[1].arrived_at == at(651)

        await until_here(arrived)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])


async def _nothing(_: Arrivals) -> None:
    """In the place of reading what was under way before the start."""


def _refuses(*_: Any, **__: Any) -> Any:
    raise psycopg.OperationalError("away")
