"""Calls over the API and a real database: who calls, where from, what it is about already; and what becomes of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.http.access import Permission, Principal
from gateway.services.centre import Centre as Rules
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tracker.missions import Incident
from tracker.missions.calls import MARKED_AT, MARKED_FOR, RECENT, REMEMBERED
from tracker.regions import load

NUMBER = "0812-3456-7890"
SAME = "+62 812 3456 7890"
HERE = {"latitude": -7.15, "longitude": 111.90}
NEAR = {"latitude": -7.15072, "longitude": 111.90}  # 80 m south


async def ring(centre: Centre, **body: Any) -> Any:
    """The answer to a new call."""
    return await centre.ask("POST", "calls", {"line": "112", **body}, 201)


async def prank(centre: Centre, number: str = NUMBER) -> str:
    """A call that is closed as a prank; its id."""
    call: str = (await ring(centre, number=number))["call"]["id"]
    await centre.ask("POST", f"calls/{call}/close", {"as": "prank"})
    return call


async def told(centre: Centre, kind: str) -> list[dict[str, Any]]:
    """What listeners were told of a kind, in order."""
    async with centre.world.pool.connection() as connection:
        cursor = await connection.execute("SELECT data FROM events WHERE kind = %s ORDER BY at", (kind,))
        return [row[0] for row in await cursor.fetchall()]


# Taking


async def test_a_call_is_taken_once_however_often_it_comes(centre: Centre) -> None:
    """An exchange that got no answer sends again."""
    first = await ring(centre, id="c1", number=NUMBER, **HERE)
    assert first["call"]["number"] == "+6281234567890"
    again = await centre.ask("POST", "calls", {"line": "112", "id": "c1", "number": SAME, **HERE})
    assert again["caller"] == {"calls": 1, "pranks": 0, "marked": False}
    assert again["call"] == first["call"]
    await centre.ask("POST", "calls", {"id": "c1", "number": "0899999999"}, 409)
    assert [each["id"] for each in (await centre.ask("GET", "calls?open=true"))["calls"]] == ["c1"]


async def test_places_of_a_call_are_the_pin_before_the_network(centre: Centre) -> None:
    """A phone mast is kilometres wide."""
    taken = await ring(centre, text="https://maps.google.com/?q=-7.1612,111.8912 depan masjid", **HERE)
    assert [(each["source"], each["latitude"]) for each in taken["places"]] == [
        ("google-maps", -7.1612), ("network", -7.15),
    ]  # fmt: skip
    assert taken["places"][0]["name"] == "depan masjid"
    taken = await ring(centre, text="https://maps.app.goo.gl/AbCdEf")
    assert (taken["places"], taken["caller"]) == ([], None)
    assert "shortened" in taken["problems"][0]


@pytest.mark.parametrize(
    "body",
    [
        {"number": 112},
        {"latitude": -7.15},
        {"latitude": -91, "longitude": 0},
        {"name": "Bu Siti"},
        {"line": "Nol Delapan"},
        {"text": "\u0000"},
    ],
)
async def test_a_call_that_cannot_be_meant_is_refused(centre: Centre, body: dict[str, Any]) -> None:
    """422; a caller's name has no field."""
    assert (await centre.ask("POST", "calls", body, 422))["detail"]


# Pranks


async def test_pranks_and_questions_are_closed_without_a_dispatch(centre: Centre) -> None:
    """Most of a centre's calls: no incident is made of them, and listeners learn no number."""
    for end in ("information", "prank", "silent", "wrong-number", "test", "transferred", "abandoned"):
        call = (await ring(centre, number=NUMBER))["call"]["id"]
        closed = await centre.ask("POST", f"calls/{call}/close", {"as": end})
        assert (closed["closed_as"], closed["incident"]) == (end, None)
    assert (await centre.ask("GET", "calls?open=true"))["calls"] == []
    assert (await centre.ask("GET", "incidents"))["incidents"] == []
    await centre.ask("POST", "calls/none/close", {"as": "prank"}, 404)
    await centre.ask("POST", f"calls/{call}/close", {"as": "boring"}, 422)
    events = [*await told(centre, "call.taken"), *await told(centre, "call.closed")]
    assert len(events) == 14
    assert not any("6281234567890" in str(each) or "number" in each for each in events)


