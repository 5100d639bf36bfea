"""What follows from several sources that say where a facility is."""

import itertools
from datetime import UTC, datetime

import pytest

from tracker.register import USABLE, Point
from tracker.register.points import Finding, SourcePoint, judged

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
METRES = 1 / 111_195  # degrees of latitude


def said(source: str, finding: Finding = Finding.INSIDE, north_m: float = 0.0) -> SourcePoint:
    """A point so many metres north of the building."""
    return SourcePoint(source, -7.15 + north_m * METRES, 111.88, finding, "a detail", NOON)


@pytest.mark.parametrize(
    ("points", "quality", "source"),
    [
        ([said("a")], Point.UNCONFIRMED, "a"),
        *[
            ([said("a", finding)], Point.DOUBTFUL, "a")
            for finding in Finding
            if finding is not Finding.INSIDE
        ],
        ([said("a"), said("b", north_m=1400)], Point.AGREED, "a"),
        ([said("a"), said("b", north_m=2900)], Point.UNCONFIRMED, "a"),
        ([said("a"), said("b", north_m=3100)], Point.DOUBTFUL, "a"),
        ([said("a", Finding.EDGE), said("b", Finding.EDGE, 2900)], Point.DOUBTFUL, "a"),
        ([said("a", Finding.EDGE), said("b", Finding.EDGE, 900)], Point.AGREED, "a"),
        ([said("a", Finding.UNCHECKED), said("b", Finding.UNCHECKED, 900)], Point.AGREED, "a"),
        ([said("a", Finding.EDGE, 900), said("b")], Point.AGREED, "b"),
        ([said("a", Finding.OUTSIDE, 329_000), said("b")], Point.DOUBTFUL, "b"),
        ([said("a", Finding.OUTSIDE, 50_000), said("b", Finding.OUTSIDE, 50_000)], Point.DOUBTFUL, "a"),
        ([said("a", Finding.SWAPPED), said("b", Finding.OUTSIDE, 9_000)], Point.DOUBTFUL, "a"),
        ([said("a", Finding.SWAPPED, 900), said("b")], Point.AGREED, "b"),
        ([said("a", north_m=9_000), said("b"), said("c", north_m=-200)], Point.AGREED, "b"),
        ([said("a", north_m=9_000), said("b"), said("c", north_m=-4_000)], Point.DOUBTFUL, "b"),
    ],
)  # fmt: skip
def test_two_that_agree_outweigh_and_one_alone_is_as_good_as_its_check(
    points: list[SourcePoint], quality: Point, source: str
) -> None:
    """Whatever the order in which they are told."""
    chosen = next(each for each in points if each.source == source)
    for order in itertools.permutations(points):
        found = judged(order)
        assert (found.point, found.latitude) == (quality, chosen.latitude), found.because


def test_the_sentence_names_sources_and_distance() -> None:
    """For whoever has to decide."""
    assert judged([said("bpjs"), said("kemenkes", north_m=12_300)]).because == "bpjs and kemenkes are 12.3 km apart"
    assert judged([said("bpjs"), said("kemenkes", north_m=300)]).because == "bpjs and kemenkes are 300 m apart"
    outside = said("kemenkes", Finding.OUTSIDE, 50_000)
    assert judged([said("bpjs"), outside]).because == "only bpjs: a detail; kemenkes: a detail"


def test_a_doubtful_point_is_none_to_send_anybody_to() -> None:
    """And all others are."""
    assert set(Point) - USABLE == {Point.DOUBTFUL}
