"""Who a bridge's message is of, and whether that bridge may speak for them. Kept at hand like the enrolment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.services.enrolment import REFRESH, Enrolment
from gateway.storage import bridges
from gateway.storage.bridges import Bridge
from tracker.errors import BadInput, Reason
from tracker.wire.topics import PREFIX, BridgeTopic, UnitTopic, read_bridge_topic


class Speaker(msgspec.Struct, frozen=True):
    """Whom a bridge's message is of."""

    topic: UnitTopic  # as if the unit had sent it; its outbox is `{bridge}/{outbox}`, which no unit's can be
    radio: str | None  # the radio's name, where the bridge does not know whose it is
    refused: Reason | None = None  # why the message is not taken
    detail: str = ""


def is_bridges(topic: str) -> bool:
    """Whether a message goes this way."""
    return topic.startswith(PREFIX) and topic.split("/", 4)[3:4] == ["bridges"]


def outbox_of(topic: BridgeTopic) -> str | None:
    """How the outbox of a bridge is called in tracks and receipts: nobody else's can have a stroke in it."""
    return None if topic.outbox is None else f"{topic.bridge}/{topic.outbox}"


class Bridges:
    """The bridges of one centre."""

    def __init__(self, enrolment: Enrolment) -> None:
        self._enrolment = enrolment
        self._known: dict[str, Bridge] = {}
        self._read_at: datetime | None = None

    async def refresh(self, connection: AsyncConnection[Any], topics: Sequence[str], now: datetime) -> None:
        """Read them again if the list is old, or if one of these topics is of somebody who is not on it."""
        spoken = [topic for topic in topics if is_bridges(topic)]
        if not spoken:
            return
        if self._read_at is None or now - self._read_at >= REFRESH or any(self.is_strange(each) for each in spoken):
            self._known = {each.id: each for each in await bridges.known(connection, self._enrolment.centre)}
            self._read_at = now

    def speaker(self, text: str) -> Speaker | None:
        """Whom a topic speaks for; None if it is no bridge's.

        Raises:
            BadInput: it is a bridge's, and cannot be read.
        """
        topic = read_bridge_topic(text)
        if topic is None:
            return None
        unit, reason, detail = self._unit(topic)
        return Speaker(
            UnitTopic(topic.centre, unit or topic.name, topic.channel, outbox_of(topic)),
            None if topic.known else topic.name,
            reason,
            detail,
        )

    def _unit(self, topic: BridgeTopic) -> tuple[str | None, Reason | None, str]:
        bridge = self._known.get(topic.bridge)
        if topic.known:
            if topic.name not in self._enrolment.units:
                return None, Reason.NOT_ENROLLED, f"unit {topic.name!r}, of which bridge {topic.bridge} speaks"
            if bridge is None or topic.name not in bridge.units:
                return None, Reason.NOT_ALLOWED, f"allow it with: sigap bridge allow {topic.bridge} {topic.name}"
            return topic.name, None, ""
        unit = None if bridge is None else bridge.radios.get(topic.name)
        if bridge is None or unit is None:
            words = f"nobody's radio; enrol it with: sigap enrol UNIT --radio {topic.name} --bridge {topic.bridge}"
            return None, Reason.NOT_ENROLLED, words
        if unit not in self._enrolment.units or unit not in bridge.units:
            return None, Reason.NOT_ALLOWED, f"radio of {unit!r}, for which bridge {topic.bridge} may not speak"
        return unit, None, ""

    def is_strange(self, text: str) -> bool:
        """Whether a bridge's message would be refused by what is at hand: then it is worth looking again."""
        try:
            topic = read_bridge_topic(text)
        except BadInput:
            return False  # nobody's: refused when it is read
        return topic is not None and self._unit(topic)[0] is None
