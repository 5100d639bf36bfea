"""A fault of ours in any of the gateway's loops: it is told, positions go on, and the loop takes its next turn."""

import asyncio
import inspect
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import httpx
import msgspec
import pytest
import structlog

from gateway import app
from gateway.demo.broker import Mosquitto
from gateway.mqtt.live_topics import LiveTopics
from gateway.services import arrivals, borders, calls, nights, passages, register, webhooks
from gateway.services.call_taking import CallTaking, Taken, TakenIncident, TakenPlace
from gateway.services.commands import Commands
from gateway.services.enrolment import Enrolment
from gateway.services.events import Feed
from gateway.services.inbound import Inbound
from gateway.services.judge_tracks import Tracks
from gateway.services.owners import Owners
from gateway.services.progress import Progress
from gateway.services.reach import Reach
from gateway.services.referrals import Referrals
from gateway.services.standings import Standings
from gateway.services.watch import Watch
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, UNITS, ServeHere, enrol_units, until_here
from tests.gateway_traffic import MORNING, epoch, peer, topic
from tracker.wire.topics import intake_answer, intake_incident

SCENE = {"latitude": -7.15, "longitude": 111.9, "name": "pasar"}

LOOPS: dict[str, tuple[type, str]] = {
    "Arrivals.run": (arrivals.Arrivals, "turn"),
    "Borders.run": (borders.Borders, "turn"),
    "Calls.run": (calls.Calls, "turn"),
    "Commands.run": (Commands, "turn"),
    "Feed.run": (Feed, "turn"),
    "Inbound.run": (Inbound, "turn"),
    "LiveTopics.run": (LiveTopics, "turn"),
    "Nights.run": (nights.Nights, "turn"),
    "Owners.run": (Owners, "turn"),
    "Passages.run": (passages.Passages, "turn"),
    "Progress.run": (Progress, "turn"),
    "Reach.run": (Reach, "turn"),
    "Referrals.run": (Referrals, "turn"),
    "Register.run": (register.Register, "load"),
    "Standings.run": (Standings, "turn"),
    "Tracks.run": (Tracks, "settle"),
    "Watch.run": (Watch, "turn"),
    "Webhooks.run": (webhooks.Webhooks, "turn"),
    "_watch_enrolment": (Enrolment, "refresh"),
}
"""Every loop beside the intake of positions, and what it does in a turn."""

INTAKE = {"Link.run", "Session.run", "Lane.run", "IntakeTopic.run", "Neighbours.run", "AsyncScheduler.run"}
"""Positions themselves, what only holds other loops, and the pools' own."""

SLOW: tuple[tuple[ModuleType, str, Any], ...] = (
    (app, "REFRESH", timedelta(seconds=0.2)),
    (borders, "FOLLOW_S", 0.2),
    (calls, "FORGET_EVERY_S", 0.2),
    (nights, "LOOK_S", 0.2),
    (passages, "IDLE_S", 1.2),
    (register, "REFRESH_S", 0.2),
    (webhooks, "CHECK_S", 0.2),
)
"""Loops for whose turns a test would wait too long."""


