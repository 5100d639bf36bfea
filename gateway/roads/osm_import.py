"""From an OpenStreetMap extract to the road graph.

One pass over the file gathers what may be driven; the rest is arrays. A barrier that stops a profile cuts its node in
pieces: each way ends at a piece of its own, joined to the others by an edge of no length for those who may pass.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
from numpy.typing import NDArray
from scipy.sparse import coo_matrix  # type: ignore[import-untyped] # it ships no types
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped] # it ships no types

from gateway.roads.tags import BOTH, FERRY_SPEED, WayMeaning, barred_by, meaning_of
from tracker.errors import TrackerError
from tracker.roads.graph import Profile, RoadClass, RoadGraph, Source, shape_offsets
from tracker.roads.stored import GRID, CutOff

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is (None: not known)."""


FORMATS = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
"""What names of extracts end in."""


class UnusableExtract(TrackerError):
    """This file gives no road network; the message says why and what to do."""


@dataclass(frozen=True)
class Imported:
    """A graph and how it came about."""

    graph: RoadGraph
    cut_off: tuple[CutOff, ...]
    ways_read: int  # with a highway tag, or a ferry
    ways_kept: int  # driven by one of our profiles


@dataclass
class _Roads:
    """What the pass over the file gathers."""

    ways: list[int] = field(default_factory=list)
    meanings: list[WayMeaning] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)  # way of each run of nodes that lie in the file
    sizes: list[int] = field(default_factory=list)  # nodes of each run
    refs: list[int] = field(default_factory=list)
    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    barred: dict[int, Profile] = field(default_factory=dict)
    seen: int = 0
    timestamp: str = ""


def import_osm(path: Path, region: str, progress: Progress | None = None) -> Imported:
    """Read an extract (.osm.pbf, .osm, .osm.gz; nodes before ways, as all of them come).

    Raises:
        UnusableExtract: the file is missing, empty, broken, or holds no roads.
    """
    tell = progress or _silent
    if not path.name.endswith(FORMATS):
        raise UnusableExtract(f"{path}: an extract's name tells its format: {', '.join(FORMATS)}")
    digest = _digest(path)
    roads = _read(path, tell)
    if not roads.runs:
        raise UnusableExtract(
            f"{path}: no road in it that an ambulance may drive; "
            f"{roads.seen} ways with a highway tag or ferries were seen. Was the extract made with its roads and nodes?"
        )
    tell("joining junctions", 0, None)
    whole = _graph(roads, region, Source(path.name, digest, roads.timestamp))
    tell("finding what can be reached", 0, None)
    graph, cut_off = _connected(whole)
    return Imported(graph, cut_off, roads.seen, len(roads.ways))


def _silent(_what: str, _done: int, _total: int | None) -> None:
    """Nobody watches."""


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if file.tell() == 0:
                raise UnusableExtract(f"{path}: the file is empty; download the extract again")
    except OSError as error:
        raise UnusableExtract(f"{path}: {error.strerror or error}") from error
    return digest


def _read(path: Path, tell: Progress) -> _Roads:
    roads = _Roads()
    try:
        wanted = osmium.filter.KeyFilter("highway", "route", "barrier")
        objects = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations().with_filter(wanted)
        roads.timestamp = objects.header.get("osmosis_replication_timestamp")
        for thing in objects:
            if isinstance(thing, osmium.osm.Node):
                if "barrier" in thing.tags and (barred := barred_by(dict(thing.tags))):
                    roads.barred[thing.id] = barred
            elif isinstance(thing, osmium.osm.Way):
                _take(roads, thing)
                if roads.seen % 5000 == 0:
                    tell("reading ways", roads.seen, None)
    except RuntimeError as error:  # what libosmium raises for every trouble with a file
        raise UnusableExtract(f"{path}: no whole OpenStreetMap file ({error}); download the extract again") from error
    tell("reading ways", roads.seen, roads.seen)
    return roads


def _take(roads: _Roads, way: osmium.osm.Way) -> None:
    tags = dict(way.tags)
    if "highway" not in tags and tags.get("route") != "ferry":
        return
    roads.seen += 1
    meaning = meaning_of(tags)
    if meaning is None:
        return
    number, size, last = len(roads.ways), 0, None
    begun = len(roads.runs)
    for node in way.nodes:
        if not node.location.valid():  # the extract's border cuts the way
            size, last = _close_run(roads, number, size), None
        elif node.ref != last:
            roads.refs.append(node.ref)
            roads.x.append(node.x)
            roads.y.append(node.y)
            size, last = size + 1, node.ref
    _close_run(roads, number, size)
    if len(roads.runs) > begun:
        roads.ways.append(way.id)
        roads.meanings.append(meaning)


def _close_run(roads: _Roads, way: int, size: int) -> int:
    if size > 1:
        roads.runs.append(way)
        roads.sizes.append(size)
    elif size == 1:
        for values in (roads.refs, roads.x, roads.y):
            values.pop()
    return 0


