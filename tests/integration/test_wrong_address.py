"""An address that was wrong is corrected while units are on their way: the drive, its arrival time and the card in the
cab follow, and what was true of the wrong place is not held against anybody."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.services.commands import told_of
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING
from tracker.fix import Fix
from tracker.missions import Incident, Mission

UNIT = "ambulans-01"
WRONG = {"latitude": -7.15, "longitude": 111.90, "name": "pasar lama"}
RIGHT = {"latitude": -7.15, "longitude": 111.94, "name": "pasar baru"}
HOSPITAL = {"latitude": -7.15, "longitude": 111.96, "name": "RSUD"}
STEP = 0.001  # degrees in 5 s: 22 m/s


def at(second: float) -> datetime:
    return MORNING + timedelta(seconds=second)


def row(second: float, longitude: float, speed: float = 20.0) -> Row:
    fix = Fix(time=at(second), latitude=-7.15, longitude=longitude, speed=speed, course=90.0)
    return Row(CENTRE, UNIT, "gnss", fix, at(second + 1), "box", int(second))


def drive(second: float, start: float, end: float) -> list[Row]:
    """Eastward, a fix each 5 s."""
    steps = round((end - start) / STEP)
    return [row(second + 5 * each, round(start + STEP * each, 6)) for each in range(steps + 1)]


def stand(second: float, longitude: float, for_s: int) -> list[Row]:
    """Standing, a fix each 5 s."""
    return [row(second + wait, longitude, 0.0) for wait in range(0, for_s + 1, 5)]


async def sent(centre: Centre, **more: Any) -> None:
    """A unit is on its way to the wrong place."""
    body = {"place": WRONG, "urgency": "emergency", "id": "i1", **more}
    await centre.ask("POST", "incidents", body, 201)
    await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201)


async def correct(centre: Centre, place: dict[str, Any] | None = None) -> None:
    """Somebody found out; everybody has heard of it."""
    await centre.ask("PATCH", "incidents/i1", {"place": place or RIGHT})
    await centre.arrivals.turn(centre.now)


def p50(centre: Centre) -> float:
    """Seconds to the stop that is driven to, as the board shows them."""
    eta = centre.state(UNIT).eta
    assert eta is not None
    assert eta.eta_s is not None, eta.unknown_because
    return eta.eta_s.p50


async def status(centre: Centre) -> str:
    """What the unit is said to be doing."""
    await centre.arrivals.save()
    await centre.world.standings.turn()
    told: str = (await centre.ask("GET", f"units/{UNIT}/standing"))["standing"]["status"]
    return told


def to_hospital(centre: Centre) -> float:
    """The same to the stop behind that one."""
    eta = centre.state(UNIT).eta
    assert eta is not None
    assert eta.onward is not None
    assert eta.onward.eta_s is not None
    return eta.onward.eta_s.p50


async def test_the_arrival_time_follows_a_corrected_address(centre: Centre) -> None:
    """On the way to the wrong place: the next arrival time is of the right one, further away; then it falls."""
    await sent(centre, destination=HOSPITAL)
    await centre.commit(drive(1, 111.88, 111.889))
    before = p50(centre)
    from_wrong = to_hospital(centre) - before
    await correct(centre)
    eta = centre.state(UNIT).eta
    assert eta is not None
    assert (eta.place, eta.longitude) == ("pasar baru", 111.94)
    assert p50(centre) > 2 * before
    first = p50(centre)
    assert to_hospital(centre) - first < from_wrong  # the right place is nearer to it
    await centre.commit(drive(60, 111.889, 111.92))
    assert p50(centre) < 0.6 * first
    assert (await centre.times("m1"))[0] == (None, None)  # it passed the wrong place and did not arrive there
    await centre.commit([*drive(220, 111.92, 111.94), *stand(325, 111.94, 60)])
    assert (await centre.times("m1"))[0][0] is not None


async def test_the_card_in_the_cab_gets_the_right_address(centre: Centre) -> None:
    """What the crew is told is a difference to what it was told: the stop is one."""
    await sent(centre)
    before = told_of(centre.arrivals.missions.active[UNIT])
    await correct(centre)
    after = told_of(centre.arrivals.missions.active[UNIT])
    assert [each.name for each in (*before.stops, *after.stops)] == ["pasar lama", "pasar baru"]
    async with centre.world.pool.connection() as connection:
        cursor = await connection.execute("SELECT kind, unit FROM events WHERE kind LIKE 'mission.%%' ORDER BY at")
        assert ("mission.changed", UNIT) in await cursor.fetchall()


async def test_an_arrival_at_the_wrong_place_is_none(centre: Centre) -> None:
    """The receiver saw it stand there; nobody was there. It is on its way again, and arrives where it should."""
    await sent(centre)
    await centre.commit([*drive(1, 111.88, 111.90), *stand(105, 111.90, 60)])
    assert (await centre.times("m1"))[0][0] is not None
    assert await status(centre) == "on-scene"
    await correct(centre)
    shown = await centre.ask("GET", "missions/m1")
    assert (shown["state"], shown["legs"][0]["arrived_at"]) == ("assigned", None)
    assert await status(centre) == "en-route"
    assert p50(centre) > 60
    await centre.arrivals.save()
    await centre.commit([*drive(300, 111.90, 111.94), *stand(505, 111.94, 60)])
    arrived = (await centre.times("m1"))[0][0]
    assert arrived >= "2026-11-21T03:12"
    mission = await centre.arrivals.missions.mission("m1")
    await centre.arrivals.save()
    await centre.arrivals.settle(mission, centre.now)  # all over again, from every fix there is
    assert (await centre.times("m1"))[0][0] == arrived


async def test_who_said_that_they_are_there_is_there(centre: Centre) -> None:
    """A word is about people and not about a point: only the record of the place changes. So it does with a point that
    is moved to the next door."""
    await sent(centre)
    await centre.commit(drive(1, 111.88, 111.89))
    await centre.ask("PATCH", "missions/m1", {"state": "at-scene"})
    await correct(centre)
    shown = await centre.ask("GET", "missions/m1")
    assert (shown["state"], shown["legs"][0]["place"]["name"]) == ("at-scene", "pasar baru")


async def test_a_point_moved_to_the_next_door_takes_nothing_back(centre: Centre) -> None:
    """50 m are within what an arrival is seen by."""
    await sent(centre)
    await centre.commit([*drive(1, 111.88, 111.90), *stand(105, 111.90, 60)])
    before = await centre.times("m1")
    await correct(centre, WRONG | {"longitude": 111.90045})
    assert await centre.times("m1") == before


async def test_behind_the_scene_a_correction_is_for_the_record(centre: Centre) -> None:
    """With somebody aboard nobody is sent back."""
    await sent(centre, destination=HOSPITAL)
    await centre.commit([*drive(1, 111.88, 111.90), *stand(105, 111.90, 60)])
    await centre.ask("PATCH", "missions/m1", {"state": "transporting"})
    before = (await centre.ask("GET", "missions/m1"))["legs"]
    await correct(centre)
    assert (await centre.ask("GET", "missions/m1"))["legs"] == before
    assert (await centre.ask("GET", "incidents/i1"))["place"]["name"] == "pasar baru"


async def test_what_was_foretold_of_the_wrong_place_is_not_scored(centre: Centre) -> None:
    """Its error would be the caller's and not ours."""
    await sent(centre)
    await centre.commit(drive(1, 111.88, 111.889))
    await centre.arrivals.save()
    centre.now = at(50)
    await correct(centre)
    await centre.commit([*drive(55, 111.889, 111.94), *stand(315, 111.94, 60)])
    await centre.arrivals.save()
    async with centre.world.pool.connection() as connection:
        told = await (await connection.execute("SELECT published_at < %s FROM etas", (at(50),))).fetchall()
    assert {before for (before,) in told} == {True, False}
    day = "from=2026-11-21T00:00:00Z&to="
    assert (await centre.ask("GET", f"eta/score?{day}2026-11-21T03:04:55Z"))["scores"] == []
    assert (await centre.ask("GET", f"eta/score?{day}2026-11-22T00:00:00Z"))["scores"] != []


