"""The things of a centre's register. Each counts its versions, so that two who change one do not undo each other."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Point(StrEnum):
    """How far a facility's point is to be trusted."""

    CONFIRMED = "confirmed"  # somebody of the centre said so
    AGREED = "agreed"  # sources that do not know of each other say the same
    UNCONFIRMED = "unconfirmed"  # one source says so, and it lies in its district
    DOUBTFUL = "doubtful"  # held out of rankings until somebody of the centre has looked


USABLE = frozenset({Point.CONFIRMED, Point.AGREED, Point.UNCONFIRMED})
"""Points that a ranking may send somebody to."""


class Agency(msgspec.Struct, frozen=True):
    """Who owns units, and is sent for."""

    id: str
    name: str
    kind: str  # dinkes, damkar, ...: `tracker.regions` has those of Indonesia
    version: int = 1


class UnitDetails(msgspec.Struct, frozen=True):
    """What is known of a unit besides its enrolment. None is unknown; version 0: nobody said anything."""

    unit: str
    version: int = 0
    agency: str | None = None  # id
    capabilities: tuple[str, ...] = ()
    crew: int | None = None  # people on board
    crew_until: datetime | None = None  # end of the hours that the crew may work
    home: str | None = None  # id of a facility
    turnout_s: float | None = None  # from the assignment until the wheels turn
    shifts: str | None = None  # weekly windows as `tracker.duty` reads them; None: always
    member: str | None = None  # id of a province's member centre


class Facility(msgspec.Struct, frozen=True):
    """A hospital, a health centre: where units take people or wait."""

    id: str
    kind: str  # hospital, puskesmas, ...
    name: str
    latitude: float  # degrees, WGS 84
    longitude: float  # degrees, WGS 84
    grade: str | None = None  # class of a hospital: A to D
    capabilities: tuple[str, ...] = ()
    district: str | None = None  # where it should lie: a name or a code
    capacity: int | None = None  # beds in all
    beds: int | None = None  # free
    beds_at: datetime | None = None  # when that was told
    diversion_because: str | None = None  # None: open
    diversion_until: datetime | None = None  # None: until it is taken back
    handover_s: float | None = None  # usual time until a crew is free
    point: Point = Point.CONFIRMED
    point_because: str = ""  # a sentence
    version: int = 1

    @property
    def usable(self) -> bool:
        """Whether a ranking may send somebody to its point."""
        return self.point in USABLE

    def closed_because(self, now: datetime) -> str | None:
        """Why it takes nobody now; None: it does."""
        over = self.diversion_until is not None and self.diversion_until <= now
        return None if over else self.diversion_because


class Geofence(msgspec.Struct, frozen=True):
    """An area whose coming and going is noted."""

    id: str
    name: str
    kind: str  # station, flood, border, ...
    polygon: tuple[tuple[float, float], ...]  # (latitude, longitude), degrees; closed by itself
    units: tuple[str, ...] = ()  # ids; with `agencies` nobody named: all units
    agencies: tuple[str, ...] = ()  # ids; units of any of them
    version: int = 1
