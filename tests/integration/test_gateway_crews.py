"""Crews over the API: what they say is shown and moves their missions; what they are told goes out until answered."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from gateway.services.accept_reports import Answered, Said
from gateway.services.commands import Commands
from gateway.services.crews import Crews
from gateway.storage import commands as command_table
from gateway.storage import reports as report_table
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, UNITS
from tests.gateway_traffic import MORNING
from tracker.missions.mission import By, end
from tracker.wire import command as wire
from tracker.wire.command import Assignment, EmergencyAck, Outcome, Ping, Reply, TextMessage, UpdateMission
from tracker.wire.presence import Presence
from tracker.wire.reports import Answer, CrewStatus, Emergency, Input, Numbered, Report, Source, Status, encode

UNIT = UNITS[0]
SCENE = {"latitude": -7.16, "longitude": 111.90, "name": "pasar"}
HOSPITAL = {"latitude": -7.17, "longitude": 111.93, "name": "RSUD"}


class Office:
    """A centre with commands, whose units answer when the test says so."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.sent: list[tuple[str, wire.Command]] = []
        self.broker = True
        self._numbers = iter(range(1, 10_000))
        self.restart()

    def restart(self) -> None:
        """As a new process: nothing is known but what the database holds."""
        world = self.centre.world
        self.crews = Crews(CENTRE, world.live)
        self.commands = world.commands = Commands(
            CENTRE, world.pool, world.live, self.centre.arrivals.missions, self.crews, self._send, world.clock
        )

    async def _send(self, unit: str, payload: bytes) -> bool:
        if self.broker:
            self.sent.append((unit, wire.decode(payload)))
        return self.broker

    async def turn(self, seconds: float = 0.0) -> list[wire.Command]:
        """Let time pass, look once, and give what was sent."""
        self.centre.now += timedelta(seconds=seconds)
        await self.centre.arrivals.turn(self.centre.now)
        self.sent.clear()
        await self.commands.turn()
        return [each for _, each in self.sent]

    def hurry(self) -> None:
        """Everything that is open is due."""
        for each in self.commands._due:
            self.commands._due[each] = 0.0

    async def answer(self, command: wire.Command, outcome: Outcome = Outcome.DONE, detail: str = "") -> None:
        """The unit's reply arrives."""
        reply = Reply(command.id, outcome, self.centre.now, detail)
        async with self.centre.world.pool.connection() as connection, connection.transaction():
            assert await command_table.settle(connection, CENTRE, UNIT, reply)
        self.commands.replied([Answered(UNIT, reply)])

    async def say(self, *said: Report, numbers: Sequence[int] | None = None) -> None:
        """Reports arrive and are stored."""
        given = numbers or [next(self._numbers) for _ in said]
        rows = [
            report_table.row(UNIT, "box", Numbered(number, each, encode(number, each)), self.centre.now)
            for number, each in zip(given, said, strict=True)
        ]
        async with self.centre.world.pool.connection() as connection, connection.transaction():
            await report_table.put(connection, CENTRE, rows)
        self.crews.committed(Said(rows))
        self.centre.arrivals.reported(rows)
        await self.centre.settle()

    async def mission(self, *, notes: str = "") -> str:
        """The unit is sent to a scene and on to a hospital."""
        ask = self.centre.ask
        incident = await ask(
            "POST", "incidents", {"place": SCENE, "urgency": "emergency", "destination": HOSPITAL}, 201
        )
        body = {"unit": UNIT, "incident": incident["id"], "notes": notes}
        made: str = (await ask("POST", "missions", body, 201))["id"]
        return made


@pytest.fixture
async def office(centre: Centre) -> Office:
    """With a unit that is there."""
    centre.arrivals.missions.loaded = True
    centre.world.live.present(UNIT, Presence(True))
    return Office(centre)


def press(status: CrewStatus, seconds: float, mission: str | None = None) -> Status:
    """A button, so many seconds into the morning."""
    return Status(at=MORNING + timedelta(seconds=seconds), status=status, source=Source.CREW, mission=mission)


