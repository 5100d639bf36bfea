"""A unit, a broker that may do all that brokers do, and the true gateway on a real database, step by step.

    Outbox + Lanes -> in flight -> broker's queue -> Acceptance (commit) -> Receipts -> queue back -> Outbox + Lanes

The outbox, the lanes, the acceptance with its database and the receipts are the product's own. Only what lies between
them is played here: the connection, which loses what is in flight; the broker, which forgets what it has acknowledged,
delivers twice and in any order; the gateway's process, which dies between commit and receipt; the unit's, which dies
and starts again on its file; the disk, which refuses to write for a while.
"""

import asyncio
import itertools
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from fieldunit.outbox import MEMORY_FLOOR, Epoch, Outbox
from fieldunit.outbox.memory import Ring
from fieldunit.uplink.lanes import Lanes, Windows
from fieldunit.uplink.lanes import Message as Published
from gateway.services.accept_messages import Acceptance, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.services.receipts import Receipts
from gateway.storage.pool import type_of_pool
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import gga, rmc
from tracker.wire import reports
from tracker.wire.receipt import Range
from tracker.wire.topics import UnitTopic

UNIT = "ambulans-01"
WINDOWS = Windows(30, 3, 8, 2, 40, 10, 2)
"""Small, so that they are full within a few steps."""

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it; what is asked here is not the disk's
_BOUND = 4 * 1024 * 1024  # nothing is to be sacrificed here
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_examples = itertools.count()


class World:
    """The gateway's side, which lasts from example to example; each has a day of its own."""

    def __init__(self, runner: asyncio.Runner, pool: type_of_pool) -> None:
        self.runner = runner
        self.pool = pool
        self.now = datetime(2027, 1, 1, tzinfo=UTC)
        self.acceptance = Acceptance(pool, Enrolment(CENTRE, lambda _: None), Intake(self.now))

    def query(self, statement: str, *arguments: object) -> list[Any]:
        """Rows of the database."""

        async def ask() -> list[Any]:
            async with self.pool.connection() as connection:
                return await (await connection.execute(statement.encode(), arguments)).fetchall()

        return self.runner.run(ask())


