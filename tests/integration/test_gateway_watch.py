"""What the gateway does for those who are not looking: over a real database, the test's clock, killed in between."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.services.escalation import mission_in_place_of
from tests.fix_crew import Crew
from tests.fix_gateway import UNITS
from tests.gateway_traffic import MORNING
from tracker.wire.reports import CrewStatus

FIRST, SECOND, THIRD = UNITS


def at(second: float) -> datetime:
    return MORNING + timedelta(seconds=second)


@pytest.fixture
async def posts(crew: Crew) -> Crew:
    """Three units at their posts, the second nearer to the scene than the third."""
    for unit, longitude in ((FIRST, 111.88), (SECOND, 111.86), (THIRD, 111.80)):
        await crew.at_post(unit, longitude)
    await crew.ladder()
    return crew


async def alarms(crew: Crew) -> list[dict[str, Any]]:
    """As the API tells them, the oldest first."""
    told: list[dict[str, Any]] = (await crew.centre.ask("GET", "alarms"))["alarms"]
    return told[::-1]


async def told(crew: Crew) -> list[tuple[str, str]]:
    """What listeners were told of alarms: (what happened, level)."""
    return [
        (kind.partition(".")[2], data["level"]) for kind, _, data in await crew.events() if kind.startswith("alarm.")
    ]


# Nobody answers


async def test_the_ladder_goes_by_the_centres_seconds(posts: Crew) -> None:
    """30 s: again. 60 s: the next unit is proposed, the nearest not asked yet. 120 s: the supervisor; each once."""
    await posts.mission()
    levels = []
    for _ in range(15):
        levels.append([alarm.level for alarm in await posts.look(10)])
        for unit in UNITS:
            await posts.at_post(unit, {FIRST: 111.88, SECOND: 111.86, THIRD: 111.80}[unit])
    assert levels == [[]] * 2 + [["again"]] * 3 + [["next-unit"]] * 6 + [["supervisor"]] * 4
    (alarm,) = await alarms(posts)
    assert (alarm["kind"], alarm["unit"], alarm["mission"], alarm["sound"]) == ("unacknowledged", FIRST, "m1", True)
    assert alarm["raised_at"] == "2026-11-21T03:04:35Z"
    assert (alarm["values"]["next_unit"], alarm["values"]["by_itself"]) == (SECOND, False)
    assert alarm["values"]["next_eta_s"] > 0
    assert await told(posts) == [("raised", "again"), ("changed", "next-unit"), ("changed", "supervisor")]
    assert SECOND not in posts.centre.arrivals.missions.active  # proposed, and no more


async def test_the_assignment_is_sent_again(posts: Crew) -> None:
    """At the first step the unit is told everything anew, although it had it."""
    await posts.mission()
    commands = posts.centre.world.commands
    await commands.turn()
    await posts.look(29)
    await commands.turn()
    assert len(await commands.of_unit(FIRST, 10)) == 1
    await posts.look(1)
    await commands.turn()
    again = await commands.of_unit(FIRST, 10)
    assert [each.kind for each in again] == ["assignment", "assignment"]


@pytest.mark.parametrize("word", [CrewStatus.ACKNOWLEDGED, CrewStatus.EN_ROUTE])
async def test_who_answers_is_left_alone(posts: Crew, word: CrewStatus) -> None:
    """Before the first step nothing is raised; after it, it is cleared."""
    mission = await posts.mission()
    await posts.look(40)
    await posts.press(word, mission)
    assert await posts.look(1) == []
    assert await posts.look(300) == [alarm for alarm in posts.centre.world.alarms.open() if alarm.kind == "silent"]
    (first, *_) = await alarms(posts)
    assert first["cleared_at"] == "2026-11-21T03:04:46Z"


async def test_the_next_unit_goes_by_itself_where_the_centre_says_so(posts: Crew) -> None:
    """The silent one is called back once the next one is sent; the case stays open until somebody answers."""
    await posts.ladder(next_unit_by_itself=True)
    await posts.mission()
    await posts.look(60)
    missions = posts.centre.arrivals.missions
    sent = missions.active[SECOND]
    assert (sent.incident, sent.id, FIRST in missions.active) == ("i1", mission_in_place_of("m1", SECOND), False)
    ended = await posts.centre.ask("GET", "missions/m1")
    assert (ended["ended_by"], ended["ended_why"]) == ("itself", "not acknowledged")
    assert (posts.status(FIRST), posts.status(SECOND)) == ("available", "assigned")
    (case,) = posts.centre.world.alarms.open()
    assert (case.values["next_unit"], case.values["assigned"], case.level) == (SECOND, sent.id, "next-unit")
    await posts.answer(sent.id, accepted=True, unit=SECOND)
    assert await posts.look(5) == []


async def test_nobody_answers_at_all(posts: Crew) -> None:
    """One after the other is asked, each once; then nobody is left, which the supervisor hears at once."""
    await posts.ladder(next_unit_by_itself=True)
    await posts.mission()
    for _ in range(26):
        await posts.look(10)
        for unit, longitude in ((FIRST, 111.88), (SECOND, 111.86), (THIRD, 111.80)):
            await posts.at_post(unit, longitude)
    asked = await posts.centre.ask("GET", "missions?incident=i1")
    assert [each["unit"] for each in reversed(asked["missions"])] == [FIRST, SECOND, THIRD]
    assert [each["unit"] for each in asked["missions"] if each["ended_at"] is None] == [THIRD]
    kinds = sorted((alarm["kind"], alarm["level"]) for alarm in await alarms(posts))
    assert kinds == [("no-unit", "supervisor"), *[("unacknowledged", "supervisor")] * 3]


async def test_a_unit_that_becomes_free_is_found_for_whom_nobody_was_free(posts: Crew) -> None:
    """It is looked for again, and the alarm that nobody is free is cleared."""
    await posts.ladder(next_unit_by_itself=True)
    for unit in (SECOND, THIRD):
        await posts.press(CrewStatus.OUT_OF_SERVICE, unit=unit)
    await posts.mission()
    assert {alarm.kind for alarm in await posts.look(60)} == {"unacknowledged", "no-unit"}
    assert FIRST in posts.centre.arrivals.missions.active  # better a silent one than none
    posts.centre.now += timedelta(seconds=1)
    await posts.press(CrewStatus.AVAILABLE, unit=THIRD)
    await posts.look(20)
    await posts.look(1)
    assert set(posts.centre.arrivals.missions.active) == {THIRD}
    assert [alarm.kind for alarm in posts.centre.world.alarms.open()] == ["unacknowledged"]


async def test_a_refusal_goes_to_the_next_at_once(posts: Crew) -> None:
    """With the crew's words, and without waiting for any step."""
    await posts.ladder(next_unit_by_itself=True)
    mission = await posts.mission()
    posts.centre.now = at(5)
    await posts.answer(mission, accepted=False, reason="ban kempes")
    (case,) = await posts.look(0)
    assert "ban kempes" in case.detail
    assert (case.values["refused"], case.raised_at) == ("ban kempes", at(5))
    assert posts.centre.arrivals.missions.active[SECOND].incident == "i1"