async def test_the_newest_word_is_shown_whatever_came_last(office: Office) -> None:
    """By the buttons' own times; and it comes back after a restart."""
    office.centre.now = MORNING + timedelta(seconds=500)
    siren = [Input(at=MORNING + timedelta(seconds=at), name="siren", on=on) for at, on in ((5, True), (3, False))]
    await office.say(press(CrewStatus.ON_SCENE, 60), press(CrewStatus.EN_ROUTE, 10), *siren)
    for _ in range(2):
        shown = office.centre.state(UNIT).crew
        assert shown.says is not None
        assert (shown.says.status, shown.says.at) == ("on-scene", MORNING + timedelta(seconds=60))
        assert shown.inputs["siren"].on
        office.restart()
        async with office.centre.world.pool.connection() as connection:
            await office.crews.load(connection)
    told = await office.centre.ask("GET", f"units/{UNIT}/status")
    assert [each["report"]["kind"] for each in told["reports"]] == ["status", "status", "input", "input"]
    assert told["now"]["says"]["status"] == "on-scene"


async def test_buttons_move_the_mission_and_the_times_are_compared(office: Office) -> None:
    """With the button's own time, whatever the order of arrival."""
    mission = await office.mission()
    office.centre.now = MORNING + timedelta(seconds=900)
    await office.say(press(CrewStatus.PATIENT_ABOARD, 400, mission))
    await office.say(press(CrewStatus.ON_SCENE, 300, mission), press(CrewStatus.EN_ROUTE, 30, mission))
    shown = await office.centre.ask("GET", f"missions/{mission}")
    assert shown["state"] == "transporting"
    assert (shown["legs"][0]["arrived_at"], shown["legs"][0]["arrived_by"]) == ("2026-11-21T03:09:05Z", "crew")
    assert shown["legs"][0]["left_at"] == "2026-11-21T03:10:45Z"
    times = (await office.centre.ask("GET", f"missions/{mission}/times"))["legs"][0]
    assert (times["arrived"]["crew"], times["arrived"]["gps"]) == ("2026-11-21T03:09:05Z", None)
    await office.say(press(CrewStatus.AVAILABLE, 800, mission))
    ended = await office.centre.ask("GET", f"missions/{mission}")
    assert (ended["state"], ended["ended_at"], ended["ended_by"]) == ("ended", "2026-11-21T03:17:25Z", "crew")
    assert office.centre.state(UNIT).mission is None


async def test_a_unit_whose_crew_ended_its_mission_can_be_sent_again_at_once(office: Office) -> None:
    """Also before what the crew said of it is stored with the mission."""
    mission = await office.mission()
    office.centre.now += timedelta(seconds=60)
    missions = office.centre.arrivals.missions
    before = missions.active[UNIT]
    missions.told(end(before, office.centre.now, By.CREW))
    assert await office.mission() != mission


async def test_a_refusal_ends_the_mission_and_is_visible(office: Office) -> None:
    """With the crew's words; the incident stays open for another unit."""
    mission = await office.mission()
    office.centre.now += timedelta(seconds=60)
    await office.say(Answer(at=MORNING + timedelta(seconds=30), mission=mission, accepted=False, reason="ban bocor"))
    shown = await office.centre.ask("GET", f"missions/{mission}")
    assert (shown["state"], shown["ended_by"], shown["ended_why"]) == ("ended", "crew", "ban bocor")
    said = office.centre.state(UNIT).crew.answer
    assert said is not None
    assert (said.mission, said.accepted, said.reason) == (mission, False, "ban bocor")
    assert (await office.centre.ask("GET", "incidents?open=true"))["incidents"]


async def test_an_emergency_is_shown_until_it_is_taken_back_and_acknowledged_once(office: Office) -> None:
    """Repeats are one alarm; a late repeat does not raise it again; the unit is told by a command."""
    office.centre.now = MORNING + timedelta(seconds=60)
    raised = Emergency(at=MORNING, raised=True, since=MORNING, source=Source.CREW)
    again = Emergency(at=MORNING + timedelta(seconds=30), raised=True, since=MORNING, source=Source.CREW)
    await office.centre.ask("POST", f"units/{UNIT}/emergency/ack", expect=409)
    await office.say(again, raised)
    alarm = office.centre.state(UNIT).crew.emergency
    assert alarm is not None
    assert (alarm.since, alarm.said_at, alarm.acknowledged_at) == (MORNING, again.at, None)
    first = await office.centre.ask("POST", f"units/{UNIT}/emergency/ack")
    assert await office.centre.ask("POST", f"units/{UNIT}/emergency/ack") == first
    sent = await office.turn()
    assert [type(each) for each in sent] == [EmergencyAck]
    await office.say(Emergency(at=MORNING + timedelta(seconds=45), raised=True, since=MORNING, source=Source.CREW))
    for _ in range(2):
        alarm = office.centre.state(UNIT).crew.emergency
        assert alarm is not None
        assert alarm.acknowledged_at is not None
        office.restart()
        async with office.centre.world.pool.connection() as connection:
            await office.crews.load(connection)
    await office.say(Emergency(at=MORNING + timedelta(seconds=50), raised=False, since=MORNING, source=Source.CREW))
    assert office.centre.state(UNIT).crew.emergency is None


