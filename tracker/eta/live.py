"""An arrival time between two fixes: how it ages, how legs add up, and when a change is worth telling.

An estimate is made from a fix, for the time of that fix, and made again from the next one: it is never counted down
from an old one. What happens here is only what is known without a new fix: that time has passed.
"""

import math
from datetime import datetime
from enum import StrEnum

import msgspec

from tracker.eta.straight_line import SHORTEST, Estimate

CHANGE_S = 10.0
CHANGE_PART = 0.05
"""A told arrival is told again when its middle has moved by more than 10 s, or 5 % of the time left where that is more:
less than that is the receiver's noise, and a number that flickers is not read. The interval's ends may move twice as
far."""

RETELL_S = 60.0
"""Seconds after which it is told again in any case, with the age and the distance as they are then."""

SAID_NOTHING = "the last fix is {age:.0f} s old, and after {limit:.0f} s it does not tell where the unit is"


class Source(StrEnum):
    """What an estimate rests on."""

    ROAD = "road"  # routed over the network
    STRAIGHT_LINE = "straight-line"  # no network: distance and the square-root law
    LAST_KNOWN = "last-known"  # either of the two, from a fix that is stale


class Drive(msgspec.Struct, frozen=True, gc=False):
    """How long from where a fix was to somewhere else, or why nobody knows."""

    eta: Estimate | None  # seconds, as of the fix
    distance: float | None  # metres to drive; by road where the source is
    source: Source
    model: str  # version of what made it
    unknown_because: str | None = None
    note: str | None = None  # what to know of an estimate that is there: that it leads through what is closed


def aged(eta: Estimate, age: float, stale_after: float, lost_after: float, *, heading: bool) -> Estimate | None:
    """An estimate of a fix's time as it is ``age`` seconds later, still without another fix.

    The unit may have driven on, and is that much nearer; or away, and is that much farther. A unit that heads there is
    taken to drive on until its fix is stale; from then on, and for one that was going elsewhere, the middle stands.

    Args:
        eta: seconds from the time of the fix.
        age: seconds since then; below 0, by clocks that differ, counts as 0.
        stale_after: seconds from which on a fix is stale.
        lost_after: seconds from which on it says nothing: None then.
        heading: whether the unit is on its way there.
    """
    age = max(0.0, age)
    if age > lost_after:
        return None
    on = min(age, stale_after) if heading else 0.0
    return Estimate(*(max(SHORTEST, time) for time in (eta.p10 - age, eta.p50 - on, eta.p90 + age)))


def added(*parts: Estimate) -> Estimate:
    """One after the other: the middles add up, and the distances of the ends from them as independent errors do."""
    middle = sum(part.p50 for part in parts)
    early = math.sqrt(sum((part.p50 - part.p10) ** 2 for part in parts))
    late = math.sqrt(sum((part.p90 - part.p50) ** 2 for part in parts))
    return Estimate(max(SHORTEST, middle - early), max(SHORTEST, middle), max(SHORTEST, middle + late))


def worth_telling(told: Estimate, told_at: datetime, eta: Estimate, at: datetime) -> bool:
    """Whether a new estimate differs enough from the one that was told; both in seconds from their own time."""
    passed = (at - told_at).total_seconds()
    if passed >= RETELL_S:
        return True
    enough = max(CHANGE_S, CHANGE_PART * eta.p50)
    return (
        abs(passed + eta.p50 - told.p50) > enough
        or abs(passed + eta.p10 - told.p10) > 2 * enough
        or abs(passed + eta.p90 - told.p90) > 2 * enough
    )
