"""Calls of one centre: taken, closed without anybody being sent, made an incident of, joined to one.

Numbers are people's. What a call-taker sees of a caller's past is found by a keyed hash, so that the past can be known
for months and the number forgotten after a day; with the key outside the database (SIGAP_CALLER_KEY) a copy of the
database tells nobody who called. Events carry neither.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
import structlog
from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.services.incidents import Incidents
from gateway.services.missions import Clash, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import calls as table
from gateway.storage import events
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from tracker.locate import Located, Pasted
from tracker.missions import Incident, Place
from tracker.missions.calls import RECENT, REMEMBERED, Call, CallEnd, Caller, caller, one_spelling
from tracker.missions.duplicates import Duplicate

Connection = AsyncConnection[Any]
Locate = Callable[[str], Awaitable[Pasted]]

log = structlog.get_logger()

FORGET_EVERY_S = 600.0

SAID_BY_NETWORK = 0.85
"""How well a position of the caller's network or phone fits: a pin that somebody put is better."""

WORTH_COMPARING = 0.6
"""From this on a place is good enough to look for incidents near it."""

_HISTORY = 100
_VAGUE = {"village": 1000.0, "street": 500.0}
"""Metres that such a place may be off; of larger ones nothing is near."""
_SIZEABLE = frozenset({"district", "regency"})


class CallTold(msgspec.Struct, frozen=True):
    """A call, without number, words and position: listeners have no use for them."""

    id: str
    at: datetime
    line: str
    incident: str | None
    closed_at: datetime | None
    closed_as: str | None
    exercise: bool


class Taken(msgspec.Struct, frozen=True):
    """What a call-taker sees as a call comes in."""

    call: Call
    caller: Caller | None  # None: the number is hidden
    places: tuple[Located, ...]  # where it may be, the best first
    duplicates: tuple[Duplicate, ...]  # incidents that it may be about already
    problems: tuple[str, ...]  # what could not be read of its text
    made: bool = True  # False: this very call was taken before


class History(msgspec.Struct, frozen=True):
    """What is remembered of a caller."""

    calls: int
    pranks: int
    marked: bool
    recent: tuple[Call, ...]  # newest first


