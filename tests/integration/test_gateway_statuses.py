"""What units are doing, over the API and a real database: crews, receivers and dispatchers together, in any order."""

import asyncio
import random
from datetime import datetime, timedelta

import msgspec
import pytest

from gateway.services.centre import Centre as Rules
from gateway.services.standings import Standings
from gateway.storage import sql, stamps
from gateway.storage.fixes import Row
from tests.fix_crew import Crew, statuses
from tests.fix_gateway import CENTRE, UNITS
from tests.gateway_traffic import MORNING
from tracker.fix import Fix
from tracker.missions.statuses import Stamp, Status, Teller, folded
from tracker.regions import load
from tracker.wire.reports import CrewStatus

UNIT = UNITS[0]


def at(second: float) -> datetime:
    return MORNING + timedelta(seconds=second)


def row(second: float, longitude: float, speed: float = 20.0) -> Row:
    fix = Fix(time=at(second), latitude=-7.15, longitude=longitude, speed=speed, course=90.0)
    return Row(CENTRE, UNIT, "gnss", fix, at(second + 1), "box", int(second))


def drive() -> list[Row]:
    """A minute at its post 2.2 km west, to the scene, 5 min there, on to the hospital, 2 min there; a fix each 5 s."""
    rows, second = [], 1.0
    for step in range(71):
        longitude = round(111.88 + step * 0.001, 6)
        stay = {0: 60, 20: 300, 70: 120}.get(step, 0)
        rows += [row(second + wait, longitude, 0.0 if stay else 20.0) for wait in range(0, stay + 5, 5)]
        second += stay + 5
    return rows


async def drive_all(crew: Crew, rows: list[Row]) -> None:
    await crew.centre.commit(rows)
    await crew.settle()


async def test_a_drive_without_a_button_goes_all_the_way(crew: Crew) -> None:
    """Wheels, scene, patient, hospital by the receiver alone; the dispatcher's end makes it available. Each change is
    told, in order, and shown in the centre's own words."""
    crew.centre.world.standings = Standings(
        crew.centre.world.pool, crew.centre.world.live, crew.centre.arrivals.missions,
        Rules(CENTRE, crew.centre.world.pool, load("bojonegoro")), crew.centre.world.clock,
    )  # fmt: skip
    await crew.mission()
    await drive_all(crew, drive())
    assert crew.status() == "at-hospital"
    await crew.centre.ask("PATCH", "missions/m1", {"state": "ended"})
    await crew.settle()
    told = await crew.standing()
    assert statuses(told["stamps"]) == [
        ("assigned", "dispatcher", None), ("en-route", "gps", None), ("on-scene", "gps", None),
        ("patient-aboard", "gps", None), ("at-hospital", "gps", None), ("available", "dispatcher", None),
    ]  # fmt: skip
    assert (told["standing"]["label"], told["standing"]["mission"]) == ("Siap", None)
    changes = [data["standing"]["status"] for _, _, data in await crew.events("unit.status")]
    assert (changes[0], changes[-2:]) == ("assigned", ["at-hospital", "available"])
    kinds = [kind for kind, unit, _ in await crew.events() if kind.startswith("mission.") and unit == UNIT]
    assert (kinds[0], kinds[-1]) == ("mission.assigned", "mission.ended")


async def test_stamps_are_the_same_in_whatever_order_fixes_come(crew: Crew) -> None:
    """The middle of the drive comes last: the times are corrected, and no step is left that was never so."""
    await crew.mission()
    rows = drive()
    await drive_all(crew, rows[:5] + rows[-30:])
    assert [each["status"] for each in (await crew.standing())["stamps"]] != []
    await drive_all(crew, rows)
    shown = statuses((await crew.standing())["stamps"])
    counts = [each for each in shown if each[2] is None]
    assert [each[0] for each in counts] == ["assigned", "en-route", "on-scene", "patient-aboard", "at-hospital"]
    assert crew.status() == "at-hospital"


async def test_an_arrival_that_late_fixes_disprove_is_withdrawn(crew: Crew) -> None:
    """Two fixes at the scene; in between, as it turns out, it was half a kilometre on: it drove past twice."""
    await crew.mission()
    await drive_all(crew, [row(10, 111.90, 1.0), row(45, 111.90, 1.0)])
    assert crew.status() == "on-scene"
    await drive_all(crew, [row(25, 111.905, 20.0)])
    told = await crew.standing()
    assert told["standing"]["status"] == "en-route"
    gone = next(each for each in told["stamps"] if each["status"] == "on-scene")
    assert (gone["by"], gone["refused_because"]) == ("gps", "what came later says otherwise")