async def test_a_refusal_is_only_answered_with_a_proposal_where_the_centre_says_so(posts: Crew) -> None:
    """And closed once the dispatcher's own choice has answered."""
    mission = await posts.mission()
    posts.centre.now = at(5)
    await posts.answer(mission, accepted=False, reason="")
    (case,) = await posts.look(0)
    assert (case.values["next_unit"], case.values["by_itself"]) == (SECOND, False)
    assert posts.centre.arrivals.missions.active == {}
    await posts.assign(unit=THIRD, name="m3")
    assert len(await posts.look(10)) == 1
    await posts.answer("m3", accepted=True, unit=THIRD)
    assert await posts.look(1) == []


async def test_a_dispatchers_end_ends_the_case(posts: Crew) -> None:
    """Somebody has seen to it; and of an incident that is closed nobody is asked any more."""
    await posts.mission()
    assert len(await posts.look(40)) == 1
    await posts.centre.ask("PATCH", "missions/m1", {"state": "ended"})
    assert await posts.look(1) == []
    await posts.assign(name="m2")
    posts.centre.now += timedelta(seconds=5)
    await posts.answer("m2", accepted=False)
    await posts.centre.ask("PATCH", "incidents/i1", {"closed": True})
    assert await posts.look(1) == []


# The gateway is killed


