"""What a unit or a radio sent before it was enrolled lies in the quarantine, whole. Once it is enrolled, take it in."""

from datetime import datetime

from gateway.services.accept_messages import Acceptance, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.storage import quarantine
from gateway.storage.pool import type_of_pool

BATCH = 200


async def take_in_kept(pool: type_of_pool, centre: str, unit: str, now: datetime) -> int:
    """Accept what the unit's own devices sent, see `take_in`; how many messages."""
    return await take_in(pool, centre, quarantine.of_unit(centre, unit), now)


async def take_in(pool: type_of_pool, centre: str, topics: str, now: datetime) -> int:
    """Accept kept messages as if they came now, and take them out of the quarantine.

    Args:
        topics: pattern of their topics, of `quarantine.of_unit` and its like; their sender must be allowed by now, or
            they are lost.

    What is still wrong with a part of one goes there again under its own reason. Stopped half-way, it can be run again:
    a fix that is stored already changes nothing.

    Returns:
        How many messages.
    """
    acceptance = Acceptance(pool, Enrolment(centre, lambda _: None), Intake(now))
    taken = after = 0
    while True:
        async with pool.connection() as connection:
            kept = await quarantine.of_stranger(connection, centre, topics, after, BATCH)
        if not kept:
            return taken
        await acceptance.accept([Message(item.topic, item.payload, item.first_seen) for item in kept], now)
        async with pool.connection() as connection:
            await quarantine.release(connection, centre, [item.id for item in kept])
        taken += len(kept)
        after = kept[-1].id
