"""`sigap drill NAME`: its options, and how it ends."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from gateway.demo.errors import DemoError
from gateway.demo.interruption import take_interrupts
from gateway.drills.drill import Drill, running
from gateway.drills.features import FEATURES
from gateway.drills.plans import PLANS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the subcommand."""
    parser.description = (
        "Run the whole system with simulated units through what a centre must be able to do, and print what was seen,"
        " a line each. The exit code is 0 only if all of it holds. Servers and data are the drill's own."
    )
    parser.add_argument("name", choices=sorted(PLANS), help="which centre")
    parser.add_argument("--true-speed", action="store_true", help="by the machine's clock, not as fast as it can")
    parser.add_argument("--without", action="append", choices=sorted(FEATURES), default=[], help=argparse.SUPPRESS)
    parser.add_argument("--part", action="append", default=[], metavar="PART", help="only this part; may be repeated")
    parser.set_defaults(parser=parser)
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep servers' data and logs here")


def run(args: argparse.Namespace) -> int:
    """Run it; returns the exit code."""
    take_interrupts()
    try:
        with tempfile.TemporaryDirectory(prefix="sigap-drill-") as temporary:
            if args.data is None:
                Path(temporary).chmod(0o755)
            return _run(args, args.data or Path(temporary))
    except DemoError as error:
        print(f"sigap drill: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sigap drill: interrupted", file=sys.stderr)
        return 130


def _run(args: argparse.Namespace, directory: Path) -> int:
    plan = PLANS[args.name]
    parts = [part.__name__ for part in plan.parts]
    if unknown := [part for part in args.part if part not in parts]:
        args.parser.error(f"{args.name} has no part {unknown[0]!r}; it has: {', '.join(parts)}")
    began = time.monotonic()

    def say(line: str) -> None:
        print(line, flush=True)

    with running(plan, directory) as stack:
        drill = Drill(plan, stack, say, held=not args.true_speed, without=args.without, only=args.part)
        holds = drill.run()
        took, passed = time.monotonic() - began, drill.elapsed(drill.began)
    told = f"{drill.check.held} of {drill.check.held + drill.check.failed} hold"
    say(f"{args.name}: {told}; {passed / 60:.0f} minutes in {took:.0f} s")
    return 0 if holds else 1
