"""Logs play at the pace of their own clocks, and a shifted one is never ahead of the present."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from fieldunit.agent.replay import BATCH, play, schedule, shift_to_now
from fieldunit.agent.unit import Report
from fieldunit.outbox import Epoch
from fieldunit.uplink.delivery import Tally

START = datetime(2020, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def report(seconds: float) -> Report:
    at = START + timedelta(seconds=seconds)
    return Report(Epoch("gnss", at, (b"$X",)), at)


class Recorder:
    """A unit that only notes what it is given."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.up = True
        self.gateway: bool | None = True
        self.singles: list[Report] = []
        self.batches: list[int] = []

    def report(self, report: Report) -> None:
        self.singles.append(report)

    def report_past(self, reports: Sequence[Report]) -> None:
        self.batches.append(len(reports))

    def silence(self) -> None:
        self.up = False

    def tally(self) -> Tally:
        return Tally(0, 0, 0)


def test_the_logs_clock_sets_the_pace() -> None:
    """Ten times as fast is a tenth of the waits; unlimited has none."""
    reports = [report(0), report(1), report(3.5)]
    assert [due for due, _ in schedule(reports, 1.0)] == [0, 1, 3.5]
    assert [due for due, _ in schedule(reports, 10.0)] == [0, 0.1, 0.35]
    assert [due for due, _ in schedule(reports, None)] == [0, 0, 0]


def test_a_clock_that_was_set_makes_no_pause() -> None:
    """A receiver that starts in 1980 and then learns the date would keep the replay waiting for decades."""
    reports = [report(0), report(1), report(1 + 40 * 365 * 86400), report(5), report(6)]
    assert [due for due, _ in schedule(reports, 1.0)] == [0, 1, 1, 1, 2]


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0, None])
def test_a_shifted_fix_is_never_ahead_of_its_sending(speed: float | None) -> None:
    """And as close to it as can be: some fix is of the second in which it is sent; fractions stay."""
    plan = shift_to_now(schedule([report(n) for n in range(100)], speed), NOW)
    leads = [(r.fix_time - NOW).total_seconds() - due for due, r in plan if r.fix_time is not None]
    assert -1 < max(leads) <= 0
    assert all(r.fix_time is not None and r.fix_time.microsecond == 250_000 for _, r in plan)
    assert plan[-1].report.fix_time == plan[0].report.fix_time + timedelta(seconds=99)  # type: ignore[operator] # asserted above


def test_two_logs_play_at_once() -> None:
    """Each to its own unit, in its own order, together in the order of time."""
    one, other = Recorder("one"), Recorder("other")
    plans = [(one, schedule([report(0), report(0.02)], 1.0)), (other, schedule([report(5), report(5.01)], 1.0))]
    steps: list[int] = []
    play(plans, threading.Event(), progress=steps.append)
    assert [r.fix_time for r in one.singles] == [START, START + timedelta(seconds=0.02)]
    assert len(other.singles) == 2
    assert steps == [1, 2, 3, 4]


def test_an_unlimited_replay_goes_in_batches() -> None:
    """One transaction for many fixes, the units in turn."""
    unit = Recorder("one")
    play([(unit, schedule([report(n) for n in range(450)], None))], threading.Event(), unlimited=True)
    assert unit.batches == [BATCH, BATCH, 50]


def test_a_replay_ends_when_it_is_told_to() -> None:
    """By the event at once, and by its time."""
    unit = Recorder("one")
    plans = [(unit, schedule([report(0), report(3600)], 1.0))]
    play(plans, threading.Event(), for_s=0.05)
    assert len(unit.singles) == 1
    stop = threading.Event()
    stop.set()
    play(plans, stop)
    assert len(unit.singles) == 1
