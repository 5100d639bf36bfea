"""How fast roads answer: weights, routes, matrices, loading and memory; beside scipy, and Valhalla where it is.

    python -m tests.bench.eta [--data FOLDER] [--valhalla-python PYTHON] [--no-growth] [--report FILE]

The network is Rhein-Neckar (43,000 nodes), then the growth from Surabaya to a 25-fold Rhein-Neckar. Each network is
measured in a process of its own. All the work is done by one thread that waits for nothing, so the time counted is the
CPU's, which a busy machine does not stretch; the clock's stands beside it. Figures are medians.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from gateway.roads.osm_import import Imported, import_osm
from gateway.roads.region_file import load, save
from tracker.roads.closures import Closure, Closures
from tracker.roads.engines import CchEngine, ScipyEngine
from tracker.roads.graph import RoadGraph
from tracker.roads.isochrone import isochrones
from tracker.roads.router import Router
from tracker.roads.snap import Snap, Snapper

DATA = Path(__file__).parents[3] / "shared" / "data" / "osm"
MAIN = "de-rhein-neckar-rnv"
GROWTH = ("id-surabaya-selatan", "id-jakarta-2012-inasafe", MAIN)
TILES = 5  # to a side
GOALS = "goals: matrix_over_valhalla >= 300, route_over_valhalla >= 20, reweight_ms <= 20, load_ms <= 100"


@dataclass
class Time:
    """A median in milliseconds, by the CPU and by the clock."""

    cpu: float
    clock: float

    def __str__(self) -> str:
        return f"{self.cpu:10.3f}{self.clock:10.3f}"


def timed(ask: Callable[[int], Any], times: int) -> Time:
    """Ask several times, once before that uncounted."""
    ask(0)
    cpu, clock = [], []
    for k in range(times):
        begin_cpu, begin = time.process_time(), time.perf_counter()
        ask(k)
        cpu.append((time.process_time() - begin_cpu) * 1000)
        clock.append((time.perf_counter() - begin) * 1000)
    return Time(median(cpu), median(clock))


def main() -> int:
    """Measure everything and print it; 1 where a goal is missed, 2 where the networks are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the extracts")
    parser.add_argument("--valhalla-python", metavar="PYTHON", help="a Python that can import valhalla")
    parser.add_argument("--no-growth", action="store_true", help="Rhein-Neckar alone")
    parser.add_argument("--report", type=Path, help="keep all that is said in this file, too")
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # a region file: this process measures it alone
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(Path(args.measure))))
        return 0
    if not (args.data / f"{MAIN}.osm.pbf").exists():
        print(f"no {MAIN}.osm.pbf in {args.data}: --data FOLDER says where the extracts are", file=sys.stderr)
        return 2
    report = Report(args.report)
    with tempfile.TemporaryDirectory(prefix="sigap-bench-") as folder:
        return run(args, report, Path(folder))


class Report:
    """Says everything, and keeps it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path:
            path.write_text("", encoding="utf-8")

    def say(self, line: str = "") -> None:
        """One line."""
        print(line, flush=True)
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line.rstrip() + "\n")


def run(args: argparse.Namespace, report: Report, folder: Path) -> int:
    """All networks, then the last line."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("pyroutingkit", "scipy", "numpy", "osmium", "shapely")
    )
    cores, one_minute = os.cpu_count(), os.getloadavg()[0]
    report.say(f"{datetime.now(UTC):%Y-%m-%d %H:%MZ}, {cores} cores, load {one_minute:.2f}, {platform.system()}")
    report.say(f"Python {platform.python_version()}, {versions}")

    names = [MAIN] if args.no_growth else [*GROWTH, f"{TILES * TILES} x {MAIN}"]
    found, theirs = {}, None
    for name in names:
        path = build(name, args.data, folder, report)
        found[name] = in_own_process(path)
        if name == MAIN:
            theirs = ask_valhalla(args, folder, found[name], report)
            # A machine drifts: ours once more, behind theirs, and of two figures the worse.
            found[name] = worse(found[name], in_own_process(path))
    report.say()
    table(found, report)
    if theirs:
        compare(found[MAIN], theirs, report)
    return verdict(found[MAIN], theirs, report)


