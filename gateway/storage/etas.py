"""Arrival times as they were told, and how they fared."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql

LEADS = (0.0, 60.0, 180.0, 300.0, 600.0, 1200.0, 2400.0)
"""Seconds before the arrival where one class of lead time ends and the next begins."""

_GROUPS = ("lead", "hour", "urgency", "source", "leg", "district")


class Told(msgspec.Struct, frozen=True):
    """An arrival time that was told."""

    mission: str
    ordinal: int  # of the leg
    published_at: datetime
    fix_time: datetime
    p10: float  # seconds after published_at
    p50: float
    p90: float
    source: str
    distance: float | None  # metres to go
    model: str


class Score(msgspec.Struct, frozen=True):
    """How a set of told arrival times fared. Errors are told minus true: a negative bias promised too much."""

    by: str  # all, lead, hour, urgency, source, leg, district (of the destination)
    group: str  # "" for all; of lead, seconds from which on; of district "unknown" outside of all, and without a file
    told: int
    bias_s: float
    mae_s: float
    mape: float  # 0.19 is 19 %
    median_s: float  # of the absolute error
    within25: float  # share off by at most a quarter of the true time
    coverage80: float  # share that arrived between p10 and p90


async def insert(connection: AsyncConnection[Any], centre: str, told: Sequence[Told]) -> None:
    """Store what was told. What was stored before is left as it is."""
    async with connection.cursor() as cursor:
        values = [{"centre": centre, **msgspec.structs.asdict(each)} for each in told]
        await cursor.executemany(sql.query("insert_eta"), values)


Finder = Callable[[Sequence[float], Sequence[float]], Sequence[str | None]]
"""The district of each place, given as latitudes and longitudes in degrees; None outside of all."""


async def scores(
    connection: AsyncConnection[Any], centre: str, since: datetime, until: datetime, district_of: Finder | None = None
) -> list[Score]:
    """How all that was told from ``since`` until before ``until`` fared, where the arrival is known by now."""
    values: dict[str, Any] = {"centre": centre, "since": since, "until": until, "leads": list(LEADS)}
    missions: list[str] = []
    ordinals: list[int] = []
    districts: Sequence[str | None] = []
    if district_of is not None:
        cursor = await connection.execute(sql.query("scored_places"), values)
        if rows := await cursor.fetchall():
            legs, latitudes, longitudes = [row[:2] for row in rows], [row[2] for row in rows], [row[3] for row in rows]
            missions, ordinals = [leg[0] for leg in legs], [leg[1] for leg in legs]
            districts = district_of(latitudes, longitudes)
    values |= {"missions": missions, "ordinals": ordinals, "districts": list(districts)}
    cursor = await connection.execute(sql.query("eta_scores"), values)
    return [_read(row) for row in await cursor.fetchall() if row[len(_GROUPS) + 1]]


def _read(row: tuple[Any, ...]) -> Score:
    ungrouped, told, *errors = row[len(_GROUPS) :]  # first a bit a column that is not grouped by, the first the highest
    for place, by in enumerate(_GROUPS):
        if not ungrouped & (1 << (len(_GROUPS) - 1 - place)):
            group = row[place]
            return Score(by, f"{group:g}" if isinstance(group, float) else str(group), int(told), *map(float, errors))
    return Score("all", "", int(told), *map(float, errors))
