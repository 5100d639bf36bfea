"""Reads a recorded NMEA log into the reports that a unit would have made of it.

Every epoch in which the centre will find a fix is taken, and so is one whose sentences contradict each other, because
judging that is the centre's business. Epochs without a fix are counted and stay here: they are most of a cold start
and tell nothing.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from fieldunit.agent.shift import shift_sentence
from fieldunit.agent.unit import Report
from fieldunit.outbox import Epoch
from tracker.errors import Reason
from tracker.wire.dating import nearest
from tracker.wire.framing import SentenceFramer
from tracker.wire.payload import Reading, decode, encode_epoch
from tracker.wire.stream import EpochReader, RawEpoch
from tracker.wire.tagblock import DEFAULT_SOURCE
from tracker.wire.topics import MAX_PAYLOAD

_EARLIEST_CLOCK = datetime(1980, 1, 1, tzinfo=UTC)  # before it no GPS clock can be, and no TAG block says so


class LogError(Exception):
    """A log cannot be replayed; the sentence says why, and what to do."""


class Log(NamedTuple):
    """What a recorded log holds."""

    reports: list[Report]  # in the order of the log
    no_fix: int  # epochs in which the receiver had none
    refused: Counter[Reason]  # lines that could not be read


def read_log(path: Path, day: date | None = None) -> Log:
    """Read a whole log.

    Args:
        path: the file: NMEA sentences, with anything between them.
        day: UTC date of the first sentence, for a log that names none.

    Raises:
        LogError: the file cannot be read, holds no sentence or no fix, or names no date where none was given.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error.strerror}") from error
    framer = SentenceFramer()
    reader = EpochReader(None if day is None else datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    epochs: list[RawEpoch] = []
    lines = framer.feed(data) + framer.flush()
    for line in lines:
        epochs += reader.feed(line)
    epochs += reader.flush()
    reports, no_fix = [], 0
    for epoch in _dated(epochs):
        report = _report(epoch)
        if report is None:
            no_fix += 1
        else:
            reports.append(report)
    unreadable = sum(reader.refused.values())
    if unreadable == len(lines):
        seen = f"; {unreadable} lines look like one and are broken" if unreadable else ""
        raise LogError(f"{path} holds no NMEA sentence: is it a log of a receiver?{seen}")
    if not reports:
        raise LogError(f"{path} holds no fix: {len(epochs)} epochs, {unreadable} unreadable lines")
    if all(report.epoch.device_time is None for report in reports):
        raise LogError(f"{path} names no date, only times of day: give the day it was recorded with --date YYYY-MM-DD")
    return Log(reports, no_fix, reader.refused)


def _dated(epochs: list[RawEpoch]) -> list[RawEpoch]:
    """Epochs before the first date get theirs from the epoch after them."""
    dated: list[RawEpoch] = []
    after: datetime | None = None
    for epoch in reversed(epochs):
        if epoch.device_time is not None:
            after = epoch.device_time
        elif epoch.time_of_day is not None and after is not None:
            after = nearest(epoch.time_of_day, after)
            epoch = RawEpoch(epoch.lines, epoch.time_of_day, after)
        dated.append(epoch)
    return dated[::-1]


def _report(raw: RawEpoch) -> Report | None:
    """What the unit reports of an epoch; asked of the centre's own reader, so that both agree on what is a fix."""
    clock = raw.device_time if raw.device_time is not None and raw.device_time >= _EARLIEST_CLOCK else None
    epoch = Epoch(DEFAULT_SOURCE, clock, tuple(raw.lines))
    payload = encode_epoch(epoch.source, 1, epoch.device_time, epoch.lines)
    if len(payload) > MAX_PAYLOAD - 32:  # the sequence number will be longer
        return None
    fix_time = None
    for reading in decode(payload, clock or _EARLIEST_CLOCK):
        if isinstance(reading, Reading):
            if reading.fix is None:
                return None
            fix_time = reading.fix.time
    return Report(epoch, fix_time)


def shifted(report: Report, by: timedelta) -> Report:
    """The same report, later by whole seconds."""
    epoch = report.epoch
    lines = tuple(shift_sentence(line, by) for line in epoch.lines)
    return Report(
        Epoch(epoch.source, None if epoch.device_time is None else epoch.device_time + by, lines),
        None if report.fix_time is None else report.fix_time + by,
    )