async def test_a_late_button_counts_from_when_it_was_pressed(crew: Crew) -> None:
    """Everything after it is judged anew: "at hospital" was refused, and holds once the way there is known."""
    mission = await crew.mission(hospital=False)
    crew.centre.now = at(900)
    await crew.press(CrewStatus.AT_HOSPITAL, mission, at(800))
    first = await crew.standing()
    assert first["standing"]["status"] == "assigned"
    assert first["stamps"][0]["refused_because"] == "from assigned there is no step to at-hospital"
    crew.centre.now = at(1000)
    await crew.press(CrewStatus.PATIENT_ABOARD, mission, at(600))
    await crew.press(CrewStatus.ON_SCENE, mission, at(300))
    told = await crew.standing()
    assert told["standing"] | {"label": ""} == {
        "status": "at-hospital", "label": "", "since": "2026-11-21T03:17:25Z", "emergency": False, "mission": "m1",
    }  # fmt: skip
    assert [each["refused_because"] for each in told["stamps"]] == [None] * 4
    late = next(each for each in told["stamps"] if each["status"] == "on-scene")
    assert (late["device_time"], late["server_time"]) == ("2026-11-21T03:09:05Z", "2026-11-21T03:20:45Z")


async def test_an_illegal_step_is_refused_and_kept_with_its_reason(crew: Crew) -> None:
    """409 to a dispatcher, with the sentence; and it stands in the list with who said it."""
    await crew.mission()
    refused = await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "handed-over", "by": "Sari"}, 409)
    assert "from assigned there is no step to handed-over" in refused["detail"]
    told = await crew.standing()
    assert told["standing"]["status"] == "assigned"
    newest = told["stamps"][0]
    assert (newest["status"], newest["by"], newest["said_by"]) == ("handed-over", "dispatcher", "Sari")
    assert newest["refused_because"] == "from assigned there is no step to handed-over"


async def test_a_dispatchers_word_moves_the_mission_with_the_unit(crew: Crew) -> None:
    """And ends it; the stamp has the name, and stands once."""
    await crew.mission()
    for status, state in (("on-scene", "at-scene"), ("patient-aboard", "transporting"), ("at-hospital", "arrived")):
        crew.centre.now += timedelta(seconds=100)
        said = await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": status, "by": "Sari"})
        assert (said["standing"]["status"], said["refused_because"]) == (status, None)
        assert (await crew.centre.ask("GET", "missions/m1"))["state"] == state
    await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "available", "by": "Sari"})
    assert (await crew.centre.ask("GET", "missions/m1"))["ended_by"] == "hand"
    told = await crew.standing()
    assert statuses(told["stamps"]) == [
        (status, "dispatcher", None)
        for status in ("assigned", "on-scene", "patient-aboard", "at-hospital", "available")
    ]
    assert {each["said_by"] for each in told["stamps"][:-1]} == {"Sari"}


async def test_nobody_is_available_with_a_patient_aboard(crew: Crew) -> None:
    """Refused, and the mission goes on."""
    await crew.mission()
    for status in ("on-scene", "patient-aboard"):
        await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": status})
    refused = await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "available"}, 409)
    assert "no step to available" in refused["detail"]
    assert (await crew.centre.ask("GET", "missions/m1"))["state"] == "transporting"


async def test_who_is_out_of_service_is_not_sent(crew: Crew) -> None:
    """409 with the reason; that it was tried is kept. Once it is available, it goes."""
    await crew.press(CrewStatus.OUT_OF_SERVICE)
    assert crew.status() == "out-of-service"
    await crew.incident()
    refused = await crew.centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m1"}, 409)
    assert "from out-of-service there is no step to assigned" in refused["detail"]
    await crew.settle()
    assert (await crew.standing())["stamps"][0]["status"] == "assigned"
    assert (await crew.centre.ask("GET", "missions?unit=" + UNIT))["missions"] == []
    crew.centre.now += timedelta(seconds=5)
    await crew.press(CrewStatus.AVAILABLE)
    await crew.assign()
    assert crew.status() == "assigned"


