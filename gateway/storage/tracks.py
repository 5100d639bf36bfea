"""One receiver's track read back for its judge, and the judge's flags written down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.fix import TRACK_FLAGS, Fix, Quality


class Flagged(msgspec.Struct, frozen=True):
    """What the track says about a stored fix."""

    unit: str
    source: str
    fix_time: datetime
    flags: Quality  # of TRACK_FLAGS; none takes old ones away


async def read(
    connection: AsyncConnection[Any], centre: str, unit: str, source: str, after: datetime, until: datetime, limit: int
) -> list[Fix]:
    """At most ``limit`` fixes with after < fix time <= until, rising: time, place, speed and quality only."""
    values = {"centre": centre, "unit": unit, "source": source, "after": after, "until": until, "limit": limit}
    cursor = await connection.execute(sql.query("track_of_source"), values)
    return [
        Fix(time=time, latitude=latitude, longitude=longitude, speed=speed, quality=Quality(quality))
        for time, latitude, longitude, speed, quality in await cursor.fetchall()
    ]


async def flag(connection: AsyncConnection[Any], centre: str, found: Sequence[Flagged]) -> None:
    """Write flags down, inside the caller's transaction."""
    if not found:
        return
    async with connection.cursor() as cursor:
        await cursor.executemany(
            sql.query("flag_fix"),
            [
                {
                    "centre": centre,
                    "unit": each.unit,
                    "source": each.source,
                    "fix_time": each.fix_time,
                    "flags": int(each.flags),
                    "track_flags": int(TRACK_FLAGS),
                }
                for each in found
            ],
        )
