"""A lane: takes batches from one session, has them stored, and only then acknowledges them.

The gateway has two, live and backlog, each with its own session and its own connections to the database, so that an
unacknowledged backlog never holds a live message back.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from gateway.clock import TRUE, Clock
from gateway.mqtt.session import Delivery, Session, acknowledge
from gateway.services.accept_messages import Acceptance, Accepted
from gateway.storage.fixes import StoreProofFailed

log = structlog.get_logger()

MAX_MESSAGES = 1000
"""A quarter of what the broker sends ahead: two batches are under way, and the next two are waiting here."""

MAX_BYTES = 512 * 1024
"""About 2,700 fixes: a commit, and the disk's answer to it, costs the same for all of them as for one."""

RETRY_MAX_S = 2.0

DatabaseAway = (psycopg.Error, PoolTimeout, StoreProofFailed)
"""Whatever the database says against a whole batch, read-only and no-privilege among it: waiting harms nobody, and
ending would take the live picture from everybody."""


class Lane:
    """One session's way into the database."""

    def __init__(
        self, session: Session, acceptance: Acceptance, on_commit: Callable[[Accepted], None], clock: Clock = TRUE
    ) -> None:
        self.session = session
        self._acceptance = acceptance
        self._on_commit = on_commit
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled. Cancelled before the acknowledgement, a batch is simply delivered again."""
        while True:
            batch = await self.session.take(MAX_MESSAGES, MAX_BYTES)
            accepted = await self._store(batch)
            if accepted is not None:
                acknowledge(batch)
                self._on_commit(accepted)

    async def _store(self, batch: Sequence[Delivery]) -> Accepted | None:
        """Store a batch however long the database is away; None if the broker has taken the batch back meanwhile."""
        messages = [delivery.message for delivery in batch]
        attempt = 0
        while True:
            try:
                return await self._acceptance.accept(messages, self._clock.now())
            except DatabaseAway as error:
                attempt += 1
                log.warning("batch not stored", session=self.session.client_id, messages=len(batch), error=str(error))
                await asyncio.sleep(random.uniform(0, min(RETRY_MAX_S, 0.05 * 2 ** min(attempt, 10))))  # noqa: S311, jitter
                if all(delivery.stale for delivery in batch):
                    return None
