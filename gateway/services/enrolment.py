"""Which units the centre knows, kept at hand: the gateway asks with every message."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from gateway.storage import units
from gateway.storage.units import Unit

REFRESH = timedelta(seconds=10)
"""A unit renamed or removed elsewhere is known to be so after this long at the most; a new one at once."""


class Enrolment:
    """The units of one centre, read through the caller's connection."""

    def __init__(self, centre: str, on_change: Callable[[Iterable[Unit]], None]) -> None:
        self.centre = centre
        self._on_change = on_change
        self.units: dict[str, Unit] = {}
        self._read_at: datetime | None = None

    async def refresh(self, connection: AsyncConnection[Any], now: datetime, *, strangers: bool = False) -> None:
        """Read the list again if it is old, or if somebody is at the door who is not on it."""
        if strangers or self._read_at is None or now - self._read_at >= REFRESH:
            found = {unit.id: unit for unit in await units.enrolled(connection, self.centre)}
            self._read_at = now
            if found != self.units:
                self.units = found
                self._on_change(found.values())
