"""Reads a recorded NMEA log into the reports that a unit would have made of it (`epochs` says of which)."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from fieldunit.agent.epochs import dated_backwards, sight
from fieldunit.agent.shift import shift_sentence
from fieldunit.agent.unit import Report
from fieldunit.outbox import Epoch
from tracker.errors import Reason
from tracker.wire.framing import SentenceFramer
from tracker.wire.stream import EpochReader, RawEpoch
from tracker.wire.tagblock import DEFAULT_SOURCE


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
    for epoch in dated_backwards(epochs):
        sighting = sight(epoch, DEFAULT_SOURCE, epoch.device_time)
        if sighting is None:
            no_fix += 1
        else:
            reports.append(sighting.report)
    unreadable = sum(reader.refused.values())
    if unreadable == len(lines):
        seen = f"; {unreadable} lines look like one and are broken" if unreadable else ""
        raise LogError(f"{path} holds no NMEA sentence: is it a log of a receiver?{seen}")
    if not reports:
        raise LogError(f"{path} holds no fix: {len(epochs)} epochs, {unreadable} unreadable lines")
    if all(report.epoch.device_time is None for report in reports):
        raise LogError(f"{path} names no date, only times of day: give the day it was recorded with --date YYYY-MM-DD")
    return Log(reports, no_fix, reader.refused)


def shifted(report: Report, by: timedelta) -> Report:
    """The same report, later by whole seconds."""
    epoch = report.epoch
    lines = tuple(shift_sentence(line, by) for line in epoch.lines)
    return Report(
        Epoch(epoch.source, None if epoch.device_time is None else epoch.device_time + by, lines),
        None if report.fix_time is None else report.fix_time + by,
    )
