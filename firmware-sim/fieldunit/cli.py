"""The command `sigap-unit`: reads the command line and the environment, and nothing else does.

Exit codes: 0 done; 1 failed, explained on stderr; 2 the command line cannot be meant; 3 done, but items still wait in
an outbox for their receipt.
"""

import argparse
import contextlib
import math
import os
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from fieldunit.agent import outcome, replay
from fieldunit.agent.ledger import Ledger
from fieldunit.agent.log import Log, LogError, read_log
from fieldunit.agent.progress import Progress
from fieldunit.agent.unit import ReportingUnit, Station, open_units
from fieldunit.outbox import OutboxError
from fieldunit.simulator.fleet import HIGHEST_RATE, drive, fleet_of, unit_names
from fieldunit.uplink.broker import BrokerSettingError, read_broker
from fieldunit.uplink.network import Network
from tracker import regions
from tracker.errors import BadInput
from tracker.wire.topics import checked_id

DONE, FAILED, WRONG_USAGE, WAITING = 0, 1, 2, 3

_CONNECT_S = 10.0
_ENVIRONMENT = """environment:
  SIGAP_UNIT_BROKER     as --broker
  SIGAP_UNIT_CENTRE     as --centre
  SIGAP_UNIT_USERNAME   user name for the broker; the unit's id if only a password is given
  SIGAP_UNIT_PASSWORD   password for the broker; not on the command line, where everybody reads it
  SIGAP_UNIT_TLS_CA     certificate (PEM) of the authority that signed the broker's; with it, TLS is used

exit codes:
  0 done; 1 failed, the reason is on stderr; 2 wrong usage; 3 done, but items wait in an outbox for their receipt"""


class UsageError(Exception):
    """The command line cannot be meant; the sentence says what to give."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: None for those of the process.

    Returns:
        The exit code.
    """
    parser, commands = _parsers()
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except (UsageError, BrokerSettingError, BadInput) as error:
        commands[options.command].error(str(error))  # exits with 2, after a line on usage
    except (LogError, OutboxError, regions.ProfileError, OSError) as error:
        print(f"sigap-unit: {error}", file=sys.stderr)
        return FAILED
    return code


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(prog="sigap-unit", description="What rides in the ambulance.")
    subparsers = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    commands = {}
    for name, text, run in (
        ("replay", "publish recorded NMEA logs, each as one unit", _replay),
        ("simulate", "drive a fleet that does not exist", _simulate),
    ):
        command = subparsers.add_parser(
            name,
            help=text,
            description=text,
            epilog=_ENVIRONMENT,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        commands[name] = command
    _add_replay(commands["replay"])
    _add_simulate(commands["simulate"])
    for command in commands.values():
        _add_shared(command)
    return parser, commands


def _add_replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a log; each is one unit")
    command.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="ID",
        help="id of a unit, in the order of the files; else made of the name",
    )
    command.add_argument("--speed", type=_speed, default=1.0, metavar="N|max", help="times true speed (default: 1)")
    command.add_argument(
        "--shift-to-now", action="store_true", help="move the log's times to the present, in the sentences as well"
    )
    command.add_argument(
        "--date", type=_date, metavar="YYYY-MM-DD", help="UTC day of the first sentence, for logs that name none"
    )


def _add_simulate(command: argparse.ArgumentParser) -> None:
    command.add_argument("--profile", default="bojonegoro", help=f"region: {', '.join(regions.names())}")
    command.add_argument("--units", type=_count, default=12, metavar="N", help="vehicles (default: 12)")
    command.add_argument(
        "--rate", type=_rate, default=1.0, metavar="HZ", help="fixes a second and vehicle (default: 1)"
    )
    command.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same drives (default: 1)")
    command.add_argument(
        "--silence",
        type=_silence,
        action="append",
        default=[],
        metavar="UNIT:START_S",
        help="take this unit's coverage away for good, so many seconds after the start",
    )


