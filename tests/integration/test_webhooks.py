"""Webhooks over real HTTP and a real database, with the services alone: order, repetition, patience, replay."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event  # the library that receivers use

from gateway import signing
from gateway.clock import HeldClock
from gateway.integrations.webhook_sender import WebhookSender
from gateway.services.events import KEPT, Feed
from gateway.services.webhooks import GIVE_UP, LONGEST_RETRY_S, REFUSED_TIMES, WAYS, Webhooks
from gateway.storage import events
from gateway.storage.events import Event
from gateway.storage.pool import open_pool, type_of_pool
from gateway.storage.webhooks import Webhook
from tests.fix_gateway import CENTRE, until_here
from tests.gateway_traffic import MORNING
from tests.webhook_receiver import Receiver, receiving

U1, U2 = "ambulans-01", "ambulans-02"


class SetClock(HeldClock):
    """A clock that the test sets."""

    def set(self, now: datetime) -> None:
        self._now = now


class Bench:
    """The two services on one clock, without their loops: `until` is their running."""

    def __init__(self, pool: type_of_pool, sender: WebhookSender) -> None:
        self.pool = pool
        self.clock = SetClock(MORNING)
        self.feed = Feed(CENTRE, pool, self.clock, lambda lanes: self.webhooks.heard(lanes))
        self.sender = sender
        self.webhooks = self.started_anew()

    def started_anew(self) -> Webhooks:
        """The sender as after a start of the gateway: it knows what the database knows."""
        made = Webhooks(CENTRE, self.pool, self.sender.send, self.clock, jitter=lambda: 1.0)
        self.webhooks = made
        return made

    async def add(self, receiver: Receiver, name: str = "cad", **values: Any) -> str:
        """Let a receiver hear of everything; its secret."""
        webhook = Webhook(
            name, "", receiver.url, values.pop("kinds", ()), values.pop("exercises", False), True, MORNING
        )
        return await self.webhooks.add(webhook)

    async def put(self, number: int, unit: str | None = U1, kind: str = "unit.status", **values: Any) -> None:
        """Tell of something in a transaction of its own."""
        subject = "incidents/i" if unit is None else f"units/{unit}"
        async with self.pool.connection() as connection:
            told = Event(kind, subject, {"n": number}, self.clock.now(), unit, **values)
            await events.put(connection, CENTRE, told)

    async def step(self) -> None:
        await self.feed.turn(self.clock.now())
        self.webhooks.turn(self.clock.now())

    async def until(self, look: Callable[[], object], what: str = "") -> None:
        """Run until something holds."""

        async def seen() -> bool:
            await self.step()
            return bool(look())

        await until_here(seen, 10, what)

    async def rest(self) -> None:
        """Run until nothing is under way and nothing is due."""

        async def at_rest() -> bool:
            await self.step()
            due = [lane for lane, at in self.webhooks._due.items() if at <= self.clock.now()]
            return not due and not self.webhooks._under_way

        await until_here(at_rest, 10, "rest")

    async def later(self, **by: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**by))
        await self.rest()


@pytest.fixture
async def bench(enrolled_url: str) -> AsyncIterator[Bench]:
    async with open_pool(enrolled_url, 4) as pool, WebhookSender(private=True) as sender:
        yield Bench(pool, sender)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as listening:
        yield listening


def told(receiver: Receiver, unit: str | None = None) -> list[int]:
    """The numbers in the events that were taken, of all or of one unit."""
    return [each.event["data"]["n"] for each in receiver.taken if unit in (None, each.event.get("unit"))]


async def test_an_event_is_a_cloudevent_that_is_signed_and_a_library_reads_it(bench: Bench, receiver: Receiver) -> None:
    """Structured JSON by its media type; id of event and message are one; the signature holds for its time only."""
    secret = await bench.add(receiver)
    await bench.put(1, exercise=False)
    await bench.until(lambda: receiver.taken)
    got = receiver.taken[0]
    event = from_structured_event(HTTPMessage(got.headers, got.body))
    assert (event.get_type(), event.get_source()) == ("sigap.unit.status", f"/sigap/v1/{CENTRE}")
    assert (event.get_subject(), event.get_time(), event.get_data()) == (f"units/{U1}", MORNING, {"n": 1})
    assert event.get_extension("unit") == U1
    assert event.get_extension("exercise") is False
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert signing.check(secret, got.headers, got.body, MORNING) == event.get_id()
    for wrong in (MORNING + timedelta(minutes=6), MORNING - timedelta(minutes=6)):
        with pytest.raises(signing.NotSigned, match="from this clock"):
            signing.check(secret, got.headers, got.body, wrong)
    for headers, body in (
        (got.headers, got.body + b" "),
        ({**got.headers, signing.ID: "another"}, got.body),
        ({**got.headers, signing.TIMESTAMP: str(int(MORNING.timestamp()) + 1)}, got.body),
    ):
        with pytest.raises(signing.NotSigned, match="does not fit"):
            signing.check(secret, headers, body, MORNING)


async def test_events_of_a_unit_arrive_in_order_and_units_do_not_wait_for_each_other(
    bench: Bench, receiver: Receiver
) -> None:
    """The first event of one unit fails for a while: its next ones wait, those of another unit do not."""
    await bench.add(receiver)
    broken = True
    receiver.answer = lambda event: 503 if broken and event["unit"] == U1 else 204
    for number in range(6):
        await bench.put(number, (U1, U2)[number % 2])
    await bench.until(lambda: told(receiver, U2) == [1, 3, 5])
    assert told(receiver, U1) == []
    assert {each.event["data"]["n"] for each in receiver.received if each.event["unit"] == U1} == {0}
    broken = False
    await bench.later(seconds=60)
    assert told(receiver, U1) == [0, 2, 4]
    ids = {each.event["data"]["n"]: each.event["id"] for each in receiver.taken}
    assert all(each.event["id"] == ids[each.event["data"]["n"]] for each in receiver.received)
    assert receiver.most_at_once <= WAYS


async def test_nothing_waits_behind_a_dead_receiver_nor_behind_one_that_hangs(bench: Bench, receiver: Receiver) -> None:
    """Two others listen: nobody answers at one, the other takes for ever. The third has everything at once."""
    async with receiving() as dead, receiving() as slow:
        await dead.stop()
        slow.delay = lambda _: 3600
        for name, each in (("dead", dead), ("slow", slow), ("well", receiver)):
            await bench.add(each, name)
        for number in range(40):
            await bench.put(number, f"unit-{number % 20}")
        await bench.until(lambda: len(told(receiver)) == 40)
        assert slow.most_at_once == WAYS
        assert not slow.received
        for task in bench.webhooks._under_way.values():
            task.cancel()


async def test_a_dead_receiver_is_asked_ever_seldomer_and_gets_all_when_it_is_back(
    bench: Bench, receiver: Receiver
) -> None:
    """Twice as long each time up to the longest; then everything, once, in order."""
    await bench.add(receiver)
    receiver.answer = lambda _: 500
    await bench.put(0)
    await bench.rest()
    waits = []
    for _ in range(14):
        tries = len(receiver.received)
        due = min(bench.webhooks._due.values())
        waits.append((due - bench.clock.now()).total_seconds())
        bench.clock.set(due)
        await bench.until(lambda tries=tries: len(receiver.received) > tries)  # type: ignore[misc] # the count of now
        await bench.rest()
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-1] == LONGEST_RETRY_S
    await bench.put(1)
    receiver.answer = lambda _: 204
    await bench.later(seconds=LONGEST_RETRY_S)
    assert told(receiver) == [0, 1]


async def test_what_a_receiver_refuses_is_given_up_soon_and_the_next_goes_on(bench: Bench, receiver: Receiver) -> None:
    """It is a dead letter, with what was answered; a replay brings it once the receiver is mended."""
    await bench.add(receiver)
    receiver.answer = lambda event: 400 if event["data"]["n"] == 0 else 204
    await bench.put(0)
    await bench.put(1)
    for _ in range(REFUSED_TIMES):
        await bench.later(seconds=LONGEST_RETRY_S)
    assert told(receiver) == [1]
    (dead,) = await bench.webhooks.deliveries("cad", state="dead", before=None, limit=10)
    assert (dead.event, dead.attempts, dead.last_status, dead.last_error) == (1, REFUSED_TIMES, 400, "answered 400")
    assert [webhook.dead for webhook in await bench.webhooks.all()] == [1]
    receiver.answer = lambda _: 204
    assert await bench.webhooks.replay("cad", MORNING) == 2
    await bench.rest()
    assert told(receiver) == [1, 0, 1]
    assert [webhook.dead for webhook in await bench.webhooks.all()] == [0]


async def test_who_is_away_for_days_is_given_up(bench: Bench, receiver: Receiver) -> None:
    """Not before, and what comes later reaches it."""
    await bench.add(receiver)
    await receiver.stop()
    await bench.put(0)
    await bench.rest()
    await bench.later(seconds=GIVE_UP.total_seconds() - 60)
    assert [each.state for each in await bench.webhooks.deliveries("cad", state=None, before=None, limit=10)] == [
        "waiting"
    ]
    await bench.later(seconds=LONGEST_RETRY_S)
    await receiver.start()
    await bench.put(1)
    await bench.rest()
    found = await bench.webhooks.deliveries("cad", state=None, before=None, limit=10)
    assert [(each.event, each.state) for each in found] == [(2, "delivered"), (1, "dead")]


async def test_killed_between_commit_and_sending_it_sends_after_its_next_start(
    bench: Bench, receiver: Receiver
) -> None:
    """And killed between sending and noting it, it sends once more, with the same id."""
    await bench.add(receiver)
    await bench.put(0)
    await bench.put(1)
    await bench.feed.turn(bench.clock.now())  # committed, numbered; nothing sent

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    second = bench.started_anew()
    second._note = dies  # type: ignore[assignment,method-assign] # after the sending, before the database knows
    await second._load()
    second.turn(bench.clock.now())
    await until_here(_has(lambda: len(receiver.taken) == 1))
    await asyncio.gather(*second._under_way.values(), return_exceptions=True)
    await bench.started_anew()._load()
    await bench.rest()
    assert told(receiver) == [0, 0, 1]
    assert len({each.event["id"] for each in receiver.taken}) == 2


def _has(look: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def seen() -> bool:
        return look()

    return seen


async def test_a_receiver_hears_what_it_asked_for(bench: Bench, receiver: Receiver) -> None:
    """Kinds, and events of exercises only where they are wanted."""
    async with receiving() as other:
        await bench.add(receiver, "one", kinds=("incident.opened",))
        await bench.add(other, "all", exercises=True)
        await bench.put(0)
        await bench.put(1, None, "incident.opened")
        await bench.put(2, None, "incident.opened", exercise=True)
        await bench.until(lambda: sorted(told(other)) == [0, 1, 2])
        assert told(receiver) == [1]
        assert [each.event["exercise"] for each in other.taken if each.event["data"]["n"] == 2] == [True]


async def test_a_replay_brings_what_happened_since_then_in_order_and_with_the_ids_it_had(
    bench: Bench, receiver: Receiver
) -> None:
    """To a receiver that was added later, too."""
    async with receiving() as late:
        await bench.add(receiver)
        for number in range(5):
            bench.clock.set(MORNING + timedelta(minutes=number))
            await bench.put(number)
        await bench.until(lambda: told(receiver) == [0, 1, 2, 3, 4])
        await bench.add(late, "late")
        assert await bench.webhooks.replay("late", MORNING + timedelta(minutes=2)) == 3
        await bench.rest()
        assert told(late) == [2, 3, 4]
        assert [each.event["id"] for each in late.taken] == [each.event["id"] for each in receiver.taken[2:]]


async def test_another_address_gets_what_waits_at_once(bench: Bench, receiver: Receiver) -> None:
    """A dead address was mistyped: nobody waits ten minutes after it is corrected. At rest nothing is sent."""
    async with receiving() as wrong:
        await wrong.stop()
        await bench.add(wrong)
        await bench.put(0)
        await bench.rest()
        (webhook,) = await bench.webhooks.all()
        assert webhook.waiting == 1
        await bench.webhooks.change(Webhook("cad", "", receiver.url, (), False, False, MORNING))
        await bench.later(seconds=LONGEST_RETRY_S)
        assert not receiver.received
        await bench.webhooks.change(Webhook("cad", "", receiver.url, (), False, True, MORNING))
        await bench.rest()
        assert told(receiver) == [0]


async def test_old_events_are_forgotten_but_not_what_still_waits(bench: Bench, receiver: Receiver) -> None:
    """A month later."""
    async with receiving() as away:
        await away.stop()
        await bench.add(receiver, "cad", kinds=("unit.status",))
        await bench.add(away, "away", kinds=("incident.opened",))
        await bench.put(0)
        await bench.put(1, None, "incident.opened")
        await bench.rest()
        assert await bench.feed.clean(MORNING + KEPT + timedelta(days=1)) == 1
        assert await bench.feed.clean(MORNING + KEPT + timedelta(days=1)) == 0
        assert await bench.feed.ends() == (1, 2)
