"""What a unit says and hears besides fixes, over a real Mosquitto: reports, commands, health, its interval; and what it
does where the broker is old, or takes less than others."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldunit.agent.unit import Report, Station, Unit, open_units
from fieldunit.outbox import Epoch
from fieldunit.uplink import underway
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from gateway.demo.broker import Mosquitto
from tests.gateway_traffic import rmc
from tests.receiving_centre import CENTRE, ReceivingCentre, eventually
from tracker.wire import command, reports
from tracker.wire.topics import Channel

UNIT = "ambulans-01"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SAID = reports.Status(at=NOW, status=reports.CrewStatus.EN_ROUTE, source=reports.Source.CREW)


@contextlib.contextmanager
def running_unit(port: int, state: Path, troubles: list[str] | None = None) -> Iterator[Unit]:
    told: list[str] = [] if troubles is None else troubles
    station = Station(CENTRE, Broker("127.0.0.1", port), state, None, told.append, reconnect_min_s=0.05)
    with open_units(station, [UNIT], 1.0) as ([unit], network):
        assert isinstance(unit, Unit)
        yield unit
        network.check()


def ping(number: int) -> command.Ping:
    return command.Ping(id=f"c-{number}", n=number, issued_at=NOW)


def answer(number: int) -> bytes:
    return command.encode_reply(command.Reply(f"c-{number}", command.Outcome.DONE, NOW))


def fix(second: int = 0) -> Report:
    at = NOW.replace(second=second)
    return Report(Epoch("gnss", at, (rmc(at),)), at)


def test_a_report_travels_like_a_fix_and_is_receipted_like_one(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """On its own channel, under the same sequence; whoever shows it learns when the centre has it."""
    told: list[object] = []
    with ReceivingCentre(mosquitto.port) as centre, running_unit(mosquitto.port, tmp_path) as unit:
        unit.on_receipt(told.append)
        centre.say_online(True)
        unit.report(fix())
        seq = unit.report_status(reports.body(SAID), NOW)
        assert seq == 2
        assert unit.is_waiting(seq)
        eventually(lambda: centre.said_numbers == [(UNIT, 2)])
        [payload] = centre.of(Channel.STATUS)
        [heard] = reports.decode(payload)
        assert isinstance(heard, reports.Numbered)
        assert heard.report == SAID
        centre.receipt(UNIT, unit.outbox.id, {1, 2})
        eventually(lambda: told == [((1, 2),)])
        assert not unit.is_waiting(seq)
        eventually(lambda: unit.tally().waiting == 0)


def test_commands_are_heard_in_their_order_and_answered(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """By a thread that may take its time, and one that fails does not stop the next. A command of the time without
    coverage is heard when there is some.
    """
    heard: list[tuple[str, str]] = []
    troubles: list[str] = []

    with ReceivingCentre(mosquitto.port) as centre:
        with running_unit(mosquitto.port, tmp_path) as unit:
            eventually(lambda: unit.up)
            eventually(lambda: centre.presences)
        centre.command(UNIT, ping(0))
        with running_unit(mosquitto.port, tmp_path, troubles) as unit:

            def obey(payload: bytes) -> None:
                time.sleep(0.02)
                order = command.decode(payload)
                heard.append((order.id, threading.current_thread().name))
                if order.id == "c-3":
                    raise ValueError("no such mission")
                unit.reply(answer(order.n))

            unit.on_command(obey)
            eventually(lambda: unit.up)
            eventually(lambda: heard)
            for number in range(1, 6):
                centre.command(UNIT, ping(number))
            eventually(lambda: len(centre.replies) == 5)
    assert [name for name, _ in heard] == [f"c-{number}" for number in range(6)]
    assert {thread for _, thread in heard} == {"commands_0"}
    assert [reply.id for _, reply in centre.replies] == ["c-0", "c-1", "c-2", "c-4", "c-5"]
    assert [trouble for trouble in troubles if "no such mission" in trouble]


def test_replies_wait_for_a_connection_and_health_does_not(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """An old state of health is of no use."""
    port = mosquitto.port
    mosquitto.stop()
    with running_unit(port, tmp_path) as unit:
        unit.reply(answer(1))
        unit.reply(answer(2))
        unit.publish_health(b"old")
        mosquitto.start()
        with ReceivingCentre(port) as centre:
            eventually(lambda: unit.up)
            unit.publish_health(b"new")
            eventually(lambda: centre.of(Channel.HEALTH) == [b"new"])
            unit.reply(answer(3))
            eventually(lambda: [reply.id for _, reply in centre.replies][-1:] == ["c-3"])


def test_a_changed_interval_is_announced_and_kept(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Retained, so that who comes later knows it too; the same one is not said twice; a new connection says it."""
    with ReceivingCentre(mosquitto.port) as centre, running_unit(mosquitto.port, tmp_path) as unit:
        eventually(lambda: [said.interval_s for _, said in centre.presences] == [1.0])
        unit.announce(60.0)
        unit.announce(60.0)
        eventually(lambda: [said.interval_s for _, said in centre.presences] == [1.0, 60.0])
        mosquitto.restart()
        eventually(lambda: unit.up)
        with ReceivingCentre(mosquitto.port) as later:
            eventually(lambda: [said.interval_s for _, said in later.presences if said.online][:1] == [60.0])


