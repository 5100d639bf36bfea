"""Commands to units: kept in the database, sent again until there is an outcome, and never needed twice.

What a unit is told about its mission is not an event but a difference: what it was told last, as the database has it,
against the mission as it stands. Whatever is killed between the two, the next look finds the same difference. An
arrival time replaces the one before it and expires soon; everything else waits for an answer.

A unit that is known to be away is not sent to: its broker would only pile up copies. When it says that it is back, what
is open goes at once.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.feeds.live import Eta, LivePicture
from gateway.services.accept_reports import Answered
from gateway.services.crews import Crews
from gateway.services.missions import Clash, DatabaseAway, Missions, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import commands as table
from gateway.storage.commands import Kept
from gateway.storage.pool import type_of_pool
from tracker.missions import Mission
from tracker.wire import command as wire
from tracker.wire.command import Arrival, Assignment, Card, Command, EmergencyAck, Outcome, Stop, UpdateMission

log = structlog.get_logger()

TICK_S = 0.5

RESEND_S = 3.0
RESEND_MOST_S = 600.0
"""Seconds until a command is sent again: doubling, from the first to the second."""

RESEND_ONLINE_S = 60.0
"""The same to a unit that says it is there: one that was gone for an instant only is not always noticed."""

RECEIVED_S = 60.0
"""The same where the unit has said that it has it: somebody has only to read it."""

ARRIVAL_EVERY_S = 15.0
"""Between two arrival times to one unit at least. Each costs 0.7 KB of its budget, reply and all (computed); a
drive that goes as foretold costs one a minute, for so often the gateway tells it."""

ARRIVAL_LIVES = timedelta(seconds=60)
ENDED_LIVES = timedelta(hours=24)
ALARM_LIVES = timedelta(hours=24)


class Told(msgspec.Struct, frozen=True):
    """What a unit knows of its mission once it has a command."""

    mission: str
    urgency: str
    stops: tuple[Stop, ...]
    notes: str
    state: str
    ended: bool = False


Make = Callable[[str, int, datetime], Command]
"""Makes a command from its id, number and time."""

_TELLING = ["assignment", "update-mission"]


class Commands:
    """One for a centre, in one event loop. Everything but `give` happens in `run`."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        crews: Crews,
        send: Callable[[str, bytes], Awaitable[bool]],
        clock: Clock = TRUE,
    ) -> None:
        """
        Args:
            send: hands a payload to the broker for a unit; False: there is no broker now.
        """
        self.centre = centre
        self._pool = pool
        self._live = live
        self._missions = missions
        self._crews = crews
        self._send = send
        self._clock = clock
        self._lock = asyncio.Lock()  # of numbers, and of what was told
        self._open: dict[str, Kept] = {}  # by id: without a final outcome
        self._due: dict[str, float] = {}  # by id: when it is sent next, by the clock's seconds
        self._told: dict[str, tuple[Told, str]] = {}  # by unit: and by which command
        self._arrivals: dict[str, tuple[float, Eta | None]] = {}  # by unit: told when, by the clock's seconds, and what
        self._online: dict[str, bool | None] = {}
        self._loaded = False
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Begin with what the database holds.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        async with self._pool.connection() as connection:
            self._open = {each.id: each for each in await table.pending(connection, self.centre)}
            for unit, (command, tells) in (await table.told(connection, self.centre)).items():
                self._told[unit] = (msgspec.json.decode(tells, type=Told), command)
        self._loaded = True

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("commands", self.turn, self._clock, TICK_S, wake=self._wake, failed=self._forget)

    def _forget(self) -> None:
        """What is in memory may be half done: all is read again."""
        self._loaded = False

    async def turn(self) -> None:
        """Look once at everything: what has changed, what is due.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; the next look makes up for it.
        """
        if not self._loaded:
            await self.load()
        now = self._clock.now()
        await self._expire(now)
        if self._missions.loaded:
            await self._tell_missions(now)
            await self._tell_arrivals(now)
        await self._send_due(now)

    # What others ask for

    async def give(
        self, unit: str, make: Make, *, expires_at: datetime | None, command_id: str | None = None
    ) -> tuple[Kept, bool]:
        """Keep a command and have it sent; the second value is False if this very one was given before.

        Raises:
            Clash: the id is another command's.
            ValueError: it could not be read by a unit.
        """
        async with self._writing() as connection:
            if command_id is not None:
                there = await table.of_unit(connection, self.centre, unit, 1, command_id)
                if there:
                    return there[0], False
            kept = await self._insert(connection, unit, make, expires_at, command_id)
        self._opened(kept)
        return kept, True

    async def acknowledge_emergency(self, unit: str) -> datetime:
        """Tell a crew that the centre has seen its emergency; when that was said first.

        Raises:
            Clash: there is none.
        """
        now = self._clock.now()
        kept = None
        async with self._writing() as connection:
            alarm, new = await self._crews.acknowledge(connection, unit, now)
            if new:
                kept = await self._insert(
                    connection,
                    unit,
                    lambda name, n, at: EmergencyAck(id=name, n=n, issued_at=at, since=alarm.since),
                    now + ALARM_LIVES,
                )
        self._crews.acknowledged(unit, alarm)
        if kept is not None:
            self._opened(kept)
        return alarm.acknowledged_at or now

    async def of_unit(self, unit: str, limit: int) -> list[Kept]:
        """A unit's commands, newest first."""
        async with self._pool.connection() as connection:
            return await table.of_unit(connection, self.centre, unit, limit)

    async def command(self, unit: str, command_id: str) -> Kept:
        """One command.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            found = await table.of_unit(connection, self.centre, unit, 1, command_id)
        if not found:
            raise Unknown(f"unit {unit} has no command {command_id!r}")
        return found[0]

    def under_way(self) -> dict[str, int]:
        """How many commands of each unit that says it is there have no answer at all."""
        waiting = (each.unit for each in self._open.values() if each.outcome is None)
        return dict(Counter(unit for unit in waiting if self._live.online(unit)))

    def tell_again(self, unit: str) -> None:
        """Send a unit its assignment anew, as if it had never been told: it may have been told and not heard."""
        self._told.pop(unit, None)
        self._wake.set()

    # What units answer, and what changes

    def replied(self, answers: list[Answered]) -> None:
        """Units answered, and it is stored; quick."""
        for each in answers:
            kept = self._open.get(each.reply.id)
            if kept is None or kept.unit != each.unit:
                continue
            if each.reply.outcome is Outcome.RECEIVED:
                self._open[kept.id] = msgspec.structs.replace(kept, outcome=Outcome.RECEIVED.value)
                self._due[kept.id] = max(self._due.get(kept.id, 0.0), self._clock.seconds() + RECEIVED_S)
            else:
                self._close([kept.id])
                if each.reply.outcome in (Outcome.FAILED, Outcome.REFUSED):
                    log.warning("command not done", unit=each.unit, command=kept.kind, detail=each.reply.detail)

    # The work

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection[Any]]:
        """One transaction under the lock. What is not committed is not known to be so: all is read again then."""
        try:
            async with self._lock, self._pool.connection() as connection, connection.transaction():
                yield connection
        except DatabaseAway:
            self._loaded = False
            raise

    async def _insert(
        self,
        connection: AsyncConnection[Any],
        unit: str,
        make: Make,
        expires_at: datetime | None,
        command_id: str | None = None,
        tells: Told | None = None,
    ) -> Kept:
        """Keep a command, in the caller's transaction and under the lock; what it makes void is void."""
        now = self._clock.now()
        n = await table.next_number(connection, now)
        command = make(command_id or f"c-{secrets.token_hex(8)}", n, now)
        payload = wire.encode(command).decode()
        kind = str(type(command).__struct_config__.tag)
        mission = None
        if isinstance(command, Assignment):
            mission = command.card.mission
        elif isinstance(command, UpdateMission):
            mission = command.mission
        kept = Kept(n, unit, command.id, kind, mission, now, expires_at, payload)
        gone: list[str] = []
        if kind in _TELLING:
            gone += await table.drop_old_arrivals(connection, self.centre, unit, n)
        if tells is not None:
            gone += await table.supersede(
                connection, self.centre, unit, _TELLING, n, now, f"{command.id} says more", telling=True
            )
        elif kind == "rate":
            gone += await table.supersede(connection, self.centre, unit, [kind], n, now, f"{command.id} says another")
        told = None if tells is None else msgspec.json.encode(tells).decode()
        await table.insert(connection, self.centre, kept, told)
        self._close(gone)  # if this is not committed after all, everything is read again: see `_writing`
        return kept

    def _opened(self, kept: Kept) -> None:
        self._open[kept.id] = kept
        self._due[kept.id] = 0.0
        self._wake.set()

    def _close(self, ids: list[str]) -> None:
        for each in ids:
            self._open.pop(each, None)
            self._due.pop(each, None)

    async def _expire(self, now: datetime) -> None:
        if any(each.expires_at is not None and each.expires_at <= now for each in self._open.values()):
            async with self._pool.connection() as connection:
                self._close(await table.expire(connection, self.centre, now))

    async def _tell_missions(self, now: datetime) -> None:
        """Make the difference between what units were told and what holds a command."""
        for unit in set(self._missions.active) | {unit for unit, (told, _) in self._told.items() if not told.ended}:
            mission = self._missions.active.get(unit)
            before, by = self._told.get(unit, (None, ""))
            if mission is not None:
                tells = told_of(mission)
            elif before is not None:
                tells = msgspec.structs.replace(before, ended=True)
            else:
                continue
            if tells != before:
                await self._tell(unit, before, tells, mission, now, delivered=by not in self._open)

    async def _tell(
        self, unit: str, before: Told | None, tells: Told, mission: Mission | None, now: datetime, *, delivered: bool
    ) -> None:
        """Tell a unit of its mission: all of it, where it cannot be known to have the rest."""

        def make(name: str, n: int, at: datetime) -> Command:
            if tells.ended:
                return UpdateMission(id=name, n=n, issued_at=at, mission=tells.mission, ended=True)
            if before is None or before.mission != tells.mission or before.ended or not delivered:
                card = Card(
                    tells.mission,
                    tells.urgency,
                    tells.stops,
                    tells.notes,
                    None if mission is None else mission.assigned_at,
                    arrival_of(self._live.eta(unit)),
                    tells.state,
                )
                return Assignment(id=name, n=n, issued_at=at, card=card)
            return UpdateMission(
                id=name,
                n=n,
                issued_at=at,
                mission=tells.mission,
                stops=None if tells.stops == before.stops else tells.stops,
                urgency=None if tells.urgency == before.urgency else tells.urgency,
                notes=None if tells.notes == before.notes else tells.notes,
                state=None if tells.state == before.state else tells.state,
            )

        expires_at = now + ENDED_LIVES if tells.ended else None
        async with self._writing() as connection:
            kept = await self._insert(connection, unit, make, expires_at, tells=tells)
        self._told[unit] = (tells, kept.id)
        if tells.ended:
            self._arrivals.pop(unit, None)
        self._opened(kept)

    async def _tell_arrivals(self, now: datetime) -> None:
        for unit, mission in list(self._missions.active.items()):
            told, by = self._told.get(unit, (None, ""))
            at, before = self._arrivals.get(unit, (float("-inf"), None))
            eta = self._live.eta(unit)
            if told is None or told.mission != mission.id or by in self._open or not self._live.online(unit):
                continue
            if eta is None or eta is before or self._clock.seconds() - at < ARRIVAL_EVERY_S:
                continue
            arrival = arrival_of(eta)
            if arrival is None and (before is None or before.eta_s is None):
                continue
            self._arrivals[unit] = (self._clock.seconds(), eta)
            name_of = mission.id

            def make(
                name: str, n: int, at: datetime, arrival: Arrival | None = arrival, mission: str = name_of
            ) -> Command:
                return UpdateMission(
                    id=name, n=n, issued_at=at, expires_at=at + ARRIVAL_LIVES, mission=mission, eta=arrival,
                    eta_unknown=arrival is None,
                )  # fmt: skip

            async with self._writing() as connection:
                kept = await self._insert(connection, unit, make, now + ARRIVAL_LIVES)
            self._opened(kept)

    async def _send_due(self, now: datetime) -> None:
        self._notice_returns()
        for kept in sorted(self._open.values(), key=lambda each: each.n):
            if self._clock.seconds() < self._due.get(kept.id, 0.0) or self._online.get(kept.unit) is False:
                continue
            if not await self._send(kept.unit, kept.payload.encode()):
                return  # no broker: all of them wait
            if kept.id not in self._open:
                continue  # answered meanwhile
            kept = self._open[kept.id]
            first = RECEIVED_S if kept.outcome else RESEND_S
            most = RESEND_ONLINE_S if self._online.get(kept.unit) and not kept.outcome else RESEND_MOST_S
            self._due[kept.id] = self._clock.seconds() + min(most, first * 2 ** min(kept.sent_times, 10))
            self._open[kept.id] = msgspec.structs.replace(kept, sent_times=kept.sent_times + 1, last_sent_at=now)
            async with self._pool.connection() as connection:
                await table.sent(connection, self.centre, kept.id, now)

    def _notice_returns(self) -> None:
        """Who has come back is sent what is open at once."""
        for unit in {each.unit for each in self._open.values()}:
            was, online = self._online.get(unit), self._live.online(unit)
            self._online[unit] = online
            if online and was is False:
                for each in self._open.values():
                    if each.unit == unit and each.outcome is None:
                        self._due[each.id] = 0.0


def told_of(mission: Mission) -> Told:
    """What a unit has to know of its mission."""
    stops = tuple(
        Stop(leg.kind.value, leg.place.latitude, leg.place.longitude, leg.place.name[:200]) for leg in mission.legs
    )
    return Told(mission.id, mission.urgency.value, stops, mission.notes, mission.state.value)


def arrival_of(eta: Eta | None) -> Arrival | None:
    """An arrival time as a unit is told it; None: not known."""
    if eta is None or eta.eta_s is None or eta.eta_s.p90 > wire.LONGEST_S:
        return None
    return Arrival(
        round(eta.eta_s.p10, 1), round(eta.eta_s.p50, 1), round(eta.eta_s.p90, 1), eta.at, eta.source, eta.leg
    )


__all__ = ["Clash", "Commands", "Told", "Unknown", "arrival_of", "told_of"]
