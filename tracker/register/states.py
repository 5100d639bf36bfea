"""What a hospital tells of itself every few minutes: free beds, whether it takes patients, how long crews wait.

A word that is older than what is known changes nothing: messages overtake each other.
"""

from datetime import datetime, timedelta

import msgspec

from tracker.register.things import Facility

AHEAD = timedelta(minutes=5)
"""How far a hospital's clock may run ahead of ours; beyond that the time of receiving counts."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A hospital's word. What is None was not told, and stays."""

    facility: str  # id, as whoever tells writes it
    name: str = ""
    at: datetime | None = None  # when it was so; None: now
    beds: int | None = None  # free
    open: bool | None = None  # whether it takes patients
    because: str = ""  # why not
    until: datetime | None = None  # when it will again
    handover_s: float | None = None  # until a crew is free


def after(facility: Facility, told: Told, now: datetime) -> Facility:
    """The facility as it is after this word."""
    at = now if told.at is None or told.at > now + AHEAD else told.at
    if facility.beds_at is not None and at < facility.beds_at:
        return facility
    changes: dict[str, object] = {}
    if told.beds is not None:
        changes |= {"beds": told.beds, "beds_at": at}
    if told.open is not None:
        because = told.because or "it takes no patients"
        changes |= {"diversion_because": None if told.open else because}
        changes |= {"diversion_until": None if told.open else told.until}
    if told.handover_s is not None:
        changes["handover_s"] = told.handover_s
    return msgspec.structs.replace(facility, **changes)
