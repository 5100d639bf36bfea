"""Who listens by webhook, and what of all that happened still has to reach them."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from gateway.storage.events import Numbered, numbered

Connection = AsyncConnection[Any]

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"


class Webhook(msgspec.Struct, frozen=True):
    """A receiver, as it is shown: without its secret."""

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]  # that it wants; none named: all
    exercises: bool  # whether it wants those of exercises too
    active: bool
    created_at: datetime
    waiting: int = 0  # events that are still to be delivered
    dead: int = 0  # events that were given up


class Head(msgspec.Struct, frozen=True):
    """The next event of a lane, and where it goes."""

    url: str
    secret: str
    attempts: int
    since: datetime
    next_at: datetime
    event: Numbered


class Delivery(msgspec.Struct, frozen=True):
    """What became of one event at one receiver."""

    event: int
    key: str  # the id in the CloudEvent
    kind: str
    subject: str
    lane: str  # events of one lane arrive in order
    state: str  # waiting, delivered, dead
    since: datetime
    next_at: datetime
    attempts: int
    last_at: datetime | None
    last_status: int | None  # of HTTP; null: there was no answer
    last_error: str
    delivered_at: datetime | None


async def put(connection: Connection, centre: str, webhook: Webhook, secret: str) -> bool:
    """Store a new receiver; False if its id is there already, and then nothing is changed."""
    return (await connection.execute(sql.query("put_webhook"), _values(centre, webhook, secret))).rowcount == 1


async def change(connection: Connection, centre: str, webhook: Webhook, secret: str | None) -> bool:
    """Store a receiver that was changed, with another secret if one is given; False if there is none of that id."""
    return (await connection.execute(sql.query("change_webhook"), _values(centre, webhook, secret))).rowcount == 1


def _values(centre: str, webhook: Webhook, secret: str | None) -> dict[str, Any]:
    return {
        "centre": centre, "id": webhook.id, "name": webhook.name, "url": webhook.url, "kinds": list(webhook.kinds),
        "exercises": webhook.exercises, "active": webhook.active, "created_at": webhook.created_at, "secret": secret,
    }  # fmt: skip


async def find(connection: Connection, centre: str, webhook: str | None = None) -> list[Webhook]:
    """Receivers by id, or the one of this id."""
    cursor = await connection.execute(sql.query("webhooks"), {"centre": centre, "id": webhook})
    return [Webhook(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in await cursor.fetchall()]


async def drop(connection: Connection, centre: str, webhook: str) -> bool:
    """Forget a receiver and all that waits for it; False if there is none of that id."""
    return (await connection.execute(sql.query("drop_webhook"), {"centre": centre, "id": webhook})).rowcount == 1


async def fan_out(connection: Connection, centre: str, first: int, last: int, now: datetime) -> list[tuple[str, str]]:
    """Put events of these numbers before their receivers, in the transaction that numbered them.

    Returns:
        (webhook, lane) of each.
    """
    values = {"centre": centre, "first": first, "last": last, "now": now}
    cursor = await connection.execute(sql.query("fan_out_events"), values)
    return [(webhook, lane) for webhook, lane in await cursor.fetchall()]


async def replay(connection: Connection, centre: str, webhook: str, since: datetime, now: datetime) -> int:
    """Put all that happened from a moment on before a receiver once more; how many events."""
    values = {"centre": centre, "webhook": webhook, "since": since, "now": now}
    return (await connection.execute(sql.query("replay_events"), values)).rowcount


async def waiting(connection: Connection, centre: str, webhook: str | None = None) -> list[tuple[str, str]]:
    """(webhook, lane) of every lane in which something waits, of all active receivers or of one."""
    cursor = await connection.execute(sql.query("waiting_lanes"), {"centre": centre, "webhook": webhook})
    return [(name, lane) for name, lane in await cursor.fetchall()]


async def head(connection: Connection, centre: str, webhook: str, lane: str) -> Head | None:
    """The next event of a lane; None if nothing waits there, or its receiver is at rest or gone."""
    values = {"centre": centre, "webhook": webhook, "lane": lane}
    row = await (await connection.execute(sql.query("head_of_lane"), values)).fetchone()
    if row is None:
        return None
    url, secret, attempts, since, next_at = row[:5]
    return Head(url, secret, attempts, since, next_at, numbered(row[5:]))


async def came_of(
    connection: Connection,
    centre: str,
    webhook: str,
    head: Head,
    *,
    state: str,
    at: datetime,
    next_at: datetime,
    status: int | None,
    error: str,
) -> None:
    """Note what came of sending the head of a lane."""
    values = {
        "centre": centre, "webhook": webhook, "event": head.event.id, "since": head.since, "state": state, "at": at,
        "next_at": next_at, "status": status, "error": error,
    }  # fmt: skip
    await connection.execute(sql.query("delivery_outcome"), values)


async def deliveries(
    connection: Connection, centre: str, webhook: str, *, state: str | None, before: int | None, limit: int
) -> list[Delivery]:
    """What became of each event at one receiver, newest first; those below an event's number."""
    values = {"centre": centre, "webhook": webhook, "state": state, "before": before, "limit": limit}
    cursor = await connection.execute(sql.query("deliveries"), values)
    return [Delivery(row[0], str(row[1]), *row[2:]) for row in await cursor.fetchall()]


async def drop_old(connection: Connection, centre: str, before: datetime, dead_before: datetime) -> int:
    """Forget events before a moment, but those that still wait for a receiver, and for longer those that were given up;
    how many."""
    values = {"centre": centre, "before": before, "dead_before": dead_before}
    return (await connection.execute(sql.query("drop_old_events"), values)).rowcount
