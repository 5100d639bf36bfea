"""Maps drawn in the test, after the manner of Valhalla's gurka: letters are nodes, the rest is for the reader.

    roads = draw('''
        A----B----C
             |
             D
    ''', {"ABC": {"highway": "primary"}, "BD": {"oneway": "yes"}})

The drawing is written as OpenStreetMap data and read by the importer, so a test on it tests that, too. A character is
`step` metres wide and as high. A way is residential unless it says otherwise. What cannot be left again is cut off.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium

from gateway.roads.osm_import import Imported, import_osm
from tracker.geodesy import LocalPlane
from tracker.roads.graph import RoadGraph
from tracker.roads.router import Route
from tracker.roads.snap import Snap

ORIGIN = LocalPlane(-7.15, 111.88)


@dataclass(frozen=True)
class Drawn:
    """A drawn map and what it became."""

    imported: Imported
    places: dict[str, tuple[float, float]]  # letter -> (latitude, longitude) in degrees

    @property
    def graph(self) -> RoadGraph:
        """The network."""
        return self.imported.graph

    def at(self, letter: str, east: float = 0.0, north: float = 0.0) -> tuple[float, float]:
        """(latitude, longitude) of a letter, moved by metres."""
        plane = LocalPlane(*self.places[letter])
        latitude, longitude = plane.to_degrees(np.array([east]), np.array([north]))
        return float(latitude[0]), float(longitude[0])

    def nodes(self, letter: str) -> list[int]:
        """Nodes that lie at a letter: several where a barrier cuts it, none where the way only bends."""
        latitude, longitude = self.places[letter]
        graph = self.graph
        near = np.abs(graph.node_latitude - latitude) + np.abs(graph.node_longitude - longitude) < 1e-6
        return np.flatnonzero(near).tolist()

    def arc(self, ends: str) -> int | None:
        """The arc from the first letter to the second, or None."""
        tails, heads = self.nodes(ends[0]), self.nodes(ends[1])
        graph = self.graph
        found = np.flatnonzero(np.isin(graph.arc_tail, tails) & np.isin(graph.arc_head, heads))
        return int(found[0]) if len(found) else None

    def place(self, ends: str, fraction: float) -> Snap:
        """The place on the arc between two letters."""
        arc = self.arc(ends)
        assert arc is not None, f"no arc {ends}"
        latitude, longitude = (
            float(np.interp(fraction * self.graph.arc_length[arc], self._along(arc), values))
            for values in self.graph.shape_of(arc)
        )
        return Snap(arc, fraction, latitude, longitude, 0.0)

    def path(self, route: Route | None) -> str:
        """Letters of the nodes between the arcs of a route, in order."""
        assert route is not None, "there is no route"
        return "".join(self._letter(int(node)) for node in self.graph.arc_head[route.arcs[:-1]])

    def _letter(self, node: int) -> str:
        return next(letter for letter in self.places if node in self.nodes(letter))

    def _along(self, arc: int) -> list[float]:
        edge = int(self.graph.arc_edge[arc])
        cut = slice(int(self.graph.edge_first[edge]), int(self.graph.edge_first[edge + 1]))
        offset = self.graph.shape_offset[cut]
        metres: list[float] = (offset if self.graph.arc_forward[arc] else offset[-1] - offset[::-1]).tolist()
        return metres


def draw(
    picture: str,
    ways: Mapping[str, Mapping[str, str]],
    nodes: Mapping[str, Mapping[str, str]] | None = None,
    step: float = 10.0,
) -> Drawn:
    """The network of a drawing: ways as letters with their tags, tags of nodes by letter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "drawn.osm.pbf")
        places = write_drawn(path, picture, ways, nodes, step)
        return Drawn(import_osm(path, "drawn"), places)


def write_drawn(
    path: Path,
    picture: str,
    ways: Mapping[str, Mapping[str, str]],
    nodes: Mapping[str, Mapping[str, str]] | None = None,
    step: float = 10.0,
) -> dict[str, tuple[float, float]]:
    """Write a drawing as OpenStreetMap data; returns where the letters lie. The k-th way has the id k, from 1."""
    places = {}
    for row, line in enumerate(picture.splitlines()):
        for column, letter in enumerate(line):
            if letter.isalnum():
                assert letter not in places, f"{letter} is drawn twice"
                latitude, longitude = ORIGIN.to_degrees(np.array([column * step]), np.array([-row * step]))
                places[letter] = (float(latitude[0].round(7)), float(longitude[0].round(7)))
    ids = {letter: number for number, letter in enumerate(places, start=1)}
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for letter, (y, x) in places.items():
            tags = dict((nodes or {}).get(letter, {}))
            writer.add_node(osmium.osm.mutable.Node(id=ids[letter], version=1, location=(x, y), tags=tags))
        for number, (letters, given) in enumerate(ways.items(), start=1):
            tags = dict(given) if "route" in given else {"highway": "residential"} | dict(given)
            refs = [ids[letter] for letter in letters]
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=refs, tags=tags))
    return places
