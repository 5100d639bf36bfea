"""What was found for a text, and how two numbers become a point: the centre's region says which reading is meant.

People paste latitude and longitude in either order, and leave the minus of the south away. Indonesia lies on both sides
of the equator, so that no sign can be supplied blindly.
"""

import msgspec


class Located(msgspec.Struct, frozen=True):
    """A place that a text may mean."""

    latitude: float  # degrees, WGS 84
    longitude: float  # degrees, WGS 84
    name: str  # '' for a bare point
    kind: str  # point, view, village, district, street, or the kind of a facility
    source: str  # coordinates, google-maps, plus-code, streets, villages, ...
    score: float  # 0 to 1: how well it fits
    note: str | None = None  # what the reader should know of it
    within: str | None = None  # name of the area that it lies in


class Box(msgspec.Struct, frozen=True):
    """Between two parallels and two meridians, degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies in it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    @property
    def middle(self) -> tuple[float, float]:
        """Latitude and longitude."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2


INDONESIA = Box(-11.5, 94.5, 6.5, 141.5)
SWAPPED = "read as longitude, latitude"
SOUTH = "read as south: its minus was missing"
BOTH = f"{SWAPPED}; {SOUTH}"
ABROAD = "lies outside Indonesia"


class Reading(msgspec.Struct, frozen=True):
    """Two numbers as a point."""

    latitude: float
    longitude: float
    score: float
    note: str | None = None


def reading(first: float, second: float, home: Box | None, *, exact: bool = False) -> Reading | None:
    """The point that two numbers mean; None if they can mean none.

    Args:
        first: as written first, degrees with a sign if one was written.
        second: the other one.
        home: where the centre works; None: not known.
        exact: a program wrote them, signs and all; it may still have another order.
    """
    found = [Reading(first, second, 1.0), Reading(second, first, 0.9, SWAPPED)]
    if not exact:
        found += [Reading(-first, second, 0.8, SOUTH)] if first > 0 else []
        found += [Reading(-second, first, 0.7, BOTH)] if second > 0 else []
    found = [each for each in found if abs(each.latitude) <= 90 and abs(each.longitude) <= 180]
    areas = [INDONESIA] if home is None else [home, INDONESIA]
    for area in areas:
        for each in found:
            if area.holds(each.latitude, each.longitude):
                return each
    return None if not found else msgspec.structs.replace(found[0], score=0.3, note=ABROAD)