async def test_button_and_receiver_are_compared(crew: Crew) -> None:
    """A crew that presses "on scene" a minute early, and "patient aboard" late: both differences are shown."""
    mission = await crew.mission()
    rows = drive()
    await drive_all(crew, rows)
    seen = (await crew.centre.ask("GET", f"missions/{mission}/times"))["legs"][0]
    arrived = datetime.fromisoformat(seen["arrived"]["gps"])
    left = datetime.fromisoformat(seen["left"]["gps"])
    crew.centre.now += timedelta(seconds=10)
    await crew.press(CrewStatus.ON_SCENE, mission, arrived - timedelta(seconds=60))
    await crew.press(CrewStatus.PATIENT_ABOARD, mission, left + timedelta(seconds=45))
    await crew.press(CrewStatus.EN_ROUTE, mission, at(70))
    told = {each["status"]: each for each in (await crew.standing())["stamps"] if each["by"] == "crew"}
    assert told["on-scene"]["differs_s"] == -60.0
    assert told["patient-aboard"]["differs_s"] == 45.0
    departed = (await crew.centre.ask("GET", f"missions/{mission}/times"))["legs"][0]["departed"]
    assert departed["crew_minus_gps_s"] == told["en-route"]["differs_s"] == 4.0
    assert all(each["differs_s"] is None for each in (await crew.standing())["stamps"] if each["by"] != "crew")


async def test_a_word_that_names_no_mission_does_not_free_a_unit(crew: Crew) -> None:
    """A crew out of coverage says "available" without knowing that it has been sent."""
    await crew.mission()
    crew.centre.now = at(30)
    await crew.press(CrewStatus.AVAILABLE)
    told = await crew.standing()
    assert told["standing"]["status"] == "assigned"
    assert "it names no mission" in told["stamps"][0]["refused_because"]


async def test_a_clock_that_is_behind_does_not_undo_the_assignment(crew: Crew) -> None:
    """A device whose clock is minutes behind acknowledges "before" it was sent: right after, then."""
    mission = await crew.mission()
    crew.centre.now = at(20)
    await crew.press(CrewStatus.ACKNOWLEDGED, mission, at(-300))
    told = await crew.standing()
    assert told["standing"]["status"] == "acknowledged"
    assert told["stamps"][0]["device_time"] == "2026-11-21T02:59:05Z"
    assert told["stamps"][0]["at"] > "2026-11-21T03:04:05"


async def test_an_emergency_covers_the_status_and_gives_it_back(crew: Crew) -> None:
    """However often it is repeated, it is one stamp; a dispatcher may take it back too."""
    await crew.press(CrewStatus.OUT_OF_SERVICE)
    crew.centre.now = at(10)
    for _ in range(3):
        await crew.emergency(raised=True, since=at(5))
        crew.centre.now += timedelta(seconds=10)
    assert crew.status() == "emergency"
    assert [each["status"] for each in (await crew.standing())["stamps"]] == ["emergency", "out-of-service"]
    said = await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "emergency", "raised": False, "by": "Sari"})
    assert (said["standing"]["status"], said["standing"]["emergency"]) == ("out-of-service", False)


async def test_leaving_a_scene_without_a_hospital_is_proposed(crew: Crew) -> None:
    """For somebody to confirm, as nobody knows whether a patient is aboard."""
    await crew.mission(hospital=False)
    await drive_all(crew, drive())
    told = await crew.standing()
    assert (told["standing"]["status"], told["proposed"]["status"]) == ("on-scene", "patient-aboard")
    await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "patient-aboard", "at": told["proposed"]["since"]})
    after = await crew.standing()
    assert (after["standing"]["status"], after["proposed"]) == ("patient-aboard", None)


async def test_a_destination_changes_no_status(crew: Crew) -> None:
    """A unit on its way to a post can be sent."""
    await crew.centre.ask("PUT", f"units/{UNIT}/destination", {"latitude": -7.15, "longitude": 111.95})
    await crew.settle()
    assert (await crew.standing())["stamps"] == []
    await crew.mission()
    assert crew.status() == "assigned"


async def test_what_was_said_while_the_gateway_was_away_is_judged_at_its_start(crew: Crew) -> None:
    """Stored with the report, and not judged: a new process does that, once; a second look changes nothing."""
    await crew.mission()
    world = crew.centre.world
    judged = world.standings.turn
    world.standings.turn = _nothing  # type: ignore[method-assign]  # killed before it could
    crew.centre.now = at(40)
    await crew.press(CrewStatus.ACKNOWLEDGED, "m1")
    assert len(await crew.events("unit.status")) == 1
    del judged
    world.standings = Standings(world.pool, world.live, crew.centre.arrivals.missions, world.centre_rules, world.clock)
    for _ in range(2):
        await world.standings.turn()
        assert world.standings.of(UNIT).status.value == "acknowledged"
        assert len(await crew.events("unit.status")) == 2


