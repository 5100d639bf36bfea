"""How well arrival times were foretold."""

from datetime import datetime, timedelta

from gateway.roads.districts import Districts
from gateway.storage import etas
from gateway.storage.etas import Score
from gateway.storage.pool import type_of_pool

SPAN = timedelta(days=30)
"""What is looked at where nobody says otherwise."""


async def scores(
    pool: type_of_pool, centre: str, since: datetime, until: datetime, districts: Districts | None
) -> list[Score]:
    """Everything told from ``since`` until before ``until`` whose unit has arrived by now, in groups; by district where
    there are areas of them."""
    async with pool.connection() as connection:
        return await etas.scores(connection, centre, since, until, None if districts is None else districts.of)