async def test_a_repeated_prankster_is_marked_and_answered_all_the_same(centre: Centre) -> None:
    """From the third within the window on, however the number is spelled; the next call is taken like everybody's."""
    for played in range(MARKED_AT):
        before = await ring(centre, number=SAME)
        assert before["caller"]["marked"] is False, played
        await centre.ask("POST", f"calls/{before['call']['id']}/close", {"as": "prank"})
    marked = await ring(centre, number="62812 3456 7890", **HERE)
    assert marked["caller"] == {"calls": MARKED_AT + 1, "pranks": MARKED_AT, "marked": True}
    made = await centre.ask("POST", f"calls/{marked['call']['id']}/incident", {"urgency": "emergency"}, 201)
    assert made["incident"]["place"]["latitude"] == HERE["latitude"]
    assert (await ring(centre, number="08199999999"))["caller"]["marked"] is False


async def test_the_mark_goes_as_the_pranks_grow_old(centre: Centre) -> None:
    """Children grow up."""
    for _ in range(MARKED_AT):
        await prank(centre)
    assert (await centre.ask("GET", "callers/081234567890"))["marked"] is True
    centre.now += MARKED_FOR + timedelta(seconds=1)
    assert (await centre.ask("GET", "callers/%2B6281234567890"))["marked"] is False
    assert (await ring(centre, number=NUMBER))["caller"] == {"calls": 4, "pranks": 3, "marked": False}


async def test_an_incident_that_turns_out_a_prank_counts_against_its_callers(centre: Centre) -> None:
    """A unit found nobody there: that is a prank too."""
    call = (await ring(centre, number=NUMBER, **HERE))["call"]["id"]
    made = await centre.ask("POST", f"calls/{call}/incident", {"urgency": "urgent", "kind": "kecelakaan"}, 201)
    incident = made["incident"]["id"]
    await centre.ask("POST", f"calls/{call}/close", {"as": "prank"}, 409)
    closed = await centre.ask("PATCH", f"incidents/{incident}", {"closed_as": "prank"})
    assert closed["closed_at"] is not None
    assert (await centre.ask("GET", "callers/081234567890"))["pranks"] == 1


async def test_pranks_of_an_exercise_mark_nobody(centre: Centre) -> None:
    """The exercise's callers are the centre's own people."""
    for _ in range(MARKED_AT):
        call = (await ring(centre, number=NUMBER, exercise=True))["call"]["id"]
        await centre.ask("POST", f"calls/{call}/close", {"as": "prank"})
    assert (await ring(centre, number=NUMBER))["caller"] == {"calls": 1, "pranks": 0, "marked": False}


# Numbers are people's


async def test_numbers_are_forgotten_after_a_day_and_callers_after_half_a_year(centre: Centre) -> None:
    """What is left of an old call is that there was one. While its incident is open it can be called back."""
    calls = centre.world.calls
    gone = await prank(centre)
    kept = (await ring(centre, number=NUMBER, text="rumah pagar hijau", **HERE))["call"]["id"]
    await centre.ask("POST", f"calls/{kept}/incident", {"urgency": "urgent", "id": "i1"}, 201)
    centre.now += RECENT + timedelta(seconds=1)
    await calls.turn(centre.now)
    assert (await centre.ask("GET", f"calls/{gone}"))["number"] is None
    assert (await centre.ask("GET", f"calls/{kept}"))["number"] == "+6281234567890"
    await centre.ask("PATCH", "incidents/i1", {"closed_as": "resolved"})
    await calls.turn(centre.now)
    emptied = await centre.ask("GET", f"calls/{kept}")
    assert [emptied[name] for name in ("number", "said", "latitude", "longitude")] == [None, "", None, None]
    assert (await centre.ask("GET", "callers/081234567890"))["calls"] == 2
    centre.now += REMEMBERED
    await calls.turn(centre.now)
    assert (await centre.ask("GET", "callers/081234567890"))["calls"] == 0


