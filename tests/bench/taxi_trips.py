"""Recorded taxi trips with a position every 15 seconds, and the rules that say which of them count.

The form is that of the ECML/PKDD 2015 challenge: TIMESTAMP is the start (Unix seconds) and POLYLINE a list of
[longitude, latitude], so the time of a trip is 15 s x (points - 1).
"""

import csv
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.geodesy import distances
from tracker.roads.snap import Snapper

SHARED = Path(__file__).parents[3] / "shared" / "data"
TRIPS = SHARED / "traces" / "porto_taxi_trips.csv.gz"
ROADS = SHARED / "osm" / "pt-porto-2022-union.osm.pbf"

INTERVAL = 15.0
"""Seconds between two points. Of the data."""

STANDING = 20.0
"""Metres from the first and from the last point within which a taxi has not left yet, or has arrived."""

OFF_NETWORK = 60.0
"""Metres from the network beyond which a point is not on it."""

SHORTEST = 600.0
"""Metres between both ends, at least."""

TOUR = 3.0
"""How much longer than the straight line between its ends the trace may be."""


class UnusableTrips(Exception):
    """This file holds no trips of the form; the message says what is wrong and where."""


@dataclass(frozen=True, eq=False)
class Trip:
    """A trip without the standing at both ends."""

    start: datetime
    latitude: NDArray[np.float64]  # degrees
    longitude: NDArray[np.float64]

    @property
    def duration(self) -> float:
        """Seconds."""
        return INTERVAL * (len(self.latitude) - 1)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Of each point, since the start."""
        return INTERVAL * np.arange(len(self.latitude), dtype=np.float64)

    @property
    def straight(self) -> float:
        """Metres between both ends."""
        return float(distances(self.latitude[:1], self.longitude[:1], self.latitude[-1:], self.longitude[-1:])[0])


@dataclass(frozen=True)
class Selection:
    """The trips that count, in the order of their start, and how many each rule left out."""

    trips: list[Trip]
    read: int
    left_out: dict[str, int]


def read(path: Path) -> list[Trip]:
    """Every trip of a file as it was recorded.

    Raises:
        UnusableTrips: there is no such file, it holds no trip, or a line of it is of another form.
    """
    trips = []
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in ("TIMESTAMP", "POLYLINE") if name not in (rows.fieldnames or ())]
            if missing:
                raise UnusableTrips(f"{path}: no column {' and no column '.join(missing)} in its first line")
            for row in rows:
                try:
                    trips.append(_trip(row["TIMESTAMP"], row["POLYLINE"]))
                except (msgspec.DecodeError, ValueError, TypeError, OverflowError) as error:
                    raise UnusableTrips(f"{path}, line {rows.line_num}: no trip ({error})") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise UnusableTrips(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not trips:
        raise UnusableTrips(f"{path}: no trip in it")
    return trips


def _trip(timestamp: str, polyline: str) -> Trip:
    points = np.array(msgspec.json.decode(polyline, type=list[tuple[float, float]]), np.float64).reshape(-1, 2)
    if (np.abs(points) > (180.0, 90.0)).any():
        raise ValueError("a position off the earth; POLYLINE is [longitude, latitude]")
    return Trip(datetime.fromtimestamp(int(timestamp), UTC), points[:, 1], points[:, 0])


def select(trips: Iterable[Trip], snapper: Snapper) -> Selection:
    """Apply the rules, each to what those before it left."""
    left_out = dict.fromkeys(("nothing but standing", "off the network", "ends too near", "tours"), 0)
    kept, read_ = [], 0
    for trip in trips:
        read_ += 1
        moving = trimmed(trip)
        if moving is None:
            left_out["nothing but standing"] += 1
        elif any(snap is None for snap in snapper.snap_many(moving.latitude, moving.longitude, tolerance=OFF_NETWORK)):
            left_out["off the network"] += 1
        elif moving.straight < SHORTEST:
            left_out["ends too near"] += 1
        elif trace_length(moving) > TOUR * moving.straight:
            left_out["tours"] += 1
        else:
            kept.append(moving)
    return Selection(sorted(kept, key=lambda trip: trip.start), read_, left_out)


def trimmed(trip: Trip) -> Trip | None:
    """Without the points within `STANDING` of the first and of the last one, all but the nearest to the drive.

    So a trip begins where the taxi is near its first point for the last time, and ends where it is near its last
    point for the first time after that. None if nothing is left of it.
    """
    latitude, longitude = trip.latitude, trip.longitude
    if len(latitude) < 2:
        return None
    from_first = distances(latitude[:1], longitude[:1], latitude, longitude)
    from_last = distances(latitude[-1:], longitude[-1:], latitude, longitude)
    begin = int(np.flatnonzero(from_first <= STANDING)[-1])
    arrived = np.flatnonzero(from_last[begin + 1 :] <= STANDING)
    if len(arrived) == 0:
        return None
    cut = slice(begin, begin + 2 + int(arrived[0]))
    return Trip(trip.start + timedelta(seconds=INTERVAL * begin), latitude[cut], longitude[cut])


def trace_length(trip: Trip) -> float:
    """Metres from point to point."""
    latitude, longitude = trip.latitude, trip.longitude
    return float(distances(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:]).sum())
