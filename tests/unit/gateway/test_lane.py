"""A lane by itself: what it acknowledges, when, and what it does while the database says no."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import aiomqtt
import psycopg
import pytest
from psycopg_pool import PoolTimeout

from gateway.mqtt.lane import Lane
from gateway.mqtt.packets import Publish
from gateway.mqtt.session import Broker, Delivery, Session
from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.storage.fixes import StoreProofFailed

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
Answer = Callable[[], Accepted]


class Rig:
    """A lane between a session and an acceptance that do what the test says, and note what happens in which order."""

    def __init__(self, *answers: Answer, lasts: int = 10**9) -> None:
        self.events: list[str] = []
        self._answers = list(answers)
        self._lasts = lasts  # answers until the connection breaks
        self._taken = False
        self.client_id = "lane-of-a-test"
        self.alive = True

    # The session's part

    async def take(self, max_messages: int, max_bytes: int) -> list[Delivery]:  # noqa: ARG002, the signature is the session's
        if self._taken:
            await asyncio.Event().wait()
        self._taken = True
        client: Any = self
        return [Delivery(client, Publish("t", b"p", 1, mid, retained=False), NOW) for mid in (1, 2)]

    # The broker's part, through the client of a delivery

    def acknowledge(self, mids: Sequence[int]) -> None:
        self.events.append(f"acknowledged {list(mids)}")

    # The acceptance's part

    async def accept(self, messages: Sequence[Message], now: datetime) -> Accepted:  # noqa: ARG002, likewise
        self._lasts -= 1
        self.alive = self._lasts > 0
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        try:
            accepted = answer()
        except Exception:
            self.events.append("refused")
            raise
        self.events.append("committed")
        return accepted

    async def run(self) -> list[str]:
        """Let the lane work until it has nothing more to do."""
        lane = Lane(cast("Session", self), cast("Acceptance", self), lambda _: self.events.append("told"))
        task = asyncio.create_task(lane.run())
        for _ in range(20_000):
            await asyncio.sleep(0)
            if task.done():
                break
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            task.result()
        return self.events


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pause is over at once."""
    monkeypatch.setattr(random, "uniform", lambda _low, high: 0.0 * high)


def fails(error: Exception) -> Answer:
    def answer() -> Accepted:
        raise error

    return answer


async def test_the_broker_is_told_after_the_commit_and_the_unit_after_the_broker() -> None:
    """In this order and no other."""
    assert await Rig(Accepted).run() == ["committed", "acknowledged [1, 2]", "told"]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("gone"),
        psycopg.InterfaceError("closed"),
        psycopg.errors.ReadOnlySqlTransaction("a replica"),
        psycopg.errors.InsufficientPrivilege("somebody revoked"),
        psycopg.errors.FeatureNotSupported("cached plan must not change result type"),
        PoolTimeout("none free"),
        StoreProofFailed("1 of 2"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_batch_that_is_not_stored_is_tried_again_and_not_acknowledged(error: Exception) -> None:
    """Whatever the database says: one more try, and silence until one succeeds."""
    assert await Rig(fails(error), fails(error), Accepted).run() == [
        "refused", "refused", "committed", "acknowledged [1, 2]", "told",
    ]  # fmt: skip


async def test_a_database_may_be_away_for_days() -> None:
    """Thousands of tries: the pauses stop growing, and no number overflows."""
    events = await Rig(*[fails(psycopg.OperationalError("gone"))] * 3000, Accepted).run()
    assert events[-3:] == ["committed", "acknowledged [1, 2]", "told"]
    assert events.count("refused") == 3000


async def test_a_batch_that_the_broker_has_taken_back_is_dropped() -> None:
    """Its connection is gone: it is delivered again, and stored then."""
    assert await Rig(fails(psycopg.OperationalError("gone")), lasts=3).run() == ["refused"] * 3


async def test_an_error_of_our_own_is_not_hidden() -> None:
    """It ends the lane, and with it the gateway: a restart is better than a lane that silently stands."""
    with pytest.raises(ZeroDivisionError):
        await Rig(fails(ZeroDivisionError("ours"))).run()


async def test_a_broker_may_be_away_for_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session tries thousands of times; its pauses stop growing, too."""
    tries = iter(range(3000))
    enough = asyncio.Event()

    async def away(_: aiomqtt.Client) -> aiomqtt.Client:
        if next(tries, None) is None:
            enough.set()
            await asyncio.Event().wait()
        raise aiomqtt.MqttError("refused")

    monkeypatch.setattr(aiomqtt.Client, "__aenter__", away)
    session = Session(Broker("127.0.0.1", 1), "session-of-a-test", ["a/b"])
    running = asyncio.create_task(session.run())
    waiting = asyncio.create_task(enough.wait())
    done, _ = await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED, timeout=60)
    assert done == {waiting}
    assert not session.connected
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