def _graph(roads: _Roads, region: str, source: Source) -> RoadGraph:
    """The whole network, whatever can be reached."""
    refs = np.array(roads.refs, np.int64)
    sizes = np.array(roads.sizes, np.int64)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    ids, place, times = np.unique(refs, return_inverse=True, return_counts=True)
    junction = times > 1
    junction[place[starts]] = junction[place[ends - 1]] = True
    barriers = np.isin(ids, np.fromiter(roads.barred, np.int64, len(roads.barred)))
    cuts = (junction | barriers)[place]

    # An edge runs from one cut to the next within a run.
    at = np.flatnonzero(cuts)
    run = np.searchsorted(ends, at, side="right")
    same = run[:-1] == run[1:]
    begin, end, run = at[:-1][same], at[1:][same], run[:-1][same]
    points = end - begin + 1
    first = np.concatenate(([0], np.cumsum(points)))
    shape = np.arange(first[-1]) - np.repeat(first[:-1], points) + np.repeat(begin, points)
    way = np.array(roads.runs, np.int32)[run]
    tail, head = place[begin], place[end]
    links = _open_barriers(roads, ids, barriers, tail, head)

    x, y = np.array(roads.x, np.int64), np.array(roads.y, np.int64)
    example = np.empty(len(ids), np.int64)
    example[place] = np.arange(len(refs))  # any occurrence of a node tells its position
    node_of_end = np.concatenate((tail, head))
    used, compact = np.unique(np.concatenate((node_of_end, links.piece, links.node)), return_inverse=True)
    origin = np.where(used < len(ids), used, 0)
    origin[used >= len(ids)] = links.node[np.searchsorted(links.piece, used[used >= len(ids)])]
    edges, extra = len(begin), len(links.piece)
    tail, head = compact[:edges], compact[edges : 2 * edges]
    link_tail, link_head = compact[2 * edges : 2 * edges + extra], compact[2 * edges + extra :]

    # The pieces of a barrier: edges of no length, drawn as its position twice.
    link_point = example[links.node]
    shape = np.concatenate((shape, np.repeat(link_point, 2)))
    first = np.concatenate((first, first[-1] + 2 * np.arange(1, extra + 1)))
    tail, head = np.concatenate((tail, link_tail)), np.concatenate((head, link_head))
    way = np.concatenate((way, way[links.edge]))

    latitude, longitude = _degrees(y[shape]), _degrees(x[shape])
    length = shape_offsets(first, latitude, longitude)[first[1:] - 1]
    meanings = roads.meanings
    forward = np.array([int(m.forward) for m in meanings], np.uint8)[way]
    backward = np.array([int(m.backward) for m in meanings], np.uint8)[way]
    forward[edges:] = backward[edges:] = links.access
    names = sorted({"", *(m.name for m in meanings)})
    number = {name: k for k, name in enumerate(names)}
    kind = np.array([m.kind for m in meanings], np.uint8)
    speed = np.array([np.nan if m.speed is None else m.speed for m in meanings], np.float32)
    fixed = _crossings(meanings, kind, way, length)

    edge = np.concatenate((np.flatnonzero(forward), np.flatnonzero(backward)))
    ahead = np.arange(len(edge)) < np.count_nonzero(forward)
    arc_tail = np.where(ahead, tail[edge], head[edge])
    order = np.argsort(arc_tail, kind="stable")
    edge, ahead = edge[order], ahead[order]
    return RoadGraph(
        node_latitude=_degrees(y[example[origin]]),
        node_longitude=_degrees(x[example[origin]]),
        arc_tail=arc_tail[order].astype(np.uint32),
        arc_head=np.where(ahead, head[edge], tail[edge]).astype(np.uint32),
        arc_edge=edge.astype(np.int32),
        arc_forward=ahead,
        arc_access=np.where(ahead, forward[edge], backward[edge]).astype(np.uint8),
        arc_fixed_time=fixed[edge],
        edge_first=first.astype(np.int64),
        shape_latitude=latitude,
        shape_longitude=longitude,
        edge_length=length,
        edge_way=way.astype(np.int32),
        way_id=np.array(roads.ways, np.int64),
        way_class=kind,
        way_speed=speed,
        way_name=np.array([number[m.name] for m in meanings], np.int32),
        names=tuple(names),
        region=region,
        source=source,
    )