async def test_an_assignment_goes_out_by_itself_and_what_changes_follows(office: Office) -> None:
    """All of it at first, then only what is another, then that it is over."""
    mission = await office.mission(notes="2 pasien")
    (told,) = await office.turn()
    assert isinstance(told, Assignment)
    assert (told.card.mission, told.card.notes, told.card.urgency) == (mission, "2 pasien", "emergency")
    assert [(stop.leg, stop.name) for stop in told.card.stops] == [("to-scene", "pasar"), ("to-hospital", "RSUD")]
    assert await office.turn() == [], "it is not due again yet"
    await office.answer(told)
    await office.centre.ask("PATCH", f"missions/{mission}", {"notes": "3 pasien"})
    (update,) = await office.turn(1)
    assert isinstance(update, UpdateMission)
    assert (update.notes, update.stops, update.ended) == ("3 pasien", None, False)
    await office.answer(update)
    await office.centre.ask("PATCH", f"missions/{mission}", {"state": "ended"})
    (over,) = await office.turn(1)
    assert isinstance(over, UpdateMission)
    assert over.ended
    await office.answer(over)
    assert await office.turn(1) == []


async def test_a_unit_that_may_not_have_the_rest_is_told_all_of_it(office: Office) -> None:
    """An assignment without an answer is void once the mission is another, and never sent again."""
    mission = await office.mission()
    (first,) = await office.turn()
    await office.centre.ask("PATCH", f"missions/{mission}", {"notes": "gang buntu"})
    (second,) = await office.turn(1)
    assert isinstance(second, Assignment)
    assert second.card.notes == "gang buntu"
    assert second.n > first.n
    office.hurry()
    assert [each.id for each in await office.turn(1)] == [second.id]
    kept = (await office.centre.ask("GET", f"units/{UNIT}/commands"))["commands"]
    assert [(each["id"], each["outcome"]) for each in kept] == [(second.id, None), (first.id, "superseded")]


async def test_whatever_is_killed_the_unit_is_told_the_same_once(office: Office) -> None:
    """Before the command is made, before it is sent, before that is noted, before the answer."""
    mission = await office.mission()
    office.restart()  # the mission is stored, and nobody was told
    office.broker = False
    assert await office.turn() == []
    office.restart()  # the command is kept, and was not sent
    office.broker = True
    (told,) = await office.turn()
    office.restart()  # sent, and no answer yet: the same again, under the same id
    (again,) = await office.turn()
    assert again == told
    await office.answer(told)
    office.restart()
    assert await office.turn() == []
    kept = (await office.centre.ask("GET", f"units/{UNIT}/commands"))["commands"]
    assert [(each["kind"], each["mission"], each["outcome"]) for each in kept] == [("assignment", mission, "done")]


async def test_after_a_start_nobody_is_told_that_it_is_over_before_missions_are_known(office: Office) -> None:
    """A gateway that comes back has not read its missions yet."""
    await office.mission()
    (told,) = await office.turn()
    await office.answer(told)
    missions = office.centre.arrivals.missions
    active, missions.active, missions.loaded = missions.active, {}, False
    office.restart()
    assert await office.turn() == []
    missions.active, missions.loaded = active, True
    assert await office.turn() == []


async def test_commands_of_people_are_given_once_and_listed_with_their_outcome(office: Office) -> None:
    """With an id of the client's own the request may be repeated."""
    body = {"kind": "message", "text": "Bensin di SPBU Kalitidu", "id": "pesan-1"}
    made = await office.centre.ask("POST", f"units/{UNIT}/commands", body, 201)
    assert (await office.centre.ask("POST", f"units/{UNIT}/commands", body, 200))["id"] == made["id"] == "pesan-1"
    (sent,) = await office.turn()
    assert isinstance(sent, TextMessage)
    await office.answer(sent, Outcome.RECEIVED)
    office.hurry()
    assert await office.turn(1) == [sent], "somebody has still to read it"
    await office.answer(sent, Outcome.DONE, "dibaca")
    office.hurry()
    assert await office.turn(1) == []
    shown = await office.centre.ask("GET", f"units/{UNIT}/commands/pesan-1")
    assert (shown["outcome"], shown["detail"], shown["sent_times"]) == ("done", "dibaca", 2)
    await office.centre.ask("GET", f"units/{UNIT}/commands/other", expect=404)
    await office.centre.ask("POST", f"units/{UNIT}/commands", {"kind": "assignment"}, 422)
    await office.centre.ask("POST", "units/nobody/commands", {"kind": "ping"}, 404)


