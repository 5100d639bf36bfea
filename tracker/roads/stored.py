"""A region of roads as bytes: the graph, the order of its hierarchy and how it was made. Who has a disk writes them.

Gateway and simulator both read regions, so the format is here, once. It is eight letters that name the format and
its version, a SHA-256 of all that follows, the length of the header, the header (JSON), and the arrays one behind
the other. Positions are kept on the map's own grid, 1e-7 degrees, as whole numbers; of the hierarchy only the order of
the nodes, for RoutingKit finds the rest again in milliseconds.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.roads.graph import FORMAT_VERSION, BrokenGraph, Profile, RoadGraph, Source

SUFFIX = ".roads"
"""How the name of such a file ends."""

GRID = 1e7
"""Steps in a degree on the grid where OpenStreetMap keeps positions; a step is about a centimetre."""

_MAGIC = b"SIGAPRD" + bytes([ord("0") + FORMAT_VERSION])
_DIGEST = slice(8, 40)
_BODY = 40
_ALIGN = 64
_ON_GRID = ("node_latitude", "node_longitude", "shape_latitude", "shape_longitude")


class BrokenRegion(TrackerError):
    """These bytes are no region, or not any more; the message says why, as the end of a sentence."""


@dataclass(frozen=True)
class CutOff:
    """What a profile lost because it cannot be reached and left again."""

    profile: Profile
    nodes: int
    ways: int  # ways of which nothing was kept
    kilometres: float
    kept_nodes: int
    kept_kilometres: float


@dataclass(frozen=True)
class StoredRegion:
    """What the bytes hold."""

    graph: RoadGraph
    order: NDArray[np.uint32]  # [n] the nodes, in the order in which the hierarchy takes them
    cut_off: tuple[CutOff, ...]
    ways_read: int
    ways_kept: int


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


def encode(stored: StoredRegion) -> bytes:
    """A region as bytes, the same region as the same bytes."""
    graph = stored.graph
    arrays = {name: _stored(name, getattr(graph, name)) for name in _array_names()} | {"order": stored.order}
    described, at = [], 0
    for name, values in arrays.items():
        described.append(_Array(name, values.dtype.str, len(values), at))
        at += -(-values.nbytes // _ALIGN) * _ALIGN
    header = _Header(
        region=graph.region,
        source={"file": graph.source.file, "digest": graph.source.digest, "timestamp": graph.source.timestamp},
        ways_read=stored.ways_read,
        ways_kept=stored.ways_kept,
        cut_off=[
            _CutOff(int(c.profile), c.nodes, c.ways, c.kilometres, c.kept_nodes, c.kept_kilometres)
            for c in stored.cut_off
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
    return _MAGIC + hashlib.sha256(body).digest() + body


def decode(data: bytes) -> StoredRegion:
    """Read a region.

    Raises:
        BrokenRegion: it is none, of another version, cut short, or changed since it was written.
    """
    if data[:7] != _MAGIC[:7]:
        raise BrokenRegion("this is no region of roads")
    if data[:8] != _MAGIC:
        raise BrokenRegion("made by another version of this program")
    body = memoryview(data)[_BODY:]
    if hashlib.sha256(body).digest() != data[_DIGEST]:
        raise BrokenRegion("the file is cut short or damaged")
    try:
        return _read(body)
    except (msgspec.MsgspecError, ValueError, KeyError, BrokenGraph) as error:
        raise BrokenRegion(f"the file contradicts itself ({error})") from error


def _read(body: memoryview) -> StoredRegion:
    size = int.from_bytes(body[:8], "little")
    header = msgspec.json.decode(body[8 : 8 + size], type=_Header)
    data = body[8 + size :]
    arrays: dict[str, Any] = {}
    for array in header.arrays:
        values = np.frombuffer(data, np.dtype(array.kind), array.size, array.at)
        arrays[array.name] = values / GRID if array.name in _ON_GRID else values
    order = arrays.pop("order")
    graph = RoadGraph(**arrays, names=tuple(header.names), region=header.region, source=Source(**header.source))
    if not np.array_equal(np.sort(order), np.arange(graph.nodes)):
        raise ValueError("the order is no order of the nodes")
    cut_off = tuple(
        CutOff(Profile(c.profile), c.nodes, c.ways, c.kilometres, c.kept_nodes, c.kept_kilometres)
        for c in header.cut_off
    )
    return StoredRegion(graph, order, cut_off, header.ways_read, header.ways_kept)


def _array_names() -> list[str]:
    return [name for name in RoadGraph.__dataclass_fields__ if name not in ("names", "region", "source")]


def _stored(name: str, values: NDArray[Any]) -> NDArray[Any]:
    return np.rint(values * GRID).astype(np.int32) if name in _ON_GRID else values
