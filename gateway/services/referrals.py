"""The referral of a mission's patient: read from whichever system keeps it, shown beside the mission, kept up to date.

A dispatcher attaches a number; the system is asked at once, and again every minute while the mission is under way, as
its own clients do. A system that does not answer holds nobody up: the number stands, the rest is unknown with a reason.

A hospital can be asked to take the patient. That goes through the outbox in the database, since it must arrive once and
only once: some systems answer late, or not at all, and count what they are asked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from gateway.clock import TRUE, Clock
from gateway.services.missions import Clash, Missions, Unknown, new_id
from gateway.services.turns import keep_turning
from gateway.storage import referrals as table
from gateway.storage.pool import type_of_pool
from gateway.storage.referrals import Outgoing, Referral, State

log = structlog.get_logger()

TICK_S = 2.0
READ_EVERY = timedelta(seconds=60)
AGAIN_S = 5.0
AGAIN_MOST_S = 900.0
"""Seconds until a request is sent again: doubling, from the first to the second."""

MOST_WORDS = 200
"""Characters of what another system calls a hospital."""

ATTEMPTS = 12
"""Then a request is dead: with the pauses between them about two hours have passed."""


class Found(msgspec.Struct, frozen=True):
    """What a system knows of a referral, and all that we take from it."""

    hospital_code: str | None
    hospital: str | None
    diagnosis: str | None
    state: State | None


class Away(Exception):
    """The system does not answer, or not now.

    Args:
        why: for people.
        after_s: how long it wants to be left alone; None: it did not say.
        certain: whether nothing was done there.
    """

    def __init__(self, why: str, after_s: float | None = None, *, certain: bool = False) -> None:
        super().__init__(why)
        self.after_s = after_s
        self.certain = certain


class Refused(Exception):
    """The system will never do that; the sentence says why."""


class ReferralSystem(Protocol):
    """A system that keeps referrals."""

    name: str
    asks: bool  # whether hospitals can be asked through it

    async def read(self, number: str, task: str | None) -> Found | None:
        """A referral by its number; None: there is none.

        Raises:
            Away, Refused: it does not say.
        """

    async def ask(self, number: str, hospital: str, identifier: str) -> str:
        """Ask a hospital to take the patient; returns the id of the request there.

        Args:
            number: of the referral.
            hospital: its code there.
            identifier: never used before.

        Raises:
            Away, Refused: it was not asked, or nobody knows.
        """

    async def asked(self, identifier: str) -> str | None:
        """The id of the request that was made with this identifier; None: there is none.

        Raises:
            Away, Refused: it does not say.
        """


class Referrals:
    """One for a centre, in one event loop."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        missions: Missions,
        systems: Sequence[ReferralSystem] = (),
        clock: Clock = TRUE,
    ) -> None:
        self._centre = centre
        self._pool = pool
        self._missions = missions
        self._clock = clock
        self.systems = {system.name: system for system in systems}
        self._silent_until: dict[str, datetime] = {}  # by system: it asked to be left alone
        self._tried: dict[str, datetime] = {}  # by mission: when it was last tried to be read

    async def attach(self, mission_id: str, system: str, number: str) -> Referral:
        """Attach a referral to a mission, in the place of the one before.

        Raises:
            Unknown: there is no such mission, or the system has no such referral.
            Clash: the centre does not work with this system.
        """
        found = self._system(system)
        await self._missions.mission(mission_id)
        now = self._clock.now()
        new = Referral(mission_id, system, number, None, None, None, None, None, now, None, "not read yet")
        there = await self._stored(mission_id)
        if there is not None and (there.system, there.number) == (system, number):
            return there
        read = await self._read(new, found, now)
        if read.read_at is not None and read.unknown_because:
            raise Unknown(f"{system} has no referral {number!r}")
        async with self._pool.connection() as connection:
            await table.put(connection, self._centre, read)
        return read

    async def of(self, mission_id: str) -> Referral:
        """A mission's.

        Raises:
            Unknown: there is no such mission, or it has none.
        """
        found = await self._stored(mission_id)
        if found is None:
            await self._missions.mission(mission_id)
            raise Unknown(f"mission {mission_id!r} has no referral")
        return found

    async def asked(self, mission_id: str) -> list[dict[str, object]]:
        """Which hospitals were asked, and what became of it."""
        async with self._pool.connection() as connection:
            return await table.outgoing(connection, self._centre, mission_id)

    async def ask(self, mission_id: str, hospital: str) -> bool:
        """Have a hospital asked whether it takes the patient; False if it was asked before.

        Raises:
            Unknown: the mission has no referral.
            Clash: its system takes no such requests.
        """
        referral = await self.of(mission_id)
        if not self._system(referral.system).asks:
            raise Clash(f"{referral.system} is asked by the hospitals themselves: we only read there")
        async with self._pool.connection() as connection:
            return await table.put_outgoing(connection, self._centre, referral, hospital, self._clock.now())

    # The work

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("referrals", lambda: self.turn(self._clock.now()), self._clock, TICK_S)

    async def turn(self, now: datetime) -> None:
        """Send what is due, and read what may have changed."""
        free = [name for name in self.systems if self._silent_until.get(name, now) <= now]
        if not free:
            return
        async with self._pool.connection() as connection:
            claimed = await table.claim(connection, self._centre, free, now)
        for outgoing in claimed:
            until = self._silent_until.get(outgoing.system, now)
            if until > now:  # since the one before it
                async with self._pool.connection() as connection:
                    await table.settle(connection, outgoing.n, due_at=until, error="waits its turn")
            else:
                await self._send(outgoing, self.systems[outgoing.system], now)
        async with self._pool.connection() as connection:
            stale = await table.find(connection, self._centre, read_before=now - READ_EVERY)
        self._tried = {each.mission: self._tried[each.mission] for each in stale if each.mission in self._tried}
        for referral in stale:
            system = self.systems.get(referral.system)
            if system is None or self._silent_until.get(referral.system, now) > now:
                continue
            if now - self._tried.get(referral.mission, now - READ_EVERY) < READ_EVERY:
                continue
            self._tried[referral.mission] = now
            read = await self._read(referral, system, now)
            async with self._pool.connection() as connection:
                await table.update(connection, self._centre, read)

    async def _read(self, referral: Referral, system: ReferralSystem, now: datetime) -> Referral:
        """The referral as the system has it now; what it does not tell stays as it was, with the reason."""
        try:
            found = await system.read(referral.number, referral.task)
        except Away as away:
            self._leave_alone(system.name, away, now)
            return msgspec.structs.replace(referral, unknown_because=str(away))
        except Refused as refused:
            log.warning("a referral is not told to us", system=system.name, why=str(refused))
            return msgspec.structs.replace(referral, unknown_because=str(refused))
        if found is None:
            return msgspec.structs.replace(referral, read_at=now, unknown_because=f"{system.name} has none such")
        return msgspec.structs.replace(
            referral,
            hospital_code=_plain(found.hospital_code),
            hospital=_plain(found.hospital),
            diagnosis=found.diagnosis,
            state=found.state,
            read_at=now,
            unknown_because="",
        )

    async def _send(self, outgoing: Outgoing, system: ReferralSystem, now: datetime) -> None:
        """Once, and only once: an earlier try of which nobody knows is looked for before there is another."""
        identifier: str | None = None
        try:
            task = None
            for doubted in outgoing.doubts:
                task = task or await system.asked(doubted)
            if task is None:
                identifier = f"{self._centre}-{outgoing.n}-{outgoing.attempts}-{new_id()}"
                async with self._pool.connection() as connection:
                    await table.doubt(connection, outgoing.n, identifier)
                task = await system.ask(outgoing.number, outgoing.hospital_code, identifier)
        except Away as away:
            self._leave_alone(system.name, away, now)
            await self._later(outgoing, away, identifier, now)
            return
        except Refused as refused:
            log.warning("a hospital is not asked", system=system.name, mission=outgoing.mission, why=str(refused))
            async with self._pool.connection() as connection:
                await table.settle(connection, outgoing.n, dead_at=now, error=str(refused))
            return
        async with self._pool.connection() as connection, connection.transaction():
            await table.settle(connection, outgoing.n, task=task, done_at=now)
            for referral in await table.find(connection, self._centre, mission=outgoing.mission):
                if (referral.system, referral.number) == (outgoing.system, outgoing.number):
                    asked = msgspec.structs.replace(referral, task=task, state=State.WAITING, read_at=now)
                    await table.update(connection, self._centre, asked)

    async def _later(self, outgoing: Outgoing, away: Away, identifier: str | None, now: datetime) -> None:
        wait = max(away.after_s or 0.0, min(AGAIN_MOST_S, AGAIN_S * 2 ** (outgoing.attempts - 1)))
        over = outgoing.attempts >= ATTEMPTS
        async with self._pool.connection() as connection:
            await table.settle(
                connection,
                outgoing.n,
                due_at=now + timedelta(seconds=wait),
                dead_at=now if over else None,
                certain=identifier if away.certain else None,
                error=str(away),
            )

    def _leave_alone(self, system: str, away: Away, now: datetime) -> None:
        log.warning("a system of referrals does not answer", system=system, why=str(away))
        if away.after_s is not None:
            until = now + timedelta(seconds=away.after_s)
            self._silent_until[system] = max(until, self._silent_until.get(system, until))

    def _system(self, name: str) -> ReferralSystem:
        if name not in self.systems:
            there = ", ".join(self.systems) or "none"
            raise Clash(
                f"this centre does not work with {name!r}; it works with: {there} (settings SIGAP_SISRUTE_URL, ...)"
            )
        return self.systems[name]

    async def _stored(self, mission_id: str) -> Referral | None:
        async with self._pool.connection() as connection:
            return next(iter(await table.find(connection, self._centre, mission=mission_id)), None)


def _plain(text: str | None) -> str | None:
    """A name as others wrote it, without what does something to a database or a terminal; None: nothing is left."""
    return "".join(each for each in text or "" if each.isprintable())[:MOST_WORDS] or None
