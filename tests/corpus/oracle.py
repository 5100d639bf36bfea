"""What gpsd says about a log: its reports (TPV) from the ``.log.chk`` beside it.

Which of them count. gpsd prints each NMEA sentence before the reports it gives rise to. Where the receiver speaks a
binary protocol it prints sentences of its own making, which do not stand in the log. So:

    A report stems from NMEA if and only if the sentence printed last before it stands in the log, byte for byte.

That needs no list of drivers, and sorts a log that mixes both protocols report by report.

Epochs. gpsd reports one instant up to a dozen times, as its sentences come in, with what it knows by then; some
instruments even move on between two sentences of one instant. All reports with one time are one epoch.

Speed. Where the receiver has not told its speed yet gpsd computes one from two positions. A speed counts as given where
a sentence that carries speed was printed since the time of day last changed.

Dates. gpsd moves a date that lies before its own start (in its regression tests a date from the log's header, or the
day of its release) by 1024 weeks, on the assumption that the receiver's week counter has rolled over. The start is not
in the receiver's data, and the guess is wrong for a log older than it. `Report.moved` marks these: the date is
exactly 7168 days after one that the log's sentences carry, and none carries it itself.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

_ROLLOVER = timedelta(days=7168)
_timed = re.compile(
    rb"\$..(?:RMC|GGA|GNS|GST|ZDA|GBS),(\d{6}(?:\.\d+)?)|\$..GLL,[^,]*,.?,[^,]*,.?,(\d{6}(?:\.\d+)?)"
).match
_dated = re.compile(rb"\$..RMC,(?:[^,]*,){8}(\d\d)(\d\d)(\d\d)[,*]|\$..ZDA,[^,]*,(\d\d),(\d\d),(\d{4})[,*]").match


@dataclass(frozen=True)
class Report:
    """One TPV with a mode of 2 or 3 and a time, that stems from NMEA."""

    time: datetime
    latitude: float
    longitude: float
    speed: float | None  # m/s, where the receiver had told it
    any_speed: float | None  # m/s, gpsd's own computation included
    after: str  # address of the sentence before it
    moved: bool = False  # gpsd has moved the receiver's date by 1024 weeks


@dataclass(frozen=True)
class Oracle:
    """All that gpsd says about one log."""

    epochs: dict[datetime, list[Report]]  # by time; every report of it, in order
    binary: int  # reports with a fix and a time whose sentence is not in the log


def without_header(log: bytes) -> bytes:
    """The receiver's bytes: the comment lines at the head were written by whoever kept the log."""
    while log.startswith(b"#"):
        log = log.partition(b"\n")[2]
    return log


def read(log: bytes, check_file: Path) -> Oracle:
    """Read the check file of a log (its bytes without the header)."""
    epochs: dict[datetime, list[Report]] = {}
    binary = 0
    last = time_of_day = b""
    told = False
    days: set[date] = set()
    for line in check_file.read_bytes().splitlines():
        if line.startswith((b"$", b"!")):
            last = line.rstrip()
            timed = _timed(last)
            if timed is not None and (timed[1] or timed[2]) != time_of_day:
                time_of_day, told = timed[1] or timed[2], False
            told = told or last[3:6] in (b"RMC", b"VTG")
            days |= _days(last)
        elif line.startswith(b'{"class":"TPV"'):
            tpv = json.loads(line)
            if tpv.get("mode", 0) < 2 or "time" not in tpv or "lat" not in tpv or "lon" not in tpv:
                continue
            if not last or last not in log:
                binary += 1
                continue
            time = datetime.fromisoformat(tpv["time"])
            moved = time.date() not in days and time.date() - _ROLLOVER in days
            speed = tpv.get("speed")
            report = Report(
                time, tpv["lat"], tpv["lon"], speed if told else None, speed, last[1:6].decode("latin-1"), moved
            )
            epochs.setdefault(time, []).append(report)
    return Oracle(epochs, binary)


def _days(sentence: bytes) -> set[date]:
    match = _dated(sentence)
    if match is None:
        return set()
    day, month, year = (int(part) for part in match.groups() if part is not None)
    if year < 100:
        year += 1900 if year >= 80 else 2000
    try:
        return {date(year, month, day)}
    except ValueError:
        return set()
