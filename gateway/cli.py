"""The console program ``sigap``: the one reader of argv."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from gateway import app
from gateway.demo import command as demo
from gateway.drills import command as drills
from gateway.integrations.reach import command as reach
from gateway.listening import CannotListenError
from gateway.loading import settle
from gateway.roads import command as roads
from gateway.services import bridge_command, enrol_command, enrol_profile, facility_command, phone_command
from gateway.services import learn_command as learn
from gateway.services import route_command as route
from gateway.services import score_command as score
from gateway.services.take_in_kept import take_in_kept
from gateway.services.terminal import harmless
from gateway.settings import Settings, described
from gateway.storage import quarantine, units
from gateway.storage.migrations import MigrationsDisagree, migrate
from gateway.storage.pool import open_pool
from gateway.storage.units import Unit
from tracker import regions
from tracker.errors import BadInput, TrackerError
from tracker.wire.topics import checked_id

MAX_NAME = 60
"""Characters of a unit's name: what a list on a phone still shows."""

_STOP_S = 8.0
"""For a clean stop, after which the process ends all the same: whoever runs it is promised ten."""


def main() -> int:
    """Run one command; 0 is success, 1 a failure that is explained on stderr, 2 wrong usage."""
    parser = _parser()
    args = parser.parse_args()
    _log_to_stderr()
    try:
        status: int = args.run(args)
    except KeyboardInterrupt:  # those that run long end by themselves; what is built or learned is kept whole or not
        _explain("interrupted")
        return 128 + signal.SIGINT
    except (MigrationsDisagree, TrackerError) as error:
        return _explain(str(error))
    except CannotListenError as error:
        return _explain(f"{error}; SIGAP_HTTP_HOST and SIGAP_HTTP_PORT say where to listen, 0 takes a free port")
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sigap", description="Tracks emergency units and loses no fix.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    table = "\n".join(f"  {name:<22} {text} (default: {default})" for name, default, text in described())
    serve = commands.add_parser(
        "serve",
        help="run the gateway of one centre",
        epilog=f"settings, from the environment:\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.set_defaults(run=_serve)

    commands.add_parser("migrate", help="bring the database's schema up to date").set_defaults(run=_migrate)

    enrol = commands.add_parser("enrol", help="make units known, so that their fixes are stored")
    enrol.add_argument("unit", nargs="?", type=_unit_id, help="the unit's id")
    enrol.add_argument("--name", type=_label, help="what people call it; the id, or what it was, if absent")
    enrol.add_argument("--kind", type=_unit_id, help="ambulance, motorcycle, ...; ambulance, or what it was, if absent")
    enrol.add_argument("--profile", choices=regions.names(), help="the centre and all units of a region's profile")
    enrol_command.add_arguments(enrol)
    enrol.set_defaults(run=_enrol, parser=enrol)

    bridge = commands.add_parser("bridge", help="for whom a base radio's bridge may speak")
    bridge_command.add_arguments(bridge)
    bridge.set_defaults(run=bridge_command.run)

    facilities = commands.add_parser("facilities", help="hospitals and health centres: lists, doubts, confirmation")
    facility_command.add_arguments(facilities)
    facilities.set_defaults(run=facility_command.run)

    phone = commands.add_parser("phone", help="phones as units: consent, duty, secrets")
    phone_command.add_arguments(phone)
    phone.set_defaults(run=phone_command.run)

    reached = commands.add_parser("reach", help="whom alarms reach, and whether they do")
    reach.add_arguments(reached)
    reached.set_defaults(run=reach.run)

    kept = commands.add_parser("quarantine", help="show what could not be stored, newest first")
    kept.add_argument("--limit", type=_count, default=50, help="how many at most (default: 50)")
    kept.set_defaults(run=_quarantine)

    network = commands.add_parser("roads", help="build the road network of a region, and look at it")
    roads.add_arguments(network)
    network.set_defaults(run=roads.run)

    arrivals = commands.add_parser("eta", help="how well arrival times were foretold, and how they get better")
    actions = arrivals.add_subparsers(required=True, metavar="ACTION")
    scored = actions.add_parser("score", help="told against arrived")
    score.add_arguments(scored)
    scored.set_defaults(run=score.run)
    routed = actions.add_parser("route", help="how long from one street or place to another")
    route.add_arguments(routed)
    routed.set_defaults(run=route.run)
    learned = actions.add_parser("learn", help="learn speeds from finished drives")
    learn.add_arguments(learned)
    learned.set_defaults(run=learn.run)

    show = commands.add_parser("demo", help="start everything on this machine, with a simulated fleet")
    demo.add_arguments(show)
    show.set_defaults(run=demo.run)

    drill = commands.add_parser("drill", help="run a centre's exercise on this machine, and print what holds")
    drills.add_arguments(drill)
    drill.set_defaults(run=drills.run)
    return parser


def _unit_id(text: str) -> str:
    try:
        return checked_id(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(error.detail) from None


def _label(text: str) -> str:
    """A name that fits into a list and does nothing to a terminal."""
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name has 1 to {MAX_NAME} printable characters")
    return text.strip()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000000")
    return int(text)


def _serve(_: argparse.Namespace) -> int:
    async def run() -> None:
        stop = asyncio.Event()

        def ask_to_stop() -> None:
            stop.set()
            threading.Thread(target=_stop_hard, daemon=True).start()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ask_to_stop)
        await app.serve(Settings(), stop, wired=lambda _: settle())

    asyncio.run(run())
    return 0


def _stop_hard() -> None:
    """End the process where broker or database do not even answer to a goodbye. What is not committed is not
    acknowledged and comes again, and the broker says for us that we are gone: nothing is lost but politeness."""
    time.sleep(_STOP_S)
    structlog.get_logger().warning("stopped without a goodbye: the broker or the database does not answer")
    os._exit(0)


def _migrate(_: argparse.Namespace) -> int:
    async def run(connection: psycopg.AsyncConnection[Any]) -> None:
        done = await migrate(connection)
        print("\n".join(f"applied {name}" for name in done) or "nothing to do: the schema is up to date")

    return _with_database(run)


def _enrol(args: argparse.Namespace) -> int:
    if (args.unit is None) == (args.profile is None):
        args.parser.error("name one unit, or a --profile: one of the two")
    if wrong := enrol_command.check(args):
        args.parser.error(wrong)
    settings = Settings()
    centre = settings.centre

    async def run(connection: psycopg.AsyncConnection[Any]) -> None:
        await migrate(connection)
        known = {unit.id: unit for unit in await units.enrolled(connection, centre)}
        if args.profile is not None:
            profile = regions.load(args.profile)
            await units.describe_centre(connection, centre, profile.name, profile.time_zone)
            new = [unit for unit in profile.units if unit.id not in known]  # names given here stay
            found = [Unit(unit.id, unit.name, unit.kind) for unit in new if not unit.private]
            if private := [unit.id for unit in new if unit.private]:
                print(
                    f"left out, for nobody has asked their owners: {', '.join(private)}; "
                    "enrol each with --phone, and its driver consents"
                )
        else:
            was = known.get(args.unit, Unit(args.unit, args.unit, "ambulance"))
            found = [Unit(args.unit, args.name or was.name, args.kind or was.kind)]
        for unit in found:
            await units.enrol(connection, centre, unit)
        print(f"enrolled {len(found)} unit{'s' * (len(found) != 1)} in centre {centre}")
        if args.profile is not None:
            there = [unit.id for unit in await units.enrolled(connection, centre)]
            agencies, told = await enrol_profile.fill(connection, centre, profile, there)
            print(f"the profile tells of {agencies} new agencies, and whose {told} units are")
        async with open_pool(settings.database_url.get_secret_value(), 1) as pool:
            for unit in found:
                if taken := await take_in_kept(pool, centre, unit.id, datetime.now(UTC)):
                    print(f"{unit.id}: {taken} messages it had sent before are taken in from the quarantine")
        for unit in found:
            await enrol_command.take_in_bridged(connection, settings, unit.id, datetime.now(UTC))
        if args.radio is not None:
            await enrol_command.enrol_radio(connection, settings, args.unit, args.bridge, args.radio, datetime.now(UTC))
        if args.phone:
            await enrol_command.enrol_phone_of(connection, settings, args, datetime.now(UTC))

    return _with_database(run)


def _quarantine(args: argparse.Namespace) -> int:
    centre = Settings().centre

    async def run(connection: psycopg.AsyncConnection[Any]) -> None:
        table = Table("last seen", "times", "reason", "what", "topic", "begins with")
        for kept in await quarantine.newest(connection, centre, args.limit):
            cells = [f"{kept.last_seen:%Y-%m-%d %H:%M:%S}Z", str(kept.times_seen), kept.reason, kept.detail, kept.topic]
            cells.append(repr(kept.payload[:40])[2:-1])
            table.add_row(*(harmless(cell) for cell in cells))
        Console().print(table if table.row_count else "the quarantine is empty: everything that came was stored")

    return _with_database(run)


def _with_database(run: Any) -> int:
    async def connected() -> None:
        url = Settings().database_url.get_secret_value()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
            await run(connection)

    asyncio.run(connected())
    return 0


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
