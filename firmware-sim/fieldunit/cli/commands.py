"""`sigap-unit replay`, and what it shares with other runs: open the units, drain, say what became of everything."""

import argparse
import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fieldunit.agent import outcome
from fieldunit.agent import replay as playing
from fieldunit.agent.centre_watch import CentreWatch
from fieldunit.agent.ledger import Ledger
from fieldunit.agent.log import Log, read_log
from fieldunit.agent.progress import Progress
from fieldunit.agent.unit import ReportingUnit, Station, open_units
from fieldunit.cli.arguments import UsageError
from fieldunit.cli.stopping import stopping_on_signals
from fieldunit.outbox import OutboxError
from fieldunit.uplink.broker import read_broker
from fieldunit.uplink.network import Network
from tracker.errors import BadInput
from tracker.wire.topics import checked_id

DONE, FAILED, WAITING, QUARANTINED = 0, 1, 3, 4
"""Exit codes; 2, wrong usage, is argparse's."""

CONNECT_S = 10.0
_LISTED = 200  # units at most that are told one by one at the end


def replay(options: argparse.Namespace) -> int:
    """`sigap-unit replay`; returns the exit code."""
    station = station_of(options, stateless=options.bare)
    if len(options.unit) > len(options.files):
        raise UsageError(f"{len(options.unit)} units for {len(options.files)} files: each file is one unit")
    names = [_id("--unit", name) for name in options.unit]
    names += [_slug(path) for path in options.files[len(names) :]]
    if len(set(names)) < len(names):
        raise UsageError(f"two files would be the same unit ({', '.join(names)}): tell them apart with --unit")
    logs = [read_log(path, options.date) for path in options.files]
    for path, log in zip(options.files, logs, strict=True):
        _describe(path, log)
    plans = [playing.schedule(log.reports, options.speed) for log in logs]
    with _units(options, station, names, interval_s=None) as (units, network, stop):
        watch = CentreWatch(station.centre, () if options.bare else units)
        if options.shift_to_now:
            now = datetime.now(UTC)
            plans = [playing.shift_to_now(plan, now) for plan in plans]
        with Progress("replaying", units, sum(map(len, plans))) as progress:
            playing.play(
                list(zip(units, plans, strict=True)),
                stop,
                unlimited=options.speed is None,
                for_s=options.for_s,
                progress=lambda done: look_after(progress, network, watch, done),
            )
        return finish(options, units, network, watch, stop, silenced=())


@contextlib.contextmanager
def _units(
    options: argparse.Namespace, station: Station, names: Sequence[str], interval_s: float | None
) -> Iterator[tuple[list[ReportingUnit], Network, threading.Event]]:
    """Open the units; the event is set by the first SIGINT or SIGTERM."""
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(stopping_on_signals())
        if options.ledger is not None:
            station = station._replace(ledger=stack.enter_context(Ledger(options.ledger)))
        units, network = stack.enter_context(open_units(station, names, interval_s, bare=options.bare))
        if options.bare:
            await_connections(units, network, stop)
        yield units, network, stop


def await_connections(
    units: Sequence[ReportingUnit], network: Network, stop: threading.Event, seconds: float = CONNECT_S
) -> None:
    """Wait until all are connected: what a bare device says before is lost, so that no run begins with a loss."""
    deadline = time.monotonic() + seconds
    while not all(unit.up for unit in units) and time.monotonic() < deadline and not stop.wait(0.02):
        network.check()