def build(name: str, data: Path, folder: Path, report: Report) -> Path:
    """The region file of a network; says how long the offline part took."""
    begin = time.process_time()
    source = name.split(" x ")[-1]
    imported = import_osm(data / f"{source}.osm.pbf", "bench")
    read = time.process_time() - begin
    if source != name:
        imported = replace(imported, graph=tiled(imported.graph, TILES))
    begin = time.process_time()
    engine = CchEngine(imported.graph)
    ordered = time.process_time() - begin
    path = folder / f"{name.replace(' ', '')}.roads"
    begin = time.process_time()
    save(path, Imported(imported.graph, imported.cut_off, imported.ways_read, imported.ways_kept), engine)
    saved = time.process_time() - begin
    report.say(
        f"build {name}: import {read:.2f} s, ordering {ordered:.2f} s, saving {saved:.2f} s of CPU, "
        f"{path.stat().st_size / 1e6:.1f} MB"
    )
    return path


def in_own_process(path: Path) -> dict[str, Any]:
    """What `measure` found, with memory that is this network's alone."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.eta", "--measure", str(path)], check=True, capture_output=True, text=True
    )
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


def worse(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Of each time the one with more CPU."""
    times = {key: max(one[key], other[key], key=lambda time: time["cpu"]) for key, _ in ROWS}
    return one | times


def measure(path: Path) -> dict[str, Any]:
    """All figures of one network."""
    loads = timed(lambda _: load(path), 9)
    region = load(path)
    router = region.router()
    rss = resident_mb()
    graph = region.graph
    large = graph.nodes > 500_000
    places = random_places(graph, 1000)
    snapper = Snapper(graph)
    latitudes, longitudes = [place.latitude for place in places[:100]], [place.longitude for place in places[:100]]
    chance = np.random.default_rng(3)
    weights = [(router.weights * chance.uniform(0.5, 2)).astype(np.uint32) for _ in range(5)]
    plain = Router(graph, router.weights, ScipyEngine(graph))
    box = 0.01
    corner = (places[0].latitude, places[0].longitude)
    flood = Closure(
        "flood",
        datetime(2026, 1, 1, tzinfo=UTC),
        area=tuple((corner[0] + y * box, corner[1] + x * box) for y, x in ((-1, -1), (1, -1), (1, 1), (-1, 1))),
    )

    def close(_: int) -> None:
        closures = Closures(graph, [flood])
        router.customise(closures.changed(weights[0], flood.start))

    figures = {
        "load": loads,
        "reweight": timed(lambda k: router.customise(weights[k % 5]), 30),
        "closure": timed(close, 3),
        "route": timed(lambda k: router.route(places[2 * k], places[2 * k + 1]), 400),
        "one_to_20": timed(lambda k: router.one_to_many(places[k], places[50:70]), 60),
        "fifty": timed(lambda _: router.many_to_many(places[:50], places[50:100]), 15),
        "snaps_100": timed(lambda _: snapper.snap_many(latitudes, longitudes), 15),
        "isochrone": timed(lambda k: isochrones(router, places[k], [300, 600]), 5),
        "scipy_route": timed(lambda k: plain.route(places[2 * k], places[2 * k + 1]), 3 if large else 20),
        "scipy_fifty": timed(lambda _: plain.many_to_many(places[:50], places[50:100]), 1 if large else 3),
    }
    return {
        "nodes": graph.nodes,
        "arcs": graph.arcs,
        "rss_mb": rss,
        "all_rss_mb": resident_mb(),
        "positions": [(place.latitude, place.longitude) for place in places],
        **{name: asdict(figure) for name, figure in figures.items()},
    }


