"""Plays recorded logs through outboxes and uplinks: each log one unit, all at once, at the pace of their own clocks."""

import heapq
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fieldunit.agent.log import shifted
from fieldunit.agent.unit import Report, ReportingUnit

CLOCK_JUMP_S = 86_400.0
"""A step of the log's clock from which on it is no pause in the recording but a clock that was set."""

BATCH = 200
"""Reports in one transaction when the pace is unlimited."""


class Scheduled(NamedTuple):
    """A report and when it is due, seconds after the start of the replay."""

    due: float
    report: Report


def schedule(reports: Sequence[Report], speed: float | None) -> list[Scheduled]:
    """When each report of one log is due.

    Args:
        reports: of one log, in its order.
        speed: log seconds per second; None for all at once.

    Returns:
        In the log's order, `due` rising from 0. A clock that steps back, or a day or more ahead, makes no pause.
    """
    due = 0.0
    before: datetime | None = None
    plan = []
    for report in reports:
        clock = report.epoch.device_time or report.fix_time
        if speed is not None and before is not None and clock is not None:
            step = (clock - before).total_seconds()
            if 0 < step < CLOCK_JUMP_S:
                due += step / speed
        before = clock or before
        plan.append(Scheduled(due, report))
    return plan


def shift_to_now(plan: Sequence[Scheduled], now: datetime) -> list[Scheduled]:
    """The same replay with fixes of today, none of them ahead of its sending.

    At true speed (or slower) the first fix is now, and each later one is of the second in which it is sent; faster,
    the last one is. By whole seconds, so that the digits after the point stay.
    """
    if not plan:
        return []
    first, last = (_clock(plan[at].report) for at in (0, -1))
    by = min(now - first, now + timedelta(seconds=plan[-1].due) - last)
    whole = timedelta(seconds=by // timedelta(seconds=1))
    return [Scheduled(due, shifted(report, whole)) for due, report in plan]


def play(
    plans: Sequence[tuple[ReportingUnit, Sequence[Scheduled]]],
    stop: threading.Event,
    *,
    unlimited: bool = False,
    for_s: float | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Report until the logs end, the time is over or the stop event is set.

    Args:
        plans: each unit with its log.
        stop: set by whoever wants it to end.
        unlimited: as fast as the disk takes it, as history.
        for_s: seconds to play at most.
        progress: told after each step how many reports were made in all.
    """
    began = time.monotonic()
    done = 0
    for due, unit, reports in _batches(plans) if unlimited else _singles(plans):
        wait = began + due - time.monotonic()
        if for_s is not None:
            wait = min(wait, began + for_s - time.monotonic())
        if stop.wait(wait) if wait > 0 else stop.is_set():
            return
        if for_s is not None and time.monotonic() - began >= for_s:
            return
        if unlimited:
            unit.report_past(reports)
        else:
            unit.report(reports[0])
        done += len(reports)
        progress(done)


_Step = tuple[float, ReportingUnit, Sequence[Report]]


def _singles(plans: Sequence[tuple[ReportingUnit, Sequence[Scheduled]]]) -> Iterator[_Step]:
    """One report a step, in the order in which they are due."""
    tagged = ([(due, at, report) for due, report in plan] for at, (_, plan) in enumerate(plans))
    for due, at, report in heapq.merge(*tagged, key=lambda step: step[:2]):
        yield due, plans[at][0], [report]


def _batches(plans: Sequence[tuple[ReportingUnit, Sequence[Scheduled]]]) -> Iterator[_Step]:
    """Many reports a step, the units in turn."""
    longest = max((len(plan) for _, plan in plans), default=0)
    for begin in range(0, longest, BATCH):
        for unit, plan in plans:
            if batch := [report for _, report in plan[begin : begin + BATCH]]:
                yield 0.0, unit, batch


def _clock(report: Report) -> datetime:
    return report.epoch.device_time or report.fix_time or datetime(1980, 1, 1, tzinfo=UTC)