@pytest.mark.parametrize("seed", range(4))
async def test_piece_by_piece_is_judged_as_all_at_once(crew: Crew, seed: int) -> None:
    """Sixty words of two missions in a random order, judged whenever some have come, some of them corrected or
    withdrawn in between: standing and reasons are those of the fold over what is there in the end."""
    chance, pool = random.Random(seed), crew.centre.world.pool
    crew.centre.now = at(7200)
    final: dict[str, Stamp] = {}
    first: dict[str, Stamp] = {}  # a key says always the same, only at other times
    for number in range(60):
        key = f"report/box/{chance.randrange(50)}"
        status = chance.choice(list(Status))
        stamp = Stamp(
            status=status, by=chance.choice(list(Teller)), server_time=at(7200), raised=chance.random() < 0.5,
            mission=None if status is Status.EMERGENCY else chance.choice([None, "m1", "m1", "m2"]),
        )  # fmt: skip
        moment = at(chance.randrange(120) * 30)
        stamp = msgspec.structs.replace(first.setdefault(key, stamp), device_time=moment)
        final[key] = stamp
        async with pool.connection() as connection, connection.transaction():
            await stamps.put(connection, CENTRE, UNIT, key, stamp, clamped=False)
            if chance.random() < 0.1:
                gone = chance.choice(list(final))
                del final[gone]
                values = {"centre": CENTRE, "unit": UNIT, "keys": [gone]}
                await connection.execute(sql.query("withdraw_stamps"), values)
        if number % 3 == 0:
            await crew.centre.world.standings.turn()
    await crew.centre.world.standings.turn()
    expected, judged = folded(final.values())
    assert crew.centre.world.standings.of(UNIT) == expected
    reasons = {each.stamp: each.refused_because for each in judged}
    kept = await crew.centre.world.standings.stamps(UNIT, 100)
    assert {each.key: each.refused_because for each in kept if not each.withdrawn} == {
        key: reasons[stamp] for key, stamp in final.items()
    }


async def _nothing() -> None:
    """Of a process that is no more."""


async def test_two_say_something_at_once(crew: Crew) -> None:
    """Reports, a dispatcher and a change of the mission at one time: nobody waits for ever, and all is judged."""
    await crew.mission()
    crew.centre.now = at(60)
    ask = crew.centre.ask
    await asyncio.gather(
        crew.press(CrewStatus.EN_ROUTE, "m1"),
        ask("POST", f"units/{UNIT}/status", {"status": "on-scene"}),
        ask("PATCH", "missions/m1", {"notes": "pintu belakang"}),
        crew.centre.world.standings.turn(),
        crew.press(CrewStatus.AVAILABLE, unit=UNITS[1]),
    )
    await crew.settle()
    assert crew.status() == "on-scene"
    async with crew.centre.world.pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM stamps WHERE stale_from IS NOT NULL")
        assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize("body", [{}, {"status": "asleep"}, {"status": "available", "at": "2027-01-01T00:00:00Z"}])
async def test_a_status_that_cannot_be_meant_is_refused(crew: Crew, body: dict[str, str]) -> None:
    """422 with a sentence; 404 for a unit that is none."""
    assert (await crew.centre.ask("POST", f"units/{UNIT}/status", body, 422))["detail"]
    assert (await crew.centre.ask("POST", "units/nobody/status", {"status": "available"}, 404))["detail"]
    assert (await crew.centre.ask("GET", "units/nobody/standing", None, 404))["detail"]


async def test_words_of_a_mission_that_is_not_the_units_bind_it_to_nothing(crew: Crew) -> None:
    """Neither one that has ended nor one that never was, nor a time before the unit had it: the unit can be sent
    again."""
    await crew.mission()
    crew.centre.now += timedelta(seconds=60)
    early = (MORNING - timedelta(days=300)).isoformat()
    await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "on-scene", "at": early}, expect=409)
    assert crew.status() == "assigned"
    await crew.centre.ask("PATCH", "missions/m1", {"state": "ended"})
    await crew.settle()
    for mission in ("m1", "nobodys"):
        body = {"status": "assigned", "mission": mission}
        told = await crew.centre.ask("POST", f"units/{UNIT}/status", body, expect=409)
        assert "may have ended" in told["detail"]
    assert crew.status() == "available"
    await crew.centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1", "id": "m2"}, expect=201)


async def test_a_crew_in_danger_is_not_sent(crew: Crew) -> None:
    """Until it says that the danger is over."""
    await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "emergency"})
    here = {"latitude": -7.15, "longitude": 111.9}
    await crew.centre.ask("POST", "incidents", {"id": "i9", "place": here, "urgency": "urgent"}, expect=201)
    sent = {"unit": UNIT, "incident": "i9", "id": "m9"}
    told = await crew.centre.ask("POST", "missions", sent, expect=409)
    assert "danger" in told["detail"]
    await crew.centre.ask("POST", f"units/{UNIT}/status", {"status": "emergency", "raised": False})
    await crew.centre.ask("POST", "missions", sent, expect=201)