class Interleaving(RuleBasedStateMachine):
    """Whatever happens in whatever order: in the end every fix and every report is in the database, once."""

    def __init__(self, world: World, lanes: Callable[..., Lanes] = Lanes, *, delete_on_puback: bool = False) -> None:
        super().__init__()
        self.world = world
        self.make_lanes = lanes
        self.delete_on_puback = delete_on_puback
        self.folder = tempfile.TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
        self.path = Path(self.folder.name) / "a.outbox"
        self.now = 1000.0
        self.clock = _FIRST_DAY + timedelta(days=next(_examples) % 20_000)
        self.offered: dict[int, datetime] = {}  # fixes by number
        self.said: dict[int, datetime] = {}  # reports
        self.up = False
        self.gateway_online = False
        self.in_flight: list[Published] = []
        self.queued: list[Message] = []  # at the broker, for the gateway
        self.receipts = Receipts()
        self.coming: list[tuple[Range, ...]] = []  # receipts at the broker, for the unit
        self.starts = 0
        self.open()

    def open(self) -> None:
        """Start the unit."""
        self.outbox = Outbox(self.path, clock=lambda: self.now, limit_bytes=_BOUND)
        self.starts += 1  # where the numbers in memory begin is random; here it must be the same in a second run
        self.outbox._spill.ring = Ring(MEMORY_FLOOR + 10**6 * self.starts)
        self.lanes = self.make_lanes(self.outbox, WINDOWS)

    @initialize(up=st.booleans(), online=st.booleans())
    def begin(self, up: bool, online: bool) -> None:
        """Half of the time the unit has coverage from the beginning, and the gateway is there."""
        self.gateway_online = online
        if up:
            self.link_up()

    # The unit

    def epoch(self) -> tuple[Epoch, datetime]:
        """The next second of its drive; the source changes now and then."""
        self.clock += timedelta(seconds=1)
        source = "modem" if self.clock.second % 5 == 0 else "gnss"
        return Epoch(source, self.clock, (rmc(self.clock), gga(self.clock))), self.clock

    @rule(count=st.integers(1, 4))
    def sample(self, count: int) -> None:
        """Fixes of the present."""
        for _ in range(count):
            epoch, time = self.epoch()
            seq = self.outbox.append(*epoch)
            assert seq not in self.offered
            self.offered[seq] = time
            self.lanes.appended(self.outbox.newest(1)[0], self.now)

    @rule(count=st.integers(1, 60))
    def recall(self, count: int) -> None:
        """Fixes of the past."""
        epochs = [self.epoch() for _ in range(count)]
        seqs = self.outbox.append_many(epoch for epoch, _ in epochs)
        self.offered |= dict(zip(seqs, (time for _, time in epochs), strict=True))
        self.lanes.recalled(seqs[0])

    @rule()
    def say(self) -> None:
        """A report of the crew."""
        self.clock += timedelta(seconds=1)
        said = reports.Input(at=self.clock, name="siren", on=True)
        seq = self.outbox.append_report(reports.body(said), self.clock)
        self.said[seq] = self.clock
        self.lanes.reported(seq)

    @rule()
    def restart(self) -> None:
        """The unit's program dies and starts again; what is in flight may still arrive."""
        self.disk(True)
        self.up = False
        self.outbox.close()
        self.open()

    @rule(well=st.booleans())
    def disk(self, well: bool) -> None:
        """It takes nothing, or it does again."""
        for connection in (self.outbox._table.appending, self.outbox._table.reading):
            connection.execute(f"PRAGMA query_only = {not well}")

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 70.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    # The connection

    @precondition(lambda self: not self.up)
    @rule()
    def link_up(self) -> None:
        """There is coverage; the gateway's retained presence is read."""
        self.up = True
        self.lanes.link_up(self.now, granted=8)
        self.lanes.gateway_present(self.gateway_online, self.now)

    @precondition(lambda self: self.up)
    @rule(arriving=st.integers(0, 9), by_broker=st.booleans())
    def link_down(self, arriving: int, by_broker: bool) -> None:
        """Some of what is in flight arrives and is never acknowledged, some does not."""
        self.up = False
        self.lanes.link_down(tuple(self.in_flight), "the broker closed the connection" if by_broker else None)
        for message in self.in_flight[:arriving]:
            self.enqueue(message)
        self.in_flight.clear()

    @rule(most=st.integers(1, 12), congested=st.booleans())
    def send(self, most: int, congested: bool) -> None:
        """Up to so many messages."""
        for _ in range(most):
            message = self.lanes.next_message(self.now, backlog=not congested)
            if message is None:
                break
            assert self.up
            self.in_flight.append(message)
        for seq, reason in self.lanes.to_set_aside().items():
            self.outbox.set_aside([seq], reason)

    def enqueue(self, message: Published) -> None:
        """The broker has it."""
        topic = UnitTopic(CENTRE, UNIT, message.channel, self.outbox.id)
        self.queued.append(Message(str(topic), message.payload, self.world.now))

    @precondition(lambda self: self.in_flight)
    @rule(at=st.integers(0, 9), acknowledged=st.booleans())
    def arrive(self, at: int, acknowledged: bool) -> None:
        """One message reaches the broker, and perhaps the acknowledgement the unit."""
        message = self.in_flight[at % len(self.in_flight)]
        self.enqueue(message)
        if acknowledged and self.up:
            self.in_flight.remove(message)
            self.lanes.acknowledged(message)
            if self.delete_on_puback:
                ranges = [(seq, seq) for seq in message.seqs]
                self.outbox.delete(ranges)
                self.lanes.receipted(ranges)

    # The broker

    @precondition(lambda self: self.queued)
    @rule(at=st.integers(0, 99))
    def forget(self, at: int) -> None:
        """The broker loses a message that it has acknowledged."""
        del self.queued[at % len(self.queued)]

    @precondition(lambda self: self.queued)
    @rule(chance=st.randoms(use_true_random=False))
    def shuffle(self, chance: Any) -> None:
        """It delivers in another order."""
        chance.shuffle(self.queued)

    @precondition(lambda self: self.coming)
    @rule(at=st.integers(0, 9), lost=st.booleans(), again=st.booleans())
    def receipt(self, at: int, lost: bool, again: bool) -> None:
        """A receipt comes, or is lost, or comes and will come again; also after a restart."""
        at %= len(self.coming)
        ranges = self.coming[at]
        if not again:
            del self.coming[at]
        if not lost and self.up:
            self.outbox.delete(ranges)
            self.lanes.receipted(ranges)

    # The gateway

    @rule(online=st.booleans())
    def gateway(self, online: bool) -> None:
        """It comes, or goes."""
        self.gateway_online = online
        if self.up:
            self.lanes.gateway_present(online, self.now)

    @precondition(lambda self: self.queued and self.gateway_online)
    @rule(most=st.integers(1, 9), acknowledged=st.booleans(), dies=st.booleans())
    def accept(self, most: int, acknowledged: bool, dies: bool) -> None:
        """It stores a batch and commits. Without its acknowledgement the broker delivers it again; if it dies now,
        nobody gets a receipt.
        """
        batch = self.queued[:most]
        accepted = self.world.runner.run(self.world.acceptance.accept(batch, self.world.now))
        if acknowledged:
            del self.queued[:most]
        if dies:
            self.receipts = Receipts()
        else:
            self.receipts.add(accepted.handled)

    @rule()
    def tell(self) -> None:
        """It sends the receipts that are due."""
        for unit, outbox, told in self.receipts.due(self.now):
            assert (unit, outbox) == (UNIT, self.outbox.id)
            assert not told.quarantined
            self.coming.append(told.ranges)

    # The end

    def teardown(self) -> None:
        """Everything is well again, for as long as it takes."""
        self.restart_gently()
        for _ in range(400):
            self.now += 2
            self.send(50, congested=False)
            while self.in_flight:
                self.arrive(0, acknowledged=True)
            while self.queued:
                self.accept(9, acknowledged=True, dies=False)
            self.tell()
            while self.coming:
                self.receipt(0, lost=False, again=False)
            if not self.outbox.depth:
                break
        waiting, told = self.outbox.depth, self.outbox.statistics()
        outbox = self.outbox.id
        self.outbox.close()
        self.folder.cleanup()
        assert waiting == 0, "it waits for ever"
        assert (told.aside, dict(told.lost)) == (0, {})
        day = self.clock.replace(hour=0, minute=0, second=0)
        stored = self.world.query(
            "SELECT fix_time, outbox, sequence FROM fixes WHERE unit = %s AND fix_time >= %s AND fix_time < %s",
            UNIT, day, day + timedelta(days=1),
        )  # fmt: skip
        assert sorted(stored) == sorted((time, outbox, seq) for seq, time in self.offered.items())
        heard = self.world.query("SELECT seq, at FROM reports WHERE unit = %s AND outbox = %s", UNIT, outbox)
        assert sorted(heard) == sorted(self.said.items())

    def restart_gently(self) -> None:
        """All is well; the unit's program goes on as it is, so that what it has forgotten shows."""
        self.disk(True)
        if not self.up:
            self.link_up()
        self.gateway(online=False)
        self.gateway(online=True)
        self.now += 5
        epoch, time = self.epoch()
        self.offered[self.outbox.append(*epoch)] = time
        self.lanes.appended(self.outbox.newest(1)[0], self.now)
