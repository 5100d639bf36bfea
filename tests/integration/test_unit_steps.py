"""A simulated fleet that is led by the hand, as a process at a real broker: its time, its networks, its crews."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fieldunit.simulator.names import unit_names
from gateway.demo.broker import Mosquitto
from tests.receiving_centre import CENTRE, ReceivingCentre, eventually
from tracker import regions
from tracker.wire.command import Assignment, Card, Outcome, Stop
from tracker.wire.reports import Answer, CrewStatus, Status

BEGAN = datetime(2026, 11, 23, 3, tzinfo=UTC)
UNITS = ["ambulans-01", "ambulans-02"]


class Led:
    """The process, line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def step(self, seconds: float | None = None, **befalls: Any) -> dict[str, int]:
        """What waits after a line."""
        told = befalls if seconds is None else {"to": (BEGAN + timedelta(seconds=seconds)).isoformat(), **befalls}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if seconds is not None:
            assert datetime.fromisoformat(answer["at"]) == BEGAN + timedelta(seconds=seconds)
        waiting: dict[str, int] = answer["waiting"]
        return waiting


@contextmanager
def led(mosquitto: Mosquitto, state: Path) -> Iterator[Led]:
    """Two vehicles of Bojonegoro with a fix every five seconds."""
    command = [sys.executable, "-m", "fieldunit", "simulate", "--stepped", "--units", "2", "--rate", "0.2"]
    command += ["--centre", CENTRE, "--broker", f"127.0.0.1:{mosquitto.port}", "--state", str(state)]
    command += ["--outbox", "memory"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Led(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0, "it ends with its lines"


def test_time_goes_as_far_as_it_is_told_and_every_fix_is_there_when_the_line_is_answered(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Two minutes pass in a moment; a unit without a network keeps its fixes and delivers them when it has one."""
    with ReceivingCentre(mosquitto.port, receipts=True) as centre, led(mosquitto, tmp_path) as fleet:
        centre.say_online(True)
        assert fleet.step(0) == {}
        assert fleet.step(60) == {}
        counts = [len(centre.fix_times(unit)) for unit in UNITS]
        assert all(12 <= count <= 13 for count in counts), counts
        assert fleet.step(120, cut=["ambulans-02"]) == {}, "who is not reachable is not waited for"
        assert len(centre.fix_times("ambulans-02")) == counts[1]
        assert fleet.step(restore=["ambulans-02"]) == {}
        assert len(centre.fix_times("ambulans-02")) == counts[1] + 12
        assert max(centre.fix_times("ambulans-01")) <= BEGAN + timedelta(seconds=120)


def test_a_crew_that_does_not_look_says_nothing_and_one_that_looks_answers_and_drives(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The unit of a mute crew has the command, and that is all; the next crew accepts, and then breaks down."""
    stop = Stop("to-scene", -7.20, 111.80, "")
    with ReceivingCentre(mosquitto.port, receipts=True) as centre, led(mosquitto, tmp_path) as fleet:
        centre.say_online(True)
        fleet.step(0, mute=["ambulans-01"])
        for unit in UNITS:
            card = Card(f"m-{unit}", "emergency", (stop,), "")
            centre.command(unit, Assignment(id=f"c-{unit}", n=1, issued_at=BEGAN, card=card))
        eventually(lambda: len(centre.replies) >= 2 or fleet.step(0))
        outcomes = {unit: reply.outcome for unit, reply in centre.replies}
        assert outcomes == {"ambulans-01": Outcome.RECEIVED, "ambulans-02": Outcome.DONE}
        fleet.step(40)
        said = [(unit, type(each)) for unit, each in centre.said]
        assert ("ambulans-02", Answer) in said
        assert "ambulans-01" not in {unit for unit, _ in said}
        fleet.step(80, break_down=["ambulans-02"])
        fleet.step(press=[["ambulans-01", "acknowledged"]])
        eventually(lambda: len({unit for unit, _ in centre.said}) == 2)
        pressed = [(unit, each.status, each.mission) for unit, each in centre.said if isinstance(each, Status)]
        assert ("ambulans-02", CrewStatus.OUT_OF_SERVICE, "m-ambulans-02") in pressed
        assert pressed[-1] == ("ambulans-01", CrewStatus.ACKNOWLEDGED, None)


def test_a_province_has_a_unit_for_each_of_its_villages() -> None:
    """After those that its profile names, by its own rule; a number beyond gets the ids that are free."""
    sumsel = unit_names(3271, regions.load("sumsel"))
    assert len(set(sumsel)) == 3271
    assert sumsel[11] == "ambulans-12"
    assert sum(name.startswith("desa-") for name in sumsel) == 3259
    jambi = unit_names(12, regions.load("jambi"))
    assert jambi[4:] == ["pemadam-01", "pemadam-02", "polisi-01", "polisi-02", "sosial-01", "bpbd-01",
                         "ambulans-05", "ambulans-06"]  # fmt: skip
