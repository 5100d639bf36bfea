"""`sigap demo`: its options, and how it ends."""

import argparse
import math
import re
import signal
import sys
from pathlib import Path
from typing import NamedTuple

from gateway.demo.account import stand_in
from gateway.demo.broker import Preference
from gateway.demo.display import Display
from gateway.demo.errors import DemoError
from gateway.demo.interruption import take_interrupts
from gateway.demo.stack import Calls, Stack, Wishes
from gateway.demo.supervisor import supervise

_INTERRUPTED = 128 + signal.SIGINT  # as shells have it
_LONGEST_S = 1e9
_ROOTS_HOME = Path("/var/lib/sigap/demo")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the subcommand."""
    parser.description = (
        "Start a broker, a database, the gateway and a simulated fleet on this machine, and print the address of the"
        " board. Ctrl-C stops all of it; the next start keeps the data. The last line counts what the fleet sent"
        " and what the database holds; the exit code is 0 only if nothing was lost and nothing stored twice."
    )
    parser.add_argument(
        "--for", dest="seconds", type=_seconds, metavar="S", help="drive for S seconds, then stop by itself"
    )
    parser.add_argument(
        "--units", type=_units, default=12, metavar="N", help="how many ambulances drive, 1 to 1000 (default: 12)"
    )
    parser.add_argument(
        "--broker",
        choices=[each.value for each in Preference],
        default=Preference.AUTO,
        help="auto: a Mosquitto of this machine if there is one, else the embedded broker (default: auto)",
    )
    parser.add_argument(
        "--data",
        type=_directory,
        metavar="DIR",
        help=f"where all data lies (default: .demo here; for root a directory below {_ROOTS_HOME}, named after here)",
    )
    parser.add_argument(
        "--silence",
        type=_silence,
        metavar="UNIT:S",
        help="the unit's radio fails S seconds after the start; its fixes wait on it",
    )
    parser.add_argument(
        "--port", type=_port, help="port of the board, 0 for any (default: 8080, or another if that is taken)"
    )
    parser.add_argument(
        "--calls",
        choices=[each.value for each in Calls],
        default=Calls.CENTRE,
        help="centre: calls come in all day, and are answered by a program where nobody at the board does; crews: each "
        "ambulance drives on calls of its own, of which the centre knows nothing; none: they wait to be sent (default: "
        "centre)",
    )
    parser.set_defaults(parser=parser)


def run(args: argparse.Namespace) -> int:
    """Run the demo until its time is over, somebody stops it, or a part of it fails; returns the exit code."""
    take_interrupts()
    try:
        return _run(args)
    except DemoError as error:
        print(f"sigap demo: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a directory that vanished: everything is stopped by now
        print(f"sigap demo: {error.filename or 'the demo failed'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # outside of the supervisor's care nothing runs
        print("sigap demo: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _run(args: argparse.Namespace) -> int:
    if args.silence is not None and not 1 <= args.silence.number <= args.units:
        args.parser.error(
            f"argument --silence: there is no {args.silence.unit}; the units are {_name(1)} to {_name(args.units)}"
        )
    display = Display()
    wishes = Wishes(
        directory=args.data.absolute() if args.data else default_directory(Path.cwd(), stand_in("nobody") is not None),
        units=args.units,
        broker=Preference(args.broker),
        seconds=args.seconds,
        silence=None if args.silence is None else f"{args.silence.unit}:{args.silence.start_s:g}",
        port=args.port,
        calls=Calls(args.calls),
    )
    report = supervise(Stack(wishes), display)
    if report is None:  # stopped before there was anything to count, or in a hurry
        return 0 if args.seconds is None else _INTERRUPTED
    display.explain(report)
    print(report, flush=True)
    return 0 if report.proved or (report.sent == 0 and args.seconds is None) else 1


def default_directory(here: Path, root: bool) -> Path:
    """Where the data lies if nobody says.

    Root's servers run as other accounts, which seldom may enter the directory where root works. So its data
    lies where they can get, under a name made of that directory, and two checkouts do not meet.
    """
    if not root:
        return here / ".demo"
    return _ROOTS_HOME / ("-".join(here.parts[1:]) or "root")


class _Silence(NamedTuple):
    """Whose radio fails, and when."""

    unit: str
    number: int
    start_s: float


def _name(number: int) -> str:
    """As the simulator names its units."""
    return f"ambulans-{number:02d}"


def _number(text: str) -> float:
    """NaN, which fits no range, for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _whole(text: str, what: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}: a whole number from {low} to {high}")
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < _number(text) <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return float(text)


def _units(text: str) -> int:
    return _whole(text, "number of units", 1, 1000)


def _port(text: str) -> int:
    return _whole(text, "port", 0, 65535)


def _directory(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("no directory is named; the current one is '.'")
    return Path(text)


def _silence(text: str) -> _Silence:
    found = re.fullmatch(r"ambulans-([0-9]{2,4}):(.+)", text)
    if found is None or not 0 <= _number(found[2]) <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no unit and its seconds: write UNIT:S, like ambulans-03:20")
    number = int(found[1])
    return _Silence(_name(number), number, float(found[2]))
