"""What the two ends of a drive take beyond its road, place by place: a ramp, a gate, an alley that the map has wrong.

The constant of a drive is the same everywhere; some places take longer than that, time after time, and vehicles come to
few places often: hospitals, stations. So what earlier drives that ended or began near a place took beyond what they
were given is laid on it, spread out by a normal kernel and drawn to nothing where few were (Nadaraya and Watson, 1964,
with `CREDIT` drives at zero). A drive is charged for where it ends; where it began teaches as well, for the same
gate is passed. Cells of a thousandth of a degree make the answer a look-up.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

CELL = 1000
"""Cells in a degree: about 100 m."""

NEAR = 200.0
"""Metres, standard deviation of the kernel. From 150 to 300 all do as well on the training part of the taxi trips."""

CREDIT = 4.0
"""Drives without anything extra that each place is credited with; 3 to 6 do as well."""

WORTH = 2.0
"""Seconds below which a cell is not kept."""

_METRES = 111_195.0 / CELL  # of a cell from south to north
_REACH = 5  # cells on each side within which a drive counts, two and a half deviations
_COLUMNS = 1_000_000  # more than there are round the earth


class Approach(msgspec.Struct, frozen=True, array_like=True):
    """A cell, by its middle in thousandths of a degree."""

    north: int
    east: int
    seconds: float  # beyond the constant of a drive; below 0 where it is quicker


class Approaches:
    """Cells, to be looked up."""

    def __init__(self, cells: Iterable[Approach]) -> None:
        self._seconds = {(cell.north, cell.east): cell.seconds for cell in cells}

    def at(self, latitude: float, longitude: float) -> float:
        """Seconds that a drive to this place (degrees) takes beyond road and constant; 0 where nothing is known."""
        return self._seconds.get((round(latitude * CELL), round(longitude * CELL)), 0.0) if self._seconds else 0.0


def smoothed(latitude: ArrayLike, longitude: ArrayLike, seconds: ArrayLike, weight: ArrayLike) -> tuple[Approach, ...]:
    """Cells from what drives took beyond what they were given.

    Args:
        latitude: [k] degrees, of an end of each.
        longitude: [k] degrees.
        seconds: [k] actual - predicted, with what is odd already cut off.
        weight: [k] of the drive, 1 for one of today.
    """
    latitude, longitude = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
    if len(latitude) == 0:
        return ()
    weight = np.asarray(weight, np.float64)
    key, which = np.unique(_key(_cells(latitude), _cells(longitude)), return_inverse=True)
    sums = np.bincount(which, weights=weight * np.asarray(seconds, np.float64)), np.bincount(which, weights=weight)
    side = np.arange(-_REACH, _REACH + 1)
    north, east = (step.ravel() for step in np.meshgrid(side, side, indexing="ij"))
    wide = float(np.cos(np.radians(latitude.mean())))
    kernel = np.exp(-((north * _METRES) ** 2 + (east * _METRES * wide) ** 2) / (2 * NEAR**2))
    cells, place = np.unique((key[:, None] + _key(north, east)[None, :]).ravel(), return_inverse=True)
    extra, drives = (np.bincount(place, weights=np.outer(values, kernel).ravel()) for values in sums)
    found = extra / (drives + CREDIT)
    kept = np.flatnonzero(np.abs(found) >= WORTH)
    rows = (cells[kept] + _COLUMNS // 2) // _COLUMNS
    columns = cells[kept] - rows * _COLUMNS
    return tuple(
        Approach(row, column, round(value, 1))
        for row, column, value in zip(rows.tolist(), columns.tolist(), found[kept].tolist(), strict=True)
    )


def _cells(degrees: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(degrees * CELL).astype(np.int64)


def _key(north: NDArray[np.int64], east: NDArray[np.int64]) -> NDArray[np.int64]:
    return north * _COLUMNS + east
