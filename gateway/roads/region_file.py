"""One file for each region: the graph, the order of its hierarchy and how it was made, ready in a tenth of a second.

The file is eight letters that name the format and its version, a SHA-256 of all that follows, the length of the header,
the header (JSON), and the arrays one behind the other. Positions are kept on the map's own grid, 1e-7 degrees, as
whole numbers; of the hierarchy only the order of the nodes, for RoutingKit finds the rest again in milliseconds.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyroutingkit  # type: ignore[import-untyped] # it ships no types
from numpy.typing import NDArray

from gateway.roads.osm_import import GRID, CutOff, Imported
from tracker.errors import TrackerError
from tracker.roads.engines import CchEngine, Weights
from tracker.roads.graph import FORMAT_VERSION, BrokenGraph, Profile, RoadGraph, Source
from tracker.roads.router import Router
from tracker.wire.topics import checked_id

SUFFIX = ".roads"
_MAGIC = b"SIGAPRD" + bytes([ord("0") + FORMAT_VERSION])
_DIGEST = slice(8, 40)
_BODY = 40
_ALIGN = 64
_ON_GRID = ("node_latitude", "node_longitude", "shape_latitude", "shape_longitude")


class RegionFileUnusable(TrackerError):
    """This region cannot be read; the message says why and how to get it back."""


@dataclass(frozen=True)
class Region:
    """A region as it was built."""

    graph: RoadGraph
    topology: Any  # pyroutingkit.CCHTopology, which has no types
    cut_off: tuple[CutOff, ...]
    ways_read: int
    ways_kept: int

    def router(self, weights: Weights | None = None) -> Router:
        """A router over the region, by these weights or those of empty roads."""
        return Router(self.graph, weights, CchEngine(self.graph, self.topology))


class _Array(msgspec.Struct):
    name: str
    kind: str  # numpy's
    size: int
    at: int  # bytes from the end of the header


class _CutOff(msgspec.Struct):
    profile: int
    nodes: int
    ways: int
    kilometres: float
    kept_nodes: int
    kept_kilometres: float


class _Header(msgspec.Struct):
    region: str
    source: dict[str, str]
    ways_read: int
    ways_kept: int
    cut_off: list[_CutOff]
    names: list[str]
    arrays: list[_Array]


def region_path(directory: Path, region: str) -> Path:
    """Where the file of a region lies.

    Raises:
        BadInput: the name is not lower-case letters, digits and hyphens.
    """
    return directory / f"{checked_id(region)}{SUFFIX}"


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
    graph = imported.graph
    arrays = {name: _stored(name, getattr(graph, name)) for name in _array_names()} | {"order": _order_of(engine)}
    described, at = [], 0
    for name, values in arrays.items():
        described.append(_Array(name, values.dtype.str, len(values), at))
        at += -(-values.nbytes // _ALIGN) * _ALIGN
    header = _Header(
        region=graph.region,
        source={"file": graph.source.file, "digest": graph.source.digest, "timestamp": graph.source.timestamp},
        ways_read=imported.ways_read,
        ways_kept=imported.ways_kept,
        cut_off=[
            _CutOff(int(c.profile), c.nodes, c.ways, c.kilometres, c.kept_nodes, c.kept_kilometres)
            for c in imported.cut_off
        ],
        names=list(graph.names),
        arrays=described,
    )
    text = msgspec.json.encode(header)
    text += b" " * (-(len(text) + 8 + _BODY) % _ALIGN)  # so that the arrays are aligned in the file
    body = bytearray(len(text).to_bytes(8, "little") + text)
    for values in arrays.values():
        body += values.tobytes()
        body += bytes(-len(values.tobytes()) % _ALIGN)
    _replace(path, _MAGIC + hashlib.sha256(body).digest() + body)


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
    if data[:7] != _MAGIC[:7]:
        raise RegionFileUnusable(f"{path}: this is no region of roads; {again}")
    if data[:8] != _MAGIC:
        raise RegionFileUnusable(f"{path}: made by another version of this program; {again}")
    body = memoryview(data)[_BODY:]
    if hashlib.sha256(body).digest() != data[_DIGEST]:
        raise RegionFileUnusable(f"{path}: the file is cut short or damaged; {again}")
    try:
        return _read(body)
    except (msgspec.MsgspecError, ValueError, KeyError, BrokenGraph) as error:
        raise RegionFileUnusable(f"{path}: the file contradicts itself ({error}); {again}") from error
    except OSError as error:
        raise RegionFileUnusable(f"no room for temporary files in {tempfile.gettempdir()}: {error.strerror}") from error


def _read(body: memoryview) -> Region:
    size = int.from_bytes(body[:8], "little")
    header = msgspec.json.decode(body[8 : 8 + size], type=_Header)
    data = body[8 + size :]
    arrays: dict[str, Any] = {}
    for array in header.arrays:
        values = np.frombuffer(data, np.dtype(array.kind), array.size, array.at)
        arrays[array.name] = values / GRID if array.name in _ON_GRID else values
    order = arrays.pop("order")
    graph = RoadGraph(**arrays, names=tuple(header.names), region=header.region, source=Source(**header.source))
    cut_off = tuple(
        CutOff(Profile(c.profile), c.nodes, c.ways, c.kilometres, c.kept_nodes, c.kept_kilometres)
        for c in header.cut_off
    )
    return Region(graph, _topology(graph, order), cut_off, header.ways_read, header.ways_kept)


def _array_names() -> list[str]:
    return [name for name in RoadGraph.__dataclass_fields__ if name not in ("names", "region", "source")]


def _stored(name: str, values: NDArray[Any]) -> NDArray[Any]:
    return np.rint(values * GRID).astype(np.int32) if name in _ON_GRID else values


def _order_of(engine: CchEngine) -> NDArray[np.uint32]:
    """The order in which the hierarchy takes the nodes, from the folder that RoutingKit writes."""
    with tempfile.TemporaryDirectory(prefix="sigap-roads-") as folder:
        engine.topology.save(folder)
        return np.fromfile(Path(folder, "order"), np.uint32)


def _topology(graph: RoadGraph, order: NDArray[np.uint32]) -> Any:
    """The hierarchy of a graph: RoutingKit reads a folder, so one is written; the rest of it follows from the graph."""
    if not np.array_equal(np.sort(order), np.arange(graph.nodes)):
        raise ValueError("the order is no order of the nodes")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    parts = {
        "tail": graph.arc_tail, "head": graph.arc_head, "order": order, "rank": rank,
        "node_count": np.array([graph.nodes], np.uint32),
    }  # fmt: skip
    topology = pyroutingkit.CCHTopology()
    with tempfile.TemporaryDirectory(prefix="sigap-roads-") as folder:
        for name, values in parts.items():
            values.tofile(Path(folder, name))
        topology.load(folder)
    return topology


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