async def test_what_fixes_tell_while_a_correction_is_stored_is_not_lost(centre: Centre) -> None:
    """The wheels turn between the reading and the commit: both hold in the end, here and in the database."""
    await sent(centre)
    missions = centre.arrivals.missions
    store = missions._store

    async def stored(connection: Any, mission: Mission, **more: Any) -> None:
        await store(connection, mission, **more)
        here = missions.active[UNIT]
        missions.told(here.with_leg(0, msgspec.structs.replace(here.legs[0], departed_at=at(30))))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(missions, "_store", stored)
        await centre.ask("PATCH", "incidents/i1", {"place": RIGHT})
    await missions.save()
    kept = await missions.missions(unit=UNIT, incident=None, active=True, limit=1)
    for mission in (missions.active[UNIT], *kept):
        assert (mission.legs[0].place.name, mission.legs[0].departed_at) == ("pasar baru", at(30))


async def test_a_unit_that_is_sent_while_the_address_is_corrected_drives_to_the_right_one(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first: nobody is sent to where the incident was a moment ago."""
    await centre.ask("POST", "incidents", {"place": WRONG, "urgency": "emergency", "id": "i1"}, 201)
    missions, read = centre.arrivals.missions, centre.arrivals.missions.incident
    reading = asyncio.Event()

    async def slowly(incident: str) -> Incident:
        found = await read(incident)
        reading.set()
        await asyncio.sleep(0.3)  # long enough for a correction that does not wait
        return found

    monkeypatch.setattr(missions, "incident", slowly)
    sending = asyncio.create_task(centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 201))
    await reading.wait()
    await centre.ask("PATCH", "incidents/i1", {"place": RIGHT})
    await sending
    assert missions.active[UNIT].legs[0].place.name == "pasar baru"
    assert (await centre.ask("GET", "missions/m1"))["legs"][0]["place"]["name"] == "pasar baru"


async def test_what_several_change_at_once_holds_all_of_it(centre: Centre) -> None:
    """Place, hospital, notes and kind from four desks; each is one version."""
    await sent(centre)
    await asyncio.gather(
        *(
            centre.ask("PATCH", "incidents/i1", change)
            for change in ({"place": RIGHT}, {"destination": HOSPITAL}, {"notes": "lantai dua"}, {"kind": "kecelakaan"})
        )
    )
    told = await centre.ask("GET", "incidents/i1")
    assert (told["place"]["name"], told["notes"], told["kind"], told["version"]) == (
        "pasar baru", "lantai dua", "kecelakaan", 5,
    )  # fmt: skip
    legs = (await centre.ask("GET", "missions/m1"))["legs"]
    assert [each["place"]["name"] for each in legs] == ["pasar baru", "RSUD"]
