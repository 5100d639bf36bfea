"""What clients send: shapes of bodies, read strictly, and what they mean."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import HTTPException
from msgspec import UNSET, Meta, UnsetType

from gateway.http.world import World, aware
from tracker.missions import ClosedAs, Place, State, Urgency
from tracker.wire.topics import ID_PATTERN

Id = Annotated[str, Meta(pattern=ID_PATTERN, description="lower-case letters, digits and hyphens")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Name = Annotated[str, Meta(max_length=200)]
Notes = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")]
Kind = Annotated[str, Meta(pattern="^([a-z0-9][a-z0-9-]{0,31})?$", description="an id; empty: not said")]
Ids = Annotated[list[Id], Meta(max_length=20)]
Reference = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a zone")]

AHEAD = timedelta(seconds=60)
"""How far a time that somebody gives may lie ahead of the gateway's clock."""


class Point(msgspec.Struct, forbid_unknown_fields=True):
    """A point on the map."""

    latitude: Latitude
    longitude: Longitude
    name: Name = ""


class Destination(msgspec.Struct, forbid_unknown_fields=True):
    """A place of the centre's list by its id, or any point."""

    place: Id | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    name: Name = ""


class NewIncident(msgspec.Struct, forbid_unknown_fields=True):
    """An incident. With an id of the client's own the request may be repeated: it opens one incident."""

    place: Point
    urgency: Urgency | None = None  # that of its kind in the centre's table if absent
    id: Id | None = None
    destination: Destination | None = None
    kind: Kind = ""
    agencies: Ids | None = None  # those of its kind if absent; the first leads
    capabilities: Ids = []
    notes: Notes = ""  # for dispatchers; name nobody
    exercise: bool = False
    reference: Reference = ""  # its number in the system that took the call
    condition: Kind = ""  # of the patient, as hospitals are chosen by it


class IncidentChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is not named stays. A null destination takes it back; closing and opening again are both possible.

    Another place goes to the crews that are on their way there. A reason closes; opening again takes it back.
    """

    place: Point | UnsetType = UNSET
    urgency: Urgency | UnsetType = UNSET
    destination: Destination | UnsetType | None = UNSET
    closed: bool | UnsetType = UNSET
    closed_as: ClosedAs | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    agencies: Ids | UnsetType = UNSET
    capabilities: Ids | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET
    condition: Kind | UnsetType = UNSET


class NewMission(msgspec.Struct, forbid_unknown_fields=True):
    """A unit is sent. With an id of the client's own the request may be repeated: it makes one mission."""

    unit: Id
    incident: Id
    id: Id | None = None
    urgency: Urgency | None = None  # the incident's if absent
    notes: Notes = ""  # for the crew


class MissionChange(msgspec.Struct, forbid_unknown_fields=True):
    """Where it stands now, said by somebody; or another hospital. ``at`` is when that was; now if absent."""

    state: State | UnsetType = UNSET
    at: Time | None = None
    destination: Destination | UnsetType | None = UNSET
    notes: Notes | UnsetType = UNSET


class UnitDestination(Destination, forbid_unknown_fields=True):
    """Where a unit drives without an incident."""

    urgency: Urgency = Urgency.ROUTINE


class _NewCommand(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    id: Id | None = None  # of the client's own: then the request may be repeated
    expires_in_s: Annotated[float, Meta(gt=0, le=30 * 86400)] | None = None


class NewMessage(_NewCommand, tag="message", kw_only=True):
    """Words to the crew; done once somebody has read them."""

    text: Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
    urgent: bool = False


class NewRate(_NewCommand, tag="rate", kw_only=True):
    """Report so often; null: as the unit's own policy says."""

    interval_s: Annotated[float, Meta(gt=0, le=3600)] | None
    for_s: Annotated[float, Meta(gt=0, le=30 * 86400)] | None = None


class NewConfiguration(_NewCommand, tag="configuration", kw_only=True):
    """Other settings of the unit, by section."""

    settings: dict[str, Any]


class NewPing(_NewCommand, tag="ping", kw_only=True):
    """Whether it is there."""


NewCommand = NewMessage | NewRate | NewConfiguration | NewPing
"""What people send to units. Where a unit is sent follows its mission, and an emergency is acknowledged as one."""


class NewPlace(msgspec.Struct, forbid_unknown_fields=True):
    """A place of the centre's list."""

    kind: Annotated[str, Meta(pattern="^[a-z][a-z-]{0,31}$", description="hospital, puskesmas, ...")]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    latitude: Latitude
    longitude: Longitude


class MatrixRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which units to which places."""

    places: Annotated[list[Point], Meta(min_length=1, max_length=200)]
    units: Annotated[list[Id], Meta(max_length=1000)] | None = None  # all if absent
    urgency: Urgency = Urgency.EMERGENCY


def place_of(point: Point) -> Place:
    """The place that a point means."""
    return Place(point.latitude, point.longitude, point.name)


async def destination_of(world: World, given: Destination | None) -> Place | None:
    """The place that a destination means.

    Raises:
        HTTPException: 422, it names neither or both.
        Unknown: the centre has no such place.
    """
    if given is None:
        return None
    if given.place is not None and given.latitude is None and given.longitude is None:
        return await world.arrivals.missions.place(given.place)
    if given.place is None and given.latitude is not None and given.longitude is not None:
        return Place(given.latitude, given.longitude, given.name)
    raise HTTPException(422, "a destination is either a `place` of GET /api/v1/places or `latitude` and `longitude`")


def time_of(world: World, at: datetime | None) -> datetime:
    """When something was, now if nobody said.

    Raises:
        HTTPException: 422, it has not come yet.
    """
    now = world.now()
    given = aware("at", at) or now
    if given > now + AHEAD:
        raise HTTPException(422, f"`at` lies ahead of the gateway's clock, which says {now.isoformat()}")
    return given