def station_of(options: argparse.Namespace, *, stateless: bool = False, alone: bool = False) -> Station:
    """What the options say about centre and broker; the folder of the outboxes is made, unless there are none.

    Args:
        options: of the command line.
        stateless: whether no unit has an outbox on the disk.
        alone: whether nothing is sent, so that no broker is needed.

    Raises:
        UsageError: something needed was not given.
        OutboxError: the folder cannot be made.
    """
    if not options.broker and not alone:
        raise UsageError("which broker? Give --broker HOST:PORT, or set SIGAP_UNIT_BROKER")
    if not options.centre:
        raise UsageError("which centre? Give --centre ID, or set SIGAP_UNIT_CENTRE")
    if options.state is None and not stateless:
        raise UsageError("where shall the outboxes lie? Give --state DIR; it must outlive this run (or give --bare)")
    broker = read_broker(
        options.broker or "localhost",
        os.environ.get("SIGAP_UNIT_USERNAME"),
        os.environ.get("SIGAP_UNIT_PASSWORD"),
        os.environ.get("SIGAP_UNIT_TLS_CA"),
    )
    if options.state is not None:
        _make_state(options.state)
    return Station(
        centre=_id("--centre", options.centre),
        broker=broker,
        state=options.state or Path(),
        ledger=None,
        trouble=lambda sentence: print(sentence, file=sys.stderr, flush=True),
        reconnect_min_s=options.reconnect_min,
    )


def _make_state(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutboxError(f"--state {folder} is no folder; give one for the outboxes, or a new name") from None
    except OSError as error:
        raise OutboxError(
            f"--state {folder} cannot be made ({error.strerror}); give a folder where you may write"
        ) from error


def finish(
    options: argparse.Namespace,
    units: Sequence[ReportingUnit],
    network: Network,
    watch: CentreWatch,
    stop: threading.Event,
    silenced: Sequence[str],
    keeps: bool = True,
) -> int:
    """Drain, and print what became of everything; a second signal ends the waiting."""
    heard = [unit for unit in units if unit.name not in silenced]
    if stop.is_set() and options.drain and any(unit.tally().waiting for unit in heard):
        print(f"waiting up to {options.drain:g} s for receipts; interrupt again to stop at once", file=sys.stderr)
    stop.clear()
    with Progress("waiting for receipts", units, None) as progress:
        drained = outcome.drain(heard, options.drain, stop, lambda: look_after(progress, network, watch))
    tallies = {unit.name: unit.tally() for unit in units}
    for name, tally in tallies.items() if len(units) <= _LISTED else ():
        remark = "coverage=lost" if name in silenced else ""
        print(outcome.line(f"unit={name}", tally, remark, bare=options.bare))
    print(outcome.line(f"units={len(units)}", outcome.total(list(tallies.values())), bare=options.bare), flush=True)
    if not drained:
        waiting = sum(tallies[unit.name].waiting for unit in heard)
        fate = f"they are safe in {options.state}, and the next run sends them"
        if not keeps:
            fate = "they end with this process: they were kept in memory only"
        elif options.bare:
            fate = "they end with this process: a bare device keeps nothing"
        print(f"sigap-unit: {waiting} items are not confirmed; {fate}", file=sys.stderr)
        if absent := watch.verdict():
            print(f"sigap-unit: {absent}", file=sys.stderr)
    if sentence := outcome.quarantine_sentence(tallies):
        print(f"sigap-unit: {sentence}", file=sys.stderr)
        return QUARANTINED  # before WAITING: what waits is said by the next run as well, and this is not
    return DONE if drained else WAITING


def look_after(progress: Progress, network: Network, watch: CentreWatch, done: int | None = None) -> None:
    """What is done some times a second while a run goes on."""
    network.check()
    watch.look(progress.say)
    progress.look(done)


def _describe(path: Path, log: Log) -> None:
    remarks = [f"{len(log.reports)} fixes"]
    if log.no_fix:
        remarks.append(f"{log.no_fix} epochs without a fix, not sent")
    if log.refused:
        lines = ", ".join(f"{count} {reason.value}" for reason, count in sorted(log.refused.items()))
        remarks.append(f"unreadable lines, not sent: {lines}")
    print(f"{path}: {'; '.join(remarks)}", file=sys.stderr)


def _id(option: str, text: str) -> str:
    try:
        return checked_id(text)
    except BadInput as error:
        raise UsageError(f"{option}: {error.detail}") from None


def _slug(path: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:32].strip("-")
    if not name:
        raise UsageError(f"no unit's id can be made of the name {path.name!r}: give one with --unit")
    return name
