"""Positions find their street, and their direction on it."""

import numpy as np
import pytest

from tests.fix_map import draw
from tracker.roads.graph import Profile
from tracker.roads.snap import Snapper

DUAL = draw(
    """
    A-------------------B
    |                   |
    D-------------------C
    """,
    {"AB": {"oneway": "yes"}, "BC": {}, "CD": {"oneway": "yes"}, "DA": {}},
)


def test_the_nearest_street_is_found_with_the_place_on_it() -> None:
    """Eight metres beside the middle of a street: that distance, half the arc, the foot of the perpendicular."""
    snap = Snapper(DUAL.graph).snap(*DUAL.at("A", east=100, north=8))
    assert snap is not None
    assert snap.arc == DUAL.arc("AB")
    assert snap.distance == pytest.approx(8, abs=0.01)
    assert snap.fraction == pytest.approx(0.5, abs=0.001)
    assert (snap.latitude, snap.longitude) == pytest.approx(DUAL.at("A", east=100), abs=1e-7)


def test_the_course_chooses_the_carriageway() -> None:
    """Between two opposite one-way streets, a little nearer to the wrong one: the course decides, if there is speed."""
    snapper = Snapper(DUAL.graph)
    here = DUAL.at("A", east=100, north=-11)  # 11 m to AB, 9 m to CD
    assert snapper.snap(*here).arc == DUAL.arc("CD")  # type: ignore[union-attr] # None would fail as well
    assert snapper.snap(*here, course=90).arc == DUAL.arc("AB")  # type: ignore[union-attr] # as above
    assert snapper.snap(*here, course=90, speed=15).arc == DUAL.arc("AB")  # type: ignore[union-attr] # as above
    assert snapper.snap(*here, course=270, speed=15).arc == DUAL.arc("CD")  # type: ignore[union-attr] # as above
    assert snapper.snap(*here, course=90, speed=0.4).arc == DUAL.arc("CD")  # type: ignore[union-attr] # as above


def test_on_a_two_way_street_the_course_chooses_the_direction() -> None:
    """Same place, the arc that fits; the fraction counts from that arc's own start."""
    roads = draw("A----------B", {"AB": {}})
    snapper = Snapper(roads.graph)
    for course, ends, fraction in ((80, "AB", 0.25), (275, "BA", 0.75)):
        snap = snapper.snap(*roads.at("A", east=27.5, north=3), course=course)
        assert snap is not None
        assert snap.arc == roads.arc(ends)
        assert snap.fraction == pytest.approx(fraction, abs=0.01)


def test_candidates_are_all_directions_near_best_first() -> None:
    """Both carriageways and the two-way street at their end, each arc once."""
    found = Snapper(DUAL.graph).candidates(*DUAL.at("A", east=5, north=2), course=0)
    assert found[0].arc == DUAL.arc("DA")  # 5 m away, where its course fits; AB is 2 m away and across
    assert {snap.arc for snap in found} == {DUAL.arc(ends) for ends in ("AB", "CD", "AD", "DA")}
    assert len(found) == 4


def test_beyond_the_tolerance_there_is_no_street() -> None:
    """Just inside it there is; nowhere and unknown positions have none."""
    snapper = Snapper(DUAL.graph)
    assert snapper.snap(*DUAL.at("A", east=100, north=61)) is None
    assert snapper.snap(*DUAL.at("A", east=100, north=59)) is not None
    assert snapper.snap(*DUAL.at("A", east=100, north=12), tolerance=10) is None
    assert snapper.snap(0.0, 0.0) is None
    assert snapper.snap(float("nan"), 111.0) is None


def test_many_snaps_are_each_as_if_alone() -> None:
    """In one call or in many, in any mixture of known and unknown courses."""
    snapper = Snapper(DUAL.graph)
    chance = np.random.default_rng(3)
    points = [DUAL.at("A", east=chance.uniform(-80, 280), north=chance.uniform(-100, 80)) for _ in range(200)]
    courses = [None if k % 3 == 0 else float(chance.uniform(0, 360)) for k in range(200)]
    speeds = [None if k % 5 == 0 else float(chance.uniform(0, 6)) for k in range(200)]
    together = snapper.snap_many([p[0] for p in points], [p[1] for p in points], courses, speeds)
    alone = [snapper.snap(*p, c, s) for p, c, s in zip(points, courses, speeds, strict=True)]
    assert together == alone
    assert any(snap is None for snap in alone)
    assert snapper.snap_many([], []) == []


def test_a_profile_is_snapped_to_what_it_may_drive() -> None:
    """An ambulance beside a footpath is on the road behind it; a motor-ambulance is on the path."""
    roads = draw(
        """
        A---------B
        |         |
        D---------C
        """,
        {"AB": {"highway": "path"}, "BC": {}, "CD": {}, "DA": {}},
    )
    here = roads.at("A", east=50, north=-2)
    for profile, ends in ((Profile.CAR, "DC"), (Profile.MOTORCYCLE, "AB")):
        snap = Snapper(roads.graph, profile).snap(*here)
        assert snap is not None
        assert snap.arc in (roads.arc(ends), roads.arc(ends[::-1]))