@pytest.mark.parametrize("away", [(0, 45), (0, 70), (40, 70), (70, 130), (0, 200)])
async def test_what_a_killed_gateway_missed_is_done_once_and_in_order(posts: Crew, away: tuple[int, int]) -> None:
    """Whenever it is away: the same steps, each as of when it was due."""
    await posts.ladder(next_unit_by_itself=False)
    await posts.mission()
    seconds = [second for second in range(5, 205, 5) if not away[0] <= second < away[1]]
    before = 0
    for second in seconds:
        if second >= away[1] > before:
            await posts.restart()
        await posts.look(second - before)
        before = second
    (alarm,) = [each for each in await alarms(posts) if each["kind"] == "unacknowledged"]
    assert (alarm["raised_at"], alarm["level"]) == ("2026-11-21T03:04:35Z", "supervisor")
    events = [(kind, when) for kind, when in await _when(posts) if kind != "alarm.cleared"]
    assert events[:3] == [("alarm.raised", at(30)), ("alarm.changed", at(60)), ("alarm.changed", at(120))]
    assert len(events) == 3


async def _when(crew: Crew) -> list[tuple[str, datetime]]:
    async with crew.centre.world.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT kind, at FROM events WHERE kind LIKE 'alarm.%%' AND data->>'kind' = 'unacknowledged'"
            " ORDER BY id < 0, abs(id)"
        )
        return [(kind, when) for kind, when in await cursor.fetchall()]


@pytest.mark.parametrize("killed_at", ["assign", "change", "alarm"])
async def test_a_gateway_killed_while_it_sends_the_next_unit_sends_one(posts: Crew, killed_at: str) -> None:
    """Between deciding and sending, between sending and calling back, between that and noting it: one unit is sent, the
    silent one is called back, and the case says so."""
    await posts.ladder(next_unit_by_itself=True)
    await posts.mission()
    world = posts.centre.world
    victim, name = {
        "assign": (world.arrivals.missions, "assign"), "change": (world.arrivals.missions, "change"),
        "alarm": (world.alarms, "change"),
    }[killed_at]  # fmt: skip
    real = getattr(victim, name)
    calls = []

    async def killed(*given: Any, **named: Any) -> Any:
        calls.append(name)
        if killed_at == "alarm" and "assigned" not in named.get("values", {}):
            return await real(*given, **named)
        raise Killed

    setattr(victim, name, killed)
    with pytest.raises(Killed):
        await posts.look(60)
    assert calls
    await posts.restart()
    await posts.look(5)
    asked = (await posts.centre.ask("GET", "missions?incident=i1"))["missions"]
    assert sorted(each["unit"] for each in asked) == [FIRST, SECOND]
    assert [each["unit"] for each in asked if each["ended_at"] is None] == [SECOND]
    (case,) = world.alarms.open()
    assert case.values["assigned"] == asked[0]["id"]


class Killed(BaseException):
    """As a kill does: nothing after it is done."""


# The vehicle, the crew, the hospital


async def test_a_unit_that_breaks_down_on_its_way_is_replaced(posts: Crew) -> None:
    """Out of service on a mission: an alarm, the mission is over, the next unit goes; the broken one stays out."""
    await posts.ladder(next_unit_by_itself=True)
    mission = await posts.mission()
    posts.centre.now = at(20)
    await posts.press(CrewStatus.ACKNOWLEDGED, mission)
    posts.centre.now = at(100)
    await posts.press(CrewStatus.OUT_OF_SERVICE, mission)
    opened = await posts.look(1)
    assert [alarm.kind for alarm in opened] == ["breakdown"]
    assert (posts.status(FIRST), posts.status(SECOND)) == ("out-of-service", "assigned")
    ended = await posts.centre.ask("GET", f"missions/{mission}")
    assert (ended["ended_by"], ended["ended_why"]) == ("itself", "out of service")
    assert posts.centre.arrivals.missions.active[SECOND].incident == "i1"
    await posts.answer(opened[0].values["assigned"], accepted=True, unit=SECOND)
    assert await posts.look(5) == []
    assert posts.status(FIRST) == "out-of-service"


async def test_with_a_patient_aboard_the_next_unit_is_only_proposed(posts: Crew) -> None:
    """It has to go to the vehicle, and not to the scene: that is for somebody to say."""
    await posts.ladder(next_unit_by_itself=True)
    await posts.mission()
    for status in ("on-scene", "patient-aboard", "out-of-service"):
        posts.centre.now += timedelta(seconds=30)
        await posts.centre.ask("POST", f"units/{FIRST}/status", {"status": status})
    (alarm,) = await posts.look(1)
    assert (alarm.kind, alarm.values["patient_aboard"], alarm.values["next_unit"]) == ("breakdown", True, SECOND)
    assert posts.centre.arrivals.missions.active == {}
    assert [each.level for each in await posts.look(121)] == ["supervisor"]


