"""Which incidents a report may be about already: near in place and time, and not of another kind.

Several people call about one crash, each from where they stand. Nothing is joined by itself: two crashes on one road
are two, and only somebody who hears both callers can tell.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from tracker.geodesy import distance
from tracker.missions.mission import ClosedAs, Incident, Place

SAME_PLACE = 150.0
"""Metres. Callers stand on either side of a crash, and pins are tens of metres off."""

NEARBY = 500.0
"""Metres: a caller who passed by says where it was and not where they are."""

NEARBY_FOR = timedelta(minutes=30)
"""After which what is only nearby is something else."""

SAME_PLACE_FOR = timedelta(hours=6)
"""A fire is called about as long as it burns."""

CLOSED_FOR = timedelta(minutes=10)
"""An incident that was closed only just now may be what they call about."""


class Duplicate(msgspec.Struct, frozen=True):
    """An incident that it may be."""

    incident: str
    distance_m: float
    age_s: float  # since it was opened
    sentence: str  # for whoever decides


def duplicates(
    place: Place, at: datetime, incidents: Iterable[Incident], *, kind: str = "", within: float = 0.0
) -> list[Duplicate]:
    """Incidents that a report may be about, the likeliest first.

    Args:
        place: of the report.
        at: when it came.
        incidents: of the centre.
        kind: of emergency, if somebody said it.
        within: metres that the report's place may be off; a village's name says little.
    """
    found = []
    for each in incidents:
        away = distance(place.latitude, place.longitude, each.place.latitude, each.place.longitude)
        if _may_be(each, away - within, at, kind):
            age = max(0.0, (at - each.opened_at).total_seconds())
            found.append(Duplicate(each.id, round(away, 1), round(age, 1), _sentence(each, away, age)))
    return sorted(found, key=lambda each: (each.distance_m + 0.1 * each.age_s, each.incident))


def _may_be(incident: Incident, away: float, at: datetime, kind: str) -> bool:
    age = at - incident.opened_at
    if incident.closed_at is not None and (
        at - incident.closed_at > CLOSED_FOR or incident.closed_as in (ClosedAs.DUPLICATE, ClosedAs.PRANK)
    ):
        return False
    if away <= SAME_PLACE:
        return age <= SAME_PLACE_FOR
    other_kind = bool(kind and incident.kind and kind != incident.kind)
    return away <= NEARBY and age <= NEARBY_FOR and not other_kind


def _sentence(incident: Incident, away: float, age: float) -> str:
    what = incident.kind or "an incident"
    where = f" at {incident.place.name}" if incident.place.name else ""
    closed = ", closed since" if incident.closed_at is not None else ""
    return f"{away:.0f} m away: {what}{where}, reported {_ago(age)}{closed}"


def _ago(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 5400 else f"{seconds / 3600:.1f} h ago"
