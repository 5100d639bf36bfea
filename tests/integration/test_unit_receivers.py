"""Receivers as they are in a vehicle, through a pseudo-terminal: what goes wrong is said on health, and heals."""

import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.agent_settings import make_config, receiver
from tests.receiver_double import ReceiverDouble, cycle, gsv
from tests.receiving_centre import eventually
from tests.running_agent import running_agent

OFTEN = "[health]\ninterval_s = 1\n[sampling]\ndriving_s = 0\nparked_s = 0\n"


@pytest.fixture
def double(tmp_path: Path) -> Iterator[ReceiverDouble]:
    """Not plugged in yet."""
    with ReceiverDouble(tmp_path / "usb-GPS-if00") as made:
        yield made


def test_a_port_that_is_missing_at_the_start_is_said_and_found_later(tmp_path: Path, double: ReceiverDouble) -> None:
    """Without a restart; so is one that is pulled out and comes back as another terminal under the same name."""
    config = make_config(tmp_path, receivers=receiver(double.link, no_data_s=2), more=OFTEN)
    with running_agent(config) as running:
        eventually(lambda: running.states[-1:] == ["no-port"])
        detail = running.told()[-1].receivers[0].detail
        assert detail == f"{double.link} is not there: is the receiver plugged in?"
        double.plug()
        double.talk()
        eventually(lambda: running.states[-1] == "ok")
        double.hush()
        eventually(lambda: running.states[-1] == "no-data")
        double.unplug()
        eventually(lambda: running.states[-1] == "no-port")
        before = len(running.unit.fixes())
        double.plug()
        double.talk(begin=7200)
        eventually(lambda: running.states[-1] == "ok")
        eventually(lambda: len(running.unit.fixes()) > before)
    assert running.unit.fixes()[-1].time.hour == 2


def test_a_plug_that_moves_to_another_name_is_followed(tmp_path: Path) -> None:
    """ttyUSB0 goes, ttyUSB1 comes: by a pattern both are the receiver."""
    config = make_config(tmp_path, receivers=receiver(tmp_path / "ttyUSB*"), more=OFTEN)
    with (
        ReceiverDouble(tmp_path / "ttyUSB0") as before,
        ReceiverDouble(tmp_path / "ttyUSB1") as after,
        running_agent(config) as running,
    ):
        before.plug()
        before.talk()
        eventually(lambda: running.states[-1:] == ["ok"])
        before.hush()
        before.unplug()
        after.plug()
        after.talk(begin=7200)
        eventually(lambda: [fix for fix in running.unit.fixes() if fix.time.hour == 2])
        assert "ttyUSB1" in running.agent.conditions()[0][2]


def test_of_two_ports_that_match_the_one_that_speaks_nmea_is_kept(tmp_path: Path) -> None:
    """A modem's other port talks, but no NMEA at any speed."""
    config = make_config(tmp_path, receivers=receiver(tmp_path / "ttyUSB*", baud=9600), more=OFTEN)
    with (
        ReceiverDouble(tmp_path / "ttyUSB0") as modem,
        ReceiverDouble(tmp_path / "ttyUSB1") as gnss,
        running_agent(config) as running,
    ):
        for port in (modem, gnss):
            port.plug()
        modem.talk([b"\r\n+CREG: 1\r\nRING\r\nOK\r\n" * 4])
        gnss.talk()
        eventually(lambda: running.unit.fixes(), 30)
        assert "ttyUSB1" in running.agent.conditions()[0][2]


@pytest.mark.parametrize("speed", [115200, 38400])
def test_the_speed_is_found(tmp_path: Path, speed: int) -> None:
    """Garbage until the right one is set; said as such meanwhile; and when it changes, it is found again."""
    config = make_config(tmp_path, receivers=receiver(tmp_path / "gps"), more=OFTEN)
    with ReceiverDouble(tmp_path / "gps", needs=speed) as double, running_agent(config) as running:
        double.plug()
        double.talk()
        eventually(lambda: running.states[-1:] == ["ok"], 40)
        assert double.speed == speed
        assert running.agent.conditions()[0][2] == f"fixes from {tmp_path}/gps at {speed} baud, 8 satellites"
        if speed == 38400:  # the fourth to be tried
            assert "wrong-baud" in running.states


def test_a_wrong_fixed_speed_is_said_and_not_changed(tmp_path: Path) -> None:
    """Whoever has set one means it; noise and binary protocols are told alike."""
    config = make_config(tmp_path, receivers=receiver(tmp_path / "gps", baud=4800), more=OFTEN)
    with ReceiverDouble(tmp_path / "gps", needs=9600) as double, running_agent(config) as running:
        double.plug()
        double.talk()
        eventually(lambda: running.states[-1:] == ["wrong-baud"])
        assert double.speed == 4800
        assert "wrong speed, noise, or a binary protocol" in running.told()[-1].receivers[0].detail
        assert running.unit.reports == []