async def test_a_late_received_does_not_undo_done(office: Office) -> None:
    """Replies arrive in any order."""
    await office.centre.ask("POST", f"units/{UNIT}/commands", {"kind": "ping"}, 201)
    (sent,) = await office.turn()
    await office.answer(sent, Outcome.DONE)
    await office.answer(sent, Outcome.RECEIVED)
    assert (await office.centre.ask("GET", f"units/{UNIT}/commands/{sent.id}"))["outcome"] == "done"


async def test_nobody_is_sent_to_while_away_and_everything_goes_on_return(office: Office) -> None:
    """A broker would only pile up copies; a ping is worth nothing after a minute."""
    live = office.centre.world.live
    live.present(UNIT, Presence(False))
    await office.centre.ask("POST", f"units/{UNIT}/commands", {"kind": "ping"}, 201)
    kept = await office.centre.ask("POST", f"units/{UNIT}/commands", {"kind": "rate", "interval_s": 1.0}, 201)
    assert await office.turn() == []
    assert await office.turn(61) == []
    live.present(UNIT, Presence(True))
    assert [each.id for each in await office.turn()] == [kept["id"]]
    outcomes = [each["outcome"] for each in (await office.centre.ask("GET", f"units/{UNIT}/commands"))["commands"]]
    assert outcomes == [None, "expired"]


async def test_another_rate_takes_the_place_of_the_one_before(office: Office) -> None:
    """A unit that comes back hears the last word only."""
    for interval in (1.0, 60.0, None):
        body = {"kind": "rate", "interval_s": interval}
        last = await office.centre.ask("POST", f"units/{UNIT}/commands", body, 201)
    assert [each.id for each in await office.turn()] == [last["id"]]


async def test_a_fault_in_commands_does_not_end_the_gateway(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, everything is read again, and the next look goes on."""
    turns: list[int] = []
    again = asyncio.Event()

    async def turn() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            raise ValueError("nobody foresaw this")
        again.set()

    monkeypatch.setattr(office.commands, "turn", turn)
    running = asyncio.create_task(office.commands.run())
    async with asyncio.timeout(5):
        await again.wait()
    running.cancel()


async def test_every_kind_that_people_give_reads_as_it_was_meant(office: Office) -> None:
    """Rate with an end, configuration by section, ping."""
    for body in (
        {"kind": "rate", "interval_s": 2.5, "for_s": 600},
        {"kind": "configuration", "settings": {"sampling": {"parked_s": 120}}},
        {"kind": "ping"},
    ):
        await office.centre.ask("POST", f"units/{UNIT}/commands", body, 201)
    rate, configuration, ping = await office.turn()
    assert isinstance(rate, wire.Rate)
    assert rate.until == MORNING + timedelta(seconds=600)
    assert isinstance(configuration, wire.Configuration)
    assert configuration.settings == {"sampling": {"parked_s": 120}}
    assert isinstance(ping, Ping)


async def test_health_is_shown_whole_and_in_short(office: Office) -> None:
    """And a unit that never said anything says so."""
    assert (await office.centre.ask("GET", f"units/{UNIT}/health"))["health"] is None
    body = (
        b'{"at":"2026-11-21T03:04:05Z","supply_v":12.5,"outbox_depth":3,"lost":{"disk-full":2},'
        b'"receivers":[{"source":"gnss","state":"no-data","detail":"nothing on /dev/ttyUSB0"}],"novel":1}'
    )
    health = report_table.Health(UNIT, MORNING, MORNING, body)
    async with office.centre.world.pool.connection() as connection:
        await report_table.put_health(connection, CENTRE, [health])
    office.crews.committed(Said(health=[health]))
    assert (await office.centre.ask("GET", f"units/{UNIT}/health"))["health"]["novel"] == 1
    short = office.centre.state(UNIT).crew.health
    assert short is not None
    assert (short.supply_v, short.troubles) == (12.5, ("gnss: nothing on /dev/ttyUSB0", "2 lost: disk-full"))
