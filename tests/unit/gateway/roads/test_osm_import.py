"""From map data to the graph: cuts, directions, barriers, ferries, what cannot be reached, and broken files."""

from pathlib import Path

import numpy as np
import pytest

from gateway.roads.osm_import import UnusableExtract, import_osm
from tests.fix_map import draw, write_drawn
from tracker.roads.graph import Profile, RoadClass
from tracker.roads.router import Router
from tracker.roads.snap import Snapper
from tracker.roads.weights import free_flow

CAR, MOTORCYCLE = Profile.CAR, Profile.MOTORCYCLE


def test_ways_are_cut_where_they_meet_and_keep_their_shape() -> None:
    """A bend is a shape point, a junction is a node, and the length is along the shape."""
    roads = draw(
        """
        A----B----C
             |
        E----D
        """,
        {"ABC": {}, "BDE": {}},
    )
    graph = roads.graph
    assert roads.nodes("D") == []
    arc = roads.arc("BE")
    assert arc is not None
    latitude, longitude = graph.shape_of(arc)
    assert latitude == pytest.approx([roads.at(letter)[0] for letter in "BDE"])
    assert longitude == pytest.approx([roads.at(letter)[1] for letter in "BDE"])
    assert graph.arc_length[arc] == pytest.approx(20 + 50, rel=0.01)
    assert {int(way) for way in graph.way_id} == {1, 2}


def test_one_way_streets_have_one_arc() -> None:
    """Along, against, round a roundabout; and a way that crosses itself."""
    roads = draw(
        """
        A----B
        |    |
        D----C
        """,
        {"ABC": {"oneway": "yes"}, "ADC": {"oneway": "-1"}},
    )
    assert roads.arc("AC") is not None
    graph = roads.graph
    assert graph.arcs == 2
    assert (graph.arc_twin == -1).all()
    assert roads.path(Router(graph).route(roads.place("AC", 0.9), roads.place("CA", 0.1))) == "C"


@pytest.mark.parametrize(
    ("tags", "car", "motorcycle"),
    [
        ({"barrier": "bollard"}, False, True),
        ({"barrier": "gate"}, True, True),
        ({"barrier": "gate", "access": "private"}, False, False),
        ({"barrier": "lift_gate", "access": "no", "emergency": "yes"}, True, True),
    ],
)
@pytest.mark.parametrize("ways", [{"ABCD": {}}, {"AB": {}, "BC": {}, "CD": {}}, {"ABC": {}, "CD": {}, "CE": {}}])
def test_a_barrier_stops_those_it_stops(
    tags: dict[str, str], car: bool, motorcycle: bool, ways: dict[str, dict[str, str]]
) -> None:
    """In the middle of a way, where ways meet, and at a crossroads; the way round takes longer, and is taken."""
    roads = draw(
        """
        F---------------G
        |               |
        A----B---C---D--H
                 |
                 E
        """,
        ways | {"AFGHD": {}},
        {"C": tags},
    )
    for profile, passes in ((CAR, car), (MOTORCYCLE, motorcycle)):
        snapper = Snapper(roads.graph, profile)
        source, target = snapper.snap(*roads.at("A", east=5)), snapper.snap(*roads.at("C", east=15))
        assert source is not None
        assert target is not None
        route = Router(roads.graph, free_flow(roads.graph, profile)).route(source, target)
        assert route is not None
        assert route.length == pytest.approx(100 if passes else 5 + 20 + 160 + 20 + 30 + 25, abs=2)


def test_a_place_behind_a_bollard_is_cut_off_for_the_ambulance_alone() -> None:
    """The report counts it, and the motor-ambulance reaches it."""
    roads = draw("A----B----C----D", {"ABCD": {}}, {"C": {"barrier": "bollard"}})
    graph = roads.graph
    behind = roads.arc("CD")
    assert behind is not None
    assert graph.arc_access[behind] == MOTORCYCLE
    report = {part.profile: part for part in roads.imported.cut_off}
    assert report[CAR].kilometres == pytest.approx(0.05, rel=0.01)
    assert (report[CAR].nodes, report[CAR].ways) == (2, 0)
    assert (report[MOTORCYCLE].nodes, report[MOTORCYCLE].kilometres) == (0, 0)


