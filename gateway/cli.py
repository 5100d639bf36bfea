"""The console program ``sigap``: the one reader of argv.

What a command takes to run is imported when it is asked for. Some want numpy, scipy and a web server, which takes
seconds on a small machine, and who asks what commands there are, or enrols a unit, has no use for them.
"""

import argparse
import logging
import signal
import sys
from typing import Protocol

import psycopg
import structlog
from pydantic import ValidationError

from gateway.storage.migrations import MigrationsDisagree
from tracker.errors import TrackerError

COMMANDS = {
    "serve": "run the gateway of one centre",
    "migrate": "bring the database's schema up to date",
    "enrol": "make units known, so that their fixes are stored",
    "bridge": "for whom a base radio's bridge may speak",
    "facilities": "hospitals and health centres: lists, doubts, confirmation",
    "phone": "phones as units: consent, duty, secrets",
    "reach": "whom alarms reach, and whether they do",
    "quarantine": "show what could not be stored, newest first",
    "roads": "build the road network of a region, and look at it",
    "eta": "how well arrival times were foretold, and how they get better",
    "demo": "start everything on this machine, with a simulated fleet",
    "drill": "run a centre's exercise on this machine, and print what holds",
}
"""With what each does, in a line."""


class Command(Protocol):
    """A module that is a command."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare its options and actions."""

    def run(self, args: argparse.Namespace, /) -> int:
        """Do it; the exit code."""


def main() -> int:
    """Run one command; 0 is success, 1 a failure that is explained on stderr, 2 wrong usage."""
    args = _parser(sys.argv[1:]).parse_args()
    _log_to_stderr()
    try:
        status: int = args.run(args)
    except KeyboardInterrupt:  # those that run long end by themselves; what is built or learned is kept whole or not
        _explain("interrupted")
        return 128 + signal.SIGINT
    except (MigrationsDisagree, TrackerError) as error:
        return _explain(str(error))
    except psycopg.errors.UndefinedTable:
        return _explain("the database has no schema of ours yet: `sigap migrate` makes it")
    except psycopg.OperationalError as error:
        return _explain(f"the database cannot be reached: {_first_line(error)}; SIGAP_DATABASE_URL says where it is")
    except psycopg.Error as error:
        return _explain(f"the database refuses: {_first_line(error)}")
    except ValidationError as error:
        return _explain("; ".join(_problems(error)) + ". `sigap serve --help` lists all settings")
    return status


def _first_line(error: psycopg.Error) -> str:
    """What happened; the lines behind it give hints for other programs than this one."""
    return str(error).strip().partition("\n")[0]


def _problems(error: ValidationError) -> list[str]:
    found = []
    for each in error.errors():
        name = f"SIGAP_{str(each['loc'][0]).upper()}"
        missing = each["type"] == "missing"
        found.append(f"{name} is not set" if missing else f"{name}: {each['msg'].removeprefix('Value error, ')}")
    return found


def _parser(words: list[str]) -> argparse.ArgumentParser:
    """All commands, of which the one that is asked for knows its options."""
    parser = argparse.ArgumentParser(prog="sigap", description="Tracks emergency units and loses no fix.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked = next((word for word in words if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == asked:
            module = _command(name)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def _command(name: str) -> Command:
    found: Command
    match name:
        case "serve":
            from gateway import serve_command as found
        case "migrate":
            from gateway.services import migrate_command as found
        case "enrol":
            from gateway.services import enrol_command as found
        case "bridge":
            from gateway.services import bridge_command as found
        case "facilities":
            from gateway.services import facility_command as found
        case "phone":
            from gateway.services import phone_command as found
        case "reach":
            from gateway.integrations.reach import command as found
        case "quarantine":
            from gateway.services import quarantine_command as found
        case "roads":
            from gateway.roads import command as found
        case "eta":
            from gateway.services import eta_command as found
        case "demo":
            from gateway.demo import command as found
        case _:
            from gateway.drills import command as found
    return found


def _explain(sentence: str) -> int:
    print(f"sigap: {sentence}", file=sys.stderr)
    return 1


def _log_to_stderr() -> None:
    """One line an event; JSON where nobody watches."""
    console = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