async def test_a_copy_of_the_database_does_not_tell_who_called(centre: Centre) -> None:
    """With the key elsewhere: the table has a hash that changes with the key, and no key."""
    calls = centre.world.calls
    calls.key = b"kept outside of the database"
    call = await prank(centre)
    await calls.turn(centre.now + RECENT + timedelta(seconds=1))
    async with centre.world.pool.connection() as connection:
        row = await (await connection.execute("SELECT * FROM calls")).fetchone()
        assert row is not None
        assert not any("81234567890" in str(each) for each in row)
        assert (await (await connection.execute("SELECT count(*) FROM caller_keys")).fetchone()) == (0,)
    assert (await centre.ask("GET", "callers/081234567890"))["recent"][0]["id"] == call
    calls.key = b"another key of the same length"
    assert (await centre.ask("GET", "callers/081234567890"))["calls"] == 0


async def test_who_may_not_take_calls_sees_no_caller(centre: Centre) -> None:
    """Seeing missions is not seeing who called."""
    centre.world.principal = Principal("driver", frozenset({Permission.SEE_MISSIONS}), frozenset({CENTRE}))
    for method, path in (("GET", "calls"), ("GET", "callers/0812345678"), ("POST", "calls"), ("GET", "calls/c1")):
        await centre.ask(method, path, {} if method == "POST" else None, 403)


# One happening, several callers


async def test_two_callers_80_m_apart_are_offered_one_crash(centre: Centre) -> None:
    """The second call shows the first's incident with a sentence; nothing is joined by itself."""
    first = (await ring(centre, number=NUMBER, **HERE))["call"]["id"]
    body = {"urgency": "emergency", "kind": "kecelakaan", "id": "crash", "place": {**HERE, "name": "Jl Veteran"}}
    await centre.ask("POST", f"calls/{first}/incident", body, 201)
    centre.now += timedelta(seconds=70)
    second = await ring(centre, number="08566666666", text="https://maps.google.com/?q=-7.15072,111.90")
    (offered,) = second["duplicates"]
    assert offered["incident"] == "crash"
    assert offered["distance_m"] == pytest.approx(80, abs=1)
    assert offered["sentence"] == "80 m away: kecelakaan at Jl Veteran, reported 70 s ago"
    assert second["call"]["incident"] is None
    joined = await centre.ask("POST", f"calls/{second['call']['id']}/incident", {"join": "crash"})
    assert (joined["call"]["incident"], joined["incident"]["id"]) == ("crash", "crash")
    assert len((await centre.ask("GET", "calls?incident=crash"))["calls"]) == 2
    assert len((await centre.ask("GET", "incidents"))["incidents"]) == 1
    far = await ring(centre, number="08577777777", latitude=-7.16, longitude=111.90)
    assert far["duplicates"] == []


