"""The way through the gateway: decode, identify, date, judge, store, commit; the caller then acknowledges.

One call is one batch and one transaction. What comes back says what may be acknowledged and receipted; an error says
that nothing was committed and everything must be tried again. A second delivery changes nothing.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection

from gateway.services import accept_reports
from gateway.services.accept_reports import Said
from gateway.services.bridges import Bridges, is_bridges
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.services.phones import Phones, is_phones
from gateway.storage import fixes, quarantine
from gateway.storage.fixes import Outcome, Row
from gateway.storage.pool import type_of_pool
from gateway.storage.quarantine import Refused
from tracker.errors import BadInput, Reason
from tracker.quality import judged
from tracker.wire import payload as wire
from tracker.wire import phone, presence, radio
from tracker.wire.topics import MAX_PAYLOAD, Channel, UnitTopic, read_unit_topic

RefusedByDatabase = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.RaiseException)
"""What is wrong with the values, a trigger's own objection among it. Every other error is about the database."""


SLICE_S = 0.01
"""Of decoding; then whoever waits has a turn: other messages, the database's answers, the live sockets."""


class Message(msgspec.Struct, frozen=True):
    """One MQTT message, as received."""

    topic: str  # bytes that are no UTF-8 escaped with backslashes
    payload: bytes
    received_at: datetime


class Handled(msgspec.Struct):
    """Sequence numbers of one outbox, by what became of them."""

    stored: list[int] = msgspec.field(default_factory=list)
    quarantined: list[int] = msgspec.field(default_factory=list)
    declined: list[int] = msgspec.field(default_factory=list)


class Accepted(msgspec.Struct):
    """A committed batch."""

    rows: list[Row] = msgspec.field(default_factory=list)  # in the database now, new or not
    handled: dict[tuple[str, str], Handled] = msgspec.field(default_factory=dict)  # by (unit, outbox)
    said: Said = msgspec.field(default_factory=Said)  # what crews said, in the database now, new or not


class _Draft(msgspec.Struct):
    """A batch that is read and not yet stored."""

    rows: list[Row] = msgspec.field(default_factory=list)
    origin: list[int] = msgspec.field(default_factory=list)  # of each row: place of its message in the batch
    refused: list[Refused] = msgspec.field(default_factory=list)
    declined: list[Reason] = msgspec.field(default_factory=list)
    accepted: Accepted = msgspec.field(default_factory=Accepted)

    def handled(self, unit: str, outbox: str) -> Handled:
        return self.accepted.handled.setdefault((unit, outbox), Handled())


