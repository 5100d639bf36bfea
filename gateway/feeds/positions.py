"""Where units are, for systems of others: each position with how old and how good it is, the mission and the arrival.

A dot without its age is how a dispatch system sends an ambulance that left an hour ago.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.feeds.live import Eta, UnitMission, UnitState


class Freshness(StrEnum):
    """What a fix's age means, by the rate at which the unit reports."""

    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"
    NEVER = "never"  # there is no fix


class UnitPosition(msgspec.Struct, frozen=True):
    """A unit as it is told to other systems. SI units, degrees of WGS 84, times in UTC; unknown is null."""

    unit: str
    name: str
    kind: str
    told_at: datetime
    online: bool | None
    latitude: float | None
    longitude: float | None
    altitude_m: float | None
    speed_mps: float | None
    course_deg: float | None
    horizontal_error_m: float | None  # 95 %
    fix_time: datetime | None
    age_s: float | None  # of the fix, at `told_at`
    freshness: Freshness
    quality: list[str]  # what is doubtful about the fix; empty is good
    source: str | None  # the receiver
    status: str | None  # what the unit is doing, of tracker/missions/statuses.py
    label: str | None  # the centre's own word for it
    emergency: bool  # the crew itself is in danger
    mission: UnitMission | None
    eta: Eta | None


def position_of(state: UnitState, now: datetime) -> UnitPosition:
    """How a unit stands, as it is told now."""
    fix = state.position
    age = None if fix is None else max(0.0, (now - fix.fix_time).total_seconds())
    freshness = Freshness.NEVER
    if age is not None:
        freshness = Freshness.FRESH if age <= state.stale_after_s else Freshness.STALE
        if age > state.lost_after_s:
            freshness = Freshness.LOST
    standing = state.standing
    return UnitPosition(
        unit=state.unit,
        name=state.name,
        kind=state.kind,
        told_at=now,
        online=state.online,
        latitude=None if fix is None else fix.latitude,
        longitude=None if fix is None else fix.longitude,
        altitude_m=None if fix is None else fix.altitude_m,
        speed_mps=None if fix is None else fix.speed_mps,
        course_deg=None if fix is None else fix.course_deg,
        horizontal_error_m=None if fix is None else fix.horizontal_error_m,
        fix_time=None if fix is None else fix.fix_time,
        age_s=None if age is None else round(age, 3),
        freshness=freshness,
        quality=[] if fix is None else fix.quality,
        source=None if fix is None else fix.source,
        status=None if standing is None else standing.status,
        label=None if standing is None else standing.label,
        emergency=standing is not None and standing.emergency,
        mission=state.mission,
        eta=state.eta,
    )
