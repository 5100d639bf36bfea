"""`sigap-unit replay` and `simulate`: reads the command line and the environment, and nothing else does.

Exit codes: 0 done; 1 failed, explained on stderr; 2 the command line cannot be meant; 3 done, but items still wait in
an outbox for their receipt; 4 done, but the centre has put fixes into its quarantine.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fieldunit.agent.log import LogError
from fieldunit.cli import arguments, commands, simulate
from fieldunit.cli.arguments import UsageError
from fieldunit.outbox import OutboxError
from fieldunit.simulator.roads import RoadsError
from fieldunit.simulator.scenario import ScenarioError
from fieldunit.uplink.broker import BrokerSettingError
from tracker import regions
from tracker.errors import BadInput

_ENVIRONMENT = """environment:
  SIGAP_UNIT_BROKER     as --broker
  SIGAP_UNIT_CENTRE     as --centre
  SIGAP_UNIT_USERNAME   user name for the broker; the unit's id if only a password is given
  SIGAP_UNIT_PASSWORD   password for the broker; not on the command line, where everybody reads it
  SIGAP_UNIT_TLS_CA     certificate (PEM) of the authority that signed the broker's; with it, TLS is used

exit codes:
  0 done, or a simulated fleet was interrupted; 1 failed, the reason is on stderr; 2 wrong usage
  3 done, but items wait in an outbox for their receipt
  4 done, but the centre has put fixes into its quarantine: they are receipted, and in no track"""


ELSEWHERE = {
    "agent": "run a vehicle's unit",
    "doctor": "say what is wrong with one",
    "radio": "pass on what a base radio hears",
}
"""Commands that `fieldunit.cli.main` has already taken; here for the list of `--help`."""


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Args:
        argv: without the program's name.

    Returns:
        The exit code.
    """
    parser, subparsers = _parsers()
    options = parser.parse_args(argv)
    try:
        code: int = options.run(options)
    except (UsageError, BrokerSettingError, BadInput) as error:
        subparsers[options.command].error(str(error))  # exits with 2, after a line on usage
    except (LogError, OutboxError, RoadsError, ScenarioError, regions.ProfileError) as error:
        return _explain(str(error))
    except OSError as error:
        return _explain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return code


def _explain(sentence: str) -> int:
    print(f"sigap-unit: {sentence}", file=sys.stderr)
    return commands.FAILED


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(prog="sigap-unit", description="What rides in the ambulance.")
    choice = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, text in ELSEWHERE.items():
        choice.add_parser(name, help=text, add_help=False)
    subparsers = {}
    for name, text, run, add in (
        ("replay", "publish recorded NMEA logs, each as one unit", commands.replay, _add_replay),
        ("simulate", "drive a fleet that does not exist", simulate.simulate, simulate.add_arguments),
    ):
        subparsers[name] = command = choice.add_parser(
            name,
            help=text,
            description=text,
            epilog=_ENVIRONMENT,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        add(command)
        _add_shared(command)
    return parser, subparsers


def _add_replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a log; each is one unit")
    command.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="ID",
        help="id of a unit, in the order of the files; else made of the name",
    )
    command.add_argument(
        "--speed", type=arguments.speed, default=1.0, metavar="N|max", help="log time to time (default: 1)"
    )
    command.add_argument(
        "--shift-to-now", action="store_true", help="move the log's times to the present, in the sentences as well"
    )
    command.add_argument(
        "--date",
        type=arguments.day,
        metavar="YYYY-MM-DD",
        help="UTC day of the first sentence, if the log names none",
    )


def _add_shared(command: argparse.ArgumentParser) -> None:
    command.add_argument("--centre", default=os.environ.get("SIGAP_UNIT_CENTRE"), metavar="ID", help="the centre's id")
    command.add_argument(
        "--broker", default=os.environ.get("SIGAP_UNIT_BROKER"), metavar="HOST:PORT", help="MQTT broker"
    )
    command.add_argument(
        "--state", type=arguments.folder, metavar="DIR", help="folder of the outboxes; made if it is not there"
    )
    command.add_argument(
        "--for",
        dest="for_s",
        type=arguments.seconds,
        metavar="S",
        help="stop after so many seconds (default: at the end, or never)",
    )
    command.add_argument(
        "--drain",
        type=arguments.seconds,
        default=30.0,
        metavar="S",
        help="wait so long for receipts (default: 30)",
    )
    command.add_argument("--ledger", type=Path, metavar="FILE", help="append a JSON line for each fix made safe")
    command.add_argument(
        "--bare",
        action="store_true",
        help="as a third party's device: bare NMEA, no outbox, no receipts, fixes can be lost",
    )
    command.add_argument(
        "--reconnect-min",
        type=arguments.seconds,
        default=1.0,
        metavar="S",
        help="ceiling of the first wait before a reconnect (default: 1)",
    )