class Acceptance:
    """Takes the messages of one centre in."""

    def __init__(self, pool: type_of_pool, enrolment: Enrolment, intake: Intake) -> None:
        self._pool = pool
        self._enrolment = enrolment
        self._bridges = Bridges(enrolment)
        self._phones = Phones(enrolment.centre)
        self._intake = intake
        self._topics: dict[str, UnitTopic] = {}  # read once: a unit uses two topics for months

    async def accept(self, messages: Sequence[Message], now: datetime) -> Accepted:
        """Store a batch and commit.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away, or cannot do its work now (read-only after
                a switch-over, say); try the same batch again.
            StoreProofFailed: the database lost a row on the way; nothing was committed; try again.
        """
        async with self._pool.connection() as connection:
            strangers = any(self._is_from_stranger(message) for message in messages)
            await self._enrolment.refresh(connection, now, strangers=strangers)
            topics = [message.topic for message in messages if message.topic not in self._topics]
            await self._bridges.refresh(connection, topics, now)
            await self._phones.refresh(connection, topics, now)
            try:
                accepted = await self._in_one_transaction(connection, messages)
            except RefusedByDatabase as error:
                accepted = await self._one_by_one(connection, messages, error)
        self._intake.received += len(messages)
        return accepted

    async def _in_one_transaction(self, connection: AsyncConnection[Any], messages: Sequence[Message]) -> Accepted:
        draft = await self._read_all(messages)
        async with connection.transaction():
            outcomes = await fixes.store(connection, draft.rows)
            self._sort(draft, outcomes, messages)
            await self._store_said(connection, draft)
            await quarantine.keep(connection, self._enrolment.centre, draft.refused)
        self._count(draft, outcomes)
        return draft.accepted

    async def _one_by_one(
        self, connection: AsyncConnection[Any], messages: Sequence[Message], error: psycopg.Error
    ) -> Accepted:
        """One message in the batch holds what the database refuses: find it, keep it, and let the others through."""
        if len(messages) > 1:
            whole = Accepted()
            for message in messages:
                try:
                    part = await self._in_one_transaction(connection, [message])
                except RefusedByDatabase as single:
                    part = await self._one_by_one(connection, [message], single)
                whole.rows += part.rows
                whole.said.extend(part.said)
                for key, handled in part.handled.items():
                    into = whole.handled.setdefault(key, Handled())
                    into.stored += handled.stored
                    into.quarantined += handled.quarantined
                    into.declined += handled.declined
            return whole
        draft = _Draft()
        self._read(draft, 0, messages[0])
        for row in draft.rows:
            if row.outbox is not None and row.sequence is not None:
                draft.handled(row.unit, row.outbox).quarantined.append(row.sequence)
        for said in draft.accepted.said.reports:
            draft.handled(said.unit, said.outbox).quarantined.append(said.sequence)
        draft.rows, draft.origin, draft.accepted.said = [], [], Said()
        draft.refused.append(_refused(messages[0], Reason.STORAGE, str(error).partition("\n")[0]))
        async with connection.transaction():
            await quarantine.keep(connection, self._enrolment.centre, draft.refused)
        self._count(draft, [])
        return draft.accepted

    async def _read_all(self, messages: Sequence[Message]) -> _Draft:
        """Decode a batch without keeping the processor from everybody else."""
        draft = _Draft()
        slice_ends = time.monotonic() + SLICE_S
        for place, message in enumerate(messages):
            self._read(draft, place, message)
            if time.monotonic() >= slice_ends:
                await asyncio.sleep(0)
                slice_ends = time.monotonic() + SLICE_S
        return draft

    def _read(self, draft: _Draft, place: int, message: Message) -> None:
        """Decode, identify, date and judge one message."""
        speaker = None
        try:
            if message.topic not in self._topics:  # nearly always a unit's, and read before
                if is_phones(message.topic):
                    self._read_phone(draft, place, message)
                    return
                speaker = self._bridges.speaker(message.topic)
            topic = self._topic(message.topic) if speaker is None else speaker.topic
        except BadInput as error:
            draft.refused.append(_refused(message, error.reason, error.detail))
            return
        if topic.channel is Channel.PRESENCE:  # a readable one never comes this far
            try:
                presence.decode(message.payload)
            except BadInput as error:
                draft.refused.append(_refused(message, error.reason, error.detail))
            return
        known = topic.unit in self._enrolment.units if speaker is None else speaker.refused is None
        if not known:
            detail = f"unit {topic.unit!r} is not enrolled in centre {self._enrolment.centre!r}"
            reason = Reason.NOT_ENROLLED
            if speaker is not None and speaker.refused is not None:
                reason, detail = speaker.refused, speaker.detail
            draft.refused.append(_refused(message, reason, detail))
        handled = draft.handled(topic.unit, topic.outbox) if topic.outbox is not None else None
        if topic.channel in accept_reports.CHANNELS:
            self._read_said(draft, topic, message, handled, known=known)
            return
        parts = (
            wire.decode(message.payload, message.received_at)
            if speaker is None
            else radio.decode(message.payload, message.received_at, speaker.radio)
        )
        for part in parts:
            sequence = part.sequence
            if isinstance(part, wire.Unreadable):
                if known:
                    draft.refused.append(_refused(message, part.reason, part.detail, part.raw))
            elif not known:
                pass  # the whole message is in the quarantine already
            elif part.fix is None:
                draft.declined.append(part.reason or Reason.NO_FIX)
                if handled is not None and sequence is not None:
                    handled.declined.append(sequence)
                continue
            else:
                fix = judged(part.fix, message.received_at)
                outbox = topic.outbox if sequence is not None else None
                draft.rows.append(
                    Row(topic.centre, topic.unit, part.source, fix, message.received_at, outbox, sequence)
                )
                draft.origin.append(place)
                continue
            if handled is not None and sequence is not None:
                handled.quarantined.append(sequence)

    def _read_phone(self, draft: _Draft, place: int, message: Message) -> None:
        said = self._phones.read(message.topic, message.payload, message.received_at)
        draft.declined += said.declined
        draft.refused += (_refused(message, part.reason, part.detail, part.raw) for part in said.refused)
        for fix in said.fixes:
            draft.rows.append(Row(self._enrolment.centre, said.unit, phone.SOURCE, fix, message.received_at))
            draft.origin.append(place)

    def _read_said(
        self, draft: _Draft, topic: UnitTopic, message: Message, handled: Handled | None, *, known: bool
    ) -> None:
        """What a crew said. Of a stranger the whole message is in the quarantine already."""

        def refuse(sequence: int | None, reason: Reason, detail: str, raw: bytes) -> None:
            if known:
                draft.refused.append(_refused(message, reason, detail, raw))
            if handled is not None and sequence is not None:
                handled.quarantined.append(sequence)

        into = draft.accepted.said if known else Said()
        accept_reports.read(into, topic, message.payload, message.received_at, refuse)
        if not known and handled is not None:
            handled.quarantined += [each.sequence for each in into.reports]

    async def _store_said(self, connection: AsyncConnection[Any], draft: _Draft) -> None:
        said = draft.accepted.said
        for each in await accept_reports.store(connection, self._enrolment.centre, said):
            topic = UnitTopic(self._enrolment.centre, each.unit, Channel.STATUS, each.outbox)
            detail = f"number {each.sequence} of this outbox is stored with another report"
            draft.refused.append(Refused(str(topic), Reason.CONTRADICTION, detail, each.raw, each.received_at))
            draft.handled(each.unit, each.outbox).quarantined.append(each.sequence)
        for each in said.reports:
            draft.handled(each.unit, each.outbox).stored.append(each.sequence)

    def _is_from_stranger(self, message: Message) -> bool:
        if message.topic in self._topics or is_phones(message.topic):
            return False
        if is_bridges(message.topic):
            return self._bridges.is_strange(message.topic)
        try:
            return self._topic(message.topic).unit not in self._enrolment.units
        except BadInput:
            return False  # nobody's: refused when it is read

    def _topic(self, text: str) -> UnitTopic:
        topic = self._topics.get(text)
        if topic is None:
            topic = read_unit_topic(text)
            if topic.centre != self._enrolment.centre:
                raise BadInput(Reason.TOPIC, f"centre {topic.centre!r} is not served here")
            if topic.unit in self._enrolment.units:  # strangers do not fill the table
                self._topics[text] = topic
        return topic

    def _sort(self, draft: _Draft, outcomes: Sequence[Outcome], messages: Sequence[Message]) -> None:
        """What the database said, into receipts and the quarantine."""
        for row, place, outcome in zip(draft.rows, draft.origin, outcomes, strict=True):
            handled = None if row.outbox is None else draft.handled(row.unit, row.outbox)
            if outcome is Outcome.CONTRADICTION:
                detail = f"{row.source} fix of {row.fix.time.isoformat()} is stored with another position or speed"
                draft.refused.append(_refused(messages[place], Reason.CONTRADICTION, detail))
                if handled is not None and row.sequence is not None:
                    handled.quarantined.append(row.sequence)
                continue
            draft.accepted.rows.append(row)
            if handled is not None and row.sequence is not None:
                handled.stored.append(row.sequence)

    def _count(self, draft: _Draft, outcomes: Sequence[Outcome]) -> None:
        intake = self._intake
        intake.declined.update(reason.value for reason in draft.declined)
        intake.quarantined.update(item.reason.value for item in draft.refused)
        intake.reports += draft.accepted.said.new
        for row, outcome in zip(draft.rows, outcomes, strict=True):
            if outcome is Outcome.STORED:
                intake.stored += 1
                if row.fix.quality:
                    intake.flagged.update(row.fix.quality.reasons)
            elif outcome is Outcome.DUPLICATE:
                intake.duplicate += 1


def _refused(message: Message, reason: Reason, detail: str, part: bytes | None = None) -> Refused:
    payload = message.payload if part is None else part
    if len(payload) > MAX_PAYLOAD:
        detail = f"{detail} (the first {MAX_PAYLOAD} of {len(payload)} bytes are kept)"
        payload = payload[:MAX_PAYLOAD]
    return Refused(message.topic, reason, detail, payload, message.received_at)
