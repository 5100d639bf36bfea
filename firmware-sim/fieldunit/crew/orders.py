"""Commands of the centre: each executed once, answered as often as it is sent.

What a command changes here goes to the disk in one transaction with its reply. The handlers of the rate and the
configuration keep their own; they take the command's number and do not mind the same one again, so a power cut between
theirs and ours is made up for when the centre sends it again.

What is not on the disk is answered with `received`, not with `done`: the centre goes on sending it, now and then, until
this unit would know it after a restart.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from fieldunit.crew.store import KEEP_MESSAGES, Changing, Message, MissionCard, Store
from tracker.errors import BadInput
from tracker.wire import command as wire
from tracker.wire.command import (
    Assignment,
    Command,
    Configuration,
    EmergencyAck,
    Outcome,
    Ping,
    Rate,
    Reply,
    TextMessage,
    UpdateMission,
)
from tracker.wire.reports import Clock


class Handlers(NamedTuple):
    """What others do with a command. Each returns a sentence for the reply; a ValueError is a refusal, its text the
    reason. The same number again must change nothing."""

    rate: Callable[[float | None, datetime | None, int], str]  # seconds or None, until, number
    configuration: Callable[[dict[str, Any], int], str]  # by section, number


class Orders:
    """One unit's. One thread at a time may call."""

    def __init__(self, store: Store, handlers: Handlers, trouble: Callable[[str], None]) -> None:
        self._store = store
        self._handlers = handlers
        self._trouble = trouble

    def take(self, payload: bytes, now: datetime, clock: Clock) -> list[bytes]:
        """Execute a command, or answer again what it was answered; the replies to send.

        Args:
            clock: which one told ``now``: only GNSS time may say that a command came too late.
        """
        try:
            command = wire.decode(payload)
        except BadInput as error:
            return self._unreadable(payload, now, error)
        if (known := self._store.commands.get(command.id)) is not None and not self._is_open(known):
            return [wire.encode_reply(known)]
        outcome, detail = self._outcome(command, now, clock)
        with self._store.change() as changing:
            reply = Reply(command.id, outcome, now, detail[: wire.MAX_TEXT])
            self._store.command(changing, reply, command.n)
        if outcome is Outcome.DONE and not self._store.kept:
            del self._store.commands[command.id]
            reply = Reply(command.id, Outcome.RECEIVED, now, "done, but the disk takes nothing")
        return [wire.encode_reply(reply)]

    def read(self, message: str, now: datetime) -> bytes | None:
        """A message was read: the reply to send; None if there is none of that id."""
        found = next((each for each in self._store.memory.messages if each.id == message), None)
        if found is None:
            return None
        found.read = True
        reply = Reply(message, Outcome.DONE, now, "read")
        with self._store.change() as changing:
            self._store.command(changing, reply, 0)
        return wire.encode_reply(reply)

    def _is_open(self, known: Reply) -> bool:
        """A message that nobody has read is answered `received` each time, not shown again."""
        if known.outcome is not Outcome.RECEIVED:
            return False
        return all(message.id != known.id for message in self._store.memory.messages)

    def _unreadable(self, payload: bytes, now: datetime, error: BadInput) -> list[bytes]:
        """A command of a newer centre, say: it learns that this unit cannot do it, if there is an id for that."""
        self._trouble(f"the centre sent a command that cannot be read: {error.detail}")
        try:
            name = msgspec.json.decode(payload, type=_Named).id
            return [wire.encode_reply(Reply(name, Outcome.FAILED, now, f"not understood: {error.detail}"[:900]))]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            return []

    def _outcome(self, command: Command, now: datetime, clock: Clock) -> tuple[Outcome, str]:
        if clock is Clock.GNSS and command.expires_at is not None and command.expires_at <= now:
            return Outcome.EXPIRED, "it came too late"
        try:
            return self._execute(command, now)
        except ValueError as error:
            return Outcome.REFUSED, str(error)
        except Exception as error:
            self._trouble(f"the command {command.id} failed: {error!r}")
            return Outcome.FAILED, f"{type(error).__name__}: {error}"

    def _execute(self, command: Command, now: datetime) -> tuple[Outcome, str]:
        memory = self._store.memory
        if isinstance(command, Ping):
            return Outcome.DONE, ""
        if isinstance(command, Rate):
            return Outcome.DONE, self._handlers.rate(command.interval_s, command.until, command.n)
        if isinstance(command, Configuration):
            return Outcome.DONE, self._handlers.configuration(command.settings, command.n)
        if isinstance(command, TextMessage):
            memory.messages = [*memory.messages, Message(command.id, now, command.text, command.urgent)]
            memory.messages = memory.messages[-KEEP_MESSAGES:]
            return Outcome.RECEIVED, "nobody has read it yet"
        if isinstance(command, EmergencyAck):
            there = memory.emergency
            if there is None or there.since != command.since:
                return Outcome.DONE, "that emergency is over"
            there.acknowledged = True
            return Outcome.DONE, ""
        if isinstance(command, Assignment):
            return Outcome.DONE, self._assign(command)
        return Outcome.DONE, self._update(command)

    def _assign(self, command: Assignment) -> str:
        memory, card = self._store.memory, command.card
        before = memory.card
        if before is not None and before.n > command.n:
            return "a newer command holds"
        same = before is not None and before.mission == card.mission
        memory.card = MissionCard(
            card.mission,
            command.n,
            card.urgency,
            card.stops,
            card.notes,
            card.assigned_at,
            card.state,
            card.eta,
            command.n if card.eta is not None else -1,
            before.answer if same and before is not None else "",
        )
        return "shown to the crew"

    def _update(self, command: UpdateMission) -> str:
        card = self._store.memory.card
        if card is None or card.mission != command.mission:
            return "the unit is not on this mission"
        if (command.eta is not None or command.eta_unknown) and command.n > card.eta_n:
            card.eta, card.eta_n = command.eta, command.n
        if command.n < card.n:
            return "a newer command holds"
        if command.eta is None and not command.eta_unknown:
            card.n = command.n
        if command.stops is not None:
            card.stops = command.stops
        if command.urgency is not None:
            card.urgency = command.urgency
        if command.notes is not None:
            card.notes = command.notes
        if command.state is not None:
            card.state = command.state
        card.ended = card.ended or command.ended
        return "the mission is over" if command.ended else "shown to the crew"


class _Named(msgspec.Struct):
    id: wire.Id


__all__ = ["Changing", "Handlers", "Orders"]
