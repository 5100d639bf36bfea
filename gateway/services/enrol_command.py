"""`sigap enrol`: units, and what speaks for them besides their own devices: a radio behind a bridge, or a phone."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno
from psycopg import AsyncConnection
from rich.console import Console

from gateway.services import enrol_phone, enrol_profile
from gateway.services.arguments import identifier
from gateway.services.enrol_phone import PhoneBroker
from gateway.services.take_in_kept import take_in, take_in_kept
from gateway.settings import Settings
from gateway.storage import bridges, phones, quarantine, units
from gateway.storage.asking import asked
from gateway.storage.migrations import migrate
from gateway.storage.pool import open_pool
from gateway.storage.units import Unit
from tracker import regions
from tracker.duty import BadWindows, read_windows

MAX_NAME = 60
"""Characters of a unit's name: what a list on a phone still shows."""

Connection = AsyncConnection[Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(parser=parser)
    parser.add_argument("unit", nargs="?", type=identifier, help="the unit's id")
    parser.add_argument("--name", type=_label, help="what people call it; the id, or what it was, if absent")
    parser.add_argument(
        "--kind", type=identifier, help="ambulance, motorcycle, ...; ambulance, or what it was, if absent"
    )
    parser.add_argument("--profile", choices=regions.names(), help="the centre and all units of a region's profile")
    radio = parser.add_argument_group("a radio, heard by a bridge (sigap-unit radio)")
    radio.add_argument(
        "--radio",
        type=identifier,
        metavar="RADIO",
        help="its name in the quarantine: fs-100-1001, nx-2, taip-1234, ...",
    )
    radio.add_argument("--bridge", type=identifier, metavar="BRIDGE", help="the bridge that hears it")
    phone = parser.add_argument_group("a phone, with OwnTracks or Traccar Client")
    phone.add_argument("--phone", action="store_true", help="give the unit's phone a new secret, and show its QR codes")
    phone.add_argument(
        "--service",
        action="store_true",
        help="the centre's own phone: no consent asked, always on duty unless it says not",
    )
    phone.add_argument(
        "--windows", type=_windows, help='weekly duty, "mon-fri 06:00-18:00, sat 20:00-02:00"', metavar="W"
    )
    phone.add_argument(
        "--svg", type=Path, default=Path(), metavar="DIR", help="where the codes are written (default: .)"
    )
    phone.add_argument("--mqtt-user", metavar="USER", help="OwnTracks user, where it is not CENTRE.UNIT")


def run(args: argparse.Namespace) -> int:
    """Enrol them, and say what that did; the exit code is 0.

    Raises:
        psycopg.Error: the database cannot be asked.
        MigrationsDisagree: the database was made by another version.
    """
    if wrong := _wrong(args):
        args.parser.error(wrong)
    settings = Settings()
    asked(settings.database_url, lambda connection: _enrol(connection, settings, args))
    return 0


async def _enrol(connection: Connection, settings: Settings, args: argparse.Namespace) -> None:
    centre, now = settings.centre, datetime.now(UTC)
    await migrate(connection)
    known = {unit.id: unit for unit in await units.enrolled(connection, centre)}
    profile = None if args.profile is None else regions.load(args.profile)
    if profile is None:
        was = known.get(args.unit, Unit(args.unit, args.unit, "ambulance"))
        found = [Unit(args.unit, args.name or was.name, args.kind or was.kind)]
    else:
        await units.describe_centre(connection, centre, profile.name, profile.time_zone)
        new = [unit for unit in profile.units if unit.id not in known]  # names given here stay
        found = [Unit(unit.id, unit.name, unit.kind) for unit in new if not unit.private]
        if private := [unit.id for unit in new if unit.private]:
            print(
                f"left out, for nobody has asked their owners: {', '.join(private)}; "
                "enrol each with --phone, and its driver consents"
            )
    for unit in found:
        await units.enrol(connection, centre, unit)
    print(f"enrolled {len(found)} unit{'s' * (len(found) != 1)} in centre {centre}")
    if profile is not None:
        there = [unit.id for unit in await units.enrolled(connection, centre)]
        agencies, told = await enrol_profile.fill(connection, centre, profile, there)
        print(f"the profile tells of {agencies} new agencies, and whose {told} units are")
    async with open_pool(settings.database_url.get_secret_value(), 1) as pool:
        for unit in found:
            if taken := await take_in_kept(pool, centre, unit.id, now):
                print(f"{unit.id}: {taken} messages it had sent before are taken in from the quarantine")
    for unit in found:
        await take_in_bridged(connection, settings, unit.id, now)
    if args.radio is not None:
        await enrol_radio(connection, settings, args.unit, args.bridge, args.radio, now)
    if args.phone:
        await enrol_phone_of(connection, settings, args, now)


def _wrong(args: argparse.Namespace) -> str | None:
    """What is wrong with the combination of options; None if nothing is."""
    if (args.unit is None) == (args.profile is None):
        return "name one unit, or a --profile: one of the two"
    if (args.radio is None) != (args.bridge is None):
        return "a radio is enrolled with both --radio and --bridge"
    if args.unit is None and (args.radio is not None or args.phone):
        return "name the unit whose radio or phone it is"
    if not args.phone and (args.service or args.windows or args.mqtt_user):
        return "--service, --windows and --mqtt-user belong to --phone"
    return None


async def enrol_radio(
    connection: Connection, settings: Settings, unit: str, bridge: str, radio: str, now: datetime
) -> None:
    """Make a radio the unit's, and take in what it said before. The unit is enrolled."""
    centre = settings.centre
    await bridges.enrol_radio(connection, centre, bridge, radio, unit)
    print(f"radio {radio} of bridge {bridge} is {unit}'s")
    await take_in_and_tell(settings, quarantine.of_radio(centre, bridge, radio), now)


async def take_in_bridged(connection: Connection, settings: Settings, unit: str, now: datetime) -> None:
    """Take in what bridges that may speak for a unit said of it before it was enrolled."""
    for bridge in await bridges.known(connection, settings.centre):
        if unit in bridge.units:
            await take_in_and_tell(settings, quarantine.of_bridged_unit(settings.centre, bridge.id, unit), now)


async def take_in_and_tell(settings: Settings, topics: str, now: datetime) -> None:
    """Take kept messages in, and say how many."""
    async with open_pool(settings.database_url.get_secret_value(), 1) as pool:
        if taken := await take_in(pool, settings.centre, topics, now):
            print(f"{taken} messages from before are taken in from the quarantine")


async def enrol_phone_of(connection: Connection, settings: Settings, args: argparse.Namespace, now: datetime) -> None:
    """Give a unit's phone a secret and print how it is set up. The unit is enrolled."""
    unit, centre = args.unit, settings.centre
    secret = enrol_phone.new_secret()
    user = args.mqtt_user or enrol_phone.default_user(centre, unit)
    await phones.enrol(connection, centre, unit, secret, user, now, private=not args.service)
    if args.windows:
        await phones.schedule(connection, centre, unit, args.windows, "sigap enrol", now)
    out = Console(highlight=False, markup=False, soft_wrap=True)
    if settings.phone_url is not None:
        _show(
            out,
            "Traccar Client",
            enrol_phone.traccar_code(settings.phone_url, secret),
            args.svg / f"{unit}-traccar.svg",
        )
        out.print(f"the driver's page: {enrol_phone.driver_page(settings.phone_url, secret)}")
    broker = phone_broker(settings)
    if broker is not None:
        code = enrol_phone.owntracks_code(broker, user, unit, secret)
        _show(out, "OwnTracks", code, args.svg / f"{unit}-owntracks.svg")
        out.print(f"the broker must know the user {user} with this password: {secret}")
    if settings.phone_url is None and broker is None:
        out.print("no code can be made: SIGAP_PHONE_URL and SIGAP_PHONE_BROKER say where phones reach this centre")
    if args.service:
        out.print(f"{unit}: the centre's own phone; what it says is stored")
    else:
        out.print(
            f"{unit}: nothing is stored until its driver consents (on the driver's page, or `sigap phone consent`)"
        )
        out.print("and then only on duty: in its weekly windows (--windows), or while the driver says so")


def phone_broker(settings: Settings) -> PhoneBroker | None:
    """The broker as phones reach it; port 8883 means TLS, and so does none."""
    if settings.phone_broker is None:
        return None
    host, _, port = settings.phone_broker.partition(":")
    number = int(port or 8883)
    return PhoneBroker(host, number, number != 1883)


def _show(out: Console, app: str, text: str, file: Path) -> None:
    code = segno.make(text, error="l", micro=False)
    out.print(f"{app}: scan this with the app's own code reader, or the phone's camera")
    code.terminal(border=2, compact=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    code.save(str(file), kind="svg", scale=6, border=4, light="white")
    out.print(f"the same as a picture: {file} (it holds the secret: delete it when the phone is set up)")


def _label(text: str) -> str:
    """A name that fits into a list and does nothing to a terminal."""
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name has 1 to {MAX_NAME} printable characters")
    return text.strip()


def _windows(text: str) -> str:
    try:
        read_windows(text)
    except BadWindows as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
