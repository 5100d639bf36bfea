"""`sigap phone`: the phones that speak for units, the consent of those who carry them, and their duty."""

import argparse
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table

from gateway.services.arguments import identifier
from gateway.services.consent_text import VERSION
from gateway.settings import Settings
from gateway.storage import phones
from gateway.storage.asking import asked
from gateway.storage.phones import Phone
from tracker.duty import LONGEST_ON, SHIFT, BadWindows, State, read_windows

Connection = AsyncConnection[Any]
Act = Callable[[Connection, str, Phone, argparse.Namespace, datetime], Awaitable[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="every phone, its consent and how it stands").set_defaults(act=None)

    def action(name: str, text: str, act: Act) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text)
        made.add_argument("unit", type=identifier, help="the unit's id")
        made.set_defaults(act=act)
        return made

    action("drop", "forget the unit's phone: its secret is worth nothing any more", _drop)
    consent = action("consent", "record a consent that was given on paper", _consent)
    consent.add_argument("--person", required=True, help="who consents")
    consent.add_argument("--version", default=VERSION, help=f"of the text (default: {VERSION})")
    action("withdraw", "record that the consent was withdrawn: nothing is stored from now on", _withdraw)
    windows = action("windows", "set the weekly duty, in the centre's time zone", _windows)
    windows.add_argument("windows", type=_read_windows, help='"mon-fri 06:00-18:00, sat 20:00-02:00"; "" is none')
    duty = action("duty", "on or off duty from now on, or back to the weekly windows", _duty)
    duty.add_argument("state", choices=[state.value for state in State])
    duty.add_argument(
        "--hours",
        type=_hours,
        default=SHIFT / timedelta(hours=1),
        metavar="H",
        help="how long `on` lasts, at most 24 (default: 12)",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code.

    Raises:
        psycopg.Error: the database cannot be asked.
    """
    settings = Settings()
    now = datetime.now(UTC)

    async def act(connection: Connection) -> int:
        if args.act is None:
            return await _list(connection, settings.centre, now)
        found = await phones.find(connection, settings.centre, now, units=[args.unit])
        if not found:
            print(f"{args.unit} has no phone: `sigap enrol --phone {args.unit}`")
            return 1
        print(await args.act(connection, settings.centre, found[0], args, now))
        return 0

    return asked(settings.database_url, act)


async def _list(connection: Connection, centre: str, now: datetime) -> int:
    table = Table("unit", "OwnTracks user", "whose", "consent", "since")
    for phone in await phones.find(connection, centre, now, everyone=True):
        consent = phone.consent
        said = "not asked" if not phone.private else "NONE: nothing is stored"
        since = ""
        if consent is not None:
            said, since = f"{consent.person}, text {consent.text_version}", f"{consent.given_at:%Y-%m-%d %H:%M}Z"
        table.add_row(phone.unit, phone.mqtt_user, "private" if phone.private else "the centre's", said, since)
    Console().print(table if table.row_count else "no phone is enrolled: `sigap enrol --phone UNIT`")
    return 0


async def _drop(connection: Connection, centre: str, phone: Phone, _: argparse.Namespace, now: datetime) -> str:
    await phones.drop(connection, centre, phone.unit, now)
    return f"{phone.unit} has no phone any more"


async def _consent(connection: Connection, centre: str, phone: Phone, args: argparse.Namespace, now: datetime) -> str:
    await phones.consent(connection, centre, phone.unit, args.person, args.version, f"centre: {_who()}", now)
    return f"{phone.unit}: consent of {args.person} to text {args.version} recorded"


async def _withdraw(connection: Connection, centre: str, phone: Phone, _: argparse.Namespace, now: datetime) -> str:
    was = await phones.withdraw(connection, centre, phone.unit, f"centre: {_who()}", now)
    return f"{phone.unit}: {'withdrawn, nothing is stored from now on' if was else 'there was no consent'}"


async def _windows(connection: Connection, centre: str, phone: Phone, args: argparse.Namespace, now: datetime) -> str:
    await phones.schedule(connection, centre, phone.unit, args.windows, f"centre: {_who()}", now)
    return f"{phone.unit}: on duty {args.windows or 'never by the week'}, from now on"


async def _duty(connection: Connection, centre: str, phone: Phone, args: argparse.Namespace, now: datetime) -> str:
    state = State(args.state)
    until = now + timedelta(hours=args.hours) if state is State.ON else None
    await phones.change_duty(connection, centre, phone.unit, state, until, f"centre: {_who()}", now)
    words = {
        State.ON: f"on duty until {until:%H:%M}Z" if until else "",
        State.OFF: "off duty",
        State.SCHEDULE: "by the week",
    }
    return f"{phone.unit}: {words[state]}"


def _who() -> str:
    """Who types here, for the record."""
    return getpass.getuser()


def _read_windows(text: str) -> str:
    try:
        read_windows(text)
    except BadWindows as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= LONGEST_ON / timedelta(hours=1):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours up to 24")
    return hours
