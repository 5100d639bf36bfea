"""`sigap bridge`: which bridges there are, and for whom they may speak."""

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table

from gateway.services.arguments import identifier
from gateway.services.enrol_command import take_in_and_tell
from gateway.settings import Settings
from gateway.storage import bridges, quarantine, units
from gateway.storage.asking import asked

Connection = AsyncConnection[Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    allow = actions.add_parser("allow", help="let a bridge speak for units, and take in what it said of them before")
    forbid = actions.add_parser("forbid", help="take that back, with the radios enrolled for them")
    for each, run_it in ((allow, _allow), (forbid, _forbid)):
        each.add_argument("bridge", type=identifier, help="the bridge's id")
        each.add_argument("units", type=identifier, nargs="+", help="ids of units", metavar="UNIT")
        each.set_defaults(act=run_it)
    actions.add_parser("list", help="every bridge, its units and its radios").set_defaults(act=_list)


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code.

    Raises:
        psycopg.Error: the database cannot be asked.
    """
    settings = Settings()
    act: Callable[[Connection, Settings, argparse.Namespace], Awaitable[int]] = args.act
    return asked(settings.database_url, lambda connection: act(connection, settings, args))


async def _allow(connection: Connection, settings: Settings, args: argparse.Namespace) -> int:
    enrolled = {unit.id for unit in await units.enrolled(connection, settings.centre)}
    for unit in args.units:
        await bridges.allow(connection, settings.centre, args.bridge, unit)
        print(f"bridge {args.bridge} may speak for {unit}")
        if unit not in enrolled:
            print(f"{unit} is not enrolled yet: `sigap enrol {unit}`, then allow it once more")
            continue
        topics = quarantine.of_bridged_unit(settings.centre, args.bridge, unit)
        await take_in_and_tell(settings, topics, datetime.now(UTC))
    return 0


async def _forbid(connection: Connection, settings: Settings, args: argparse.Namespace) -> int:
    for unit in args.units:
        was = await bridges.forbid(connection, settings.centre, args.bridge, unit)
        print(f"bridge {args.bridge} {'speaks no more for' if was else 'did not speak for'} {unit}")
    return 0


async def _list(connection: Connection, settings: Settings, _: argparse.Namespace) -> int:
    table = Table("bridge", "may speak for", "radios enrolled here")
    for bridge in await bridges.known(connection, settings.centre):
        radios = ", ".join(f"{radio} = {unit}" for radio, unit in sorted(bridge.radios.items()))
        table.add_row(bridge.id, ", ".join(sorted(bridge.units)), radios)
    Console().print(table if table.row_count else "no bridge may speak for any unit: `sigap bridge allow BRIDGE UNIT`")
    return 0
