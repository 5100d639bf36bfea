"""`sigap roads`: build a region from an extract, look at it, or invent one for a demonstration."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.roads import region_file
from gateway.roads.osm_import import Imported, import_osm
from gateway.roads.synthetic import write_osm
from gateway.settings import RoadSettings
from tracker import regions
from tracker.errors import TrackerError
from tracker.roads.engines import CchEngine
from tracker.roads.graph import Profile, RoadClass, RoadGraph
from tracker.roads.stored import CutOff

_PROFILES = {Profile.CAR: "ambulance", Profile.MOTORCYCLE: "motor-ambulance"}


class NoRoadsDirectory(TrackerError):
    """Nobody said where the regions lie."""

    def __init__(self) -> None:
        super().__init__("say where the regions of roads lie: --data DIR, or SIGAP_ROADS_DIR in the environment")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    parser.description = "The road network of a region: what ETAs, routes and reachable areas are computed on."
    commands = parser.add_subparsers(required=True, metavar="ACTION", dest="action")

    build = commands.add_parser("build", help="make a region from an OpenStreetMap extract")
    build.add_argument("extract", type=Path, metavar="EXTRACT.osm.pbf")
    build.add_argument("--name", required=True, metavar="REGION", help="lower-case letters, digits and hyphens")
    build.set_defaults(act=_build)

    info = commands.add_parser("info", help="say what a region holds")
    info.add_argument("name", metavar="REGION")
    info.set_defaults(act=_info)

    synthetic = commands.add_parser("synthetic", help="invent the roads of a profile, as an OpenStreetMap file")
    synthetic.add_argument("profile", choices=regions.names())
    synthetic.add_argument("out", type=Path, metavar="OUT.osm.pbf")
    synthetic.add_argument("--name", metavar="REGION", help="build a region of this name from the file at once")
    synthetic.set_defaults(act=_synthetic)

    for command in (build, info, synthetic):
        command.add_argument(
            "--data", type=Path, metavar="DIR", help="folder of the regions (default: SIGAP_ROADS_DIR)"
        )


def run(args: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code.

    Raises:
        TrackerError: it could not be done; the message says why. What was there before still is.
    """
    act: Callable[[argparse.Namespace], int] = args.act
    return act(args)


def _build(args: argparse.Namespace) -> int:
    return _make(args.extract, args.name, region_file.region_path(_directory(args), args.name))


def _make(extract: Path, name: str, path: Path) -> int:
    """The file of a region from an extract."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading ways", total=None)

        def show(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        imported = import_osm(extract, name, show)
        show("ordering nodes", 0, None)
        engine = CchEngine(imported.graph)
        show("saving", 0, None)
        try:
            region_file.save(path, imported, engine)
        except OSError as error:
            raise region_file.RegionFileUnusable(
                f"{path}: cannot be written: {error.strerror or error}; the region is as it was before"
            ) from error
    _describe(imported.graph, imported.cut_off, imported)
    print(f"region={name} file={path} bytes={path.stat().st_size}")
    return 0


def _info(args: argparse.Namespace) -> int:
    region = region_file.load(region_file.region_path(_directory(args), args.name))
    _describe(region.graph, region.cut_off, Imported(region.graph, region.cut_off, region.ways_read, region.ways_kept))
    return 0


def _synthetic(args: argparse.Namespace) -> int:
    path = region_file.region_path(_directory(args), args.name) if args.name is not None else None
    try:
        ways = write_osm(regions.load(args.profile), args.out)
    except OSError as error:
        raise region_file.RegionFileUnusable(f"{args.out}: cannot be written: {error.strerror or error}") from error
    print(f"{args.out}: {ways} ways, invented from the places of {args.profile}; no real road is among them")
    return 0 if path is None else _make(args.out, args.name, path)


def _directory(args: argparse.Namespace) -> Path:
    directory: Path | None = args.data or RoadSettings().roads_dir
    if directory is None:
        raise NoRoadsDirectory
    return directory


def _describe(graph: RoadGraph, cut_off: tuple[CutOff, ...], imported: Imported) -> None:
    console = Console()
    source = graph.source
    console.print(
        f"[bold]{graph.region}[/]: {graph.nodes:,} nodes, {graph.arcs:,} arcs, {len(graph.names) - 1:,} street names, "
        f"from {source.file or 'an unnamed file'}{f' of {source.timestamp}' if source.timestamp else ''}, "
        f"SHA-256 {source.digest[:16]}…",
        soft_wrap=True,
    )
    console.print(
        f"of {imported.ways_read:,} roads and ferries {imported.ways_kept:,} may be driven; "
        "turn restrictions are not modelled",
        soft_wrap=True,
    )
    for part in cut_off:
        console.print(
            f"{_PROFILES[part.profile]}: kept {part.kept_nodes:,} nodes, {part.kept_kilometres:,.0f} km;"
            f" cut off {part.nodes:,} nodes, {part.ways:,} whole ways, {part.kilometres:,.1f} km,"
            " which cannot be reached and left again",
            soft_wrap=True,
        )
    classes = Table("class", "km", "with a speed limit", box=None, pad_edge=False)
    edge_class, limited = graph.way_class[graph.edge_way], graph.way_speed[graph.edge_way] > 0
    for kind in RoadClass:
        here = edge_class == kind
        length = float(graph.edge_length[here].sum())
        if here.any():
            share = float(graph.edge_length[here & limited].sum()) / length if length else 0.0
            classes.add_row(kind.name.lower().replace("_", " "), f"{length / 1000:,.1f}", f"{share:.0%}")
    console.print(classes)