class Faults:
    """Puts a fault into the turns of every loop, once it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.armed = False
        self.failed: Counter[str] = Counter()
        self.went: Counter[str] = Counter()  # turns that were let through
        for loop, (owner, name) in LOOPS.items():
            monkeypatch.setattr(owner, name, self._faulty(loop, getattr(owner, name)))

    def _faulty(self, loop: str, turn: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **named: Any) -> Any:
            task = asyncio.current_task()
            if task is not None and loop_of(task) == loop:  # and not a route or a lane that does the same
                if self.armed:
                    self.failed[loop] += 1
                    raise ZeroDivisionError(f"a fault in {loop}")
                self.went[loop] += 1
            return turn(*args, **named)

        return instead


def loop_of(task: asyncio.Task[Any]) -> str:
    """The name of what a task runs, without where it stands."""
    coroutine = task.get_coro()
    return coroutine.__qualname__ if inspect.iscoroutine(coroutine) else ""


async def test_a_fault_in_any_loop_ends_neither_it_nor_the_gateway(
    serve_here: ServeHere, database_url: str, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them fail in all their turns. Each says so, a position is stored and receipted all the same; and when the
    fault is gone, each goes on. No loop is left out: the tasks of the running gateway are compared with the list."""
    for module, name, value in SLOW:
        monkeypatch.setattr(module, name, value)
    faults = Faults(monkeypatch)
    await enrol_units(database_url)
    with structlog.testing.capture_logs() as told, peer(mosquitto.port) as unit:
        async with serve_here(database_url=database_url, mqtt_port=mosquitto.port) as url:
            running = {loop_of(task) for task in asyncio.all_tasks()}
            assert {name for name in running if name.endswith(".run")} - INTAKE == LOOPS.keys() - {"_watch_enrolment"}
            await until_here(_all(faults.went), what="a first turn of each")
            faults.armed = True
            await until_here(_all(faults.failed), what="a fault in each")

            unit.listen(topic("+", "receipt/+"))
            unit.say(topic(UNITS[0]), epoch(1, MORNING))
            await until_here(_true(lambda: unit.receipted("stored") == {1}), what="a receipt")
            async with httpx.AsyncClient() as client:
                shown = (await client.get(f"{url}/api/v1/units")).json()["units"][0]
            assert shown["position"] is not None

            faults.armed = False
            faults.went.clear()
            await until_here(_all(faults.went), what="another turn of each")
    named = {each["event"] for each in told if each["log_level"] == "error" and each.get("exc_info")}
    assert len({event for event in named if event.endswith(": a turn failed")}) == len(LOOPS)


def _true(look: Callable[[], bool]) -> Callable[[], Any]:
    async def seen() -> bool:
        return look()

    return seen


def _all(counted: Counter[str]) -> Callable[[], Any]:
    return _true(lambda: counted.keys() >= LOOPS.keys())


async def test_an_incident_that_we_fail_at_is_answered_and_the_next_one_is_taken(
    serve_here: ServeHere, database_url: str, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took the call must know that nobody comes for it."""
    take = CallTaking.take

    async def fails_at_one(self: CallTaking, told: TakenIncident, now: datetime) -> Taken:
        if told.reference == "one":
            raise ZeroDivisionError("a fault")
        return await take(self, told, now)

    monkeypatch.setattr(CallTaking, "take", fails_at_one)
    await enrol_units(database_url)
    async with serve_here(database_url=database_url, mqtt_port=mosquitto.port):
        with peer(mosquitto.port) as system:
            system.listen(intake_answer(CENTRE))
            for reference in ("one", "two"):
                told = TakenIncident(reference, TakenPlace(-7.16, 111.89))
                system.say(intake_incident(CENTRE), msgspec.json.encode(told))
            await until_here(_true(lambda: len(system.heard) == 2), what="two answers")
    one, two = (msgspec.json.decode(payload, type=Taken) for _, payload, _ in system.heard)
    assert (one.reference, one.incident, one.made) == ("one", None, False)
    assert one.refused_because == "the gateway failed: its log says why"
    assert (two.reference, two.made) == ("two", True)


async def test_a_mission_that_cannot_be_read_keeps_no_other_from_the_database(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading its times anew meets a fault, at the start or when late fixes came: others are followed and stored."""
    await centre.ask("POST", "incidents", {"place": SCENE, "urgency": "emergency", "id": "i1"}, 201)
    mission = await centre.ask("POST", "missions", {"unit": UNITS[0], "incident": "i1"}, 201)
    saved: list[bool] = []

    async def fails(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    async def save() -> None:
        saved.append(True)

    monkeypatch.setattr(centre.arrivals, "settle", fails)
    monkeypatch.setattr(centre.arrivals, "save", save)
    with structlog.testing.capture_logs() as told:
        await centre.arrivals._round()
    assert [each["mission"] for each in told if each["event"] == "mission not read"] == [mission["id"]]
    assert centre.arrivals.followed(UNITS[0]) is not None
    assert saved == [True]
    centre.arrivals._late[mission["id"]], centre.arrivals._saved = 0.0, float("-inf")
    with pytest.raises(ZeroDivisionError):
        await centre.arrivals._round()
    assert saved == [True, True]
