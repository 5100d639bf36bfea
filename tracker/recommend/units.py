"""Ranks units for an incident.

First by fitness, in tiers; within a tier by the time that counts: the seconds until the unit is under way, its median
drive, half of what an unlucky drive takes longer, and what it leaves uncovered. So a unit whose arrival is uncertain
(an old position, a doubtful road) stands behind one that surely comes a little later. A unit of which nobody knows when
it arrives is never before one of which somebody does, whatever else speaks for it.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

import msgspec

from tracker.eta.straight_line import Estimate
from tracker.missions.mission import Urgency
from tracker.missions.statuses import ON_MISSION, Status
from tracker.recommend.arrival import counted
from tracker.recommend.reasons import Reason, Why, reason

COVERAGE = 0.5
"""Of the coverage lost: this call is sure, the next is not."""

_URGENCIES = [Urgency.ROUTINE, Urgency.URGENT, Urgency.EMERGENCY]


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What an incident asks for."""

    urgency: Urgency
    at: datetime  # now
    capabilities: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()  # any of these will do; none named: any at all
    hours: float = 1.0  # the crew's, from now to the end of the mission


class Offer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A unit as it is now."""

    unit: str
    status: Status
    agency: str | None  # None: unknown
    capabilities: frozenset[str] = frozenset()
    eta: Estimate | None  # seconds to the scene, from where the unit may be now; None: unknown
    unknown_because: str | None = None
    note: str | None = None  # what to know of the way
    fix_age_s: float | None = None
    stale: bool = False  # whether that is old for this unit
    turnout_s: float = 0.0  # until it is under way, by its readiness
    on_shift: bool = True
    crew_hours: float | None = None  # left; None: nobody counts them
    mission_urgency: Urgency | None = None  # of the mission it has
    sent: bool = False  # to this very incident
    connected: bool | None = None  # whether it can be told of a mission; None: it never said
    coverage_lost_s: float = 0.0  # by taking it away


class Tier(IntEnum):
    """How fit a unit is; lower is better."""

    FIT = 0
    PREEMPTIBLE = 1  # on its way to something less urgent
    SHORT = 2  # free, and lacks something: better than nobody
    BUSY = 3
    UNKNOWN = 4  # when it arrives, nobody knows
    UNAVAILABLE = 5


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A unit in its place."""

    unit: str
    tier: Tier
    seconds: float | None  # the time that counts; None: unknown
    reasons: tuple[Reason, ...]


Fact = tuple[Why, dict[str, float | str]]


def ranked(need: Need, offers: Iterable[Offer], limit: int | None = None) -> list[Candidate]:
    """The best so many units, or all, the best first. Equal ones stand in the order of their ids."""
    graded = []
    for offer in offers:
        facts: list[Fact] = []
        tier = _fitness(need, offer, facts)
        seconds = None if offer.eta is None else _seconds(offer, offer.eta)
        graded.append((tier, seconds or 0.0, offer.unit, seconds, facts, offer))
    graded.sort(key=lambda each: each[:3])
    return [
        Candidate(unit, tier, seconds, tuple(reason(why, **values) for why, values in facts + _on_arrival(offer)))
        for tier, _, unit, seconds, facts, offer in graded[:limit]
    ]


def _seconds(offer: Offer, eta: Estimate) -> float:
    """The time that counts."""
    return offer.turnout_s + counted(eta) + COVERAGE * offer.coverage_lost_s


def _on_arrival(offer: Offer) -> list[Fact]:
    """What moves it within its tier."""
    facts: list[Fact] = []
    if offer.eta is None:
        facts.append((Why.ETA_UNKNOWN, {"because": offer.unknown_because or "no reason given"}))
    else:
        ends = {"p50": offer.turnout_s + offer.eta.p50, "p90": offer.turnout_s + offer.eta.p90}
        facts.append((Why.ARRIVES, {**ends}))
        if offer.note is not None:
            facts.append((Why.NOTE, {"note": offer.note}))
    if offer.stale and offer.fix_age_s is not None:
        facts.append((Why.OLD_FIX, {"age": offer.fix_age_s}))
    if offer.turnout_s:
        facts.append((Why.TURNOUT, {"seconds": offer.turnout_s}))
    if offer.coverage_lost_s:
        facts.append((Why.COVERAGE, {"seconds": offer.coverage_lost_s}))
    return facts


def _fitness(need: Need, offer: Offer, facts: list[Fact]) -> Tier:
    """How fit it is; what it has, and all that speaks against it, is put to the facts."""
    tier = Tier.FIT

    def against(how: Tier, why: Why, **values: float | str) -> None:
        nonlocal tier
        tier = max(tier, how)
        facts.append((why, values))

    if offer.status is Status.EMERGENCY:
        against(Tier.UNAVAILABLE, Why.IN_DANGER)
    if offer.status is Status.OUT_OF_SERVICE:
        against(Tier.UNAVAILABLE, Why.OUT_OF_SERVICE)
    if not offer.on_shift:
        against(Tier.UNAVAILABLE, Why.OFF_SHIFT)
    if offer.crew_hours is not None and offer.crew_hours < need.hours:
        against(Tier.SHORT, Why.CREW_SPENT, hours=offer.crew_hours, needed=need.hours)
    if need.agencies and offer.agency not in need.agencies:
        wanted = ", ".join(sorted(need.agencies))
        if offer.agency is None:
            against(Tier.SHORT, Why.NO_AGENCY, wanted=wanted)
        else:
            against(Tier.SHORT, Why.WRONG_AGENCY, agency=offer.agency, wanted=wanted)
    if missing := need.capabilities - offer.capabilities:
        against(Tier.SHORT, Why.LACKS, what=", ".join(sorted(missing)))
    elif need.capabilities:
        facts.append((Why.FITS, {"what": ", ".join(sorted(need.capabilities))}))
    if offer.connected is False:
        against(Tier.SHORT, Why.NOT_CONNECTED)
    if offer.sent:
        against(Tier.BUSY, Why.SENT, status=offer.status.value)
    elif offer.status in ON_MISSION:
        if _may_be_called_off(need, offer):
            against(Tier.PREEMPTIBLE, Why.LESS_URGENT)
        else:
            against(Tier.BUSY, Why.BUSY, status=offer.status.value)
    return tier if offer.eta is not None else max(tier, Tier.UNKNOWN)


def _may_be_called_off(need: Need, offer: Offer) -> bool:
    """Only who has not reached anybody yet, and only for something more urgent."""
    if offer.status not in (Status.ASSIGNED, Status.ACKNOWLEDGED, Status.EN_ROUTE) or offer.mission_urgency is None:
        return False
    return _URGENCIES.index(offer.mission_urgency) < _URGENCIES.index(need.urgency)
