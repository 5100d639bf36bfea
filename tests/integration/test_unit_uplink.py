"""A unit's uplink against a real Mosquitto, with a centre that the test plays."""

import contextlib
import random
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldunit.agent.unit import Report, ReportingUnit, Station, Unit, open_units
from fieldunit.outbox import Epoch, Outbox, outbox_path
from fieldunit.simulator.motion import State
from fieldunit.simulator.receiver import Receiver
from fieldunit.uplink import underway
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.delivery import Tally
from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from tests.receiving_centre import CENTRE, ReceivingCentre, eventually
from tracker.wire.topics import Channel

UNIT = "ambulans-01"
START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def reports(count: int, first: int = 0) -> list[Report]:
    """One fix a second."""
    receiver = Receiver(random.Random(first), 1.0)
    times = [START + timedelta(seconds=first + n) for n in range(count)]
    return [
        Report(Epoch("gnss", time, receiver.observe(State(-7.15, 111.88, 10.0, 90.0), time)), time) for time in times
    ]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path


@contextlib.contextmanager
def running_unit(
    port: int, state: Path, interval_s: float | None = 1.0, troubles: list[str] | None = None
) -> Iterator[ReportingUnit]:
    told = [] if troubles is None else troubles
    station = Station(CENTRE, Broker("127.0.0.1", port), state, None, told.append, reconnect_min_s=0.1)
    with open_units(station, [UNIT], interval_s) as ([unit], network):
        yield unit
        network.check()


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resends after half a second, so that tests need not wait five."""
    monkeypatch.setattr(underway, "FIRST_RESEND_S", 0.5)


def outbox_id(unit: ReportingUnit) -> str:
    assert isinstance(unit, Unit)
    return unit.outbox.id


def test_a_receipt_deletes_and_a_puback_does_not(mosquitto: Mosquitto, state: Path) -> None:
    """The broker has answered everything, and everything is still in the outbox; then a receipt names two of three."""
    with ReceivingCentre(mosquitto.port) as centre, running_unit(mosquitto.port, state) as unit:
        centre.say_online(True)
        eventually(lambda: unit.up)
        for report in reports(3):
            unit.report(report)
        eventually(lambda: len(centre.sequences()) == 3)
        assert isinstance(unit, Unit)
        eventually(lambda: not unit.unanswered)
        assert unit.tally() == Tally(3, 0, 3)
        centre.receipt(UNIT, outbox_id(unit), {1, 3})
        eventually(lambda: unit.tally() == Tally(3, 2, 1))
    with Outbox(outbox_path(state, UNIT)) as outbox:
        assert [item.seq for item in outbox.oldest(10)] == [2]


def test_a_receipt_for_another_outbox_deletes_nothing(mosquitto: Mosquitto, state: Path) -> None:
    """As for the outbox that the unit had before its memory card was changed."""
    with ReceivingCentre(mosquitto.port) as centre, running_unit(mosquitto.port, state) as unit:
        centre.say_online(True)
        for report in reports(2):
            unit.report(report)
        eventually(lambda: len(centre.sequences()) == 2)  # so it hears receipts by now
        centre.receipt(UNIT, "x" * 12, {1, 2})
        centre.receipt(UNIT, outbox_id(unit), {2})
        eventually(lambda: unit.tally().receipted == 1)
        assert unit.tally().waiting == 1


@pytest.mark.usefixtures("short_waits")
def test_what_has_no_receipt_is_resent_only_while_the_gateway_is_present(mosquitto: Mosquitto, state: Path) -> None:
    """Silence while it is away; when it comes back, resends on the backlog until the receipt."""
    with ReceivingCentre(mosquitto.port) as centre, running_unit(mosquitto.port, state) as unit:
        centre.say_online(False)
        eventually(lambda: unit.up)
        unit.report(reports(1)[0])
        eventually(lambda: centre.sequences(Channel.LIVE)[1] == 1)
        # Twice the first wait and more: long enough for a resend, if one were to come.
        with pytest.raises(AssertionError, match="did not come true"):
            eventually(lambda: centre.sequences(Channel.BACKLOG), seconds=1.5)
        centre.say_online(True)
        eventually(lambda: centre.sequences(Channel.BACKLOG)[1] >= 2)
        centre.receipt(UNIT, outbox_id(unit), {1})
        eventually(lambda: unit.tally().waiting == 0)


def test_presence_announces_the_interval_and_a_clean_end(mosquitto: Mosquitto, state: Path) -> None:
    """Online with boot, firmware and interval; offline, retained, when the unit says goodbye."""
    with ReceivingCentre(mosquitto.port) as centre:
        with running_unit(mosquitto.port, state, interval_s=0.2):
            eventually(lambda: centre.presences)
        eventually(lambda: len(centre.presences) == 2)
        (_, hello), (unit, goodbye) = centre.presences
        assert unit == UNIT
        assert hello.online
        assert hello.interval_s == 0.2
        assert hello.boot is not None
        assert (hello.firmware or "").startswith("sigap-unit ")
        assert not goodbye.online


def test_the_last_will_says_that_a_silenced_unit_is_gone(mosquitto: Mosquitto, state: Path) -> None:
    """Its connection breaks without a goodbye: the broker speaks for it. What it records from then on stays with it."""
    with ReceivingCentre(mosquitto.port, receipts=True) as centre, running_unit(mosquitto.port, state) as unit:
        centre.say_online(True)
        eventually(lambda: [p.online for _, p in centre.presences] == [True])
        unit.silence()
        eventually(lambda: [p.online for _, p in centre.presences] == [True, False])
        unit.report(reports(1)[0])
        assert unit.tally() == Tally(0, 0, 1)
        assert not centre.heard
    assert [p.online for _, p in centre.presences] == [True, False]


def test_nothing_is_lost_over_a_broker_that_dies(mosquitto: Mosquitto, state: Path) -> None:
    """Killed twice while the unit reports: every fix arrives, and the outbox is empty in the end."""
    with running_unit(mosquitto.port, state) as unit:
        arrived: set[datetime] = set()
        for part in range(3):
            with ReceivingCentre(mosquitto.port, receipts=True) as centre:
                centre.say_online(True)
                eventually(lambda: unit.up)
                for report in reports(20, first=100 * part):
                    unit.report(report)
                eventually(lambda: unit.tally().waiting == 0)
                arrived |= set(centre.fix_times(UNIT))
                for report in reports(20, first=100 * part + 50):
                    unit.report(report)
                if part < 2:
                    mosquitto.kill()
                else:
                    eventually(lambda: unit.tally().waiting == 0)
                arrived |= set(centre.fix_times(UNIT))
            if part < 2:
                mosquitto.start()
        assert unit.tally() == Tally(120, 120, 0)


def test_a_restart_sends_what_the_last_run_left(mosquitto: Mosquitto, state: Path) -> None:
    """Same outbox, same numbers, and new fixes go on counting."""
    with running_unit(mosquitto.port, state) as unit:
        unit.report_past(reports(30))
        first = outbox_id(unit)
    with ReceivingCentre(mosquitto.port, receipts=True) as centre, running_unit(mosquitto.port, state) as unit:
        centre.say_online(True)
        unit.report(reports(1, first=99)[0])
        eventually(lambda: unit.tally().waiting == 0)
        assert outbox_id(unit) == first
        assert set(centre.sequences()) == set(range(1, 32))
        assert len(centre.fix_times(UNIT)) == 31


def test_a_receipt_that_came_while_the_unit_was_away_is_kept_for_it(mosquitto: Mosquitto, state: Path) -> None:
    """The session outlives the connection, so what is stored is not sent a second time."""
    with ReceivingCentre(mosquitto.port) as centre:
        centre.say_online(True)
        with running_unit(mosquitto.port, state) as unit:
            eventually(lambda: unit.up)
            unit.report(reports(1)[0])
            eventually(lambda: centre.sequences()[1] == 1)
            outbox = outbox_id(unit)
        centre.receipt(UNIT, outbox, {1})
        with running_unit(mosquitto.port, state) as unit:
            eventually(lambda: unit.tally().waiting == 0)


def test_the_backlog_drains_at_more_than_500_fixes_a_second_while_live_stays_fresh(
    mosquitto: Mosquitto, state: Path
) -> None:
    """5,000 fixes with receipts, and a live one in between is not behind them."""
    with running_unit(free_port(), state) as unit:
        unit.report_past(reports(5000))
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        with running_unit(mosquitto.port, state) as unit:
            began = datetime.now(UTC)
            eventually(lambda: unit.up)
            unit.report(reports(1, first=9000)[0])
            eventually(lambda: centre.sequences(Channel.LIVE)[5001])
            assert unit.tally().waiting > 0, "the live one came after the backlog"
            eventually(lambda: unit.tally().waiting == 0, seconds=30)
            rate = 5000 / (datetime.now(UTC) - began).total_seconds()
            assert rate >= 500


def test_a_unit_that_the_broker_refuses_says_so(reachable_dir: Path, state: Path) -> None:
    """One sentence, not one for each try, and it names what to check."""
    broker = _Closed(reachable_dir / "closed-broker")
    broker.start()
    troubles: list[str] = []
    try:
        station = Station(CENTRE, Broker("127.0.0.1", broker.port), state, None, troubles.append, reconnect_min_s=0.05)
        with open_units(station, [UNIT], None) as ([unit], _):
            eventually(lambda: troubles)
            assert not unit.up
    finally:
        broker.stop()
    assert len(troubles) == 1
    assert "refuses this unit: Not authorized" in troubles[0]


class _Closed(Mosquitto):
    """A broker that lets nobody in."""

    def configuration(self, store: Path) -> str:
        return super().configuration(store).replace("allow_anonymous true", "allow_anonymous false")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n" + b"x" * 100_000, "does not speak MQTT; is it another server's port?"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "does not speak MQTT; is it another server's port?"),
        (b"", "closes the connection without an answer: does it speak MQTT, and without TLS as here?"),
    ],
)
def test_a_server_that_is_no_broker_is_named_as_such(state: Path, answer: bytes, sentence: str) -> None:
    """Once, and the unit goes on trying, because a broker may yet come to that address."""
    tries: list[bytes] = []

    class Stranger(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            tries.append(self.request.recv(4096))
            with contextlib.suppress(OSError):  # the unit need not hear it to the end
                self.request.sendall(answer)

    troubles: list[str] = []
    with socketserver.TCPServer(("127.0.0.1", 0), Stranger) as server:
        port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            with running_unit(port, state, troubles=troubles) as unit:
                eventually(lambda: len(tries) >= 3)
                assert not unit.up
        finally:
            server.shutdown()
            serving.join()
    assert [trouble for trouble in troubles if "no connection" not in trouble] == [
        f"{UNIT}: 127.0.0.1:{port} {sentence} Trying again"
    ]
