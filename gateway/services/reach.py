"""Reaches somebody who is not looking: way after way and contact after contact, until an alarm is acknowledged or over.

An alarm that has come to its last level is told to the first contact by the first way. Fails that, the next way follows
at once; is it taken and nobody acknowledges, the next one after two minutes. When all have had their turn it begins
again, twice. Each try is on record before it is made, so that a gateway that is killed knows what it may have sent: it
sends again what nobody knows of, once. What is due to one address at one time is one message, and no address has more
than one in a minute, however many alarms there are.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from gateway.clock import TRUE, Clock
from gateway.services.addresses import CHECKS, NoAddress
from gateway.services.centre import Outdated
from gateway.services.missions import Clash, DatabaseAway, Unknown, new_id
from gateway.services.turns import keep_turning
from gateway.storage import alarms, units
from gateway.storage import contacts as table
from gateway.storage.alarms import Alarm
from gateway.storage.contacts import Contact, Outcome, Try, Way
from gateway.storage.pool import type_of_pool
from tracker.duty import minute_of_week, read_windows

log = structlog.get_logger()

TICK_S = 1.0

ANSWER = timedelta(minutes=2)
"""For whoever was written to, before the next one is."""

BETWEEN_ROUNDS = timedelta(minutes=10)
ROUNDS = 3

APART = timedelta(seconds=60)
"""Between two messages to one address."""

IN_DOUBT = timedelta(minutes=3)
"""After which a try without an outcome is one that was lost: every channel gives up sooner."""

GIVES_UP_S = 150.0

SHOWN = 5
"""Alarms of which one message tells; it says how many more there are."""

SHORT = 300
"""Characters of an SMS: two or three parts."""

_LAST_LEVEL = alarms.LEVELS[-1]


class Words(msgspec.Struct, frozen=True):
    """What is said."""

    subject: str
    text: str
    short: str  # for a small screen
    alarms: tuple[str, ...] = ()  # ids


class NotReached(Exception):
    """A channel did not get rid of it; the sentence says why.

    Args:
        why: for people.
        again: whether it may work later.
    """

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again


class Channel(Protocol):
    """A kind of way."""

    kind: str

    async def send(self, address: str, words: Words, key: str) -> str:
        """Get rid of the words; says who has them now.

        Raises:
            NotReached: nobody has, or nobody knows.
        """


class Step(NamedTuple):
    """What is to be done for an alarm."""

    step: int
    attempt: int
    contact: Contact
    way: Way
    due: datetime


def next_step(
    alarm: Alarm, contacts: Sequence[Contact], tries: Sequence[Try], now: datetime, zone: ZoneInfo
) -> Step | None:
    """The next try for an alarm, and when it is due; None: there is nobody left to try.

    Args:
        alarm: of the last level.
        contacts: in order.
        tries: made for it so far, in order.
        now: for the quiet hours.
        zone: the centre's.
    """
    ways = [(contact, way) for contact in contacts for way in contact.channels]
    if not ways:
        return None
    step, attempt, due = 0, 1, alarm.raised_at
    if tries:
        last = tries[-1]
        step, attempt, due = last.step + 1, 1, last.settled_at or last.begun_at
        if last.outcome is Outcome.BEGUN:
            due = last.begun_at + IN_DOUBT
            if last.attempt == 1 and last.step < len(ways) * ROUNDS:
                return _step_of(ways, last.step, 2, due)
        elif last.outcome in (Outcome.SENT, Outcome.DELIVERED):
            due += ANSWER
        if step % len(ways) == 0:
            due = max(due, last.begun_at + BETWEEN_ROUNDS)
    awake = {contact.id for contact in contacts if not _is_quiet(contact, now, zone)}
    while awake and step < len(ways) * ROUNDS and ways[step % len(ways)][0].id not in awake:
        step += 1  # if all are asleep, somebody is woken
    return _step_of(ways, step, attempt, due) if step < len(ways) * ROUNDS else None


def _step_of(ways: Sequence[tuple[Contact, Way]], step: int, attempt: int, due: datetime) -> Step:
    return Step(step, attempt, *ways[step % len(ways)], due)


def _is_quiet(contact: Contact, now: datetime, zone: ZoneInfo) -> bool:
    minute = minute_of_week(now, zone)
    return any(window.holds(minute) for window in read_windows(contact.quiet))


def words_of(centre: str, told: Sequence[Alarm]) -> Words:
    """What is said of some alarms, the oldest first."""
    lines = []
    for alarm in told[:SHOWN]:
        exercise = "EXERCISE " if alarm.exercise else ""
        lines.append(f"{exercise}{alarm.kind.upper()} {alarm.raised_at:%H:%M}Z: {alarm.detail}")
    if len(told) > SHOWN:
        lines.append(f"and {len(told) - SHOWN} more")
    first = told[0]
    what = first.kind if len(told) == 1 else f"{len(told)} alarms"
    exercise = "EXERCISE " if all(alarm.exercise for alarm in told) else ""
    text = "\n".join([*lines, "", "Nobody has acknowledged this on the board."])
    short = f"SIGAP {centre}: " + " / ".join(lines)
    return Words(
        f"{exercise}SIGAP {centre}: {what}",
        text,
        short if len(short) <= SHORT else f"{short[: SHORT - 3]}...",
        tuple(alarm.id for alarm in told),
    )


def _check_way(contact: Contact, way: Way) -> None:
    try:
        CHECKS[way.kind](way.address)
    except NoAddress as error:
        raise NoAddress(f"contact {contact.id}: {error}") from error


class Reach:
    """One for a centre, in one event loop.

    Args:
        centre: its id.
        pool: of its database.
        channels: that there are.
        clock: of all waits but the channels' own.
    """

    def __init__(self, centre: str, pool: type_of_pool, channels: Iterable[Channel] = (), clock: Clock = TRUE) -> None:
        self._centre = centre
        self._pool = pool
        self._clock = clock
        self.channels = {channel.kind: channel for channel in channels}
        self._under_way: dict[str, asyncio.Task[None]] = {}  # by key of the message
        self._exhausted: set[str] = set()  # alarms for which everybody was tried

    async def contacts(self) -> list[Contact]:
        """Who is reached, in order."""
        async with self._pool.connection() as connection:
            return await table.find(connection, self._centre)

    async def listed(self) -> tuple[list[Contact], int]:
        """Who is reached, in order, and the version of the list."""
        async with self._pool.connection() as connection:
            version = await table.version(
                connection, self._centre
            )  # first: a list that is newer than it is told as old
            return await table.find(connection, self._centre), version

    async def put(self, contacts: Sequence[Contact], expected: int | None = None) -> int:
        """Make these the centre's contacts; the version of the list then.

        Raises:
            Clash: one stands in it twice.
            NoAddress: a way of somebody's leads nowhere.
            Outdated: the list has another version than expected.
            tracker.duty.BadWindows: quiet hours that are none.
        """
        if len({contact.id for contact in contacts}) < len(contacts):
            raise Clash("a contact stands in it twice")
        for contact in contacts:
            read_windows(contact.quiet)
            for way in contact.channels:
                _check_way(contact, way)
        async with self._pool.connection() as connection:
            version = await table.put(connection, self._centre, contacts, expected)
        if version is None:
            raise Outdated("the contacts were changed since they were read: read them again, and change those")
        return version

    async def tries(self, alarm: str) -> list[Try]:
        """What was tried for an alarm, in order.

        Raises:
            Unknown: there is no such alarm.
        """
        async with self._pool.connection() as connection:
            if not await alarms.find(connection, self._centre, alarm=alarm):
                raise Unknown(f"centre {self._centre} has no alarm {alarm!r}")
            return await table.tries(connection, self._centre, [alarm])

    async def test(self, contact_id: str) -> list[tuple[Way, str | None, str]]:
        """Write to somebody by each of their ways; for each why it failed (None: it did not) and what was said.

        Raises:
            Unknown: there is nobody of that id.
        """
        found = next((each for each in await self.contacts() if each.id == contact_id), None)
        if found is None:
            raise Unknown(f"centre {self._centre} has no contact {contact_id!r}: PUT /api/v1/contacts")
        text = f"SIGAP {self._centre}: this is a test. {found.name}, alarms reach you by this way."
        results: list[tuple[Way, str | None, str]] = []
        for way in found.channels:
            try:
                results.append(
                    (way, None, await self._say(way, Words(f"SIGAP {self._centre}: test", text, text), new_id()))
                )
            except NotReached as error:
                results.append((way, str(error), ""))
        return results

    # The work

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await keep_turning("alarms to people", lambda: self.turn(self._clock.now()), self._clock, TICK_S)
        finally:
            for task in self._under_way.values():
                task.cancel()

    async def turn(self, now: datetime) -> None:
        """Begin what is due; `settled` waits for its end."""
        async with self._pool.connection() as connection:
            found = await alarms.find(connection, self._centre, open_only=True)
            waiting = [each for each in found if each.level == _LAST_LEVEL and each.acknowledged_at is None]
            if not waiting:
                return
            contacts = await table.find(connection, self._centre)
            tries = await table.tries(connection, self._centre, [each.id for each in waiting])
            written = await table.written(connection, self._centre, now - APART)
            zone = ZoneInfo(await units.time_zone(connection, self._centre))
        due: dict[Way, list[tuple[Alarm, Step]]] = {}
        for alarm in sorted(waiting, key=lambda each: each.raised_at):
            of_alarm = [each for each in tries if each.alarm == alarm.id]
            if of_alarm and of_alarm[-1].key in self._under_way:
                continue
            step = next_step(alarm, contacts, of_alarm, now, zone)
            if step is None:
                self._exhaust(alarm, contacts)
            elif step.due <= now and (step.way.kind, step.way.address) not in written:
                due.setdefault(step.way, []).append((alarm, step))
        for way, told in due.items():
            await self._begin(way, told, now)

    async def _begin(self, way: Way, told: Sequence[tuple[Alarm, Step]], now: datetime) -> None:
        key = new_id()
        new = [
            Try(alarm.id, step.step, step.attempt, step.contact.id, way.kind, way.address, key, now)
            for alarm, step in told
        ]
        async with self._pool.connection() as connection:
            begun = {each.alarm for each in await table.begin(connection, self._centre, new)}
        ours = [alarm for alarm, _ in told if alarm.id in begun]
        if ours:
            task = asyncio.create_task(self._send(way, words_of(self._centre, ours), key))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))

    async def _send(self, way: Way, words: Words, key: str) -> None:
        try:
            outcome, detail = Outcome.SENT, await self._say(way, words, key)
        except NotReached as error:
            outcome, detail = Outcome.FAILED, str(error)
            log.warning("somebody was not reached", kind=way.kind, why=str(error))
        await self._settle(key, outcome, detail)

    async def _say(self, way: Way, words: Words, key: str) -> str:
        channel = self.channels.get(way.kind)
        if channel is None:
            raise NotReached(f"this gateway has no way for {way.kind}: look at its settings", again=False)
        try:
            async with asyncio.timeout(GIVES_UP_S):
                return await channel.send(way.address, words, key)
        except TimeoutError as error:
            raise NotReached(f"{way.kind} took longer than {GIVES_UP_S:g} s", again=True) from error

    async def _settle(self, key: str, outcome: Outcome, detail: str) -> None:
        try:
            async with self._pool.connection() as connection:
                await table.settle(connection, self._centre, key, outcome, detail, self._clock.now())
        except DatabaseAway as error:  # it stays in doubt, and is sent again
            log.warning("what became of a message is not on record", error=str(error))

    def delivered(self, key: str, well: bool) -> None:
        """The network says what became of a message that was taken; called in the event loop."""
        outcome = Outcome.DELIVERED if well else Outcome.UNDELIVERED
        detail = "the telephone has it" if well else "the network gave it up"
        sending = self._under_way.get(key)

        async def later() -> None:
            if sending is not None:
                await asyncio.wait([sending])
            await self._settle(key, outcome, detail)

        task = asyncio.create_task(later())
        name = f"{key}/delivery"
        self._under_way[name] = task
        task.add_done_callback(lambda _: self._under_way.pop(name, None))

    async def settled(self) -> None:
        """Come back when nothing is under way."""
        while self._under_way:
            await asyncio.wait(list(self._under_way.values()))

    def _exhaust(self, alarm: Alarm, contacts: Sequence[Contact]) -> None:
        """Say once that nobody is left."""
        if alarm.id not in self._exhausted:
            self._exhausted.add(alarm.id)
            why = "all were tried and nobody acknowledged" if contacts else "the centre has no contacts"
            log.error("an alarm reaches nobody", alarm=alarm.id, kind=alarm.kind, why=why)
