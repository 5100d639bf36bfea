"""The whole way of a sentence, over recorded receivers, against gpsd.

    python -m tests.corpus.gpsd [FOLDER]

takes every ``*.log`` of the folder through the product's own pieces: bytes -> SentenceFramer -> EpochReader -> payload
with TAG blocks -> payload.decode -> fixes. Where a ``.log.chk`` stands beside it, they are compared with what gpsd made
of it: see `oracle` for what counts. No start clock is given to the reader and no date of a log's header is used.

    percent        epochs for which we have a fix at that time of day, within 1e-6 degrees of a report of gpsd's
    percent_full   of these, also the same UTC, and the speed within 0.1 m/s where both give one; epochs whose date
                   gpsd moved by 1024 weeks are not in it: they are listed, and they must equal ours before the move

The lines before the last give the figures in stricter readings: with gpsd's moved dates counted as differences of
ours; and by gpsd's last report of each instant alone, its moved dates and its computed speeds included.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.corpus import oracle
from tests.corpus.oracle import Report
from tracker.fix import Fix
from tracker.wire import payload
from tracker.wire.framing import SentenceFramer
from tracker.wire.payload import Reading
from tracker.wire.stream import EpochReader

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "nmea" / "gpsd"

_DEGREES = 1e-6 + 1e-9  # gpsd prints nine decimals
_SPEED = 0.1 + 0.0005  # m/s; and three
_ROLLOVER = timedelta(days=7168)
_CHUNK = 997  # bytes fed at once: boundaries fall everywhere
_RECEIVED = datetime(2001, 1, 1, tzinfo=UTC)  # of no log: a fix that needed it would not have gpsd's date


@dataclass
class LogResult:
    """The comparison of one log."""

    name: str
    checked: bool = False  # there is a check file
    epochs: int = 0  # instants for which gpsd has a report that counts
    placed: int = 0  # of these, with a fix of ours at that time of day and place
    full: int = 0  # of the placed, with gpsd's UTC and speed
    moved: int = 0  # among the placed
    binary: int = 0  # reports of gpsd's that stem from binary data
    strict_placed: int = 0
    strict_full: int = 0
    fixes: int = 0
    exceptions: Counter[str] = field(default_factory=Counter)  # epochs by kind
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, example: str) -> None:
        self.exceptions[kind] += 1
        self.examples.setdefault(kind, example)


def fixes_of(log: bytes) -> list[Fix]:
    """The fixes that a unit with this receiver would get into the database."""
    framer, reader = SentenceFramer(), EpochReader()
    epochs = []
    for start in range(0, len(log), _CHUNK):
        for line in framer.feed(log[start : start + _CHUNK]):
            epochs += reader.feed(line)
    for line in framer.flush():
        epochs += reader.feed(line)
    epochs += reader.flush()
    fixes = []
    for number, epoch in enumerate(epochs):
        message = payload.encode_epoch("gnss", number, epoch.device_time, epoch.lines)
        found = payload.decode(message, _RECEIVED)
        fixes += [item.fix for item in found if isinstance(item, Reading) and item.fix is not None]
    return fixes


def compare(path: Path) -> LogResult:
    """Take one log through, and compare it with its check file if it has one."""
    raw = path.read_bytes()
    for start in range(0, len(raw), 16_384):  # whatever it is, as a payload it must not raise
        payload.decode(raw[start : start + 16_384], _RECEIVED)
    log = oracle.without_header(raw)
    fixes = fixes_of(log)
    result = LogResult(path.name, fixes=len(fixes))
    check_file = path.with_name(path.name + ".chk")
    if not check_file.exists():
        return result
    result.checked = True
    said = oracle.read(log, check_file)
    result.binary = said.binary
    by_time_of_day = defaultdict(list)
    for fix in fixes:
        by_time_of_day[_milliseconds(fix.time)].append(fix)
    for time, reports in said.epochs.items():
        result.epochs += 1
        ours = by_time_of_day[_milliseconds(time)]
        _compare_epoch(result, reports, ours)
        last = reports[-1]
        placed = [fix for fix in ours if _same_place(fix, last)]
        result.strict_placed += bool(placed)
        result.strict_full += any(
            _same_time(fix.time, time) and _same_speed(fix.speed, last.any_speed) for fix in placed
        )
    return result


def _compare_epoch(result: LogResult, reports: list[Report], ours: list[Fix]) -> None:
    first = reports[0]
    if not ours:
        result.note("no fix", f"{first.time} after {first.after}")
        return
    pairs = [(fix, report) for fix in ours for report in reports if _same_place(fix, report)]
    if not pairs:
        nearest = ours[-1]
        off = max(abs(nearest.latitude - first.latitude), abs(nearest.longitude - first.longitude))
        result.note("position", f"{first.time} after {reports[-1].after}, {off:.7f} degrees off")
        return
    result.placed += 1
    if first.moved and any(_same_time(fix.time, report.time - _ROLLOVER) for fix, report in pairs):
        result.moved += 1
        result.note("date moved by gpsd", f"{first.time}, the receiver says {pairs[0][0].time}")
        return
    dated = [(fix, report) for fix, report in pairs if _same_time(fix.time, report.time)]
    if not dated:
        result.note("date", f"{first.time}, ours {pairs[0][0].time}")
    elif not any(_same_speed(fix.speed, report.speed) for fix, report in dated):
        result.note("speed", f"{first.time}: {dated[-1][1].speed} m/s, ours {dated[-1][0].speed}")
    else:
        result.full += 1


def _milliseconds(time: datetime) -> int:
    return (time.hour * 3600 + time.minute * 60 + time.second) * 1000 + round(time.microsecond / 1000)


def _same_time(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(milliseconds=1)


def _same_place(fix: Fix, report: Report) -> bool:
    return abs(fix.latitude - report.latitude) <= _DEGREES and abs(fix.longitude - report.longitude) <= _DEGREES


def _same_speed(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) <= _SPEED


def run(folder: Path) -> list[LogResult]:
    """Every log of a folder."""
    return [compare(path) for path in sorted(folder.glob("*.log"))]


@dataclass(frozen=True)
class Summary:
    """The figures over all logs that count."""

    logs: int
    epochs: int
    percent: float
    percent_full: float
    with_moved: float  # percent_full, were gpsd's moved dates right
    strict: float
    strict_full: float


def summarise(results: Iterable[LogResult]) -> Summary:
    """Percentages over all epochs of all logs; 0 where there is no epoch."""
    counted = [result for result in results if result.epochs]
    epochs = sum(result.epochs for result in counted)
    undisputed = epochs - sum(result.moved for result in counted)

    def percent(part: int, whole: int) -> float:
        return 100 * part / whole if whole else 0.0

    return Summary(
        len(counted),
        epochs,
        percent(sum(result.placed for result in counted), epochs),
        percent(sum(result.full for result in counted), undisputed),
        percent(sum(result.full for result in counted), epochs),
        percent(sum(result.strict_placed for result in counted), epochs),
        percent(sum(result.strict_full for result in counted), epochs),
    )


def lines(results: list[LogResult]) -> Iterator[str]:
    """What is printed."""
    for result in results:
        if result.epochs:
            binary = f", {result.binary} reports from binary data not counted" if result.binary else ""
            yield f"{result.name}: {result.placed} of {result.epochs} placed, {result.full} full{binary}"
        elif not result.checked:
            yield f"{result.name}: not counted, there is no check file; {result.fixes} fixes"
        elif result.binary:
            yield f"{result.name}: not counted, its {result.binary} reports stem from binary data; {result.fixes} fixes"
        else:
            yield f"{result.name}: not counted, gpsd reports no fix with a time; {result.fixes} fixes"
    for result in results:
        for kind, count in sorted(result.exceptions.items()):
            yield f"exception {result.name}: {kind}, {count} epochs; first {result.examples[kind]}"
    summary = summarise(results)
    yield f"gpsd's moved dates counted as differences of ours: percent_full={summary.with_moved:.2f}"
    yield (
        f"strictest reading (last report of each instant, gpsd's moved dates and computed speeds): "
        f"percent={summary.strict:.2f} percent_full={summary.strict_full:.2f}"
    )
    yield (
        f"logs={summary.logs} epochs={summary.epochs} "
        f"percent={summary.percent:.2f} percent_full={summary.percent_full:.2f}"
    )


def main(arguments: list[str]) -> int:
    """Exit code 2 where there is no such folder, or no log in it."""
    folder = Path(arguments[0]) if arguments else FOLDER
    results = run(folder)
    if not results:
        print(f"no *.log in {folder}", file=sys.stderr)
        return 2
    for line in lines(results):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
