"""Arrival time without a road network: straight-line distance, a detour factor and the square-root law of travel.

The square-root law (Kolesar, Walker and Hausner 1975, in Larson and Odoni, Urban Operations Research, section 3.7.2,
eqs 3.88 and 3.89): a short trip accelerates half the way and brakes the other half, T = 2 sqrt(D / a); a longer one
cruises in between, T = v / a + D / v; they meet where D = v^2 / a, twice the distance needed to reach cruising speed.
"""

import math
from datetime import datetime

import msgspec

from tracker.fix import Fix
from tracker.geodesy import distance

DETOUR = 1.35
"""Road distance over straight-line distance, the factor for a region without a network."""

ACCELERATION = 0.213 * 1000 / 60**2
"""m/s2, apparent: it holds junctions and turns. Fitted on 896 taxi trips in Porto over network distance."""

CRUISING_SPEED = 0.709 * 1000 / 60
"""m/s, from the same fit: 42.5 km/h."""

LOG_SPREAD = 0.38
"""Standard deviation of log(actual / estimated), measured on 931 taxi trips in Porto: see tracker/DESIGN.md."""

SHORTEST = 1.0
"""Seconds; no estimate is below it. A unit that stands on the point is there now, and an arrival time of 0 is what
screens and spreadsheets show for "none"."""

Z_90 = 1.2815515655446004
"""Standard normal quantile of 0.9; exact to the digits shown."""


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """Seconds from now to arrival, never 0: one in ten is below p10, half below p50, one in ten above p90."""

    p10: float
    p50: float
    p90: float


def travel_time(road_distance: float) -> float:
    """Median seconds for a drive of this many metres by road."""
    if road_distance <= CRUISING_SPEED**2 / ACCELERATION:
        return 2 * math.sqrt(road_distance / ACCELERATION)
    return CRUISING_SPEED / ACCELERATION + road_distance / CRUISING_SPEED


def estimate(fix: Fix, latitude: float, longitude: float, now: datetime) -> Estimate:
    """When a unit last seen at ``fix`` reaches a point, if it drives there.

    While the fix ages the unit has gone somewhere we do not see: at cruising speed it may have come that much nearer
    or got that much farther, and the interval's ends say so. The middle does not move.
    """
    straight = distance(fix.latitude, fix.longitude, latitude, longitude)
    reach = CRUISING_SPEED * max(0.0, (now - fix.time).total_seconds()) / DETOUR
    nearest = travel_time(DETOUR * max(0.0, straight - reach)) * math.exp(-Z_90 * LOG_SPREAD)
    farthest = travel_time(DETOUR * (straight + reach)) * math.exp(Z_90 * LOG_SPREAD)
    return Estimate(*(max(SHORTEST, time) for time in (nearest, travel_time(DETOUR * straight), farthest)))
