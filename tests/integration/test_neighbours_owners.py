"""Units that are lent: dispatch sees and sends them with consent and on duty, and their owner sees what they do."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gateway.services.neighbours import Neighbours
from gateway.storage import phones
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_crew import Crew
from tests.fix_gateway import CENTRE, UNITS
from tests.fix_town import fix_row
from tests.gateway_traffic import MORNING
from tracker.duty import State
from tracker.fix import Fix
from tracker.quality import judged

LENT, OWN = UNITS[0], UNITS[1]
PLACE = {"latitude": -7.15, "longitude": 111.88}


@pytest.fixture
async def lending(centre: Centre) -> Centre:
    """PMI has the first unit; both units are on the map; an incident."""
    fix = judged(Fix(time=MORNING, latitude=-7.1, longitude=111.88), MORNING)
    await centre.commit([Row(CENTRE, unit, "gnss", fix, MORNING, "box", 1) for unit in (LENT, OWN)])
    await centre.ask("POST", "incidents", {"id": "i-1", "place": PLACE, "urgency": "emergency"}, 201)
    await centre.ask("PUT", "owners/pmi", {"name": "PMI", "units": [LENT]})
    return centre


async def stands(centre: Centre) -> tuple[bool, str | None]:
    """Whether dispatch sees where the lent unit is, and why it may not send it."""
    await centre.world.neighbours.owners.turn(centre.now)
    ((unit,),) = [each["units"] for each in (await centre.ask("GET", "owners"))["owners"]]
    positions = {each["unit"]: each["position"] for each in (await centre.ask("GET", "units"))["units"]}
    assert positions[OWN] is not None
    return positions[LENT] is not None, unit["why_not"]


async def assign(centre: Centre, expect: int) -> Any:
    return await centre.ask("POST", "missions", {"id": "m-1", "unit": LENT, "incident": "i-1"}, expect)


async def offered(centre: Centre) -> list[str]:
    """Who could be sent, as dispatch is told."""
    found = [each["unit"] for each in (await centre.ask("GET", "incidents/i-1/candidates"))["candidates"]]
    assert OWN in found
    return found


async def consent(centre: Centre) -> None:
    await centre.ask("PUT", "owners/pmi/consent", {"person": "Ketua PMI", "version": "2026-11"})


async def test_it_takes_consent_and_duty_both(lending: Centre) -> None:
    """With either alone nobody sees it, and nobody can send it."""
    assert await stands(lending) == (False, f"{LENT} is lent, and pmi has not consented")
    assert "not consented" in (await assign(lending, 409))["detail"]
    await consent(lending)
    assert await stands(lending) == (False, f"{LENT} is lent and off duty")
    assert "off duty" in (await assign(lending, 409))["detail"]
    assert LENT not in await offered(lending)
    eta = await lending.ask("GET", f"eta?unit={LENT}&lat=-7.15&lon=111.88")
    assert (eta["eta_s"], eta["distance_m"], eta["fix_time"]) == (None, None, None)
    await lending.world.neighbours.owners.duty(LENT, State.ON, None, "pmi")
    assert await stands(lending) == (True, None)
    assert LENT in await offered(lending)
    await assign(lending, 201)


async def test_duty_ends_by_itself_but_no_mission_with_it(lending: Centre) -> None:
    """Twelve hours later it is off duty, and yet brings its patient to the end."""
    await consent(lending)
    await lending.world.neighbours.owners.duty(LENT, State.ON, None, "pmi")
    await assign(lending, 201)
    lending.now += timedelta(hours=13)
    assert await stands(lending) == (True, None)
    await lending.ask("PATCH", "missions/m-1", {"state": "ended"})
    assert await stands(lending) == (False, f"{LENT} is lent and off duty")


async def test_a_withdrawn_consent_ends_it_at_once(lending: Centre) -> None:
    """Also on a mission: it is the owner's unit."""
    await consent(lending)
    await lending.world.neighbours.owners.duty(LENT, State.ON, None, "pmi")
    await assign(lending, 201)
    await lending.arrivals.turn(lending.now)
    assert lending.state(LENT).eta is not None
    await lending.ask("DELETE", "owners/pmi/consent")
    assert lending.state(LENT).eta is None
    assert await stands(lending) == (False, f"{LENT} is lent, and pmi has not consented")


