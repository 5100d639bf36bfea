"""`sigap eta learn`: learn speeds from finished drives, say what came of it, and keep it."""

import argparse
import os
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.roads.region_file import load, region_path
from gateway.services.learn import SPAN, Errors, Ground, Report, learn, read_legs, to_keep
from gateway.services.models import usable
from gateway.settings import Settings
from gateway.storage import speed_models
from gateway.storage.asking import asked
from gateway.storage.units import time_zone
from tracker.errors import TrackerError
from tracker.eta.speeds import SpeedModel, UnusableModel
from tracker.measures import KILOMETRE_PER_HOUR
from tracker.roads.graph import RoadGraph

NICE = 10
"""Below the gateway, which works beside it at night."""


class CannotLearn(TrackerError):
    """There is nothing to learn on; the message says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Learn how fast is driven where and when, from the drives of finished missions. A gateway does so by itself"
        " each night, and one that runs takes up what is learned here within a minute."
    )
    parser.add_argument(
        "--since", type=_day, metavar="DATE", help=f"drives from this day on, YYYY-MM-DD (default: {SPAN.days} days)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be learned, and keep nothing")


def run(args: argparse.Namespace) -> int:
    """Learn and print; the exit code is 0, also when nothing was learned.

    Raises:
        CannotLearn: there are no roads for this centre, or another process is learning.
        psycopg.Error: the database cannot be asked.
    """
    settings = Settings()
    if settings.roads_dir is None:
        raise CannotLearn("speeds are learned on roads: SIGAP_ROADS_DIR names the folder of the regions")
    region = load(region_path(settings.roads_dir, settings.centre))
    os.nice(NICE)
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading roads", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        ground = Ground.on(region.graph, region.engine(console.print))
        model, report = asked(
            settings.database_url,
            lambda connection: _learn(connection, settings.centre, ground, args.since, tell, keep=not args.dry_run),
        )
    _print(model, report, dry_run=args.dry_run)
    return 0


async def _learn(
    connection: AsyncConnection[Any], centre: str, ground: Ground, since: date | None, tell: Any, *, keep: bool
) -> tuple[SpeedModel, Report]:
    """Read, learn, keep."""
    if not await speed_models.take_turn(connection, centre):
        raise CannotLearn(f"another process is learning the speeds of centre {centre} now; try again when it is done")
    zone, now = await time_zone(connection, centre), datetime.now(UTC)
    begin = now - SPAN if since is None else datetime.combine(since, time(), ZoneInfo(zone)).astimezone(UTC)
    in_use = await _in_use(connection, centre, ground.graph)
    legs, left_out = await read_legs(connection, centre, ground, begin, now, tell)
    model, report = learn(ground, legs, left_out, zone, (begin, now), in_use, tell)
    if keep and report.kept:
        await speed_models.put(connection, centre, to_keep(model, report, ground.graph, now))
    return model, report


async def _in_use(connection: AsyncConnection[Any], centre: str, graph: RoadGraph) -> SpeedModel | None:
    """The newest model, if it can be used here."""
    for kept in await speed_models.newest(connection, centre):
        try:
            return usable(kept, graph).model
        except UnusableModel:
            return None
    return None


def _print(model: SpeedModel, report: Report, *, dry_run: bool) -> None:
    console = Console()
    console.print(
        f"{report.used} of {report.found} finished drives since {report.since:%Y-%m-%d}"
        + (f", the youngest of {model.until:%Y-%m-%d %H:%M} UTC" if model.until else "")
    )
    for reason, count in report.left_out.items():
        console.print(f"  left out: {count} because {reason}")
    if report.before is not None and report.after is not None:
        table = Table("", "drives", "MAPE", "MAE", "bias")
        _row(table, "before learning", report.used, report.before)
        _row(table, "learned, on drives that it has not seen", report.used, report.after)
        if report.in_use_on_newer is not None and report.after_on_newer is not None:
            _row(table, f"in use until now ({report.in_use}), on newer drives", report.newer, report.in_use_on_newer)
            _row(table, "learned, on the same newer drives, not seen", report.newer, report.after_on_newer)
        console.print(table)
        speeds = Table("km/h between junctions, at night", "before learning", "learned")
        for kind, (before, after) in report.speeds.items():
            speeds.add_row(kind, *(f"{each / KILOMETRE_PER_HOUR:.0f}" for each in (before, after)))
        console.print(speeds)
        console.print(f"{report.ways:,} directions of ways have a factor of their own")
    if report.kept and dry_run:
        console.print("a dry run: nothing is kept")
    else:
        console.print(("kept, and in use: " if report.kept else "not kept: ") + report.because)
    print(
        f"legs={report.used} left_out={sum(report.left_out.values())} mape_before={_part(report.before)}"
        f" mape_after={_part(report.after)} model={model.version} kept={'yes' if report.kept and not dry_run else 'no'}"
    )


def _row(table: Table, what: str, drives: int, errors: Errors) -> None:
    table.add_row(what, str(drives), f"{errors.mape:.1%}", f"{errors.mae_s:.0f} s", f"{errors.bias_s:+.0f} s")


def _part(errors: Errors | None) -> str:
    return "unknown" if errors is None else f"{100 * errors.mape:.1f}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write 2026-11-21") from None