def _add_shared(command: argparse.ArgumentParser) -> None:
    command.add_argument("--centre", default=os.environ.get("SIGAP_UNIT_CENTRE"), metavar="ID", help="the centre's id")
    command.add_argument(
        "--broker", default=os.environ.get("SIGAP_UNIT_BROKER"), metavar="HOST:PORT", help="MQTT broker"
    )
    command.add_argument("--state", type=Path, metavar="DIR", help="folder of the outboxes; made if it is not there")
    command.add_argument(
        "--for",
        dest="for_s",
        type=_seconds,
        metavar="S",
        help="stop after so many seconds (default: at the end, or never)",
    )
    command.add_argument(
        "--drain", type=_seconds, default=30.0, metavar="S", help="then wait so long for receipts (default: 30)"
    )
    command.add_argument("--ledger", type=Path, metavar="FILE", help="append a JSON line for each fix made safe")
    command.add_argument(
        "--bare",
        action="store_true",
        help="as a third party's device: bare NMEA, no outbox, no receipts, fixes can be lost",
    )
    command.add_argument(
        "--reconnect-min",
        type=_seconds,
        default=1.0,
        metavar="S",
        help="ceiling of the first wait before a reconnect (default: 1)",
    )


def _replay(options: argparse.Namespace) -> int:
    if len(options.unit) > len(options.files):
        raise UsageError(f"{len(options.unit)} units for {len(options.files)} files: each file is one unit")
    names = [checked_id(name) for name in options.unit]
    names += [_slug(path) for path in options.files[len(names) :]]
    if len(set(names)) < len(names):
        raise UsageError(f"two files would be the same unit ({', '.join(names)}): tell them apart with --unit")
    logs = [read_log(path, options.date) for path in options.files]
    for path, log in zip(options.files, logs, strict=True):
        _describe(path, log)
    plans = [replay.schedule(log.reports, options.speed) for log in logs]
    with _units(options, names, interval_s=None) as (units, network, stop):
        if options.shift_to_now:
            now = datetime.now(UTC)
            plans = [replay.shift_to_now(plan, now) for plan in plans]
        with Progress("replaying", units, sum(map(len, plans))) as progress:
            replay.play(
                list(zip(units, plans, strict=True)),
                stop,
                unlimited=options.speed is None,
                for_s=options.for_s,
                progress=lambda done: _look(progress, network, done),
            )
        return _finish(options, units, network, stop, silenced=())


def _simulate(options: argparse.Namespace) -> int:
    profile = regions.load(options.profile)
    options.centre = options.centre or options.profile
    names = unit_names(options.units)
    silences: Mapping[str, float] = dict(options.silence)
    for name in silences:
        if name not in names:
            raise UsageError(f"--silence: there is no {name}; the units are {names[0]} to {names[-1]}")
    _allow_open_files(8 * len(names) + 64)
    cars = fleet_of(profile, len(names), options.rate, options.seed)
    with _units(options, names, interval_s=1 / options.rate) as (units, network, stop):
        with Progress("driving", units, None) as progress:
            drive(
                cars,
                {unit.name: unit for unit in units},
                options.rate,
                stop,
                for_s=options.for_s,
                silences=silences,
                say=progress.say,
                look=lambda: _look(progress, network),
            )
        interrupted = stop.is_set()
        code = _finish(options, units, network, stop, silenced=tuple(silences))
        return DONE if interrupted else code


@contextlib.contextmanager
def _units(
    options: argparse.Namespace, names: Sequence[str], interval_s: float | None
) -> Iterator[tuple[list[ReportingUnit], Network, threading.Event]]:
    """Open the units; the event is set by the first SIGINT or SIGTERM."""
    station = _station(options)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(_stopping_on_signals())
        if options.ledger is not None:
            station = station._replace(ledger=stack.enter_context(Ledger(options.ledger)))
        units, network = stack.enter_context(open_units(station, names, interval_s, bare=options.bare))
        if options.bare:  # what such a device says before it is connected is lost: do not begin with a loss
            deadline = time.monotonic() + _CONNECT_S
            while not all(unit.up for unit in units) and time.monotonic() < deadline and not stop.wait(0.02):
                network.check()
        yield units, network, stop


