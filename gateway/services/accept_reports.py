"""What crews say, on its way through the gateway: read, and stored in the batch's own transaction.

Part of one batch of `accept_messages`: committed with it, receipted with it. A second delivery changes nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import commands, stamps
from gateway.storage import reports as table
from gateway.storage.reports import Health, Row
from tracker.errors import BadInput, Reason
from tracker.wire import command as command_wire
from tracker.wire import health as health_wire
from tracker.wire import reports as wire
from tracker.wire.command import Reply
from tracker.wire.topics import Channel, UnitTopic

CHANNELS = frozenset({Channel.STATUS, Channel.HEALTH, Channel.COMMAND_REPLY})
"""What is read here; everything else is a position."""

Refuse = Callable[[int | None, Reason, str, bytes], None]
"""Told of what cannot be read: number in its outbox if it has one, why, a sentence, the bytes."""


class Answered(msgspec.Struct, frozen=True):
    """A unit's word on a command."""

    unit: str
    reply: Reply
    known: bool = True  # False: there is no such command, or no more


class Said(msgspec.Struct):
    """The crew's side of a batch."""

    reports: list[Row] = msgspec.field(default_factory=list)
    health: list[Health] = msgspec.field(default_factory=list)
    replies: list[Answered] = msgspec.field(default_factory=list)
    new: int = 0  # of the reports, once they are stored

    def extend(self, other: "Said") -> None:
        """Take another one's in."""
        self.reports += other.reports
        self.health += other.health
        self.replies += other.replies
        self.new += other.new


def read(said: Said, topic: UnitTopic, payload: bytes, received_at: datetime, refuse: Refuse) -> None:
    """Read one message of `CHANNELS`."""
    if topic.channel is Channel.STATUS and topic.outbox is not None:
        for part in wire.decode(payload):
            if isinstance(part, wire.Unreadable):
                refuse(part.sequence, part.reason, part.detail, part.raw)
            else:
                said.reports.append(table.row(topic.unit, topic.outbox, part, received_at))
        return
    try:
        if topic.channel is Channel.HEALTH:
            said.health.append(Health(topic.unit, health_wire.decode(payload).at, received_at, payload))
        else:
            said.replies.append(Answered(topic.unit, command_wire.decode_reply(payload)))
    except BadInput as error:
        refuse(None, error.reason, error.detail, payload)


async def store(connection: AsyncConnection[Any], centre: str, said: Said) -> list[Row]:
    """Store it inside the caller's transaction; what contradicts something stored under its number comes back, and is
    taken out of ``said``."""
    said.new, contradicting = await table.put(connection, centre, said.reports)
    if contradicting:
        said.reports = [each for each in said.reports if each not in contradicting]
    await stamps.put_reports(connection, centre, said.reports)
    await table.put_health(connection, centre, said.health)
    said.replies = [
        msgspec.structs.replace(each, known=await commands.settle(connection, centre, each.unit, each.reply))
        for each in sorted(said.replies, key=lambda each: each.reply.id)
    ]
    return contradicting