def test_what_the_connection_costs_is_counted(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """More than the payload, and not by much; over a reconnect as well."""
    with ReceivingCentre(mosquitto.port, receipts=True) as centre, running_unit(mosquitto.port, tmp_path) as unit:
        centre.say_online(True)
        eventually(lambda: unit.up)
        before = unit.traffic
        assert 200 < before.total < 4000
        for second in range(50):
            unit.report(fix(second))
        eventually(lambda: unit.tally().waiting == 0)
        spent = unit.traffic.sent - before.sent
        payload = sum(len(each) for each in centre.of(Channel.LIVE) + centre.of(Channel.BACKLOG))
        assert payload < spent < payload + 60 * 250
        counted = unit.traffic.total
        mosquitto.restart()
        eventually(lambda: unit.up)
        assert unit.traffic.total > counted


class OldDoor:
    """Stands before a Mosquitto as a broker that knows MQTT 3.1.1 and no more.

    Args:
        behind: port of the Mosquitto.
        politely: whether it answers a CONNECT of MQTT 5 as 3.1.1 prescribes (code 1), or just closes.
    """

    def __init__(self, behind: int, *, politely: bool) -> None:
        self.versions: list[int] = []
        self._behind = behind
        self._politely = politely
        self._writers: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> "OldDoor":
        self._thread.start()
        opening = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.05)  # the transports close in the loop's next turns

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            head = await reader.readexactly(9)  # CONNECT, length of one byte, "MQTT" with its length, the version
            self.versions.append(head[8])
            if head[8] != 4:
                if self._politely:
                    writer.write(b"\x20\x02\x00\x01")
                writer.close()
                return
            inner, outer = await asyncio.open_connection("127.0.0.1", self._behind)
            self._writers.append(outer)
            outer.write(head)
            await asyncio.gather(self._pass(reader, outer), self._pass(inner, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while part := await reader.read(65536):
                writer.write(part)
        finally:
            writer.close()


@pytest.mark.parametrize("politely", [True, False])
def test_an_old_broker_is_spoken_to_in_its_own_version(mosquitto: Mosquitto, tmp_path: Path, politely: bool) -> None:
    """Fixes, reports, receipts, commands and the last will work as over MQTT 5; and the unit remembers: after a
    connection that broke it asks in 3.1.1 at once.
    """
    heard: list[bytes] = []
    troubles: list[str] = []
    with (
        OldDoor(mosquitto.port, politely=politely) as door,
        ReceivingCentre(mosquitto.port, receipts=True) as centre,
        running_unit(door.port, tmp_path, troubles) as unit,
    ):
        centre.say_online(True)
        unit.on_command(heard.append)
        unit.report(fix())
        unit.report_status(reports.body(SAID), NOW)
        eventually(lambda: unit.tally().waiting == 0)
        asked = len(door.versions)
        assert set(door.versions[:-1]) == {5}
        assert door.versions[-1] == 4
        centre.command(UNIT, ping(1))
        eventually(lambda: [command.decode(payload).id for payload in heard] == ["c-1"])
        mosquitto.restart()
        unit.report(fix(1))
        eventually(lambda: unit.tally().waiting == 0)
        assert set(door.versions[asked:]) == {4}
        unit.silence()
        eventually(lambda: centre.presences[-1][1].online is False)
    assert asked == (2 if politely else 3)


class Narrow(Mosquitto):
    """Takes messages of 1,000 bytes at most."""

    def configuration(self, store: Path) -> str:
        return super().configuration(store).replace("message_size_limit 16384", "message_size_limit 1000")


def test_what_a_broker_will_never_take_is_set_aside_and_the_rest_arrives(
    server_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real Mosquitto with a limit that it does not announce: one epoch of 3,000 bytes among thirty of a hundred. It
    stays in the outbox, counted apart, and is said once.
    """
    monkeypatch.setattr(underway, "FIRST_RESEND_S", 0.1)
    monkeypatch.setattr(underway, "LAST_RESEND_S", 0.2)
    monkeypatch.setattr(Backoff, "next_wait", lambda _: 0.05)
    broker = Narrow(server_dir / "narrow")
    broker.start()
    troubles: list[str] = []
    try:
        with (
            ReceivingCentre(broker.port, receipts=True) as centre,
            running_unit(broker.port, tmp_path, troubles) as unit,
        ):
            centre.say_online(True)
            unit.report_past([fix(second) for second in range(15)])
            unit.report_past([Report(Epoch("gnss", NOW, (b"$" + b"A" * 3000,)), NOW)])
            unit.report_past([fix(second) for second in range(15, 30)])
            eventually(lambda: unit.tally().waiting == 0, seconds=60)
            told = unit.outbox.statistics()
            assert told.aside == 1
            assert len(centre.fix_times(UNIT)) == 30
    finally:
        broker.stop()
    assert len([trouble for trouble in troubles if "item 16 is set aside" in trouble]) == 1
