"""Whether a unit has come into an area or left it: from fixes that err by metres, at a border that people stand on.

Two things keep a unit at the border from coming and going all day. *Hysteresis*: who is inside counts as outside only
at some distance behind the border. *Dwell*: what a fix says is believed once later fixes have said the same for a
while; the time noted is that of the first of them.
"""

from datetime import datetime, timedelta

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.geodesy import Floats, LocalPlane
from tracker.register.things import Geofence

LEAVE_M = 30.0
"""So far behind the border somebody is outside who was inside: what a receiver errs by beside a building."""

DWELL = timedelta(seconds=10)
"""So long fixes must say the same: a jump of the receiver does not last, and neither does driving past a gate."""


class Passage(msgspec.Struct, frozen=True):
    """Where a unit is with regard to a geofence."""

    inside: bool = False
    last: datetime | None = None  # the newest fix that was looked at
    since: datetime | None = None  # the first fix of those that say otherwise; None: none does

    def seen(self, inside: bool | None, at: datetime) -> "tuple[Passage, datetime | None]":
        """What becomes of it with a fix, and when the unit came or left, if that is settled now.

        Args:
            inside: what the fix says; None: it lies between, and speaks for neither.
            at: time of the fix; one that is older than the newest says nothing any more.
        """
        if self.last is not None and at <= self.last:
            return self, None
        if inside is None or inside is self.inside:
            since = self.since if inside is None else None
            return Passage(self.inside, at, since), None
        since = self.since or at
        if at - since < DWELL:
            return Passage(self.inside, at, since), None
        return Passage(inside, at), since


class Area:
    """A geofence, ready to be asked about many points."""

    def __init__(self, fence: Geofence) -> None:
        self.fence = fence
        latitude, longitude = np.array(fence.polygon, dtype=np.float64).T
        self._plane = LocalPlane(float(latitude.mean()), float(longitude.mean()))
        corners = np.column_stack(self._plane.to_metres(latitude, longitude))
        self._polygon = shapely.Polygon(corners)
        shapely.prepare(self._polygon)

    def watches(self, unit: str, agency: str | None) -> bool:
        """Whether it is for this unit."""
        fence = self.fence
        if not fence.units and not fence.agencies:
            return True
        return unit in fence.units or (agency is not None and agency in fence.agencies)

    def holds(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        """Whether points, in degrees, lie within the border."""
        within: NDArray[np.bool_] = shapely.contains_xy(self._polygon, *self._plane.to_metres(latitude, longitude))
        return within

    def far(self, latitude: float, longitude: float) -> bool:
        """Whether a point, in degrees, lies so far outside that who was inside has left."""
        (east,), (north,) = self._plane.to_metres(np.array([latitude]), np.array([longitude]))
        return bool(shapely.distance(self._polygon, shapely.Point(float(east), float(north))) > LEAVE_M)