async def test_a_double_report_that_became_two_incidents_is_merged(centre: Centre) -> None:
    """Missions and calls go to the one that goes on; the crew drives to its place; asking again changes nothing."""
    for agency in ("dinkes", "polres"):
        await centre.ask("PUT", f"agencies/{agency}", {"name": agency, "kind": agency})
    await centre.ask("POST", "incidents", {"place": HERE, "urgency": "urgent", "id": "i1", "agencies": ["dinkes"]}, 201)
    call = (await ring(centre, number=NUMBER, **NEAR))["call"]["id"]
    two = {"urgency": "emergency", "id": "i2", "kind": "kecelakaan", "agencies": ["polres"], "reference": "PSC-7"}
    await centre.ask("POST", f"calls/{call}/incident", two, 201)
    await centre.ask("POST", "missions", {"unit": "ambulans-01", "incident": "i2", "id": "m2"}, 201)
    await centre.ask("POST", "missions", {"unit": "ambulans-02", "incident": "i1", "id": "m1"}, 201)
    (offered,) = (await centre.ask("GET", "incidents/i2/duplicates"))["duplicates"]
    assert offered["incident"] == "i1"
    mission = await centre.arrivals.missions.mission("m2")
    alarm = await centre.world.alarms.raise_once("silent/x", centre.now, "no word", level="again", mission=mission)

    kept = await centre.ask("POST", "incidents/i2/merge", {"into": "i1"})
    assert kept["agencies"] == ["dinkes", "polres"]
    assert (kept["kind"], kept["urgency"], kept["reference"]) == ("kecelakaan", "emergency", "PSC-7")
    assert (await centre.ask("POST", "incidents/i2/merge", {"into": "i1"})) == kept
    gone = await centre.ask("GET", "incidents/i2")
    assert (gone["closed_as"], gone["duplicate_of"]) == ("duplicate", "i1")
    assert gone["closed_at"] is not None
    assert (await centre.ask("GET", f"calls/{call}"))["incident"] == "i1"
    moved = await centre.ask("GET", "missions/m2")
    assert (moved["incident"], moved["legs"][0]["place"]["latitude"]) == ("i1", HERE["latitude"])
    missions = (await centre.ask("GET", "missions?incident=i1"))["missions"]
    assert {each["id"] for each in missions} == {"m1", "m2"}
    (raised,) = (await centre.ask("GET", "alarms?open=true"))["alarms"]
    seen = await centre.ask("POST", f"alarms/{alarm.id}/ack", {})
    assert (raised["incident"], seen["incident"], centre.world.alarms.open()[0].incident) == ("i1", "i1", "i1")
    assert [each["id"] for each in await told(centre, "mission.changed")] == ["m2"]
    assert [each["id"] for each in await told(centre, "incident.closed")] == ["i2"]
    late = (await ring(centre, **NEAR))["call"]["id"]
    joined = await centre.ask("POST", f"calls/{late}/incident", {"join": "i2"})
    assert (joined["call"]["incident"], joined["incident"]["id"]) == ("i1", "i1")


