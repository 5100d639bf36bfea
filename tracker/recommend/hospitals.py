"""Ranks hospitals for a patient: what it can do for the condition, whether it is open, then how soon and how free."""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

import msgspec

from tracker.eta.straight_line import Estimate
from tracker.recommend.arrival import counted
from tracker.recommend.reasons import Reason, Why, reason

HANDOVER = 0.5
"""Of the wait in front of the door: the patient is with a crew meanwhile, and the crew is with nobody else."""


BEDS_HOLD_S = 12 * 3600.0
"""After this long nobody knows any more how many beds are free."""


class Patient(msgspec.Struct, frozen=True):
    """What the condition asks for: names of capabilities, no name of anybody."""

    capabilities: frozenset[str] = frozenset()


class House(msgspec.Struct, frozen=True, kw_only=True):
    """A hospital as it is now."""

    id: str
    capabilities: frozenset[str] = frozenset()  # none: nobody has said any
    eta: Estimate | None  # seconds from the scene, or from where the unit is
    unknown_because: str | None = None
    beds: int | None = None  # free; None: unknown, which is not none
    beds_at: datetime | None = None  # when that was told
    beds_age_s: float | None = None  # how long ago; None: unknown
    closed_because: str | None = None  # on diversion
    handover_s: float | None = None  # usual time until the crew is free; None: unknown


class Tier(IntEnum):
    """How fit a hospital is; lower is better."""

    FIT = 0
    FULL = 1  # can do it, and told of no free bed
    SHORT = 2  # cannot do all that is needed, and is open
    UNKNOWN = 3  # how far it is, nobody knows
    CLOSED = 4


class Choice(msgspec.Struct, frozen=True):
    """A hospital in its place."""

    id: str
    tier: Tier
    seconds: float | None  # the time that counts; None: unknown
    reasons: tuple[Reason, ...]


def ranked(patient: Patient, houses: Iterable[House]) -> list[Choice]:
    """All hospitals, the best first. Equal ones stand in the order of their ids."""
    return sorted(
        (_choice(patient, house) for house in houses), key=lambda each: (each.tier, each.seconds or 0.0, each.id)
    )


def _choice(patient: Patient, house: House) -> Choice:
    tiers, reasons = [Tier.FIT], []
    if house.closed_because is not None:
        tiers.append(Tier.CLOSED)
        reasons.append(reason(Why.CLOSED, because=house.closed_because))
    if missing := sorted(patient.capabilities - house.capabilities):
        tiers.append(Tier.SHORT)
        why = Why.LACKS if house.capabilities else Why.CAPABILITIES_UNKNOWN
        reasons.append(reason(why, what=", ".join(missing)))
    elif patient.capabilities:
        reasons.append(reason(Why.FITS, what=", ".join(sorted(patient.capabilities))))
    if house.beds is None:
        reasons.append(reason(Why.BEDS_UNKNOWN))
    elif house.beds_age_s is not None and house.beds_age_s > BEDS_HOLD_S:
        reasons.append(reason(Why.BEDS_OLD, beds=house.beds, hours=house.beds_age_s / 3600))
    elif house.beds > 0:
        reasons.append(reason(Why.BEDS, beds=house.beds))
    else:
        tiers.append(Tier.FULL)
        reasons.append(
            reason(Why.NO_BEDS, at="an unknown time" if house.beds_at is None else house.beds_at.isoformat())
        )
    seconds = None
    if house.eta is None:
        tiers.append(Tier.UNKNOWN)
        reasons.append(reason(Why.ETA_UNKNOWN, because=house.unknown_because or "no reason given"))
    else:
        seconds = counted(house.eta) + HANDOVER * (house.handover_s or 0.0)
        reasons.append(reason(Why.ARRIVES, p50=house.eta.p50, p90=house.eta.p90))
        if house.handover_s is not None:
            reasons.append(reason(Why.HANDOVER, seconds=house.handover_s))
    return Choice(house.id, max(tiers), seconds, tuple(reasons))
