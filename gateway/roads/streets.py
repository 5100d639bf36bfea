"""A place on the network by the name of a street or by coordinates, for people who ask from a terminal."""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix  # type: ignore[import-untyped] # it ships no types
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped] # it ships no types

from tracker.errors import TrackerError
from tracker.roads.graph import RoadGraph

_POINT = re.compile(r"\s*([+-]?\d+(?:\.\d*)?)\s*,\s*([+-]?\d+(?:\.\d*)?)\s*")
_STREET = re.compile(r"^(jalan|jln|jl)\b\.? *")
_SUGGESTIONS = 8


class NoSuchStreet(TrackerError):
    """This text names no place of the network, or too many; the message says which there are."""


class StreetPlace(NamedTuple):
    """A place and how it was understood."""

    latitude: float  # degrees
    longitude: float  # degrees
    said: str


def place_called(graph: RoadGraph, text: str) -> StreetPlace:
    """The place that a text means: "latitude,longitude", or a street, of which the middle is taken.

    A street is meant by its whole name, or by a part that no other name has, in upper or lower case. Where several
    streets have one name, it is the longest of them.

    Raises:
        NoSuchStreet: there is none, or there are several that the text could mean.
    """
    if found := _POINT.fullmatch(text):
        latitude, longitude = float(found[1]), float(found[2])
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise NoSuchStreet(f"{text} is no place on Earth: write latitude,longitude in degrees")
        return StreetPlace(latitude, longitude, f"{latitude:.5f}, {longitude:.5f}")
    name = _name(graph, text)
    edges = np.flatnonzero(np.array(graph.names, object)[graph.way_name[graph.edge_way]] == name)
    pieces = _pieces(graph, edges)
    lengths = np.bincount(pieces, weights=graph.edge_length[edges])
    longest = int(np.argmax(lengths))
    along = edges[pieces == longest]
    latitude, longitude = _middle(graph, along)
    more = f", the longest of {len(lengths)} of this name" if len(lengths) > 1 else ""
    return StreetPlace(latitude, longitude, f"{name} ({latitude:.5f}, {longitude:.5f}{more})")


def middles(graph: RoadGraph) -> Iterator[tuple[str, float, float, float]]:
    """Every named street of the network: its name, the latitude and longitude of the edge nearest to its middle, its
    length in metres. Where several have one name each connected piece is a street of its own."""
    name_of = graph.way_name[graph.edge_way].astype(np.int64)
    named = np.flatnonzero(np.array([bool(each) for each in graph.names])[name_of])
    if len(named) == 0:
        return
    arc = graph.edge_arcs[named].max(axis=1)
    ends = np.stack((graph.arc_tail[arc], graph.arc_head[arc])).astype(np.int64)
    _, joints = np.unique(name_of[named] * graph.nodes + ends, return_inverse=True)
    one, other = joints.reshape(ends.shape)
    joined = coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(int(joints.max()) + 1,) * 2)
    pieces, of_joint = connected_components(joined, directed=False)
    piece = of_joint[one]
    latitude = graph.node_latitude[ends].mean(axis=0)
    longitude = graph.node_longitude[ends].mean(axis=0)
    length = graph.edge_length[named].astype(float)
    total = np.bincount(piece, weights=length, minlength=pieces)
    safe = np.maximum(total, 1e-9)
    north = latitude - (np.bincount(piece, weights=latitude * length, minlength=pieces) / safe)[piece]
    east = longitude - (np.bincount(piece, weights=longitude * length, minlength=pieces) / safe)[piece]
    order = np.lexsort((np.hypot(north, east), piece))
    _, first = np.unique(piece[order], return_index=True)
    for at, metres in zip(order[first].tolist(), total.tolist(), strict=True):
        yield graph.names[name_of[named[at]]], float(latitude[at]), float(longitude[at]), metres


def _name(graph: RoadGraph, text: str) -> str:
    wanted = _bare(text)
    if not wanted:
        raise NoSuchStreet('name a street, or a place as "latitude,longitude"')
    used: set[str] = {graph.names[at] for at in np.unique(graph.way_name[graph.edge_way]).tolist()} - {""}
    whole = [name for name in used if _bare(name) == wanted]
    parts = sorted((name for name in used if wanted in _bare(name)), key=lambda name: (len(name), name))
    if whole:
        return min(whole, key=lambda name: (name.casefold() != text.casefold(), name))
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise NoSuchStreet(f"no street of {graph.region} has {text!r} in its name; {len(used)} streets have names")
    shown = ", ".join(parts[:_SUGGESTIONS]) + (f" and {len(parts) - _SUGGESTIONS} more" if parts[_SUGGESTIONS:] else "")
    raise NoSuchStreet(f"{text!r} could be {shown}: write one of these names whole")


def _bare(name: str) -> str:
    """Without the word for a street, which maps leave out as often as not, and without capitals."""
    return _STREET.sub("", " ".join(name.split()).casefold())


def _pieces(graph: RoadGraph, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """[edges] number of the connected piece that each belongs to."""
    arc = graph.edge_arcs[edges].max(axis=1)
    tail, head = graph.arc_tail[arc].astype(np.int64), graph.arc_head[arc].astype(np.int64)
    joined = coo_matrix((np.ones(len(arc), np.int8), (tail, head)), shape=(graph.nodes, graph.nodes))
    _, component = connected_components(joined, directed=False)
    _, piece = np.unique(component[tail], return_inverse=True)
    return np.asarray(piece, np.int64)


def _middle(graph: RoadGraph, edges: NDArray[np.int64]) -> tuple[float, float]:
    """The point of these edges that is nearest to the middle of them all."""
    points = np.concatenate([np.arange(graph.edge_first[edge], graph.edge_first[edge + 1]) for edge in edges.tolist()])
    latitude, longitude = graph.shape_latitude[points], graph.shape_longitude[points]
    east = (longitude - (longitude.min() + longitude.max()) / 2) * math.cos(math.radians(float(latitude.mean())))
    north = latitude - (latitude.min() + latitude.max()) / 2
    nearest = int(np.argmin(east**2 + north**2))
    return float(latitude[nearest]), float(longitude[nearest])