async def test_a_unit_that_goes_out_of_sight_on_a_mission_is_an_alarm(lending: Centre, crew: Crew) -> None:
    """Nobody sees it any more, and the mission stays: the dispatcher hears of it at once, not by its silence."""
    await consent(lending)
    await lending.world.neighbours.owners.duty(LENT, State.ON, None, "pmi")
    await assign(lending, 201)
    assert await crew.look(1) == []
    await lending.ask("DELETE", "owners/pmi/consent")
    (alarm,) = await crew.look(1)
    assert (alarm.kind, alarm.unit, alarm.mission, alarm.incident, alarm.sound) == (
        "out-of-sight", LENT, "m-1", "i-1", True,
    )  # fmt: skip
    assert "pmi has not consented" in alarm.detail
    assert "Call the crew" in alarm.detail
    assert [each.kind for each in await crew.look(600) if each.kind == "silent"] == []
    assert (await lending.ask("GET", "missions/m-1"))["state"] == "assigned"
    assert lending.world.live.eta(LENT) is None
    assert "shown to nobody" in (await lending.ask("GET", f"units/{LENT}/route", None, 404))["detail"]
    await consent(lending)
    assert "out-of-sight" not in [each.kind for each in await crew.look(1)]
    await lending.ask("DELETE", "owners/pmi/consent")
    again = [each for each in await crew.look(1) if each.kind == "out-of-sight"]
    assert [each.id == alarm.id for each in again] == [False]
    await lending.ask("PATCH", "missions/m-1", {"state": "ended"})
    assert "out-of-sight" not in [each.kind for each in await crew.look(1)]


async def test_weekly_windows_are_of_the_centre_s_clock(lending: Centre) -> None:
    """The morning of the test is a Saturday, 03:04 in UTC; this centre has no other zone."""
    await consent(lending)
    await lending.ask("PUT", f"units/{LENT}/duty/windows", {"windows": "sat 03:00-04:00"})
    assert await stands(lending) == (True, None)
    lending.now += timedelta(hours=1)
    assert (await stands(lending))[0] is False
    await lending.ask("PUT", f"units/{LENT}/duty/windows", {"windows": "sometimes"}, 422)
    await lending.ask("PUT", f"units/{OWN}/duty/windows", {"windows": ""}, 404)


async def test_a_unit_that_is_given_back_is_the_centre_s_again(lending: Centre) -> None:
    """It is seen and sent without anybody's consent."""
    assert (await stands(lending))[0] is False
    await lending.ask("PUT", "owners/pmi", {"name": "PMI", "units": []})
    positions = {each["unit"]: each["position"] for each in (await lending.ask("GET", "units"))["units"]}
    assert positions[LENT] is not None
    await assign(lending, 201)


async def test_the_owner_says_duty_and_sees_what_becomes_of_it(lending: Centre) -> None:
    """By the one token of its share: on duty, the mission, the arrival; for its own units and no others."""
    until = (lending.now + timedelta(days=1)).isoformat()
    token = (await lending.ask("POST", "shares", {"name": "PMI", "until": until, "owner": "pmi"}, 201))["token"]
    said = await lending.ask("POST", f"shared/{token}/duty", {"unit": LENT, "state": "on"})
    assert "not consented" in said["why_not"]
    await consent(lending)
    assert (await lending.ask("POST", f"shared/{token}/duty", {"unit": LENT, "state": "on"}))["why_not"] is None
    await assign(lending, 201)
    await lending.arrivals.turn(lending.now)
    (unit,) = (await lending.ask("GET", f"shared/{token}/units"))["units"]
    assert (unit["unit"], unit["state"], unit["incident"]) == (LENT, "assigned", None)
    assert unit["eta_s"]["p50"] > 0
    await lending.ask("POST", f"shared/{token}/duty", {"unit": OWN, "state": "off"}, 404)
    too_long = (lending.now + timedelta(days=2)).isoformat()
    await lending.ask("POST", f"shared/{token}/duty", {"unit": LENT, "state": "on", "until": too_long}, 409)


async def test_a_token_of_the_police_says_nothing_of_duty(lending: Centre) -> None:
    """It only reads."""
    until = (lending.now + timedelta(days=1)).isoformat()
    token = (await lending.ask("POST", "shares", {"name": "Polres", "until": until, "units": [LENT]}, 201))["token"]
    await lending.ask("POST", f"shared/{token}/duty", {"unit": LENT, "state": "on"}, 404)


