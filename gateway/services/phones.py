"""What phones say, and what of it may be stored.

A private phone (of somebody's own car) is stored only where its owner has consented, and on duty. Of everything else
nothing is kept, not even in the quarantine: it is counted by reason, without a place, a time or a name. What cannot be
read has no time, so nobody can tell that it was on duty: of a private phone that is counted only, too.

The fix's own time decides, by what held at that time: a fix of the working day that arrives at night is stored, and one
of the night that arrives in the morning is not. After a withdrawal nothing is stored at all, of whatever time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import AsyncConnection

from gateway.storage import phones
from gateway.storage.phones import DUTY_KEPT, Phone
from gateway.storage.units import time_zone
from tracker.duty import on_duty
from tracker.errors import BadInput, Reason
from tracker.fix import Fix
from tracker.quality import judged
from tracker.wire import osmand, owntracks
from tracker.wire.payload import Unreadable

TRACCAR = "traccar/"
"""Before the unit: the topic under which a message of Traccar Client goes through the gateway. No broker carries it."""


class Said(msgspec.Struct):
    """What became of one message of a phone."""

    unit: str = ""
    fixes: list[Fix] = msgspec.field(default_factory=list)  # may be stored
    refused: list[Unreadable] = msgspec.field(default_factory=list)  # for the quarantine
    declined: list[Reason] = msgspec.field(default_factory=list)  # for the counters, and nothing else


def is_phones(topic: str) -> bool:
    """Whether a message goes this way."""
    return topic.startswith((TRACCAR, f"{owntracks.PREFIX}/"))


class Phones:
    """The phones of a centre: looked up anew for each batch, so that off duty is off duty at once."""

    def __init__(self, centre: str) -> None:
        self._centre = centre
        self._zone = ZoneInfo("UTC")
        self._by_topic: dict[str, Phone] = {}  # key: OwnTracks user, or TRACCAR and the unit

    async def refresh(self, connection: AsyncConnection[Any], topics: Sequence[str], now: datetime) -> None:
        """Look up the phones of these topics. Without any, nothing is asked."""
        wanted = [topic for topic in topics if is_phones(topic)]
        if not wanted:
            return
        self._zone = ZoneInfo(await time_zone(connection, self._centre))
        units = {topic.removeprefix(TRACCAR) for topic in wanted if topic.startswith(TRACCAR)}
        users = {user for topic in wanted if (user := owntracks.user_of(topic)) is not None}
        found = await phones.find(connection, self._centre, now, units=units, users=users)
        for key in (*users, *(f"{TRACCAR}{unit}" for unit in units)):
            self._by_topic.pop(key, None)
        for phone in found:
            self._by_topic[phone.mqtt_user] = self._by_topic[f"{TRACCAR}{phone.unit}"] = phone

    def read(self, topic: str, payload: bytes, received_at: datetime) -> Said:
        """What a message says and what of it may be stored."""
        user = owntracks.user_of(topic)
        phone = self._by_topic.get(topic if user is None else user)
        if phone is None:
            return Said(declined=[Reason.UNKNOWN_PHONE])
        said = Said(phone.unit)
        if phone.private and phone.consent is None:
            said.declined.append(Reason.NO_CONSENT)
            return said
        for each in _decode(topic, payload, received_at) or [None]:
            if each is None:
                said.declined.append(Reason.NO_FIX)
            elif isinstance(each, Unreadable):
                if phone.private:
                    said.declined.append(each.reason)
                else:
                    said.refused.append(each)
            elif (reason := self._objection(phone, each.time, received_at)) is not None:
                said.declined.append(reason)
            else:
                said.fixes.append(judged(each, received_at))
        return said

    def _objection(self, phone: Phone, at: datetime, received_at: datetime) -> Reason | None:
        if phone.private:
            if phone.consent is None or at < phone.consent.given_at:
                return Reason.NO_CONSENT
            if at < received_at - DUTY_KEPT:
                return Reason.OFF_DUTY
        on = on_duty(at, self._zone, phones.schedules_of(phone), phone.changes)
        return None if on else Reason.OFF_DUTY


def _decode(topic: str, payload: bytes, received_at: datetime) -> Sequence[Fix | Unreadable | None]:
    if topic.startswith(TRACCAR):
        return osmand.decode(payload, received_at)
    try:
        return [owntracks.decode(payload)]
    except BadInput as error:
        return [Unreadable(None, error.reason, error.detail, payload)]
