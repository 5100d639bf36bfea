"""gpsd, played by the test in its own words: its receiver's sentences first, its reports where there are none."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldunit.receivers import gpsd
from tests.agent_settings import make_config, receiver
from tests.receiver_double import cycle
from tests.receiving_centre import eventually
from tests.running_agent import RunningAgent, running_agent

SOON = "[health]\ninterval_s = 1\n[sampling]\ndriving_s = 0\n"
VERSION = b'{"class":"VERSION","release":"3.25","rev":"3.25","proto_major":3,"proto_minor":15}\r\n'


def tpv(second: int) -> bytes:
    """A report."""
    time = f"2026-11-22T02:00:{second % 60:02d}.000Z"
    report = {"class": "TPV", "device": "/dev/ttyS0", "mode": 3, "time": time, "lat": -7.2, "lon": 111.9, "speed": 3.0}
    return json.dumps(report).encode() + b"\r\n"


class GpsdDouble:
    """Answers one client, and says what the test has it say."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.asked = b""
        self.words: list[bytes] = []  # said each tenth of a second; `words` of one second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self._server.settimeout(20)
        client, _ = self._server.accept()
        with client:
            client.sendall(VERSION)
            client.settimeout(20)
            while not self.asked.endswith(b";\n"):
                self.asked += client.recv(1000)
            client.sendall(b'{"class":"DEVICES","devices":[{"class":"DEVICE","path":"/dev/ttyS0"}]}\r\n')
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the agent may hang up first
                while not self._stop.wait(0.1):
                    for word in list(self.words):
                        client.sendall(word)

    def close(self) -> None:
        """Hang up."""
        self._stop.set()
        self._thread.join()
        self._server.close()


@pytest.fixture
def double() -> Iterator[GpsdDouble]:
    made = GpsdDouble()
    yield made
    made.close()


@pytest.fixture
def running(tmp_path: Path, double: GpsdDouble) -> Iterator[RunningAgent]:
    with running_agent(make_config(tmp_path, receivers=receiver(double.address, kind="gpsd"), more=SOON)) as made:
        yield made


def test_the_receivers_own_words_are_passed_on(running: RunningAgent, double: GpsdDouble) -> None:
    """And gpsd's report of the same fix is not used beside them."""
    eventually(lambda: double.asked == gpsd.WATCH)
    double.words = [cycle(3600), tpv(0)]
    eventually(lambda: running.states[-1:] == ["ok"])
    assert {line[1:3] for report in running.unit.reports for line in report.epoch.lines} == {b"GP"}
    assert {fix.time.hour for fix in running.unit.fixes()} == {1}


def test_reports_are_used_where_no_sentence_comes(
    running: RunningAgent, double: GpsdDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a talker of our own: whoever reads the track sees that no receiver said so."""
    monkeypatch.setattr(gpsd, "OWN_WORDS_S", 0.5)
    double.words = [tpv(7)]
    eventually(lambda: running.unit.fixes())
    assert {line[1:3] for report in running.unit.reports for line in report.epoch.lines} == {b"II"}
    assert running.unit.fixes()[0].latitude == pytest.approx(-7.2)


def test_what_gpsd_says_of_its_receiver_stands_in_the_sentence(running: RunningAgent, double: GpsdDouble) -> None:
    """One that was unplugged there is no mystery here."""
    double.words = [b'{"class":"DEVICE","path":"/dev/ttyS0","activated":0}\r\n']
    eventually(lambda: "which has lost /dev/ttyS0" in running.agent.conditions()[0][2])