async def test_a_call_that_joins_while_its_incident_is_merged_goes_to_the_other(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first: no call is left with a duplicate."""
    for name in ("i1", "i2"):
        await centre.ask("POST", "incidents", {"place": HERE, "urgency": "urgent", "id": name}, 201)
    call = (await ring(centre, **NEAR))["call"]["id"]
    missions, read = centre.arrivals.missions, centre.arrivals.missions.incident
    reading = asyncio.Event()

    async def slowly(incident: str) -> Incident:
        found = await read(incident)
        reading.set()
        await asyncio.sleep(0.3)  # long enough for a merge that does not wait
        return found

    monkeypatch.setattr(missions, "incident", slowly)
    joining = asyncio.create_task(centre.ask("POST", f"calls/{call}/incident", {"join": "i2"}))
    await reading.wait()
    await centre.ask("POST", "incidents/i2/merge", {"into": "i1"})
    await joining
    assert (await centre.ask("GET", f"calls/{call}"))["incident"] == "i1"


async def test_what_cannot_be_merged_is_refused_with_a_sentence(centre: Centre) -> None:
    """Into itself, into a closed one, into a third one's duplicate, an exercise into the real."""
    for name, more in (("i1", {}), ("i2", {}), ("i3", {}), ("i4", {"exercise": True})):
        await centre.ask("POST", "incidents", {"place": HERE, "urgency": "urgent", "id": name, **more}, 201)
    await centre.ask("POST", "incidents/i1/merge", {"into": "i1"}, 409)
    await centre.ask("POST", "incidents/i1/merge", {"into": "none"}, 404)
    await centre.ask("POST", "incidents/i1/merge", {"into": "i4"}, 409)
    await centre.ask("POST", "incidents/i1/merge", {"into": "i2"})
    assert "i2" in (await centre.ask("POST", "incidents/i3/merge", {"into": "i1"}, 409))["detail"]
    await centre.ask("PATCH", "incidents/i2", {"closed": True})
    assert "closed" in (await centre.ask("POST", "incidents/i3/merge", {"into": "i2"}, 409))["detail"]
    assert (await centre.ask("GET", "incidents/i3"))["version"] == 1


async def test_a_merged_incident_stays_closed(centre: Centre) -> None:
    """Its missions and calls are the other one's: opened again it would be a happening that nobody is on."""
    for name in ("i1", "i2"):
        await centre.ask("POST", "incidents", {"place": HERE, "urgency": "urgent", "id": name}, 201)
    await centre.ask("POST", "incidents/i2/merge", {"into": "i1"})
    gone = await centre.ask("GET", "incidents/i2")
    for change in ({"closed": False}, {"closed_as": "prank"}):
        assert "merged into i1" in (await centre.ask("PATCH", "incidents/i2", change, 409))["detail"]
    assert await centre.ask("GET", "incidents/i2") == gone
    assert (await centre.ask("PATCH", "incidents/i2", {"closed": True, "notes": "x"}))["notes"] == "x"


async def test_a_call_is_closed_as_one_thing(centre: Centre) -> None:
    """Whoever closes it as another sees first what it was; a prank would go from a caller's record unseen."""
    call = await prank(centre)
    closed = await centre.ask("GET", f"calls/{call}")
    assert await centre.ask("POST", f"calls/{call}/close", {"as": "prank"}) == closed
    refused = await centre.ask("POST", f"calls/{call}/close", {"as": "information"}, 409)
    assert "closed as prank" in refused["detail"]
    assert await centre.ask("GET", f"calls/{call}") == closed
    await centre.ask("POST", f"calls/{call}/reopen")
    assert (await centre.ask("POST", f"calls/{call}/close", {"as": "information"}))["closed_as"] == "information"


async def test_a_closed_call_opens_no_incident_unseen(centre: Centre) -> None:
    """It has to be taken up again first; then it is like any other. And a call tells of one incident only."""
    call = await prank(centre)
    body = {"place": HERE, "urgency": "urgent", "id": "i1"}
    refused = await centre.ask("POST", f"calls/{call}/incident", body, 409)
    assert "closed as prank" in refused["detail"]
    await centre.ask("GET", "incidents/i1", expect=404)
    again = await centre.ask("POST", f"calls/{call}/reopen")
    assert (again["closed_as"], again["closed_at"]) == (None, None)
    made = await centre.ask("POST", f"calls/{call}/incident", body, 201)
    assert made["call"]["incident"] == "i1"
    assert (await centre.ask("POST", f"calls/{call}/incident", body))["incident"] == made["incident"]
    await centre.ask("POST", f"calls/{call}/incident", body | {"id": "i2"}, 409)
    await centre.ask("GET", "incidents/i2", expect=404)
    await centre.ask("POST", f"calls/{call}/incident", {"join": "i1", "urgency": "urgent"}, 422)
    silent = (await ring(centre))["call"]["id"]
    await centre.ask("POST", f"calls/{silent}/incident", {"urgency": "urgent"}, 422)


# What the centre's table says


async def test_the_kind_of_an_incident_says_who_goes_and_how_soon(centre: Centre) -> None:
    """By the centre's table; whoever says otherwise is believed, and another kind wants others."""
    rules = Rules(CENTRE, centre.world.pool, load("jambi"))
    async with centre.world.pool.connection() as connection:
        await rules.load(connection, centre.now)
    centre.world.centre_rules = rules
    kinds = {each.kind: each.agencies for each in rules.sops.values()}
    one, other = list(kinds)[:2]
    await centre.ask("PUT", f"sops/{one}", {"name": "x", "agencies": list(kinds[one]), "urgency": "urgent"})
    made = await centre.ask("POST", "incidents", {"place": HERE, "kind": one, "id": "i1"}, 201)
    assert (tuple(made["agencies"]), made["urgency"]) == (kinds[one], "urgent")
    await centre.ask("POST", "incidents", {"place": HERE, "kind": "unheard-of", "id": "i2"}, 422)
    told = {"place": HERE, "kind": one, "id": "i3", "agencies": [kinds[other][-1]], "urgency": "routine"}
    assert (await centre.ask("POST", "incidents", told, 201))["agencies"] == [kinds[other][-1]]
    changed = await centre.ask("PATCH", "incidents/i1", {"kind": other})
    assert (tuple(changed["agencies"]), changed["version"]) == (kinds[other], 2)


async def test_words_that_the_centre_does_not_have_are_refused(centre: Centre) -> None:
    """A misspelt agency would call nobody: what is unknown is told, and what there is. Doubles are one."""
    await centre.ask("PUT", "agencies/dinkes", {"name": "Dinkes", "kind": "dinkes"})
    await centre.ask("PUT", "units/ambulans-01/details", {"agency": "dinkes", "capabilities": ["als"]})
    body: dict[str, Any] = {"place": HERE, "urgency": "urgent", "id": "i1"}
    call = (await ring(centre, **HERE))["call"]["id"]
    for wrong, unknown, right in (
        ({"agencies": ["dinkes", "dinkse"]}, "'dinkse'", "dinkes"),
        ({"capabilities": ["sla"]}, "'sla'", "als"),
        ({"condition": "strok"}, "'strok'", "stroke"),
    ):
        for method, path, more in (("POST", "incidents", body), ("POST", f"calls/{call}/incident", body)):
            told = (await centre.ask(method, path, more | wrong, 422))["detail"]
            assert unknown in told
            assert right in told
    known = {"agencies": ["dinkes", "dinkes"], "capabilities": ["als", "als"], "condition": "stroke"}
    made = await centre.ask("POST", "incidents", body | known, 201)
    assert (made["agencies"], made["capabilities"], made["condition"]) == (["dinkes"], ["als"], "stroke")
    unknown_words: list[dict[str, Any]] = [
        {"agencies": ["damkar"]}, {"capabilities": ["sla"]}, {"condition": "strok"},
    ]  # fmt: skip
    for wrong in unknown_words:
        await centre.ask("PATCH", "incidents/i1", wrong, 422)
    assert (await centre.ask("PATCH", "incidents/i1", {"agencies": [], "condition": ""}))["agencies"] == []
    for path in ("incidents/i1/candidates?agency=damkar", "candidates?lat=-7.1&lon=111.9&agency=damkar"):
        assert "'damkar'" in (await centre.ask("GET", path, None, 422))["detail"]
    await centre.ask("GET", "incidents/i1/candidates?capability=sla", None, 422)
    await centre.ask("GET", "incidents/i1/hospitals?condition=strok", None, 422)
    corners = [{"latitude": -7.1, "longitude": 111.8}, {"latitude": -7.1, "longitude": 111.9},
               {"latitude": -7.2, "longitude": 111.9}]  # fmt: skip
    fence = {"name": "Kota", "kind": "town", "polygon": corners, "agencies": ["damkar"]}
    assert "'damkar'" in (await centre.ask("PUT", "geofences/kota", fence, 422))["detail"]


async def test_what_comes_while_an_exercise_runs_is_of_the_exercise(centre: Centre) -> None:
    """Calls, incidents and missions; and nothing real is offered as their duplicate."""
    await centre.ask("POST", "incidents", {"place": HERE, "urgency": "urgent", "id": "real"}, 201)
    await centre.ask("POST", "exercises", {"name": "gempa"}, 201)
    taken = await ring(centre, number=NUMBER, **NEAR)
    assert (taken["call"]["exercise"], taken["duplicates"]) == (True, [])
    made = await centre.ask("POST", f"calls/{taken['call']['id']}/incident", {"urgency": "urgent", "id": "play"}, 201)
    assert made["incident"]["exercise"] is True
    await centre.ask("POST", "missions", {"unit": "ambulans-01", "incident": "play"}, 201)
    assert centre.arrivals.missions.active["ambulans-01"].exercise is True
    await centre.ask("DELETE", "exercises/current")
    real = await ring(centre, number=NUMBER, **NEAR)
    assert [each["incident"] for each in real["duplicates"]] == ["real"]
    await centre.ask("POST", f"calls/{real['call']['id']}/incident", {"join": "play"}, 409)
