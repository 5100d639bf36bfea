"""What each free unit leaves uncovered: where calls come from, and how long every unit takes to get there.

Calls come from where they came from lately; a centre without a history has its districts' middles instead, each as
likely as the other. A unit's times are kept until it has moved or the roads have changed: with hundreds of units that
is most of the work of a ranking, and most of them stand.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.services.drive_times import drive_times
from gateway.services.estimate import Estimator
from gateway.services.network import Position
from gateway.storage import incidents
from gateway.storage.pool import type_of_pool
from tracker.eta.speeds import Driving
from tracker.eta.straight_line import DETOUR, travel_time
from tracker.geodesy import distance
from tracker.missions import Place
from tracker.recommend.coverage import losses

Floats = NDArray[np.float64]

HISTORY = timedelta(days=90)
ENOUGH = 50
"""Incidents from which on a history says more than a list of districts."""

MOST_PLACES = 40
RENEW = timedelta(hours=1)

MOVED_M = 250.0
"""A unit that has moved less takes as long to everywhere as before, within half a minute."""


class Guard(NamedTuple):
    """A free unit, as coverage sees it."""

    unit: str
    kind: str  # an ambulance is not replaced by a fire engine
    position: Position
    driving: Driving


class _Row(NamedTuple):
    serial: int
    driving: Driving
    latitude: float
    longitude: float
    times: Floats  # [places]


class Coverage:
    """Of one centre, in one event loop.

    Args:
        centre: its id.
        pool: of its database.
        estimator: whose roads count.
        districts: gives the middles of the centre's districts, in degrees.
    """

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        estimator: Estimator,
        districts: Callable[[], Sequence[tuple[float, float]]] = tuple,
    ) -> None:
        self.centre = centre
        self._pool = pool
        self._estimator = estimator
        self._districts = districts
        self._places: list[Place] = []
        self._weights: Floats = np.zeros(0)
        self._rows: dict[str, _Row] = {}
        self.due: datetime | None = None  # to learn again where calls come from

    async def renew(self, now: datetime) -> None:
        """Learn again where calls come from, if that is long ago.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        if self.due is not None and now < self.due:
            return
        async with self._pool.connection() as connection:
            found = await incidents.origins(connection, self.centre, now - HISTORY, MOST_PLACES)
        if sum(count for _, _, count in found) < ENOUGH:
            found = [(latitude, longitude, 1) for latitude, longitude in self._districts()]
        self.learn(found)
        self.due = now + RENEW

    def learn(self, origins: Sequence[tuple[float, float, int]]) -> None:
        """Calls come from here: (latitude, longitude, how many)."""
        places = [Place(latitude, longitude) for latitude, longitude, _ in origins]
        if places != self._places:
            self._places = places
            self._rows.clear()
        self._weights = np.array([count for *_, count in origins], np.float64)

    def lost(self, guards: Sequence[Guard]) -> dict[str, float]:
        """Seconds that the next call waits longer on the average without each of these free units."""
        if not self._places or not guards:
            return {}
        times = self._times(guards)
        found: dict[str, float] = {}
        for kind in {guard.kind for guard in guards}:
            rows = [row for row, guard in enumerate(guards) if guard.kind == kind]
            lost = losses(times[rows], self._weights).tolist()
            found |= {guards[row].unit: seconds for row, seconds in zip(rows, lost, strict=True)}
        return found

    def _times(self, guards: Sequence[Guard]) -> Floats:
        serial = self._estimator.serial
        stale: dict[Driving, list[Guard]] = {}
        for guard in guards:
            row = self._rows.get(guard.unit)
            if row is None or row.serial != serial or row.driving is not guard.driving or _moved(row, guard.position):
                stale.setdefault(guard.driving, []).append(guard)
        for driving, some in stale.items():
            for guard, seconds in zip(some, self._asked([each.position for each in some], driving), strict=True):
                self._rows[guard.unit] = _Row(
                    serial, driving, guard.position.latitude, guard.position.longitude, seconds
                )
        return np.array([self._rows[guard.unit].times for guard in guards])

    def _asked(self, positions: Sequence[Position], driving: Driving) -> Floats:
        network = self._estimator.network
        if network is not None:
            goals = [network.goal(place, driving) for place in self._places]
            return drive_times(network, network.starts(positions, driving), goals, driving).seconds
        return np.array([
            [travel_time(DETOUR * distance(*each[:2], place.latitude, place.longitude)) for place in self._places]
            for each in positions
        ])  # fmt: skip


def _moved(row: _Row, position: Position) -> bool:
    """By more than `MOVED_M`; flat, as that is little of the Earth."""
    north = (position.latitude - row.latitude) * 111_195
    east = (position.longitude - row.longitude) * 111_195 * math.cos(math.radians(row.latitude))
    return math.hypot(north, east) > MOVED_M
