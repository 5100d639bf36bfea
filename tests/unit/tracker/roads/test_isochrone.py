"""What can be reached is covered, what cannot is not."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import shapely

from gateway.roads.osm_import import import_osm
from gateway.roads.synthetic import write_osm
from tests.fix_map import draw
from tracker import regions
from tracker.roads.engines import INFINITE
from tracker.roads.graph import RoadGraph
from tracker.roads.isochrone import CELL, isochrones
from tracker.roads.router import Router
from tracker.roads.snap import Snap


@cache
def invented() -> RoadGraph:
    """The invented roads of the profile."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "invented.osm.pbf")
        write_osm(regions.load("bojonegoro"), path)
        return import_osm(path, "invented").graph


def place_at(graph: RoadGraph, arc: int) -> Snap:
    """The middle of an arc."""
    latitude, longitude = graph.shape_of(arc)
    return Snap(arc, 0.5, float(latitude.mean()), float(longitude.mean()), 0.0)


@pytest.mark.parametrize("arc", [17, 4000, 9000])
def test_every_node_in_reach_is_covered_and_none_far_out_of_it(arc: int) -> None:
    """Of all nodes of a region, against the costs of single routes; valid polygons, the larger over the smaller."""
    graph = invented()
    router, source = Router(graph), place_at(graph, arc)
    limits = (120.0, 300.0, 900.0)
    areas = isochrones(router, source, limits)
    field = router.field(source)
    nodes = np.asarray(shapely.points(graph.node_longitude, graph.node_latitude))
    for limit, area in zip(limits, areas, strict=True):
        assert area.is_valid
        reached = field <= limit * 1000
        assert reached.any()
        assert shapely.intersects(area, nodes[reached]).all()
        # Out of reach and yet inside: at most those beside a street in reach, or in a block between such.
        late = nodes[field > (limit + 240) * 1000]
        assert shapely.intersects(area, late).mean() < 0.01
    assert areas[0].difference(areas[1]).area < 1e-12  # square degrees: a hundredth of a square metre, for rounding
    assert areas[1].difference(areas[2]).area < 1e-12


def test_a_one_way_street_reaches_one_way() -> None:
    """Half a minute along it, not behind."""
    roads = draw(
        "A---------B---------C\n|                   |\nD---------E---------F\n",
        {"ABC": {"oneway": "yes"}, "CF": {}, "FED": {"oneway": "yes"}, "DA": {}},
        step=50,
    )
    weights = np.rint(roads.graph.arc_length * 100).astype(np.uint32)  # 10 m/s
    (area,) = isochrones(Router(roads.graph, weights), roads.place("AC", 0.5), [30.0])

    def covered(letter: str, east: float) -> bool:
        latitude, longitude = roads.at(letter, east=east)
        return bool(area.intersects(shapely.Point(longitude, latitude)))

    assert covered("B", 0)
    assert covered("B", 290)
    assert not covered("B", 300 + 3 * CELL)
    assert not covered("B", -3 * CELL)


def test_no_road_no_area() -> None:
    """Where the place's own road is closed nothing is reached; limits are above zero."""
    roads = draw("A---B", {"AB": {}})
    router = Router(roads.graph, np.full(roads.graph.arcs, INFINITE))
    (area,) = isochrones(router, roads.place("AB", 0.5), [60.0])
    assert area.is_empty
    assert isochrones(router, roads.place("AB", 0.5), []) == []
    for limit in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above zero"):
            isochrones(router, roads.place("AB", 0.5), [limit])
