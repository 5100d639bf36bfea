"""`sigap facilities`: take lists in, look at what is doubtful, confirm where something is."""

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.roads.districts import load_districts
from gateway.services import facility_import, facility_list
from gateway.services.facilities import OPERATOR, confirmed_at, confirmed_by_source
from gateway.services.facility_import import Imported
from gateway.services.missions import Unknown
from gateway.services.register import Register
from gateway.services.terminal import harmless
from gateway.settings import Settings
from gateway.storage import register as storage
from gateway.storage.asking import asked
from gateway.storage.migrations import migrate
from gateway.storage.pool import open_pool
from tracker import regions
from tracker.register import Point
from tracker.wire.topics import ID_PATTERN

Connection = AsyncConnection[Any]

_SHOWN = 20
"""Doubtful facilities that an import names; `list --doubtful` has all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    taken = actions.add_parser("import", help="take a list in as one source of several")
    taken.add_argument("file", type=Path, metavar="FILE.csv")
    taken.add_argument("--source", required=True, type=_source, help="what the list is called: kemenkes, bpjs, ...")
    taken.add_argument(
        "--districts", type=Path, metavar="F.geojson", help="polygons to check against (default: SIGAP_DISTRICTS_FILE)"
    )
    taken.add_argument("--kind", help="of facilities whose row does not say: hospital, puskesmas, ...")
    taken.add_argument(
        "--column", action="append", default=[], type=_pair, metavar="FIELD=HEADER",
        help=f"where a field stands; fields: {', '.join(facility_list.COLUMNS)}",
    )  # fmt: skip
    taken.add_argument(
        "--only", action="append", default=[], type=_pair, metavar="HEADER=VALUE", help="only rows that have this value"
    )
    taken.add_argument("--by-name", action="store_true", help="the list's ids are of another registry: go by names")
    taken.set_defaults(act=_import)

    listed = actions.add_parser("list", help="facilities and how far their points are to be trusted")
    listed.add_argument("--doubtful", action="store_true", help="only those that wait for somebody")
    listed.set_defaults(act=_list)

    confirmed = actions.add_parser("confirm", help="say where a facility is")
    confirmed.add_argument("facility", help="its id")
    how = confirmed.add_mutually_exclusive_group(required=True)
    how.add_argument("--source", help="it is where this list says")
    how.add_argument("--at", type=_point, metavar="LAT,LON", help="it is here: --at=-7.15,111.88")
    confirmed.set_defaults(act=_confirm)


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code.

    Raises:
        psycopg.Error: the database cannot be asked.
        TrackerError: the list or the districts cannot be used.
    """
    settings = Settings()

    async def act(connection: Connection) -> int:
        await migrate(connection)
        code: int = await args.act(connection, settings, args)
        return code

    return asked(settings.database_url, act)


async def _import(connection: Connection, settings: Settings, args: argparse.Namespace) -> int:
    path = args.districts or settings.districts_file
    districts = None if path is None else load_districts(path)
    read = facility_list.read(args.file, dict(args.column), dict(args.only), args.kind, by_name=args.by_name)
    profile = settings.profile_name
    middles = [] if profile is None else [(each.latitude, each.longitude) for each in regions.load(profile).districts]
    done = await facility_import.take_in(
        connection, settings.centre, args.source, read.rows, districts, datetime.now(UTC), middles
    )
    refused = sorted([*read.refused, *done.refused], key=lambda each: each.number)
    for each in refused:
        print(f"sigap: {args.file.name} row {each.number} left out: {each.because}", file=sys.stderr)
    if districts is None:
        print("nothing was checked: --districts, or SIGAP_DISTRICTS_FILE, names polygons to check against")
    _tell(args, done, len(refused))
    return 1 if refused else 0


def _tell(args: argparse.Namespace, done: Imported, refused: int) -> None:
    found = ", ".join(f"{count} {name}" for name, count in sorted(done.findings.items())) or "none"
    print(f"{args.source}: {done.rows} rows; points: {found}; {done.new} facilities are new; {refused} rows left out")
    for why, count in done.unlikely.items():
        print(f"{count} of {done.rows} points cannot be meant so: {why}")
    if any("exchanged" in why for why in done.unlikely):
        print(
            "name the columns the other way round, --column latitude=HEADER --column longitude=HEADER, and import again"
        )
    if done.without_point:
        print(f"without a point anywhere, so left out: {len(done.without_point)}: {', '.join(done.without_point[:5])}")
    for each in done.compared:
        print(
            f"against {each.source}: {each.both} in both, {each.far} ({each.far / each.both:.0%}) over 3 km apart, "
            f"median {each.median_m / 1000:.2f} km, farthest {each.farthest_m / 1000:.0f} km ({each.farthest})"
        )
    counts = ", ".join(f"{done.points.get(point.value, 0)} {point.value}" for point in Point)
    print(f"facilities of the centre now: {counts}")
    if done.doubtful:
        print(f"held out of rankings until somebody looks: {len(done.doubtful)} of this list")
        for facility in done.doubtful[:_SHOWN]:
            print(f"  {facility.id}  {facility.name}: {facility.point_because}")
        if len(done.doubtful) > _SHOWN:
            print("  … `sigap facilities list --doubtful` has all of them")


async def _list(connection: Connection, settings: Settings, args: argparse.Namespace) -> int:
    points = await storage.points(connection, settings.centre)
    table = Table("id", "kind", "name", "point", "why", "sources")
    for each in await storage.facilities(connection, settings.centre):
        if args.doubtful and each.usable:
            continue
        said = [
            f"{point.source} {point.latitude:.5f},{point.longitude:.5f} {point.finding.value}"
            for point in points.get(each.id, ())
            if point.source != OPERATOR
        ]
        cells = (each.id, each.kind, each.name, each.point.value, each.point_because)
        table.add_row(*(harmless(cell) for cell in cells), Text("\n").join(harmless(one) for one in said))
    nothing = "no point is doubtful" if args.doubtful else "there are no facilities: `sigap facilities import`"
    Console().print(table if table.row_count else nothing)
    return 0


async def _confirm(_: Connection, settings: Settings, args: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    async with open_pool(settings.database_url.get_secret_value(), 1) as pool:
        register = Register(settings.centre, pool)
        try:
            if args.source is not None:
                done = await confirmed_by_source(register, args.facility, args.source, None, now)
            else:
                done = await confirmed_at(register, args.facility, args.at[0], args.at[1], None, now)
        except Unknown as error:
            print(f"sigap: {error}", file=sys.stderr)
            return 1
    print(f"{done.id} {done.name} is confirmed at {done.latitude:.6f}, {done.longitude:.6f}")
    return 0


def _source(text: str) -> str:
    if not re.fullmatch(ID_PATTERN, text) or text == OPERATOR:
        raise argparse.ArgumentTypeError(f"a source has letters, digits and hyphens, and is not {OPERATOR!r}")
    return text


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name, value


def _point(text: str) -> tuple[float, float]:
    match = re.fullmatch(r"\s*([+-]?\d{1,3}(?:\.\d+)?)\s*,\s*([+-]?\d{1,3}(?:\.\d+)?)\s*", text)
    if match is None or not (abs(float(match[1])) <= 90 and abs(float(match[2])) <= 180):
        raise argparse.ArgumentTypeError(f"{text!r} is no point: write --at=-7.15,111.88")
    return float(match[1]), float(match[2])