class Calls:
    """One for a centre, in one event loop.

    Args:
        pool: of its database.
        incidents: of the centre.
        exercising: whether what is reported now is of an exercise.
        locate: finds the places of a text.
        clock: for the forgetting.
        key: of the hashes; None: one that the database keeps.
    """

    def __init__(
        self,
        pool: type_of_pool,
        incidents: Incidents,
        exercising: Callable[[], bool],
        locate: Locate,
        clock: Clock = TRUE,
        key: bytes | None = None,
    ) -> None:
        self.centre = incidents.centre
        self._pool = pool
        self._incidents = incidents
        self._exercising = exercising
        self._locate = locate
        self._clock = clock
        self.key = key

    async def take(self, new: Call) -> Taken:
        """A call has come. The same id again is the same call.

        Raises:
            Clash: the id is a call's of another number.
        """
        number = one_spelling(new.number)
        new = msgspec.structs.replace(new, number=number, exercise=new.exercise or self._exercising())
        hashed = await self._hashed(number)
        async with self._pool.connection() as connection, connection.transaction():
            made = await table.insert(connection, self.centre, new, hashed)
            call = new if made else await self._read(connection, new.id)
            if not made and number is not None and call.number not in (None, number):
                raise Clash(f"call {new.id!r} exists with another number")
            if made:
                await self._tell(connection, "call.taken", call, call.at)
            past = None if hashed is None else await table.history(connection, self.centre, hashed)
        places, problems = await self._places(call)
        near = await self._near(call, places)
        who = None if past is None else caller(*past, now=call.at)
        return Taken(call, who, places, near, problems, made)

    async def _places(self, call: Call) -> tuple[tuple[Located, ...], tuple[str, ...]]:
        found = await self._locate(call.said) if call.said.strip() else Pasted((), "", ())
        places = list(found.places)
        if call.latitude is not None and call.longitude is not None:
            places.append(Located(call.latitude, call.longitude, "", "caller", "network", SAID_BY_NETWORK))
        return tuple(sorted(places, key=lambda each: -each.score)), found.problems

    async def _near(self, call: Call, places: tuple[Located, ...]) -> tuple[Duplicate, ...]:
        """Incidents near the best place, if it is good enough to say so."""
        if not places or places[0].score < WORTH_COMPARING or places[0].kind in _SIZEABLE:
            return ()
        best = places[0]
        where = Place(best.latitude, best.longitude, best.name)
        within = _VAGUE.get(best.kind, 0.0)
        return tuple(await self._incidents.duplicates(where, call.at, exercise=call.exercise, within=within))

    async def call(self, call_id: str) -> Call:
        """One call.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            return await self._read(connection, call_id)

    async def find(self, *, incident: str | None, open_only: bool, limit: int) -> list[Call]:
        """Newest first."""
        async with self._pool.connection() as connection:
            return await table.find(connection, self.centre, incident=incident, open_only=open_only, limit=limit)

    async def history(self, number: str, now: datetime) -> History:
        """What is remembered of whoever calls from a number."""
        hashed = await self._hashed(one_spelling(number))
        if hashed is None:
            return History(0, 0, False, ())
        async with self._pool.connection() as connection:
            past = await table.history(connection, self.centre, hashed)
            recent = await table.find(connection, self.centre, caller=hashed, limit=_HISTORY)
        known = caller(*past, now=now)
        return History(known.calls, known.pranks, known.marked, tuple(recent))

    async def close(self, call_id: str, end: CallEnd, at: datetime) -> Call:
        """Nobody is sent. The same again changes nothing.

        Raises:
            Unknown: there is none of that id.
            Clash: an incident was made of it, which is closed instead; or it was closed as something else.
        """
        async with self._pool.connection() as connection, connection.transaction():
            call = await self._read(connection, call_id)
            if call.incident is not None:
                raise Clash(f"call {call_id} tells of incident {call.incident}: close that one with its reason")
            if call.closed_as is not end:
                _not_closed(call)
            closed = msgspec.structs.replace(call, closed_at=call.closed_at or max(at, call.at), closed_as=end)
            if closed != call:
                await table.update(connection, self.centre, closed)
                await self._tell(connection, "call.closed", closed, at)
        return closed

    async def reopen(self, call_id: str) -> Call:
        """It was closed by mistake, or the caller rings again and means it.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection, connection.transaction():
            call = await self._read(connection, call_id)
            opened = msgspec.structs.replace(call, closed_at=None, closed_as=None)
            if opened != call:
                await table.update(connection, self.centre, opened)
                await self._tell(connection, "call.taken", opened, self._clock.now())
        return opened

    async def waiting(self, call_id: str) -> Call:
        """A call that somebody is on, or that has its incident.

        Raises:
            Unknown: there is none of that id.
            Clash: it was closed, and nobody is sent for it unseen.
        """
        return _not_closed(await self.call(call_id))

    async def open_incident(self, call_id: str, new: Incident) -> tuple[Call, Incident, bool]:
        """Make an incident of a call; the third value is False if that was done before.

        Raises:
            Unknown: there is no such call.
            Clash: it was closed, or tells of another incident, or the id is another incident's.
        """
        call = await self.waiting(call_id)
        new = msgspec.structs.replace(new, exercise=new.exercise or call.exercise)

        async def tied(connection: Connection, incident: Incident) -> None:
            nonlocal call
            call = await self._tie(connection, call_id, incident.id)

        incident, made = await self._incidents.open(new, tied)
        return call, incident, made

    async def join(self, call_id: str, incident_id: str) -> tuple[Call, Incident]:
        """A call tells of an incident that is known already, or of the one that that was merged into.

        Raises:
            Unknown: there is no such call, or no such incident.
            Clash: it was closed, or tells of another incident, or only one of them is an exercise.
        """
        async with (
            self._incidents.as_it_is(incident_id) as incident,
            self._pool.connection() as connection,
            connection.transaction(),
        ):
            call = await self._read(connection, call_id)
            if call.exercise != incident.exercise:
                raise Clash("one of them is an exercise and the other is not")
            return await self._tie(connection, call_id, incident.id), incident

    async def _tie(self, connection: Connection, call_id: str, incident: str) -> Call:
        call = _not_closed(await self._read(connection, call_id))
        if call.incident not in (None, incident):
            raise Clash(f"call {call_id} tells of incident {call.incident}: merge the two incidents instead")
        tied = msgspec.structs.replace(call, incident=incident)
        if tied != call:
            await table.update(connection, self.centre, tied)
            await self._tell(connection, "call.closed", tied, self._clock.now())
        return tied

    # Who calls

    async def _hashed(self, number: str | None) -> bytes | None:
        if number is None:
            return None
        if self.key is None:
            async with self._pool.connection() as connection:
                made = await table.key(connection, self.centre, secrets.token_bytes(32))
            self.key = made  # committed: a key that was rolled back would hash for nobody
        return hmac.new(self.key, number.encode(), hashlib.sha256).digest()

    async def turn(self, now: datetime) -> None:
        """Forget what is due."""
        async with self._pool.connection() as connection, connection.transaction():
            numbers, callers = await table.forget(connection, self.centre, now - RECENT, now - REMEMBERED)
        if numbers or callers:
            log.info("callers forgotten", numbers=numbers, callers=callers)

    async def run(self) -> None:
        """Forget, until cancelled."""
        await keep_turning("callers to forget", lambda: self.turn(self._clock.now()), self._clock, FORGET_EVERY_S)

    async def _read(self, connection: Connection, call_id: str) -> Call:
        found = await table.find(connection, self.centre, call=call_id)
        if not found:
            raise Unknown(f"centre {self.centre} has no call {call_id!r}")
        return found[0]

    async def _tell(self, connection: Connection, kind: str, call: Call, at: datetime) -> None:
        """Without the number, the words and the position, for which listeners have no use. To them it is closed once
        nobody waits for the call any more: it has a reason, or an incident."""
        data = CallTold(call.id, call.at, call.line, call.incident, call.closed_at, call.closed_as, call.exercise)
        await events.put(connection, self.centre, Event(kind, f"calls/{call.id}", data, at, exercise=call.exercise))


def _not_closed(call: Call) -> Call:
    if call.closed_as is not None:
        raise Clash(
            f"call {call.id} was closed as {call.closed_as.value}: take it up again first, with "
            f"POST /api/v1/calls/{call.id}/reopen"
        )
    return call
