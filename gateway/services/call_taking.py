"""Incidents that other systems took: opened once by their reference, corrected when they come again.

Both ways in (HTTP and MQTT) read the same words and say the same of what became of them.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gateway.services.missions import Clash, Unknown
from gateway.storage import incidents
from gateway.storage.pool import type_of_pool
from tracker.missions import ClosedAs, Incident, NotPossible, Place, Urgency

Text = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")]
Word = Annotated[str, Meta(pattern="^([a-z0-9][a-z0-9-]{0,31})?$")]
Words = Annotated[tuple[Word, ...], Meta(max_length=20)]


class TakenPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""


class TakenIncident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident as a call-taking system tells it. Told again with the same reference it is changed in what is named.
    No names of people: who they are stays where the call was taken."""

    reference: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]  # its number there
    place: TakenPlace | UnsetType = UNSET
    urgency: Urgency | UnsetType = UNSET  # that of its kind in the centre's table, else emergency
    kind: Word | UnsetType = UNSET  # of the centre's table of procedures
    agencies: Words | UnsetType = UNSET  # those of its kind if absent
    capabilities: Words | UnsetType = UNSET
    condition: Word | UnsetType = UNSET  # of the patient
    notes: Text | UnsetType = UNSET
    exercise: bool = False
    closed: bool | UnsetType = UNSET
    closed_as: ClosedAs | UnsetType = UNSET


class Taken(msgspec.Struct, frozen=True):
    """What became of it."""

    reference: str
    incident: str | None  # our number; null: it was not taken
    made: bool  # opened now; else it was there, and is now as it was told
    refused_because: str | None = None


class IncidentBook(Protocol):
    """The centre's incidents."""

    async def open(self, new: Incident) -> tuple[Incident, bool]:
        """Open one; False if it was there."""

    async def change(self, incident_id: str, step: Callable[[Incident], Incident], at: datetime) -> Incident:
        """Change one, with all that follows from it."""

    def urgency_of(self, kind: str) -> Urgency | None:
        """What the centre's table says of a kind."""


class Refused(Exception):
    """It cannot be taken; the sentence says what whoever sent it has to change."""


def decode(body: bytes) -> TakenIncident:
    """What a call-taking system said.

    Raises:
        Refused: it cannot be read.
    """
    try:
        return msgspec.json.decode(body, type=TakenIncident)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"the body cannot be read: {error}") from error


class CallTaking:
    """One for a centre, in one event loop."""

    def __init__(self, centre: str, pool: type_of_pool, book: IncidentBook) -> None:
        self.centre = centre
        self._pool = pool
        self._book = book

    async def take(self, told: TakenIncident, now: datetime) -> Taken:
        """Open the incident, or change it if its reference is known.

        Raises:
            Refused: it names no place and is not known, or what is told of it is not possible.
        """
        async with self._pool.connection() as connection:
            known = await incidents.of_reference(connection, self.centre, told.reference)
        try:
            made = False
            if known is None:
                incident, made = await self._book.open(self._new(told, now))
                known = incident.id
            if not made or told.closed is True or told.closed_as is not UNSET:
                await self._book.change(known, lambda before: _changed(before, told, now), now)
        except (Clash, NotPossible, Unknown) as error:
            raise Refused(str(error)) from error
        return Taken(told.reference, known, made)

    def _new(self, told: TakenIncident, now: datetime) -> Incident:
        if told.place is UNSET:
            raise Refused(f"{told.reference!r} is not known here: say its `place`")
        kind = told.kind or ""
        urgency = told.urgency or self._book.urgency_of(kind) or Urgency.EMERGENCY
        return Incident(
            id_of(told.reference), _place(told.place), urgency, None, now,
            kind=kind, agencies=told.agencies or (), capabilities=told.capabilities or (), notes=told.notes or "",
            exercise=told.exercise, reference=told.reference, condition=told.condition or "",
        )  # fmt: skip


def id_of(reference: str) -> str:
    """Our number for a reference: the same each time, so that two that come at once open one incident."""
    return f"ref-{hashlib.sha256(reference.encode()).hexdigest()[:24]}"


def _place(place: TakenPlace) -> Place:
    return Place(place.latitude, place.longitude, place.name)


def _changed(before: Incident, told: TakenIncident, now: datetime) -> Incident:
    named = ("urgency", "kind", "agencies", "capabilities", "condition", "notes")
    changes: dict[str, Any] = {name: getattr(told, name) for name in named if getattr(told, name) is not UNSET}
    if told.place is not UNSET:
        changes["place"] = _place(told.place)
    if told.closed is True or told.closed_as is not UNSET:
        changes["closed_at"] = before.closed_at or max(now, before.opened_at)
        changes["closed_as"] = before.closed_as if told.closed_as is UNSET else told.closed_as
    elif told.closed is False:
        changes |= {"closed_at": None, "closed_as": None}
    return msgspec.structs.replace(before, **changes)
