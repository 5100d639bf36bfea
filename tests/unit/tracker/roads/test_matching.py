"""The map matcher on drawn streets."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fix_map import Drawn, draw
from tracker.roads.matching import Match, Matcher

# Two parallel one-way streets and a two-way one across; a character is 20 m.
TOWN = draw(
    """
    A---------B---------C---------E
    |         |         |         |
    H---------G---------F---------I
    """,
    {"ABCE": {"oneway": "yes"}, "IFGH": {"oneway": "yes"}, "HA": {}, "GB": {}, "FC": {}, "IE": {}},
    step=20.0,
)
MATCHER = Matcher(TOWN.graph)


def along(drawn: Drawn, *stops: tuple[str, float, float], step: float = 10.0) -> tuple[NDArray[np.float64], ...]:
    """(latitude, longitude, seconds) at 1 Hz and `step` m/s by way of letters, each moved by metres east and north."""
    corners = np.array([drawn.at(letter, east, north) for letter, east, north in stops])
    latitude, longitude = [corners[0][0]], [corners[0][1]]
    for a, b in pairwise(corners):
        metres = np.hypot((b[0] - a[0]) * 111_195, (b[1] - a[1]) * 110_330)
        parts = np.arange(1, round(metres / step) + 1) / round(metres / step)
        latitude.extend((a[0] + (b[0] - a[0]) * parts).tolist())
        longitude.extend((a[1] + (b[1] - a[1]) * parts).tolist())
    return np.array(latitude), np.array(longitude), np.arange(len(latitude), dtype=float)


def letters(match: Match | None) -> str:
    """Letters of the nodes along a path, both ends included."""
    assert match is not None
    nodes = [int(TOWN.graph.arc_tail[match.arcs[0]]), *TOWN.graph.arc_head[match.arcs].tolist()]
    return "".join(next(letter for letter in TOWN.places if node in TOWN.nodes(letter)) for node in nodes)


def test_a_drive_is_found_on_its_streets() -> None:
    """Along A to C, down to F and on to G, a few metres beside the road: that path, with offsets of those metres."""
    match = MATCHER.match(*along(TOWN, ("A", 20, 4), ("C", 0, 4), ("F", 0, 3), ("G", 40, 3)))
    assert letters(match) == "ABCFG"
    assert match is not None
    assert np.median(match.offset) == pytest.approx(4, abs=1.1)
    assert match.begin == pytest.approx(20, abs=1)
    assert match.parts(TOWN.graph)[0] == pytest.approx(0.9, abs=0.01)
    assert match.parts(TOWN.graph)[1:-1].tolist() == [1.0, 1.0]


def test_a_one_way_street_is_not_driven_against_its_direction() -> None:
    """Half-way between two one-way streets, nearer to the wrong one: the direction of driving decides."""
    east = MATCHER.match(*along(TOWN, ("A", 40, -21), ("C", -40, -21)))
    west = MATCHER.match(*along(TOWN, ("C", -40, -19), ("A", 40, -19)))
    assert letters(east) == "ABC"
    assert letters(west) == "FGH"


def test_one_position_far_off_makes_no_detour() -> None:
    """A jump of hundreds of metres for a second, onto another street, is left out; at the beginning as well."""
    for where in (0, 20):
        latitude, longitude, seconds = along(TOWN, ("A", 10, 3), ("E", -10, 3))
        latitude[where], longitude[where] = TOWN.at("I", -100 if where else 0, 2)
        match = MATCHER.match(latitude, longitude, seconds)
        assert letters(match) == "ABCE"


def test_a_gap_is_bridged_by_road() -> None:
    """Nothing between two ends of a tunnel of 400 m and a corner: the way between them is in the path."""
    latitude, longitude, seconds = along(TOWN, ("A", 20, 0), ("C", 0, 0), ("F", 0, 0), ("G", 60, 0))
    seen = np.r_[0:8, len(seconds) - 8 : len(seconds)]
    match = MATCHER.match(latitude[seen], longitude[seen], seconds[seen])
    assert letters(match) == "ABCFG"


def test_noise_on_the_spot_is_no_turn() -> None:
    """A vehicle that stands while its receiver drifts back by 35 m and forth again has not gone round the block."""
    latitude, longitude, _ = along(TOWN, ("A", 20, 0), ("C", -20, 0))
    wait = [TOWN.at("A", 120 - abs(back), 5) for back in range(-35, 36, 7)]
    y = np.concatenate((latitude[:11], [place[0] for place in wait], latitude[11:]))
    x = np.concatenate((longitude[:11], [place[1] for place in wait], longitude[11:]))
    match = MATCHER.match(y, x, 15.0 * np.arange(len(y)))
    assert letters(match) == "ABC"
    assert match is not None
    assert (np.diff(match.along) >= 0).all()


def test_a_red_light_belongs_to_its_street() -> None:
    """A minute of standing before B is spent on the arc to B, not on the one after it."""
    latitude, longitude, _ = along(TOWN, ("A", 0, 0), ("C", 0, 0))
    at = 19  # 190 m of the 200 m to B
    y = np.concatenate((latitude[:at], np.full(60, latitude[at]), latitude[at:]))
    x = np.concatenate((longitude[:at], np.full(60, longitude[at]), longitude[at:]))
    match = MATCHER.match(y, x, np.arange(len(y), dtype=float))
    assert letters(match) == "ABC"
    assert match is not None
    to_b, to_c = np.diff(match.entered(TOWN.graph))
    assert to_b == pytest.approx(80, abs=4)
    assert to_c == pytest.approx(20, abs=4)


def test_what_is_nowhere_near_a_road_has_no_path() -> None:
    """Positions at sea, one position, none: no match, and no error."""
    assert MATCHER.match([-6.0, -6.001], [110.0, 110.0], [0, 1]) is None
    assert MATCHER.match([-7.15], [111.88], [0]) is None
    assert MATCHER.match([], [], []) is None


def test_falling_time_is_refused() -> None:
    """The order of positions is the caller's to know."""
    with pytest.raises(ValueError, match="order of time"):
        MATCHER.match([-7.15, -7.15], [111.88, 111.881], [1, 0])
    with pytest.raises(ValueError, match="one size"):
        MATCHER.match([-7.15, -7.15], [111.88], [1, 0])
