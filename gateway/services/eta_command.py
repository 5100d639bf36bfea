"""`sigap eta`: three commands of one name."""

import argparse

from gateway.services import learn_command, route_command, score_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, text, command in (
        ("score", "told against arrived", score_command),
        ("route", "how long from one street or place to another", route_command),
        ("learn", "learn speeds from finished drives", learn_command),
    ):
        action = actions.add_parser(name, help=text)
        command.add_arguments(action)
        action.set_defaults(act=command.run)


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code.

    Raises:
        Whatever the action raises.
    """
    code: int = args.act(args)
    return code
