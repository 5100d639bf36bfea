"""`sigap demo`: its options, and how it ends."""

import argparse
import signal
import sys
from pathlib import Path

from gateway.demo.account import stand_in
from gateway.demo.broker import Preference
from gateway.demo.display import Display
from gateway.demo.errors import DemoError
from gateway.demo.interruption import take_interrupts
from gateway.demo.stack import Stack, Wishes
from gateway.demo.supervisor import supervise

_INTERRUPTED = 128 + signal.SIGINT  # as shells have it
_ROOTS_HOME = Path("/var/lib/sigap/demo")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the subcommand."""
    parser.description = (
        "Start a broker, a database, the gateway and a simulated fleet on this machine, and print the address of the"
        " board. Ctrl-C stops all of it; the next start keeps the data. The last line counts what the fleet sent"
        " and what the database holds; the exit code is 0 only if nothing was lost and nothing stored twice."
    )
    parser.add_argument(
        "--for", dest="seconds", type=_positive, metavar="S", help="drive for S seconds, then stop by itself"
    )
    parser.add_argument("--units", type=int, default=12, help="how many ambulances drive (default: 12)")
    parser.add_argument(
        "--broker",
        type=Preference,
        choices=list(Preference),
        default=Preference.AUTO,
        help="auto: a Mosquitto of this machine if there is one, else the embedded broker (default: auto)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help=f"where all data lies (default: .demo here; for root a directory below {_ROOTS_HOME}, named after here)",
    )
    parser.add_argument(
        "--silence", metavar="UNIT:S", help="the unit's radio fails S seconds after the start; its fixes wait on it"
    )
    parser.add_argument("--port", type=int, help="port of the board (default: 8080, or another if that is taken)")


def run(args: argparse.Namespace) -> int:
    """Run the demo until its time is over, somebody stops it, or a part of it fails; returns the exit code."""
    take_interrupts()
    display = Display()
    wishes = Wishes(
        directory=args.data.absolute() if args.data else default_directory(Path.cwd(), stand_in("nobody") is not None),
        units=args.units,
        broker=args.broker,
        seconds=args.seconds,
        silence=args.silence,
        port=args.port,
    )
    try:
        report = supervise(Stack(wishes), display)
    except DemoError as error:
        print(f"sigap demo: {error}", file=sys.stderr)
        return 1
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


def _positive(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds
