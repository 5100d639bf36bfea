"""`sigap eta route`: how long from one place to another over a region's roads, without a database or a broker."""

import argparse
import re
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.roads import region_file
from gateway.roads.streets import place_called
from gateway.services.estimate import Estimator
from gateway.services.network import Position
from gateway.settings import RoadSettings
from tracker.errors import TrackerError
from tracker.eta.speeds import Driving, decode, prior
from tracker.missions import Place
from tracker.roads.router import Route
from tracker.roads.stored import SUFFIX

SHORTEST_STRETCH = 30.0
"""Metres of a street below which it is not told: what one crosses is no street on the way."""


class NoAnswer(TrackerError):
    """There is no arrival time; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        'How long one drives from one place to another: streets by name, or places as "latitude,longitude".'
        " By the prior speeds for Indonesian roads, or by a model that was learned."
    )
    # South of the equator a place begins with a minus sign, which is no option then.
    parser._negative_number_matcher = re.compile(r"-\d")
    parser.add_argument("start", metavar="FROM")
    parser.add_argument("goal", metavar="TO")
    parser.add_argument(
        "--roads", required=True, metavar="REGION", help="a region's file, or its name in the folder SIGAP_ROADS_DIR"
    )
    parser.add_argument("--at", type=_moment, metavar="TIME", help="when, as 2026-11-23T08:00 (default: now)")
    parser.add_argument("--zone", default="Asia/Jakarta", help="time zone of --at (default: Asia/Jakarta)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--lights", action="store_true", help="with lights and siren")
    how.add_argument("--motorcycle", action="store_true", help="as a motor-ambulance")
    parser.add_argument("--model", type=Path, metavar="FILE", help="a speed model; default: the prior")


def run(args: argparse.Namespace) -> int:
    """Print the answer, the last line for machines; the exit code is 0.

    Raises:
        TrackerError: the roads, the model, a place or the zone cannot be used, or there is no way.
    """
    try:
        zone = zoneinfo.ZoneInfo(args.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise NoAnswer(f"no time zone {args.zone!r}; Indonesia's are Asia/Jakarta, Makassar, Jayapura") from None
    when = datetime.now(zone) if args.at is None else args.at.replace(tzinfo=zone)
    driving = Driving.LIGHTS if args.lights else Driving.MOTORCYCLE if args.motorcycle else Driving.NORMAL
    model = prior(args.zone) if args.model is None else decode(_bytes(args.model))
    region = region_file.load(_file(args.roads))
    start, goal = place_called(region.graph, args.start), place_called(region.graph, args.goal)
    estimator = Estimator(model)
    estimator.load(region.graph, region.engine(), when.astimezone(UTC))
    drive, plan = estimator.plan(
        Position(start.latitude, start.longitude), Place(goal.latitude, goal.longitude), driving
    )
    if drive.eta is None or drive.distance is None or plan is None:
        raise NoAnswer(f"{args.start} to {args.goal}: {drive.unknown_because}")
    eta = drive.eta
    console = Console(highlight=False)
    console.print(f"from {start.said}\nto   {goal.said}", markup=False)
    console.print(
        f"{when:%A %H:%M}, {driving.value.replace('-', ' ')}: [bold]{_minutes(eta.p50)}[/], 8 of 10 times between"
        f" {_minutes(eta.p10)} and {_minutes(eta.p90)}; {drive.distance / 1000:.1f} km"
    )
    console.print(_streets(plan.route))
    print(
        f"p10_s={eta.p10:.0f} p50_s={eta.p50:.0f} p90_s={eta.p90:.0f} distance_m={drive.distance:.0f}"
        f" source={drive.source} model={drive.model} region={region.graph.region}"
    )
    return 0


def _file(roads: str) -> Path:
    directory = RoadSettings().roads_dir
    if roads.endswith(SUFFIX) or "/" in roads or directory is None:
        return Path(roads)
    return region_file.region_path(directory, roads)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoAnswer(f"{path}: {error.strerror or error}") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write it like 2026-11-23T08:00") from None
    if moment.tzinfo is not None:
        raise argparse.ArgumentTypeError("the time is of --zone and has no offset of its own")
    return moment


def _streets(route: Route) -> Table:
    """What is driven, in order."""
    told: list[tuple[str, float, float]] = []
    for street in route.streets:
        name, begins, ends = street.name or "(no name)", street.begins, street.begins + street.length
        if street.length < SHORTEST_STRETCH:
            continue
        if told and told[-1][0] == name:
            _, begins, _ = told.pop()
        told.append((name, begins, ends))
    table = Table("at km", "for", "on", box=None, pad_edge=False)
    for name, begins, ends in told:
        table.add_row(f"{begins / 1000:.1f}", f"{ends - begins:.0f} m", Text(name))
    return table


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