def _station(options: argparse.Namespace) -> Station:
    if not options.broker:
        raise UsageError("which broker? Give --broker HOST:PORT, or set SIGAP_UNIT_BROKER")
    if not options.centre:
        raise UsageError("which centre? Give --centre ID, or set SIGAP_UNIT_CENTRE")
    if options.state is None and not options.bare:
        raise UsageError("where shall the outboxes lie? Give --state DIR; it must outlive this run (or give --bare)")
    broker = read_broker(
        options.broker,
        os.environ.get("SIGAP_UNIT_USERNAME"),
        os.environ.get("SIGAP_UNIT_PASSWORD"),
        os.environ.get("SIGAP_UNIT_TLS_CA"),
    )
    if options.state is not None:
        options.state.mkdir(parents=True, exist_ok=True)
    return Station(
        centre=checked_id(options.centre),
        broker=broker,
        state=options.state or Path(),
        ledger=None,
        trouble=lambda sentence: print(sentence, file=sys.stderr, flush=True),
        reconnect_min_s=options.reconnect_min,
    )


def _finish(
    options: argparse.Namespace,
    units: Sequence[ReportingUnit],
    network: Network,
    stop: threading.Event,
    silenced: Sequence[str],
) -> int:
    """Drain, and print what became of everything; a second signal ends the waiting."""
    stop.clear()
    heard = [unit for unit in units if unit.name not in silenced]
    with Progress("waiting for receipts", units, None) as progress:
        drained = outcome.drain(heard, options.drain, stop, lambda: _look(progress, network))
    tallies = {unit.name: unit.tally() for unit in units}
    for name, tally in tallies.items():
        print(outcome.line(f"unit={name}", tally, "coverage=lost" if name in silenced else ""))
    print(outcome.line(f"units={len(units)}", outcome.total(list(tallies.values()))), flush=True)
    if not drained:
        waiting = sum(tallies[unit.name].waiting for unit in heard)
        fate = f"they are safe in {options.state}, and the next run sends them"
        if options.bare:
            fate = "they end with this process: a bare device keeps nothing"
        print(f"sigap-unit: {waiting} items are not confirmed; {fate}", file=sys.stderr)
    return DONE if drained else WAITING


def _look(progress: Progress, network: Network, done: int | None = None) -> None:
    network.check()
    progress.look(done)


@contextlib.contextmanager
def _stopping_on_signals() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _describe(path: Path, log: Log) -> None:
    remarks = [f"{len(log.reports)} fixes"]
    if log.no_fix:
        remarks.append(f"{log.no_fix} epochs without a fix, not sent")
    if log.refused:
        lines = ", ".join(f"{count} {reason.value}" for reason, count in sorted(log.refused.items()))
        remarks.append(f"unreadable lines, not sent: {lines}")
    print(f"{path}: {'; '.join(remarks)}", file=sys.stderr)


def _allow_open_files(wanted: int) -> None:
    """A unit holds an outbox (five files) and a connection open; the usual limit of 1024 is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def _slug(path: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:32].strip("-")
    if not name:
        raise UsageError(f"no unit's id can be made of the name {path.name!r}: give one with --unit")
    return name


def _argument(text: str, meaning: str, read: Callable[[str], float], low: float, high: float) -> float:
    try:
        number = read(text)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is no {meaning}")
    return number


def _seconds(text: str) -> float:
    return _argument(text, "number of seconds", float, 0, 1e9)


def _rate(text: str) -> float:
    return _argument(text, f"rate: from 0.01 to {HIGHEST_RATE:g} a second", float, 0.01, HIGHEST_RATE)


def _count(text: str) -> int:
    return int(_argument(text, "number of vehicles: 1 to 1000", int, 1, 1000))


def _speed(text: str) -> float | None:
    return None if text == "max" else _argument(text, "speed: a number above 0, or max", float, 1e-3, 1e6)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write YYYY-MM-DD") from None


def _silence(text: str) -> tuple[str, float]:
    name, colon, start = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r}: write UNIT:START_S, like ambulans-03:20")
    return name, _seconds(start)
