"""Incidents that a call-taking system tells over the broker: taken one after the other, acknowledged once stored."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from gateway.clock import TRUE, Clock
from gateway.mqtt.session import Delivery, NotConnected, Session
from gateway.services.call_taking import Refused, Taken, TakenIncident, decode
from tracker.wire.topics import intake_answer, intake_incident

log = structlog.get_logger()

RETRY_S = 1.0
"""While the database is away."""

Take = Callable[[TakenIncident, datetime], Awaitable[Taken]]

_encode = msgspec.json.Encoder().encode


async def nobody(_told: TakenIncident, _now: datetime) -> Taken:
    """Of a link without a centre's incidents behind it."""
    raise Refused("this gateway takes no incidents over the broker")


class IntakeTopic:
    """One for a centre.

    Args:
        take: stores an incident; returns after the commit.
    """

    def __init__(self, centre: str, take: Take = nobody, clock: Clock = TRUE) -> None:
        self.topic = intake_incident(centre)
        self._answer = intake_answer(centre)
        self._clock = clock
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._take = take

    def hear(self, delivery: Delivery) -> bool:
        """Whether this is ours; then it is taken in its turn."""
        if delivery.message.topic != self.topic:
            return False
        self._waiting.append(delivery)
        self._arrived.set()
        return True

    async def run(self, session: Session) -> None:
        """Work until cancelled."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            taken = await self._taken(self._waiting[0])
            delivery = self._waiting.popleft()
            if taken is not None:
                delivery.acknowledge()
                try:
                    await session.publish(self._answer, _encode(taken))
                except NotConnected:
                    log.info("answer not sent", reference=taken.reference)

    async def _taken(self, delivery: Delivery) -> Taken | None:
        """What became of it, however long the database is away; None if the broker will deliver it again."""
        reference = ""
        while not delivery.stale:
            try:
                told = decode(delivery.message.payload)
                reference = told.reference
                return await self._take(told, self._clock.now())
            except Refused as error:
                log.warning("incident not taken", reference=reference, error=str(error))
                return Taken(reference, None, made=False, refused_because=str(error))
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("incident waits for the database", reference=reference, error=str(error))
                await asyncio.sleep(RETRY_S)
            except Exception:  # a mistake of ours: whoever told it must know, and the next one must not wait for it
                log.exception("incident not taken", reference=reference)
                return Taken(reference, None, made=False, refused_because="the gateway failed: its log says why")
        return None
