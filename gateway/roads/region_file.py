"""One file for each region, ready in a tenth of a second. What stands in it: `tracker.roads.stored`."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.roads.osm_import import Imported
from tracker.errors import BadInput, TrackerError
from tracker.roads.engines import CchEngine, Engine, Weights, best_engine, load_topology
from tracker.roads.graph import RoadGraph
from tracker.roads.router import Router
from tracker.roads.stored import SUFFIX, BrokenRegion, CutOff, StoredRegion, decode, encode
from tracker.wire.topics import checked_id


class RegionFileUnusable(TrackerError):
    """This region cannot be read; the message says why and how to get it back."""


class BadRegionName(TrackerError):
    """This cannot be the name of a file, and so of no region."""


@dataclass(frozen=True)
class Region:
    """A region as it was built."""

    graph: RoadGraph
    topology: Any  # pyroutingkit.CCHTopology, which has no types; None where that cannot be loaded
    cut_off: tuple[CutOff, ...]
    ways_read: int
    ways_kept: int

    def router(self, weights: Weights | None = None) -> Router:
        """A router over the region, by these weights or those of empty roads."""
        return Router(self.graph, weights, self.engine())

    def engine(self, told: Callable[[str], None] = lambda _: None) -> Engine:
        """The best engine that can be had here; ``told`` hears when that is the slow one."""
        return best_engine(self.graph, self.topology, told)


def region_path(directory: Path, region: str) -> Path:
    """Where the file of a region lies.

    Raises:
        BadRegionName: the name is not lower-case letters, digits and hyphens.
    """
    try:
        return directory / f"{checked_id(region)}{SUFFIX}"
    except BadInput:
        raise BadRegionName(f"{region!r} is no name of a region: 1 to 32 of a-z, 0-9 and '-', no '-' first") from None


def regions_in(directory: Path) -> list[str]:
    """Names of the regions that were built."""
    return sorted(path.name.removesuffix(SUFFIX) for path in directory.glob(f"*{SUFFIX}"))


def save(path: Path, imported: Imported, engine: CchEngine) -> None:
    """Write the file of a region whole, or leave what was there.

    Args:
        path: of the file; its folder is made.
        imported: the graph and how it came about.
        engine: made for this graph; its order of nodes is kept.
    Raises:
        OSError: the disk is full, or the folder may not be written.
    """
    stored = StoredRegion(imported.graph, _order_of(engine), imported.cut_off, imported.ways_read, imported.ways_kept)
    _replace(path, encode(stored))


def load(path: Path) -> Region:
    """Read the file of a region.

    Raises:
        RegionFileUnusable: it is missing, of another version, cut short or changed since it was written.
    """
    again = "build it again with `sigap roads build`"
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        known = ", ".join(regions_in(path.parent)) or "none"
        raise RegionFileUnusable(f"{path}: there is no such region (built: {known}); {again}") from error
    except OSError as error:
        raise RegionFileUnusable(f"{path}: {error.strerror or error}") from error
    try:
        stored = decode(data)
        topology = _topology(stored.graph, stored.order)
    except BrokenRegion as error:
        raise RegionFileUnusable(f"{path}: {error}; {again}") from error
    except OSError as error:
        raise RegionFileUnusable(f"no room for temporary files in {tempfile.gettempdir()}: {error.strerror}") from error
    return Region(stored.graph, topology, stored.cut_off, stored.ways_read, stored.ways_kept)


def _order_of(engine: CchEngine) -> NDArray[np.uint32]:
    """The order in which the hierarchy takes the nodes, from the folder that RoutingKit writes."""
    with tempfile.TemporaryDirectory(prefix="sigap-roads-") as folder:
        engine.topology.save(folder)
        return np.fromfile(Path(folder, "order"), np.uint32)


def _topology(graph: RoadGraph, order: NDArray[np.uint32]) -> Any:
    """The hierarchy of a graph, None without RoutingKit: it reads a folder, so one is written; the rest of it follows
    from the graph."""
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    parts = {
        "tail": graph.arc_tail, "head": graph.arc_head, "order": order, "rank": rank,
        "node_count": np.array([graph.nodes], np.uint32),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="sigap-roads-") as folder:
        for name, values in parts.items():
            values.tofile(Path(folder, name))
        return load_topology(folder)


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