def test_a_receiver_that_sends_only_satellites_in_view_is_named(tmp_path: Path, double: ReceiverDouble) -> None:
    """It looks alive; what is missing is said with what comes. When it is switched on, all is well."""
    config = make_config(tmp_path, receivers=receiver(double.link), more=OFTEN)
    with running_agent(config) as running:
        double.plug()
        double.talk([gsv()])
        eventually(lambda: running.states[-1:] == ["no-position"])
        assert "sends only GPGSV, no position: switch on RMC and GGA" in running.told()[-1].receivers[0].detail
        double.hush()
        double.talk()
        eventually(lambda: running.states[-1] == "ok")
        assert running.unit.fixes()


def test_a_receiver_under_a_roof_has_no_fix(tmp_path: Path, double: ReceiverDouble) -> None:
    """Said with the satellites that it sees; nothing is reported meanwhile."""
    config = make_config(tmp_path, receivers=receiver(double.link, no_data_s=6), more=OFTEN)
    with running_agent(config) as running:
        double.plug()
        double.talk([cycle(3600, fix=False)])
        eventually(lambda: running.states[-1:] == ["no-fix"])
        assert "has no fix (4 satellites in view)" in running.told()[-1].receivers[0].detail
        assert running.unit.reports == []
        assert running.told()[-1].satellites is None


def test_the_lower_source_is_reported_while_the_higher_is_silent(tmp_path: Path) -> None:
    """Under its own name; and no more once the higher one has a fix again."""
    receivers = receiver(tmp_path / "gnss", source="gnss", fallback_s=1.5) + receiver(
        tmp_path / "modem", source="modem"
    )
    with (
        ReceiverDouble(tmp_path / "gnss") as gnss,
        ReceiverDouble(tmp_path / "modem") as modem,
        running_agent(make_config(tmp_path, receivers=receivers, more=OFTEN)) as running,
    ):
        gnss.plug()
        modem.plug()
        gnss.talk()
        modem.talk(begin=7200)

        def sources() -> list[str]:
            with running.unit.lock:
                return [report.epoch.source for report in running.unit.reports]

        eventually(lambda: sources()[-5:] == ["gnss"] * 5)
        gnss.hush()
        eventually(lambda: sources()[-3:] == ["modem"] * 3)
        gnss.talk([cycle(10_000, fix=False)])  # it talks, and has no fix
        seen = len(sources())
        eventually(lambda: len(sources()) > seen + 5)
        assert set(sources()[seen:]) == {"modem"}
        gnss.hush()
        gnss.talk(begin=10_800)
        eventually(lambda: sources()[-3:] == ["gnss"] * 3)
        assert "positions now come from modem, no more from gnss" in running.sentences


def test_tcp_is_connected_again(tmp_path: Path) -> None:
    """A multiplexer that is restarted; while it is away the reason is on health."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(20)
    config = make_config(tmp_path, receivers=receiver(f"127.0.0.1:{port}", kind="tcp"), more=OFTEN)

    def heard(hour: int) -> bool:
        return any(fix.time.hour == hour for fix in running.unit.fixes())

    with running_agent(config) as running:
        eventually(lambda: running.states[-1:] == ["no-connection"])
        assert "is it on, and the address right?" in running.told()[-1].receivers[0].detail
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(20)
            for hour in (1, 2):
                talking, _ = server.accept()
                with talking:
                    for second in range(3):
                        talking.sendall(cycle(hour * 3600 + second))
                    eventually(partial(heard, hour))
        eventually(lambda: running.states[-1] == "no-connection")


def test_udp_datagrams_are_sentences(tmp_path: Path) -> None:
    """A datagram each, or several in one, with and without line ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = make_config(tmp_path, receivers=receiver(f"127.0.0.1:{port}", kind="udp"), more=OFTEN)
    stop = threading.Event()

    def talk() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            second = 3600
            while not stop.wait(0.1):
                for line in cycle(second).split(b"\r\n"):
                    sending.sendto(line, ("127.0.0.1", port))
                second += 1

    thread = threading.Thread(target=talk)
    with running_agent(config) as running:
        thread.start()
        try:
            eventually(lambda: len(running.unit.fixes()) > 3)
        finally:
            stop.set()
            thread.join()
        assert running.unit.fixes()[0].satellites == 8