def test_what_cannot_be_left_again_is_cut_off_and_counted() -> None:
    """An island, and a one-way street into nowhere."""
    roads = draw(
        """
        A----B----C    X--Y
        |    |
        D----E
        """,
        {"ABEDA": {"name": "ring"}, "BC": {"oneway": "yes"}, "XY": {"name": "island"}},
    )
    assert roads.graph.names == ("", "ring")
    assert roads.nodes("C") == roads.nodes("X") == []
    (car, motorcycle) = roads.imported.cut_off
    assert (car.nodes, car.ways) == (motorcycle.nodes, motorcycle.ways) == (3, 2)
    assert car.kilometres == pytest.approx(0.08, rel=0.01)
    assert car.kept_kilometres == pytest.approx(0.14, rel=0.01)
    assert (roads.imported.ways_read, roads.imported.ways_kept) == (3, 3)


def test_a_ferry_takes_its_time_or_ten_kilometres_an_hour() -> None:
    """Spread over its pieces by their length."""
    roads = draw(
        "A--B----C--D----E--F\n",
        {"AB": {}, "CD": {}, "EF": {}, "BC": {"route": "ferry", "duration": "10"}, "DE": {"route": "ferry"}},
        step=100,
    )
    graph = roads.graph
    stated, guessed, road = (roads.arc(ends) for ends in ("BC", "DE", "AB"))
    assert graph.arc_fixed_time[stated] == pytest.approx(600)
    assert graph.arc_fixed_time[guessed] == pytest.approx(500 / (10 / 3.6), rel=0.01)
    assert np.isnan(graph.arc_fixed_time[road])
    assert guessed is not None
    assert graph.arc_class[guessed] == RoadClass.FERRY


def test_the_source_is_told(tmp_path: Path) -> None:
    """Name and digest of the file, so that anybody can say what a region was made from."""
    path = tmp_path / "small.osm.pbf"
    write_drawn(path, "A--B", {"AB": {}})
    source = import_osm(path, "small").graph.source
    assert source.file == "small.osm.pbf"
    assert len(source.digest) == 64


def test_the_same_data_in_another_form_is_the_same_graph(tmp_path: Path) -> None:
    """XML and PBF, compressed and not."""
    graphs = []
    for suffix in ("osm.pbf", "osm", "osm.gz"):
        path = tmp_path / f"small.{suffix}"
        write_drawn(path, "A--B--C", {"ABC": {"name": "Jalan"}, "CB": {}})
        graphs.append(import_osm(path, "small").graph)
    for graph in graphs[1:]:
        assert np.array_equal(graph.shape_longitude, graphs[0].shape_longitude)
        assert graph.names == graphs[0].names


def test_progress_is_told(tmp_path: Path) -> None:
    """What is being done, in order."""
    path = tmp_path / "small.osm.pbf"
    write_drawn(path, "A--B", {"AB": {}})
    said: list[str] = []
    import_osm(path, "small", lambda what, _done, _total: said.append(what))
    assert said == ["reading ways", "joining junctions", "finding what can be reached"]


def broken(tmp_path: Path, kind: str) -> Path:
    """A file that gives no roads."""
    path = tmp_path / ("roads.zip" if kind == "another name" else f"{kind}.osm.pbf")
    if kind == "another name":
        path.write_bytes(b"PK")
    elif kind == "empty":
        path.touch()
    elif kind == "noise":
        path.write_bytes(bytes(range(256)) * 40)
    elif kind == "folder":
        path.mkdir()
    elif kind != "missing":
        write_drawn(path, "A--B", {"AB": {"highway": "steps"}} if kind == "no roads" else {"AB": {"oneway": "yes"}})
        if kind == "cut short":
            path.write_bytes(path.read_bytes()[:-20])
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "No such file"),
        ("empty", "the file is empty"),
        ("another name", "an extract's name tells its format: .osm.pbf"),
        ("noise", "no whole OpenStreetMap file"),
        ("cut short", "no whole OpenStreetMap file"),
        ("folder", "Is a directory"),
        ("no roads", "no road in it that an ambulance may drive; 1 ways"),
        ("a single one-way street", "no two roads in it are connected both ways"),
    ],
)
def test_a_file_without_roads_is_one_clear_error(tmp_path: Path, kind: str, says: str) -> None:
    """That names the file and says what to do."""
    path = broken(tmp_path, kind)
    with pytest.raises(UnusableExtract, match=says) as caught:
        import_osm(path, "small")
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
