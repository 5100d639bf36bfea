"""Recorded receivers on a real serial line: the agent reports what a replay of the same log reports.

Each log is written, byte for byte and as fast as it is taken, into a pseudo-terminal from which an agent reads. Its
sampling is set to report everything, and no clock but the receiver's dates the fixes, as in a replay.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fieldunit.agent.log import LogError, read_log
from tests.agent_settings import make_config, receiver
from tests.corpus.gpsd import FOLDER
from tests.receiver_double import ReceiverDouble
from tests.receiving_centre import eventually
from tests.recording_unit import fixes_of
from tests.running_agent import running_agent

EVERYTHING = """
[clock]
earliest = 1980-01-01
trust_system = false
patience_s = 3600
[sampling]
driving_s = 0
parked_s = 0
"""

LOGS = sorted(FOLDER.glob("*.log")) + sorted(FOLDER.parent.glob("*.log"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_agent_reports_what_a_replay_reports(tmp_path: Path) -> None:
    """The same fixes, in all their fields, and the same contradictions; for every log that a replay takes."""
    if not LOGS:
        pytest.skip(f"the recorded logs are not part of the project, and {FOLDER} is absent")
    with ThreadPoolExecutor(4) as pool:  # most of it is waiting
        compared = [each for each in pool.map(partial(compare, tmp_path), LOGS) if each is not None]
    assert [each for each in compared if each.missing or each.invented] == []
    assert len(compared) >= 60
    assert sum(each.fixes for each in compared) >= 3000


class Compared(NamedTuple):
    """One log."""

    name: str
    fixes: int
    missing: list[str]
    invented: list[str]


def compare(folder: Path, log: Path) -> Compared | None:
    """Replay and agent side by side; None for a log that a replay does not take: no NMEA in it, no fix, or no date."""
    try:
        replayed = read_log(log)
    except LogError:
        return None
    expected = Counter(repr(fix) for report in replayed.reports for fix in fixes_of(report))
    own = folder / log.stem
    own.mkdir()
    found = Counter(through_a_terminal(log.read_bytes(), own))
    missing, invented = expected - found, found - expected
    return Compared(log.name, expected.total(), sorted(missing.elements())[:2], sorted(invented.elements())[:2])


def through_a_terminal(log: bytes, folder: Path) -> list[str]:
    """The fixes that an agent reports of a receiver that says this, as text."""
    link = folder / "gnss"
    config = make_config(folder, receivers=receiver(link, baud=921600, quiet_s=60), more=EVERYTHING)
    with ReceiverDouble(link) as double, running_agent(config) as running:
        double.plug()
        eventually(
            lambda: "first data" in running.agent.conditions()[0][2]
        )  # it is open; what came before is thrown away
        double.write(log)
        double.drain()
        settle(running.unit.reports)
    return [repr(fix) for fix in running.unit.fixes()]


def settle(growing: list[Any], seconds: float = 0.3) -> None:
    """Wait until nothing more comes: the reader has taken everything, and the agent works it off."""
    count, since = len(growing), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.02)
        if len(growing) != count:
            count, since = len(growing), time.monotonic()