def _degrees(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(steps / GRID, np.float64)


@dataclass(frozen=True)
class _Links:
    """Edges of no length between the pieces of barrier nodes and the nodes themselves, in the order of the pieces."""

    piece: NDArray[np.int64]
    node: NDArray[np.int64]
    edge: NDArray[np.int64]  # the edge that ends at the piece
    access: NDArray[np.uint8]


def _open_barriers(
    roads: _Roads,
    ids: NDArray[np.int64],
    barriers: NDArray[np.bool_],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
) -> _Links:
    """Give every edge that ends at a barrier a piece of the node for itself; changes `tail` and `head`."""
    pieces: list[int] = []
    nodes: list[int] = []
    edges: list[int] = []
    access: list[int] = []
    for ends in (tail, head):
        for edge in np.flatnonzero(barriers[ends]):
            piece = len(ids) + len(pieces)
            pieces.append(piece)
            nodes.append(int(ends[edge]))
            edges.append(int(edge))
            access.append(int(BOTH & ~roads.barred[int(ids[ends[edge]])]))
            ends[edge] = piece
    return _Links(
        np.array(pieces, np.int64), np.array(nodes, np.int64), np.array(edges, np.int64), np.array(access, np.uint8)
    )


def _crossings(
    meanings: list[WayMeaning], kind: NDArray[np.uint8], way: NDArray[np.int32], length: NDArray[np.float64]
) -> NDArray[np.float32]:
    """[e] seconds for pieces of ferries, their part of the crossing; NaN for roads."""
    whole = np.bincount(way, weights=length, minlength=len(kind))
    crossing = np.array([np.nan if m.crossing is None else m.crossing for m in meanings])
    seconds = np.where(np.isnan(crossing), whole / FERRY_SPEED, crossing)
    part = length / np.maximum(whole[way], 1.0)
    return np.where(kind[way] == RoadClass.FERRY, seconds[way] * part, np.nan).astype(np.float32)


def _connected(graph: RoadGraph) -> tuple[RoadGraph, tuple[CutOff, ...]]:
    """Keep for each profile its largest strongly connected component: what can be reached and left again."""
    access = np.zeros(graph.arcs, np.uint8)
    reports = []
    for profile in (Profile.CAR, Profile.MOTORCYCLE):
        allowed = graph.open_to(profile)
        tail, head = graph.arc_tail[allowed].astype(np.int32), graph.arc_head[allowed].astype(np.int32)
        one = coo_matrix((np.ones(len(tail), np.int8), (tail, head)), shape=(graph.nodes, graph.nodes)).tocsr()
        _, component = connected_components(one, connection="strong")
        touched = np.unique(np.concatenate((tail, head)))
        if len(touched) == 0:
            continue
        inside = component == np.bincount(component[touched]).argmax()
        kept = allowed & inside[graph.arc_tail] & inside[graph.arc_head]
        access[kept] |= int(profile)
        reports.append(_report(graph, profile, allowed, kept, len(touched)))
    if not access.any():
        raise UnusableExtract(f"{graph.source.file}: no two roads in it are connected both ways; take a larger extract")
    return _only(graph, access), tuple(reports)


def _report(
    graph: RoadGraph, profile: Profile, allowed: NDArray[np.bool_], kept: NDArray[np.bool_], nodes: int
) -> CutOff:
    def edges(arcs: NDArray[np.bool_]) -> NDArray[np.int32]:
        return np.unique(graph.arc_edge[arcs])

    before, after = edges(allowed), edges(kept)
    total, left = float(graph.edge_length[before].sum()), float(graph.edge_length[after].sum())
    ways = len(np.unique(graph.edge_way[before])) - len(np.unique(graph.edge_way[after]))
    stay = len(np.unique(graph.arc_tail[kept]))
    return CutOff(profile, nodes - stay, ways, (total - left) / 1000, stay, left / 1000)


def _only(graph: RoadGraph, access: NDArray[np.uint8]) -> RoadGraph:
    """The graph with these rights, without the arcs, edges, nodes, ways and names that nobody needs then."""
    arc = access != 0
    nodes = np.unique(np.concatenate((graph.arc_tail[arc], graph.arc_head[arc])))
    edges = np.unique(graph.arc_edge[arc])
    ways = np.unique(graph.edge_way[edges])
    named = np.unique(np.concatenate(([0], graph.way_name[ways])))  # "" sorts first and stays first
    points = np.diff(graph.edge_first)[edges]
    first = np.concatenate(([0], np.cumsum(points)))
    shape = np.arange(first[-1]) - np.repeat(first[:-1], points) + np.repeat(graph.edge_first[edges], points)
    return RoadGraph(
        node_latitude=graph.node_latitude[nodes],
        node_longitude=graph.node_longitude[nodes],
        arc_tail=np.searchsorted(nodes, graph.arc_tail[arc]).astype(np.uint32),
        arc_head=np.searchsorted(nodes, graph.arc_head[arc]).astype(np.uint32),
        arc_edge=np.searchsorted(edges, graph.arc_edge[arc]).astype(np.int32),
        arc_forward=graph.arc_forward[arc],
        arc_access=access[arc],
        arc_fixed_time=graph.arc_fixed_time[arc],
        edge_first=first.astype(np.int64),
        shape_latitude=graph.shape_latitude[shape],
        shape_longitude=graph.shape_longitude[shape],
        edge_length=graph.edge_length[edges],
        edge_way=np.searchsorted(ways, graph.edge_way[edges]).astype(np.int32),
        way_id=graph.way_id[ways],
        way_class=graph.way_class[ways],
        way_speed=graph.way_speed[ways],
        way_name=np.searchsorted(named, graph.way_name[ways]).astype(np.int32),
        names=tuple(graph.names[k] for k in named.tolist()),
        region=graph.region,
        source=graph.source,
    )