def resident_mb() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def random_places(graph: RoadGraph, number: int) -> list[Snap]:
    """Places on random roads, all of which an ambulance may drive."""
    chance = np.random.default_rng(11)
    arcs = chance.choice(np.flatnonzero((graph.arc_access & 1 != 0) & (graph.arc_length > 0)), number)
    points = graph.edge_first[graph.arc_edge[arcs]]
    found = Snapper(graph).snap_many(graph.shape_latitude[points], graph.shape_longitude[points])
    return [place for place in found if place is not None]


def tiled(graph: RoadGraph, side: int) -> RoadGraph:
    """side x side copies of a network beside each other, joined by forty roads at every border."""
    n, e, s = graph.nodes, graph.edges, len(graph.shape_latitude)
    high, wide = np.ptp(graph.node_latitude) + 0.01, np.ptp(graph.node_longitude) + 0.01
    tiles = [(row, column) for row in range(side) for column in range(side)]
    by_latitude, by_longitude = np.argsort(graph.node_latitude), np.argsort(graph.node_longitude)
    joins = []
    for at, (row, column) in enumerate(tiles):
        for border, right in ((by_longitude, column + 1 < side), (by_latitude, row + 1 < side)):
            if right:
                neighbour = at + (1 if border is by_longitude else side)
                joins += [(at * n + a, neighbour * n + b) for a, b in zip(border[-40:], border[:40], strict=True)]
    join = np.array(joins, np.int64)

    def repeated(values: Any, step: int) -> Any:
        return np.concatenate([values.astype(np.int64) + k * step for k in range(len(tiles))])

    node_latitude = np.concatenate([graph.node_latitude + row * high for row, _ in tiles])
    node_longitude = np.concatenate([graph.node_longitude + column * wide for _, column in tiles])
    new = len(tiles) * e + np.arange(len(join))
    tail = np.concatenate((repeated(graph.arc_tail, n), join[:, 0], join[:, 1]))
    order = np.argsort(tail, kind="stable")

    def arcs(values: Any, ahead: Any, back: Any) -> Any:
        return np.concatenate((values, ahead, back))[order]

    ones = np.ones(len(join))
    return replace(
        graph,
        node_latitude=node_latitude,
        node_longitude=node_longitude,
        arc_tail=tail[order].astype(np.uint32),
        arc_head=arcs(repeated(graph.arc_head, n), join[:, 1], join[:, 0]).astype(np.uint32),
        arc_edge=arcs(repeated(graph.arc_edge, e), new, new).astype(np.int32),
        arc_forward=arcs(np.tile(graph.arc_forward, len(tiles)), ones > 0, ones < 0),
        arc_access=arcs(np.tile(graph.arc_access, len(tiles)), ones * 3, ones * 3).astype(np.uint8),
        arc_fixed_time=arcs(np.tile(graph.arc_fixed_time, len(tiles)), ones * np.nan, ones * np.nan).astype(np.float32),
        edge_first=np.concatenate(
            (repeated(graph.edge_first[:-1], s), len(tiles) * s + 2 * np.arange(len(join) + 1))
        ).astype(np.int64),
        shape_latitude=np.concatenate(
            [*(graph.shape_latitude + row * high for row, _ in tiles), node_latitude[join.ravel()]]
        ),
        shape_longitude=np.concatenate(
            [*(graph.shape_longitude + column * wide for _, column in tiles), node_longitude[join.ravel()]]
        ),
        edge_length=np.concatenate((np.tile(graph.edge_length, len(tiles)), ones * 1000)),
        edge_way=np.concatenate((np.tile(graph.edge_way, len(tiles)), np.zeros(len(join), np.int32))),
    )


ROWS = (
    ("load", "load the region"),
    ("reweight", "new weights on every arc"),
    ("closure", "a closed area, from nothing to new weights"),
    ("route", "one route with geometry"),
    ("one_to_20", "1 x 20 costs"),
    ("fifty", "50 x 50 costs"),
    ("snaps_100", "100 positions snapped"),
    ("isochrone", "reachable in 5 and 10 minutes"),
    ("scipy_route", "one route by scipy"),
    ("scipy_fifty", "50 x 50 by scipy"),
)


