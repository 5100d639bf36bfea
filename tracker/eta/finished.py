"""From the fixes of a finished drive to a leg that can be learned from, or the reason why it cannot.

A crew is not a taxi: it is sent while it stands, it stops where nobody planned it to, its receiver goes dark in a
basement. What counts is the drive itself, from the last fix before the vehicle moved off to the arrival. A drive of
which too little is seen, or which was no drive to that place, teaches wrong speeds and is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import numpy as np

from tracker.eta.ends import places
from tracker.eta.events import MOVED
from tracker.eta.learning import Leg
from tracker.eta.speeds import Driving
from tracker.fix import Fix
from tracker.geodesy import distance, distances
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.matching import Matcher
from tracker.roads.snap import TOLERANCE, Snapper

FEWEST_FIXES = 8
LONGEST_GAP = 120.0
"""Seconds between two fixes. Beyond, the way in between is a guess."""

SHORTEST = 400.0
"""Metres between both ends. Below, pulling out and parking are all there is."""

TOUR = 3.0
"""Times the straight line between its ends; a longer path led elsewhere first."""

OFF_ROADS = 0.1
"""Of the fixes that may lie off the network: a yard, a hospital's ground."""

TOP_SPEED = 50.0
"""Metres per second on average; no vehicle of ours does that."""


class LeftOut(StrEnum):
    """Why a drive is not learned from."""

    BY_HAND = "its arrival was said by hand"
    FEW_FIXES = f"fewer than {FEWEST_FIXES} fixes while it drove"
    GAP = f"more than {LONGEST_GAP:.0f} s without a fix"
    SHORT = f"under {SHORTEST:.0f} m from end to end"
    TOUR = f"its path is over {TOUR:.0f} times the straight line"
    OFF_ROADS = f"over {OFF_ROADS:.0%} of its fixes lie off the roads"
    NO_PATH = "no path over the roads explains its fixes"
    TOO_FAST = f"over {TOP_SPEED:.0f} m/s on average"


class LegReader:
    """Reads drives on one network."""

    def __init__(
        self, graph: RoadGraph, matchers: Mapping[Profile, Matcher], snappers: Mapping[Profile, Snapper]
    ) -> None:
        self._graph, self._matchers, self._snappers = graph, matchers, snappers

    def read(self, fixes: Sequence[Fix], arrived_at: datetime, driving: Driving) -> Leg | LeftOut:
        """The leg that these fixes are.

        Args:
            fixes: usable ones, of one receiver, from when the unit was sent until it arrived.
            arrived_at: when the wheels stopped.
            driving: how it was driven.
        """
        seen = _driven([fix for fix in fixes if fix.time <= arrived_at])
        if len(seen) < FEWEST_FIXES:
            return LeftOut.FEW_FIXES
        start = seen[0].time
        seconds = np.array([(fix.time - start).total_seconds() for fix in seen])
        duration = (arrived_at - start).total_seconds()
        if max(float(np.diff(seconds).max()), duration - float(seconds[-1])) > LONGEST_GAP:
            return LeftOut.GAP
        latitude, longitude = np.array([fix.latitude for fix in seen]), np.array([fix.longitude for fix in seen])
        straight = distance(latitude[0], longitude[0], latitude[-1], longitude[-1])
        if straight < SHORTEST:
            return LeftOut.SHORT
        path = float(distances(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:]).sum())
        if path / duration > TOP_SPEED:
            return LeftOut.TOO_FAST
        snapper = self._snappers[driving.profile]
        near = np.unique(snapper.nearby(latitude, longitude, TOLERANCE).position)
        if 1 - len(near) / len(seen) > OFF_ROADS:
            return LeftOut.OFF_ROADS
        match = self._matchers[driving.profile].match(latitude, longitude, seconds)
        ends = [places(snapper, latitude[end], longitude[end]) for end in (near[0], near[-1])]
        if match is None or not all(ends):
            return LeftOut.NO_PATH
        if float(match.along[-1] - match.along[0]) > TOUR * straight:
            return LeftOut.TOUR
        return Leg(start, duration, driving, ends[0], ends[1], match)


def _driven(fixes: Sequence[Fix]) -> list[Fix]:
    """The fixes from the last one before it moved off, one for each time."""
    rising: list[Fix] = []
    for fix in sorted(fixes, key=lambda each: each.time):
        if not rising or fix.time > rising[-1].time:
            rising.append(fix)
    for at, fix in enumerate(rising):
        if distance(rising[0].latitude, rising[0].longitude, fix.latitude, fix.longitude) > MOVED:
            return rising[max(0, at - 1) :]
    return []