@pytest.mark.parametrize(
    ("status", "limit"), [("acknowledged", 90), ("en-route", 60), ("on-scene", 300), ("patient-aboard", 60)]
)
async def test_silence_is_an_alarm_by_what_the_unit_does(posts: Crew, status: str, limit: int) -> None:
    """Quiet just before the limit, an alarm from it on, cleared by the next fix."""
    await posts.mission()
    if status == "patient-aboard":
        await posts.centre.ask("POST", f"units/{FIRST}/status", {"status": "on-scene"})
    await posts.centre.ask("POST", f"units/{FIRST}/status", {"status": status})
    await posts.at_post(FIRST, 111.88)
    assert await posts.look(0) == []
    assert await posts.look(limit - 1) == []
    (alarm,) = await posts.look(1.001)
    assert (alarm.kind, alarm.unit, alarm.values["status"]) == ("silent", FIRST, status)
    assert timedelta(0) <= alarm.raised_at - at(limit) < timedelta(milliseconds=1)
    await posts.at_post(FIRST, 111.88)
    assert await posts.look(0) == []


async def test_nobody_is_silent_whom_we_cannot_hear(posts: Crew) -> None:
    """Without the broker nobody is accused, and with it everybody has their time to speak."""
    await posts.mission()
    await posts.centre.ask("POST", f"units/{FIRST}/status", {"status": "en-route"})
    await posts.look(0)
    posts.centre.world.sessions = lambda: {"live": False}
    assert await posts.look(30) == []
    assert await posts.look(600) == []
    posts.centre.world.sessions = lambda: {"live": True}
    await posts.look(0)
    assert await posts.look(59) == []
    assert [alarm.kind for alarm in await posts.look(1)] == ["silent"]


async def test_a_unit_without_a_mission_may_be_silent(posts: Crew) -> None:
    """Its age is on the board; nobody is woken by it."""
    assert await posts.look(3600) == []


async def test_a_crew_in_danger_is_heard_until_it_takes_it_back(posts: Crew) -> None:
    """The loudest from the first second on; acknowledged, the crew is told; a new press is a new alarm."""
    posts.centre.now = at(10)
    await posts.emergency(raised=True, since=at(8))
    (alarm,) = await posts.look(1)
    assert (alarm.kind, alarm.level, alarm.raised_at) == ("emergency", "supervisor", at(8))
    seen = await posts.centre.ask("POST", f"alarms/{alarm.id}/ack", {"by": "Sari"})
    assert (seen["acknowledged_by"], seen["sound"]) == ("Sari", False)
    assert await posts.centre.ask("POST", f"alarms/{alarm.id}/ack") == seen
    await posts.emergency(raised=True, since=at(8))
    assert len(await posts.look(5)) == 1
    await posts.emergency(raised=False, since=at(8))
    assert await posts.look(1) == []
    posts.centre.now += timedelta(seconds=60)
    await posts.emergency(raised=True, since=posts.centre.now)
    assert [each.id == alarm.id for each in await posts.look(1)] == [False]
    await posts.centre.ask("POST", "alarms/none/ack", None, 404)


async def test_an_emergency_that_a_dispatcher_raised_is_acknowledged_either_way(posts: Crew) -> None:
    """By its unit as by its alarm; that no crew waits for the answer is no reason to refuse it."""
    unit, ask = "ambulans-01", posts.centre.ask
    await ask("POST", f"units/{unit}/emergency/ack", None, 409)
    await ask("POST", f"units/{unit}/status", {"status": "emergency", "by": "Sari"})
    (alarm,) = await posts.look(1)
    first = await ask("POST", f"units/{unit}/emergency/ack")
    (shown,) = await alarms(posts)
    assert (shown["acknowledged_at"], shown["sound"]) == (first["acknowledged_at"], False)
    posts.centre.now += timedelta(seconds=5)
    assert await ask("POST", f"units/{unit}/emergency/ack") == first
    assert (await ask("POST", f"alarms/{alarm.id}/ack"))["acknowledged_at"] == first["acknowledged_at"]


async def test_an_acknowledged_alarm_sounds_again_on_the_next_level(posts: Crew) -> None:
    """Who has seen the first has not seen the second."""
    await posts.mission()
    (alarm,) = await posts.look(30)
    assert not (await posts.centre.ask("POST", f"alarms/{alarm.id}/ack", {"by": "Sari"}))["sound"]
    await posts.look(30)
    (shown,) = await alarms(posts)
    assert (shown["level"], shown["sound"], shown["acknowledged_at"]) == ("next-unit", True, None)
