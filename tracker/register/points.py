"""Where a facility is, when several lists say different things.

In the lists of one country half of the health centres lie more than 3 km apart between two of them, and one hospital
329 km. So nothing is overwritten: what every source says is kept with what was found when it was checked against the
district that the facility is of, and from all of them follows one point and how far it is to be trusted.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import combinations

import msgspec

from tracker.geodesy import distance
from tracker.register.things import Point

AGREE_M = 1500.0
"""Two sources that are no farther apart mean the same building, or at least the same street corner."""

DISAGREE_M = 3000.0
"""Farther apart they mean two places. Between the two nobody can say, and minutes are not lost by it."""

EDGE_M = 3000.0
"""So far outside of its district a point may be right: borders are drawn coarsely, and some stand beyond them."""


class Finding(StrEnum):
    """What was found when a point was checked."""

    INSIDE = "inside"
    EDGE = "edge"  # outside, within `EDGE_M`
    OUTSIDE = "outside"
    SWAPPED = "swapped"  # outside as it is written, inside with latitude and longitude exchanged: kept so
    NO_SIGN = "no-sign"  # likewise with the latitude negated: a south without its minus
    COARSE = "coarse"  # inside, and given to 0.01 degree only
    SHARED = "shared"  # inside, and the list gives the same point to another facility
    UNCHECKED = "unchecked"  # nobody knows its district's borders


_VOTES = frozenset(Finding) - {Finding.OUTSIDE}
"""Points that can bear another one out. Alone only one that lies inside counts, and only while no list contradicts."""


class SourcePoint(msgspec.Struct, frozen=True):
    """Where one source says a facility is."""

    source: str
    latitude: float  # degrees; as corrected, if it was
    longitude: float
    finding: Finding
    detail: str  # a sentence, for whoever has to decide
    told_at: datetime

    def metres_to(self, other: "SourcePoint") -> float:
        """Distance of what two sources say."""
        return distance(self.latitude, self.longitude, other.latitude, other.longitude)


class Judgement(msgspec.Struct, frozen=True):
    """The point to go by, and how far."""

    latitude: float
    longitude: float
    point: Point
    because: str


def judged(points: Sequence[SourcePoint]) -> Judgement:
    """What follows from all that the sources say; at least one.

    Two that agree bear each other out, wherever a third one lies. One alone is as good as its check. Where they
    contradict each other somebody has to decide, also where one of them lies outside of the district and is wrong for
    certain: that says nothing for the other. Until then one of the two that are nearest to each other is shown.
    """
    order = {finding: at for at, finding in enumerate(Finding)}
    voters = sorted((each for each in points if each.finding in _VOTES), key=lambda p: (order[p.finding], p.source))
    pairs = sorted(
        ((one.metres_to(other), one, other) for one, other in combinations(voters, 2)), key=lambda pair: pair[0]
    )
    if not voters:
        best = min(points, key=lambda p: (order[p.finding], p.source))
        return _of(best, Point.DOUBTFUL, f"{best.source}: {best.detail}")
    if pairs:
        metres, one, other = pairs[0]
        quality = Point.DOUBTFUL
        if metres <= AGREE_M:
            quality = Point.AGREED
        elif metres <= DISAGREE_M and one.finding is Finding.INSIDE:
            quality = Point.UNCONFIRMED
        return _of(one, quality, f"{one.source} and {other.source} are {_far(metres)} apart")
    alone = voters[0]
    quality = Point.UNCONFIRMED if alone.finding is Finding.INSIDE and len(points) == 1 else Point.DOUBTFUL
    others = "".join(f"; {each.source}: {each.detail}" for each in points if each is not alone)
    return _of(alone, quality, f"only {alone.source}: {alone.detail}{others}")


def _of(point: SourcePoint, quality: Point, because: str) -> Judgement:
    return Judgement(point.latitude, point.longitude, quality, because)


def _far(metres: float) -> str:
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"
