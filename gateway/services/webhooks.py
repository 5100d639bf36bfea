"""Brings each event to each webhook at least once, and those of one unit in order.

A *lane* is what has to stay in order: the events of one unit, or of one thing, at one receiver. Only the first event of
a lane is ever under way; the next follows when it was taken or given up. Lanes wait for nobody but themselves, and a
receiver has so many ways at once and no more: one that hangs holds up its own events only.

What waits is in the database. Killed between commit and sending, or between sending and noting it, the gateway sends
it after its next start, with the same id. Of several gateways one delivers; another takes over when that one is gone.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from gateway import signing
from gateway.clock import TRUE, Clock
from gateway.services import cloudevents
from gateway.services.missions import Clash, Unknown
from gateway.services.turns import keep_turning
from gateway.storage import webhooks
from gateway.storage.pool import type_of_pool
from gateway.storage.webhooks import DEAD, DELIVERED, WAITING, Delivery, Head, Webhook

log = structlog.get_logger()

WAYS = 4
"""Events under way to one receiver at once."""

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 600.0
GIVE_UP = timedelta(hours=72)
"""A receiver that cannot be reached for so long will not want what happened then; a replay brings it all the same."""

REFUSALS = frozenset({400, 406, 409, 413, 415, 422})
"""Answers to this event, not to this moment: others of its lane must not wait for it as long as for a dead receiver."""

REFUSED_TIMES = 8
CHECK_S = 2.0
"""How often a gateway asks whether it is the one that delivers. So soon another takes over from one that was killed."""

LOOK_S = 10.0
"""How often is looked for what was put before receivers elsewhere: numbered, or asked for again, at another gateway."""


class Outgoing(msgspec.Struct, frozen=True):
    """One request to a receiver."""

    url: str
    headers: dict[str, str]
    body: bytes


class Answered(msgspec.Struct, frozen=True):
    """What came of it."""

    status: int | None  # of HTTP; None: there was no answer
    error: str = ""  # what to tell people, where it was not taken
    retry_after_s: float | None = None  # as the receiver asks

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


class NotAllowed(Exception):
    """We send nothing there; the sentence says why."""


Send = Callable[[Outgoing], Awaitable[Answered]]
"""Never raises for what a receiver or the network does."""


async def only_one() -> bool:
    """Of a gateway that is the only one."""
    return True


class Webhooks:
    """One for a centre, in one event loop.

    Args:
        send: brings one request to its receiver.
        jitter: between 0 and 1, so that not all lanes are tried again at once.
        is_ours: whether this gateway is the one that delivers; it raises while nobody can say.
    """

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        send: Send,
        clock: Clock = TRUE,
        jitter: Callable[[], float] = random.random,
        is_ours: Callable[[], Awaitable[bool]] = only_one,
    ) -> None:
        self.centre = centre
        self._pool = pool
        self._send = send
        self._clock = clock
        self._jitter = jitter
        self._is_ours = is_ours
        self._due: dict[tuple[str, str], datetime] = {}  # lanes in which something waits, and when they are looked at
        self._fresh: set[tuple[str, str]] = set()  # told of since they were last looked at
        self._hurried: set[tuple[str, str]] = set()  # to be sent without patience
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._look_at = float("-inf")  # when the database is asked what waits, by the clock's seconds

    # Receivers

    async def all(self) -> list[Webhook]:
        """By id."""
        async with self._pool.connection() as connection:
            return await webhooks.find(connection, self.centre)

    async def one(self, webhook: str) -> Webhook:
        """The receiver of this id.

        Raises:
            Unknown: there is none.
        """
        async with self._pool.connection() as connection:
            found = await webhooks.find(connection, self.centre, webhook)
        if not found:
            raise Unknown(f"centre {self.centre} has no webhook {webhook!r}")
        return found[0]

    async def add(self, webhook: Webhook) -> str:
        """Add a receiver; it hears of what happens from now on. Returns its secret, which is not shown again.

        Raises:
            Clash: the id is another one's.
        """
        secret = signing.new_secret()
        async with self._pool.connection() as connection:
            if not await webhooks.put(connection, self.centre, webhook, secret):
                raise Clash(f"webhook {webhook.id!r} exists")
        return secret

    async def change(self, webhook: Webhook, *, renew: bool = False) -> str | None:
        """Change a receiver. Its secret, if it was to have a new one: what is sent from now on is signed with that.

        Raises:
            Unknown: there is none of that id.
        """
        secret = signing.new_secret() if renew else None
        async with self._pool.connection() as connection:
            if not await webhooks.change(connection, self.centre, webhook, secret):
                raise Unknown(f"centre {self.centre} has no webhook {webhook.id!r}")
            self.heard(await webhooks.waiting(connection, self.centre, webhook.id), at_once=True)
        return secret

    async def drop(self, webhook: str) -> None:
        """Forget a receiver.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            if not await webhooks.drop(connection, self.centre, webhook):
                raise Unknown(f"centre {self.centre} has no webhook {webhook!r}")

    async def replay(self, webhook: str, since: datetime) -> int:
        """Send all that happened from a moment on once more, with the ids it had; how many events.

        Raises:
            Unknown: there is none of that id.
        """
        await self.one(webhook)
        async with self._pool.connection() as connection:
            count = await webhooks.replay(connection, self.centre, webhook, since, self._clock.now())
            self.heard(await webhooks.waiting(connection, self.centre, webhook), at_once=True)
        return count

    async def deliveries(self, webhook: str, *, state: str | None, before: int | None, limit: int) -> list[Delivery]:
        """What became of each event at a receiver, newest first.

        Raises:
            Unknown: there is none of that id.
        """
        await self.one(webhook)
        async with self._pool.connection() as connection:
            return await webhooks.deliveries(connection, self.centre, webhook, state=state, before=before, limit=limit)

    # Sending

    def heard(self, lanes: Iterable[tuple[str, str]], *, at_once: bool = False) -> None:
        """Something new waits in these lanes. One whose receiver failed lately goes on waiting, unless ``at_once``."""
        now = self._clock.now()
        for lane in lanes:
            self._fresh.add(lane)
            if at_once:
                self._hurried.add(lane)
            if at_once or lane not in self._due:
                self._due[lane] = now
        self._changed.set()

    def turn(self, now: datetime) -> float:
        """Send off what is due, as far as each receiver has a way free; seconds until the next one is due."""
        busy: dict[str, int] = {}
        for webhook, _ in self._under_way:
            busy[webhook] = busy.get(webhook, 0) + 1
        soonest = CHECK_S
        for lane, due in sorted(self._due.items(), key=lambda item: item[1]):
            if due > now:
                soonest = min(soonest, (due - now).total_seconds())
                break
            if lane not in self._under_way and busy.get(lane[0], 0) < WAYS:
                busy[lane[0]] = busy.get(lane[0], 0) + 1
                task = asyncio.create_task(self._go(*lane))
                self._under_way[lane] = task
                task.add_done_callback(partial(self._landed, lane))
        return soonest

    def _landed(self, lane: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._under_way.pop(lane, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a mistake of ours: it must not take the live picture with it, nor be tried in a circle
            log.error("webhook not sent", webhook=lane[0], lane=lane[1], exc_info=error)
            self._due[lane] = self._clock.now() + timedelta(seconds=LONGEST_RETRY_S)
        self._changed.set()

    async def _go(self, webhook: str, lane: str) -> None:
        """Send the head of a lane, and see when it is to be looked at again."""
        key = (webhook, lane)
        self._fresh.discard(key)
        hurried = key in self._hurried
        self._hurried.discard(key)
        try:
            async with self._pool.connection() as connection:
                head = await webhooks.head(connection, self.centre, webhook, lane)
            if head is None:
                if key not in self._fresh:
                    self._due.pop(key, None)
                return
            if head.next_at > self._clock.now() and not hurried:
                self._due[key] = head.next_at
                return
            if not await self._is_ours():
                return  # another one has taken over since; our loop is about to hear of it
            answered = await self._send(self._outgoing(head))
            self._due[key] = await self._note(webhook, head, answered)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("delivery not noted", webhook=webhook, error=str(error))
            self._due[key] = self._clock.now() + timedelta(seconds=2)

    def _outgoing(self, head: Head) -> Outgoing:
        body = cloudevents.encoded(self.centre, head.event)
        headers = {"content-type": cloudevents.CONTENT_TYPE, "user-agent": "sigap"}
        headers |= signing.sign(head.secret, head.event.key, self._clock.now(), body)
        return Outgoing(head.url, headers, body)

    async def _note(self, webhook: str, head: Head, answered: Answered) -> datetime:
        """Store what came of it; when the lane is to be looked at again."""
        now = self._clock.now()
        state, next_at = DELIVERED, now
        if not answered.taken:
            attempts = head.attempts + 1
            refused = answered.status in REFUSALS and attempts >= REFUSED_TIMES
            state = DEAD if refused or now - head.since >= GIVE_UP else WAITING
            if state == WAITING:
                next_at = now + timedelta(seconds=self._patience(attempts, answered.retry_after_s))
            told = {"webhook": webhook, "number": head.event.id, "state": state, "error": answered.error}
            log.warning("webhook not taken", **told)
        async with self._pool.connection() as connection:
            await webhooks.came_of(
                connection, self.centre, webhook, head,
                state=state, at=now, next_at=next_at, status=answered.status, error=answered.error,
            )  # fmt: skip
        return next_at

    def _patience(self, attempts: int, asked_s: float | None) -> float:
        """Seconds until the next try: twice as long each time, and never for all lanes at once."""
        longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts - 1, 20))
        waits = longest * (0.5 + 0.5 * self._jitter())
        return waits if asked_s is None else min(LONGEST_RETRY_S, max(waits, asked_s))

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await keep_turning("webhooks", self._round, self._clock, CHECK_S, wake=self._changed)
        finally:
            self._stand_by()

    async def _round(self) -> float:
        try:
            ours = await self._is_ours()
        except BaseException:
            self._stand_by()  # whoever cannot say that it is the one is not: another may have begun
            raise
        if not ours:
            self._stand_by()
            return CHECK_S
        if self._clock.seconds() >= self._look_at:
            await self._load()
            self._look_at = self._clock.seconds() + LOOK_S
        return self.turn(self._clock.now())

    def _stand_by(self) -> None:
        """Send nothing. What was under way is sent again by whoever delivers, with the same id; all that waits is in
        the database."""
        for task in self._under_way.values():
            task.cancel()
        for known in (self._due, self._fresh, self._hurried):
            known.clear()
        self._look_at = float("-inf")

    async def _load(self) -> None:
        async with self._pool.connection() as connection:
            self.heard(await webhooks.waiting(connection, self.centre))
