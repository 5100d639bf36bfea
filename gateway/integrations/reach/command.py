"""`sigap reach`: whether somebody can be reached, before it is needed."""

import argparse
import asyncio
from contextlib import AsyncExitStack

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.clock import TRUE
from gateway.integrations.reach.sms import Sms
from gateway.integrations.wiring import open_channels
from gateway.services.missions import Unknown
from gateway.services.reach import NotReached, Reach
from gateway.settings import Settings
from gateway.storage.pool import open_pool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="whom alarms reach, and how").set_defaults(act=_list)
    test = actions.add_parser("test", help="write to a contact by each of their ways, and say what became of it")
    test.add_argument("contact", help="the contact's id")
    test.set_defaults(act=_test)
    actions.add_parser("modem", help="whether the GSM modem has a SIM card, a network and a signal").set_defaults(
        act=_modem
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code.

    Raises:
        psycopg.Error: the database cannot be asked.
    """
    settings = Settings()

    async def connected() -> int:
        async with AsyncExitStack() as stack:
            pool = await stack.enter_async_context(open_pool(settings.database_url.get_secret_value(), 1))
            channels = await stack.enter_async_context(open_channels(settings, TRUE))
            status: int = await args.act(Reach(settings.centre, pool, channels), args)
            return status

    return asyncio.run(connected())


async def _list(reach: Reach, _: argparse.Namespace) -> int:
    table = Table("contact", "name", "role", "ways", "quiet")
    for contact in await reach.contacts():
        ways = "\n".join(f"{way.kind} {way.address}" for way in contact.channels)
        cells = (contact.id, contact.name, contact.role, ways, contact.quiet)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table if table.row_count else "nobody is reached: PUT /api/v1/contacts")
    return 0


async def _test(reach: Reach, args: argparse.Namespace) -> int:
    try:
        results = await reach.test(args.contact)
    except Unknown as error:
        print(f"sigap: {error}")
        return 1
    for way, failure, said in results:
        print(f"{way.kind} {way.address}: {f'FAILED: {failure}' if failure else said}")
    if not results:
        print(f"{args.contact} has no ways at all")
    return 0 if results and not any(failure for _, failure, _ in results) else 1


async def _modem(reach: Reach, _: argparse.Namespace) -> int:
    modem = reach.channels.get("sms")
    if not isinstance(modem, Sms):
        print("this gateway has no modem: SIGAP_GSM_PORT names its serial port")
        return 1
    try:
        found = await modem.condition()
    except NotReached as error:
        print(f"sigap: {error}")
        return 1
    signal = "unknown" if found.signal_dbm is None else f"{found.signal_dbm} dBm"
    network = f"registered{f' with {found.operator}' if found.operator else ''}" if found.registered else "NO NETWORK"
    print(f"the SIM card is ready; signal: {signal}; {network}")
    return 0 if found.registered else 1