def table(found: dict[str, dict[str, Any]], report: Report) -> None:
    """Milliseconds of all networks side by side."""
    report.say(f"{'milliseconds, medians':44}" + "".join(f"{short(name):>20}" for name in found))
    sizes = (f"{figures['nodes']:,}/{figures['arcs']:,}" for figures in found.values())
    report.say(f"{'nodes/arcs':44}" + "".join(f"{size:>20}" for size in sizes))
    report.say(f"{'':44}" + f"{'CPU':>10}{'clock':>10}" * len(found))
    for key, name in ROWS:
        report.say(f"{name:44}" + "".join(str(Time(**figures[key])) for figures in found.values()))
    for key, name in (
        ("rss_mb", "memory with region and router, MB"),
        ("all_rss_mb", "memory at the end, with scipy's, MB"),
    ):
        report.say(f"{name:44}" + "".join(f"{figures[key]:>20.0f}" for figures in found.values()))


def short(name: str) -> str:
    """A network's name in a column."""
    tiles = name.split(" x ")[0] + " x " if " x " in name else ""
    return tiles + name.split(" x ")[-1].split("-", 1)[1].rsplit("-", 1)[0][:12]


def ask_valhalla(args: argparse.Namespace, folder: Path, ours: dict[str, Any], report: Report) -> dict[str, Any] | None:
    """Valhalla's figures on the same extract and positions, or None where there is no Valhalla."""
    python = args.valhalla_python or (sys.executable if importlib.util.find_spec("valhalla") else None)
    if python is None:
        report.say("\nno Valhalla here: pip install pyvalhalla-weekly, or --valhalla-python PYTHON")
        return None
    questions = folder / "questions.json"
    asked = {
        "extract": str((args.data / f"{MAIN}.osm.pbf").resolve()),
        "folder": str(folder / "valhalla"),
        "positions": ours["positions"],
    }
    questions.write_text(json.dumps(asked), encoding="utf-8")
    side = Path(__file__).with_name("valhalla_side.py")
    answer = subprocess.run([python, str(side), str(questions)], capture_output=True, text=True)
    if answer.returncode:
        report.say(f"\nValhalla failed: {answer.stderr.strip().splitlines()[-1:]}")
        return None
    theirs: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return theirs


def compare(ours: dict[str, Any], theirs: dict[str, Any], report: Report) -> None:
    """Valhalla's times, and how many times ours they are."""
    report.say()
    report.say(
        f"Valhalla {theirs['version']} on {short(MAIN)}: tiles in {theirs['build_s']:.1f} s, {theirs['rss_mb']:.0f} MB"
    )
    report.say(f"{'milliseconds, medians':44}{'CPU':>10}{'clock':>10}{'times ours':>12}")
    for key in ("route", "one_to_20", "fifty", "isochrone"):
        cpu, clock, answered = theirs[key]
        ratio = cpu / ours[key]["cpu"]
        report.say(f"{dict(ROWS)[key]:44}{cpu:10.3f}{clock:10.3f}{ratio:12.1f}   ({answered} answered)")


def verdict(ours: dict[str, Any], theirs: dict[str, Any] | None, report: Report) -> int:
    """The last line, and whether the goals are met."""
    reweight, loading = ours["reweight"]["cpu"], ours["load"]["cpu"]
    matrix = theirs["fifty"][0] / ours["fifty"]["cpu"] if theirs else None
    route = theirs["route"][0] / ours["route"]["cpu"] if theirs else None
    report.say()
    report.say(GOALS)
    report.say(
        f"matrix_over_valhalla={'unknown' if matrix is None else f'{matrix:.0f}'} "
        f"route_over_valhalla={'unknown' if route is None else f'{route:.1f}'} "
        f"reweight_ms={reweight:.1f} load_ms={loading:.1f} rss_mb={ours['rss_mb']:.0f}"
    )
    good = reweight <= 20 and loading <= 100 and (matrix is None or matrix >= 300) and (route is None or route >= 20)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