async def test_of_its_track_there_are_the_hours_of_duty_and_of_missions(lending: Centre) -> None:
    """A device of its own sends all day and all night: what it did off duty, and before anybody consented, is its
    owner's. The centre's own units have all of theirs."""
    owners = lending.world.neighbours.owners
    lending.now += timedelta(hours=1)
    await consent(lending)
    hours = {}

    async def drives(what: str) -> None:
        lending.now += timedelta(minutes=1)
        now = lending.now
        fix = judged(Fix(time=now, latitude=-7.1, longitude=111.88), now)
        await lending.commit([Row(CENTRE, unit, "gnss", fix, now, "box", 1) for unit in (LENT, OWN)])
        hours[now.isoformat().replace("+00:00", "Z")] = what
        lending.now += timedelta(minutes=1)

    async def seen(unit: str = LENT) -> list[str]:
        told = await lending.ask("GET", f"units/{unit}/fixes")
        assert (told["withheld_because"] is None) == (unit == OWN)
        return [hours.get(each["fix_time"], "before") for each in told["fixes"]]

    await drives("off")
    await owners.duty(LENT, State.ON, lending.now + timedelta(minutes=10), "pmi")
    await drives("on")
    await assign(lending, 201)
    lending.now += timedelta(minutes=20)
    await drives("on a mission")
    await lending.ask("PATCH", "missions/m-1", {"state": "ended"})
    await drives("off again")
    assert await seen() == ["on", "on a mission"]
    assert await seen(OWN) == ["before", "off", "on", "on a mission", "off again"]
    page = await lending.ask("GET", f"units/{LENT}/fixes?limit=2")
    assert (page["fixes"], page["next_cursor"] is None) == ([], False)
    await lending.ask("DELETE", "owners/pmi/consent")
    assert await seen() == []
    await lending.ask("PUT", "owners/pmi", {"name": "PMI", "units": []})
    assert len((await lending.ask("GET", f"units/{LENT}/fixes"))["fixes"]) == 5


async def test_what_is_lent_is_known_from_the_first_question_on(lending: Centre) -> None:
    """A gateway that was just started has not looked who lends what, and shows nothing on that account."""
    world = lending.world
    world.neighbours = Neighbours(CENTRE, world.pool, world.live, world.arrivals.missions, clock=world.clock)
    assert (await lending.ask("GET", f"units/{LENT}/fixes"))["fixes"] == []


async def test_a_private_car_is_seen_on_duty_only(lending: Centre) -> None:
    """One with a phone and no owner but its driver: the last place of the shift is not shown all night."""
    async with lending.world.pool.connection() as connection:
        await phones.enrol(connection, CENTRE, OWN, "secret", "x.y", lending.now, private=True)
        await phones.consent(connection, CENTRE, OWN, "Budi", "2026-11", "driver", lending.now)
        await phones.change_duty(
            connection, CENTRE, OWN, State.ON, lending.now + timedelta(hours=1), "driver", lending.now
        )
    owners = lending.world.neighbours.owners
    await owners.turn(lending.now)
    assert lending.state(OWN).position is not None
    assert owners.why_not(OWN) is None
    lending.now += timedelta(hours=1)
    await owners.turn(lending.now)
    assert lending.state(OWN).position is None
    assert owners.why_not(OWN) == f"{OWN} is lent and off duty"


async def test_what_is_not_there_is_said(lending: Centre) -> None:
    """Owners, units, ids."""
    await lending.ask("PUT", "owners/pmi", {"name": "PMI", "units": ["nobody"]}, 404)
    await lending.ask("PUT", "owners/PMI", {"name": "PMI"}, 422)
    await lending.ask("PUT", "owners/nobody/consent", {"person": "x"}, 404)
    await lending.ask("DELETE", "owners/nobody/consent", expect=404)


async def test_its_comings_and_goings_off_duty_are_nobody_s_to_know(lending: Centre) -> None:
    """A geofence notes the centre's own unit at once, and a lent one from the hour of its duty on."""
    yard = [
        {"latitude": latitude, "longitude": longitude}
        for latitude, longitude in ((-7.151, 111.879), (-7.151, 111.881), (-7.149, 111.881), (-7.149, 111.879))
    ]
    await lending.ask("PUT", "geofences/yard", {"name": "Yard", "kind": "station", "polygon": yard})
    await consent(lending)
    await stands(lending)

    async def noted(second: float) -> set[str]:
        passages = lending.world.passages
        for unit in (LENT, OWN):
            rows = [
                msgspec.structs.replace(fix_row(later, (-7.15, 111.88)), unit=unit) for later in (second, second + 10)
            ]
            passages.committed(rows)
        await passages.turn()
        return {each["unit"] for each in (await lending.ask("GET", "geofences/yard/events"))["events"]}

    begun = (lending.now - MORNING).total_seconds()
    assert await noted(begun + 1) == {OWN}
    await lending.world.neighbours.owners.duty(LENT, State.ON, None, "pmi")
    assert await noted(begun - 60) == {OWN}
    assert await noted(begun + 30) == {OWN, LENT}
