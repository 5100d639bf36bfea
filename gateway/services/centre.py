"""How one centre works: its words, what happens by itself, who goes to what, who commands, whether it exercises.

It begins with the profile of its region. From then on the centre's own changes count, and the profile only says what
was there before; a centre without a profile begins with the defaults. All of it is in memory, for every step asks it.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from gateway.services.missions import Clash, Unknown, new_id
from gateway.storage import centre_rules as table
from gateway.storage import events
from gateway.storage.centre_rules import CentreSop, Exercise, Held, Rules
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from tracker.missions.escalation import Ladder
from tracker.missions.statuses import Status
from tracker.regions import Agency, Escalation, Labels, Member, Profile

Connection = AsyncConnection[Any]

_HISTORY = 100


class Outdated(Exception):
    """Somebody else has changed it since it was read."""


class Centre:
    """One for a centre, in one event loop.

    Args:
        centre: its id.
        pool: of its database.
        profile: of its region; None: it has none.
    """

    def __init__(self, centre: str, pool: type_of_pool, profile: Profile | None = None) -> None:
        self.id = centre
        self.profile = profile
        self._pool = pool
        self._lock = asyncio.Lock()
        escalation, labels = (Escalation(), None) if profile is None else (profile.escalation, profile.labels)
        self.rules = Rules(1, escalation, labels)
        self.sops: Mapping[str, CentreSop] = {}
        self.command: Held | None = None  # None: nobody has said who commands
        self.exercise: Exercise | None = None  # that runs now

    async def load(self, connection: Connection, now: datetime) -> None:
        """Read it; a centre that has nothing yet begins with its profile."""
        async with connection.transaction():
            if await table.begin(connection, self.id, self.rules, now) and self.profile is not None:
                for sop in self.profile.sops:
                    await table.put_sop(connection, self.id, CentreSop(sop.kind, sop.name, sop.agencies, sop.sop))
                if self.profile.command is not None:
                    await table.hand_over(connection, self.id, Held(self.profile.command.holder, now, ""))
        await self._read(connection)

    async def _read(self, connection: Connection) -> None:
        rules = await table.rules(connection, self.id)
        self.rules = self.rules if rules is None else rules
        self.sops = {sop.kind: sop for sop in await table.sops(connection, self.id)}
        self.command = next(iter(await table.held(connection, self.id, 1)), None)
        newest = next(iter(await table.exercises(connection, self.id, 1)), None)
        self.exercise = newest if newest is not None and newest.ended_at is None else None

    # What others ask

    @property
    def labels(self) -> Mapping[str, str]:
        """The centre's word for each status; the status's own where it has none."""
        labels = self.rules.labels
        return {each.value: each.value for each in Status} if labels is None else labels.by_status()

    def label(self, status: Status) -> str:
        """The centre's word for a status."""
        return self.labels[status.value]

    @property
    def ladder(self) -> Ladder:
        """What happens to an assignment that nobody acknowledges."""
        escalation = self.rules.escalation
        return Ladder(escalation.again_s, escalation.next_unit_s, escalation.supervisor_s)

    @property
    def next_unit_by_itself(self) -> bool:
        """Whether the next unit is assigned without anybody's click."""
        return self.rules.escalation.next_unit_by_itself

    @property
    def agencies(self) -> tuple[Agency, ...]:
        """Those of the profile."""
        return () if self.profile is None else self.profile.agencies

    @property
    def middles(self) -> list[tuple[float, float]]:
        """A point in each of its districts, in degrees; none without a profile."""
        return [] if self.profile is None else [(each.latitude, each.longitude) for each in self.profile.districts]

    def members(self, code: str | None = None) -> list[Member]:
        """The centres of this province: all, or those whose districts a code begins with. The interior ministry's
        codes have dots and the statistics office's have none, and they are not the same numbers everywhere, so each
        is looked for among its own kind."""
        members = () if self.profile is None else self.profile.members
        if code is None:
            return list(members)
        if "." in code:
            return [each for each in members if f"{code}.".startswith(f"{each.code}.")]
        return [each for each in members if code.startswith(each.bps)]

    def member_of(self, latitude: float, longitude: float) -> str | None:
        """The member whose district's centre is nearest: approximate, as those centres are. None: it has no members."""
        if self.profile is None or not self.profile.members:
            return None
        return min(
            self.profile.districts,
            key=lambda each: (each.latitude - latitude) ** 2 + (each.longitude - longitude) ** 2,
        ).member

    # What the centre changes

    async def change(
        self, version: int | None, escalation: Escalation | None, labels: Labels | None, now: datetime
    ) -> Rules:
        """Other rules; what is None stays. Those that hold already are no other version.

        Args:
            version: that whoever changes it has seen; None: whatever it is.
            escalation: checked.
            labels: checked.
            now: the time.

        Raises:
            Outdated: it has another version by now.
        """
        async with self._lock, self._pool.connection() as connection:
            before = self.rules
            wanted = Rules(before.version, escalation or before.escalation, labels or before.labels)
            if wanted == before and version in (None, before.version):
                return before
            if version not in (None, before.version) or not await table.change(connection, self.id, wanted, now):
                raise Outdated(f"the rules of {self.id} have version {before.version} by now: read them again")
            await self._read(connection)
        return self.rules

    async def put_sop(self, sop: CentreSop, version: int | None) -> CentreSop:
        """A row of the table, made or changed.

        Args:
            sop: the row.
            version: that whoever changes it has seen, 0 for none; None: whatever it is.

        Raises:
            Outdated: it has another version by now.
        """
        async with self._lock, self._pool.connection() as connection:
            there = self.sops.get(sop.kind)
            if version is not None and version != (0 if there is None else there.version):
                raise Outdated(f"the row {sop.kind} has changed since you read it: read it again")
            await table.put_sop(connection, self.id, sop)
            await self._read(connection)
        return self.sops[sop.kind]

    async def drop_sop(self, kind: str) -> None:
        """Take a row out.

        Raises:
            Unknown: there is none.
        """
        async with self._lock, self._pool.connection() as connection:
            if not await table.drop_sop(connection, self.id, kind):
                raise Unknown(f"centre {self.id} has no kind {kind!r}; GET /api/v1/sops lists those it has")
            await self._read(connection)

    async def commanded(self) -> list[Held]:
        """Who commanded, the newest first."""
        async with self._pool.connection() as connection:
            return await table.held(connection, self.id, _HISTORY)

    async def hand_over(self, to: str, said_by: str, now: datetime) -> Held:
        """Another agency commands from now on. Nothing else changes: missions, alarms and units know no command.

        Raises:
            Clash: it commands already.
        """
        async with self._lock, self._pool.connection() as connection:
            before = self.command
            if before is not None and before.holder == to:
                raise Clash(f"{to} commands {self.id} since {before.since.isoformat()}")
            held = Held(to, now, said_by)
            told = {"holder": to, "before": None if before is None else before.holder, "said_by": said_by, "since": now}
            async with connection.transaction():
                await table.hand_over(connection, self.id, held)
                await events.put(connection, self.id, Event("command.handed-over", "command", told, now))
            self.command = held
        return held

    async def exercises(self) -> list[Exercise]:
        """The newest first."""
        async with self._pool.connection() as connection:
            return await table.exercises(connection, self.id, _HISTORY)

    async def begin_exercise(self, name: str, now: datetime) -> Exercise:
        """What is reported from now on is not real.

        Raises:
            Clash: an exercise runs already.
        """
        async with self._lock, self._pool.connection() as connection:
            exercise = Exercise(new_id(), name, now)
            if not await table.begin_exercise(connection, self.id, exercise):
                raise Clash("an exercise runs already: end it first with DELETE /api/v1/exercises/current")
            self.exercise = exercise
        return exercise

    async def end_exercise(self, now: datetime) -> Exercise:
        """What is reported from now on is real again. What was opened within stays an exercise.

        Raises:
            Unknown: none runs.
        """
        async with self._lock, self._pool.connection() as connection:
            ended = await table.end_exercise(connection, self.id, now)
            if ended is None:
                raise Unknown("no exercise runs")
            self.exercise = None
        return ended


__all__ = ["Centre", "CentreSop", "Exercise", "Held", "Outdated", "Rules"]
