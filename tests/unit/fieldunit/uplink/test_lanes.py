"""The policy of the two lanes, rule by rule, on a clock that the test moves."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fieldunit.outbox import Outbox
from fieldunit.uplink.lanes import GATEWAY_AWAY_S, WINDOWS, Message, Windows
from tests.unit.fieldunit.uplink.vehicle import TIME, Vehicle, channels
from tracker.wire.payload import Reading, decode
from tracker.wire.topics import MAX_PAYLOAD, Channel


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "a.outbox") as opened:
        yield opened


@pytest.fixture
def vehicle(outbox: Outbox) -> Vehicle:
    return Vehicle(outbox)


def test_an_epoch_goes_out_live_at_once(vehicle: Vehicle) -> None:
    """And it is what the gateway reads: a TAG block with source, sequence and device time before its sentences."""
    vehicle.connect()
    assert vehicle.sample() == [1]
    [message] = vehicle.send()
    assert (message.channel, message.seqs) == (Channel.LIVE, (1,))
    [reading] = decode(message.payload, TIME)
    assert isinstance(reading, Reading)
    assert (reading.sequence, reading.source, reading.device_time) == (1, "gnss", TIME)


def test_nothing_goes_without_a_connection(vehicle: Vehicle) -> None:
    """It waits in the outbox."""
    vehicle.sample(3)
    assert vehicle.send() == []
    assert vehicle.lanes.next_due(vehicle.now) is None


def test_after_a_gap_the_newest_goes_first_and_the_rest_as_backlog_oldest_first(vehicle: Vehicle) -> None:
    """The dispatcher sees the vehicle before its history."""
    vehicle.sample(5)
    vehicle.connect()
    assert channels(vehicle.send()) == [(Channel.LIVE, (5,)), (Channel.BACKLOG, (1, 2, 3, 4))]


def test_the_backlog_waits_for_the_gateway_and_live_does_not(vehicle: Vehicle) -> None:
    """Nobody is there to give receipts; the broker holds live for a gateway that is just restarting."""
    vehicle.sample(3)
    vehicle.connect(gateway=False)
    assert channels(vehicle.send()) == [(Channel.LIVE, (3,))]
    vehicle.sample()
    assert channels(vehicle.send()) == [(Channel.LIVE, (4,))]
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert channels(vehicle.send()) == [(Channel.BACKLOG, (1, 2))]


def test_live_is_silent_when_the_gateway_stays_away(vehicle: Vehicle) -> None:
    """What piled up at the broker would come before the newest position when the gateway returns."""
    vehicle.connect()
    vehicle.lanes.gateway_present(False, vehicle.now)
    vehicle.now += GATEWAY_AWAY_S + 1
    vehicle.sample(2)
    assert vehicle.send() == []
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert channels(vehicle.send()) == [(Channel.LIVE, (1, 2))]


def test_an_acknowledgement_of_the_broker_forgets_nothing(vehicle: Vehicle) -> None:
    """After 5, 10, 20, 40, 60 and 60 seconds without a receipt it goes again, on the backlog."""
    vehicle.connect()
    vehicle.sample()
    vehicle.send()
    for wait in (5, 10, 20, 40, 60, 60):
        due = vehicle.lanes.next_due(vehicle.now)
        assert due == pytest.approx(vehicle.now + wait)
        vehicle.now += wait - 0.1
        assert vehicle.send() == []
        vehicle.now += 0.1
        assert channels(vehicle.send()) == [(Channel.BACKLOG, (1,))]
    vehicle.receipt(1)
    vehicle.now += 100
    assert vehicle.send() == []
    assert vehicle.lanes.under_way == 0


def test_nothing_is_resent_while_the_gateway_is_away(vehicle: Vehicle) -> None:
    """When it returns, what the broker kept for it has five seconds before it is sent again, from short waits on."""
    vehicle.connect()
    vehicle.sample()
    vehicle.send()
    vehicle.lanes.gateway_present(False, vehicle.now)
    vehicle.now += 1000
    assert vehicle.send() == []
    assert vehicle.lanes.next_due(vehicle.now) is None
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert vehicle.send() == []
    assert vehicle.lanes.next_due(vehicle.now) == pytest.approx(vehicle.now + 5)
    vehicle.now += 5
    assert channels(vehicle.send()) == [(Channel.BACKLOG, (1,))]


def test_what_the_broker_never_answered_goes_again_with_the_next_connection(vehicle: Vehicle) -> None:
    """What it did answer has five seconds more: it may have arrived."""
    vehicle.connect()
    vehicle.sample()
    vehicle.send()
    vehicle.sample()
    vehicle.send(answer=False)
    vehicle.sample()
    vehicle.lanes.link_down()
    vehicle.now += 1
    vehicle.connect()
    assert channels(vehicle.send()) == [(Channel.LIVE, (3,)), (Channel.BACKLOG, (2,))]
    assert vehicle.lanes.next_due(vehicle.now) == pytest.approx(vehicle.now + 5)


def test_live_passes_a_backlog_whose_window_is_full(vehicle: Vehicle) -> None:
    """The windows of messages are apart; within one, the next place opens with the broker's answer."""
    vehicle.recall(1990)
    vehicle.connect()
    backlog = [message for message in vehicle.send(answer=False) if message.channel is Channel.BACKLOG]
    assert len(backlog) == WINDOWS.backlog_messages
    vehicle.sample()
    [live] = vehicle.send(answer=False)
    assert live.channel is Channel.LIVE
    vehicle.lanes.acknowledged(backlog[0])
    [more] = vehicle.send(answer=False)
    assert more.channel is Channel.BACKLOG


def test_both_lanes_together_keep_within_what_the_broker_grants(vehicle: Vehicle) -> None:
    """One more than its Receive Maximum, and it would end the connection (MQTT 5, 3.2.2.3.3)."""
    vehicle.recall(1500)
    vehicle.lanes.link_up(vehicle.now, granted=4)
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert len(vehicle.send(answer=False)) == 3


def test_the_backlog_waits_for_receipts_when_its_window_is_full(vehicle: Vehicle) -> None:
    """So many epochs without a receipt, and not one more until one comes."""
    vehicle.recall(2500)
    vehicle.connect()
    sent = [seq for message in vehicle.send() for seq in message.seqs]
    assert len(sent) == len(set(sent)) == WINDOWS.backlog_epochs
    vehicle.receipt(1, 2, 3)
    assert [seq for message in vehicle.send() for seq in message.seqs] == [2000, 2001, 2002]


def test_every_message_fits_the_wire_and_is_well_filled(vehicle: Vehicle) -> None:
    """At most 16 KiB; and no fewer than nine tenths of it while there is more to send."""
    vehicle.recall(600)
    vehicle.connect()
    sizes = [len(message.payload) for message in vehicle.send() if message.channel is Channel.BACKLOG]
    assert max(sizes) <= MAX_PAYLOAD
    assert min(sizes[:-1]) > 0.9 * MAX_PAYLOAD


def test_epochs_that_came_meanwhile_share_a_live_message(vehicle: Vehicle) -> None:
    """When the broker is slow to answer, the next message takes all that came, in order."""
    vehicle.connect()
    for _ in range(WINDOWS.live_messages):
        vehicle.sample()
        vehicle.send(answer=False)
    vehicle.sample(3)
    assert vehicle.send(answer=False) == []
    vehicle.lanes.acknowledged(Message(Channel.LIVE, (1,), b""))
    assert channels(vehicle.send(answer=False)) == [(Channel.LIVE, (5, 6, 7))]


def test_more_than_a_message_of_fresh_epochs_becomes_backlog(vehicle: Vehicle) -> None:
    """The newest stay live; none is left out."""
    vehicle.connect()
    vehicle.sample(200)
    live, *backlog = vehicle.send()
    assert live.channel is Channel.LIVE
    assert live.seqs[-1] == 200
    assert len(live.payload) <= MAX_PAYLOAD
    assert all(message.channel is Channel.BACKLOG for message in backlog)
    assert sorted(seq for message in (live, *backlog) for seq in message.seqs) == list(range(1, 201))


def test_live_thins_out_when_receipts_do_not_come(outbox: Outbox) -> None:
    """One epoch a second keeps the picture fresh; the others join the backlog and are not lost."""
    vehicle = Vehicle(outbox, WINDOWS._replace(live_epochs=10, backlog_epochs=0))
    vehicle.connect()
    times = []
    for _ in range(100):
        vehicle.sample()
        times += [vehicle.now for message in vehicle.send() if message.channel is Channel.LIVE]
        vehicle.now += 0.2
    assert 10 + 17 <= len(times) <= 10 + 19
    vehicle.send()
    vehicle.sample()
    due = vehicle.lanes.next_due(vehicle.now)
    assert due is not None
    assert vehicle.now < due <= vehicle.now + 1


def test_word_that_the_gateway_was_away_does_not_repeat_what_is_under_way(vehicle: Vehicle) -> None:
    """A session keeps such words for a unit that is away, and gives them all at once when it returns."""
    vehicle.sample(2)
    vehicle.connect(gateway=False)
    assert channels(vehicle.send(answer=False)) == [(Channel.LIVE, (2,))]
    vehicle.lanes.gateway_present(False, vehicle.now)
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert channels(vehicle.send(answer=False)) == [(Channel.BACKLOG, (1,))]


def test_a_congested_socket_takes_live_only(vehicle: Vehicle) -> None:
    """While bytes still wait in the socket, the backlog is silent."""
    vehicle.recall(10)
    vehicle.connect()
    vehicle.sample()
    assert [message.channel for message in vehicle.send(backlog=False)] == [Channel.LIVE]
    assert [message.channel for message in vehicle.send()] == [Channel.BACKLOG]


def test_an_epoch_that_the_backlog_met_first_does_not_go_twice(vehicle: Vehicle) -> None:
    """The sampling thread's word may come after the walk has already found the row."""
    vehicle.connect()
    [seq] = vehicle.recall(1)
    assert channels(vehicle.send()) == [(Channel.BACKLOG, (seq,))]
    vehicle.lanes.appended(vehicle.outbox.newest(1)[0])
    assert vehicle.send() == []


def test_a_receipt_for_a_fresh_epoch_keeps_it_from_going(vehicle: Vehicle) -> None:
    """As after a restart, when the receipt of the last run arrives before the first message."""
    vehicle.sample()
    vehicle.connect(gateway=False)
    vehicle.receipt(1)
    vehicle.lanes.receipted([(0, 2**62)])
    assert vehicle.send() == []


def test_memory_stays_bounded_while_nobody_gives_receipts(outbox: Outbox) -> None:
    """The oldest numbers are forgotten, not the items: the backlog's walk comes back to them."""
    vehicle = Vehicle(outbox, WINDOWS._replace(tracked=20, live_epochs=1000))
    vehicle.connect(gateway=False)
    for _ in range(3000):
        vehicle.now += 1
    for _ in range(200):
        vehicle.sample()
        vehicle.send()
    assert vehicle.lanes.under_way == 20
    assert len(vehicle.lanes._epochs._due) < 1100
    vehicle.lanes.gateway_present(True, vehicle.now)
    seen: set[int] = set()
    while outbox.depth:
        vehicle.now += 60
        seqs = [seq for message in vehicle.send() for seq in message.seqs]
        assert seqs
        seen |= set(seqs)
        vehicle.receipt(*seqs)
    assert seen == set(range(1, 201))


class AnyInterleaving(RuleBasedStateMachine):
    """Whatever happens in whatever order, the lanes keep to their windows, and in the end everything arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.outbox = Outbox(Path(self.folder.name) / "a.outbox")
        self.vehicle = Vehicle(self.outbox, Windows(6, 3, 4, 2, 12))
        self.open: list[Message] = []  # without an answer of the broker
        self.arrived: set[int] = set()
        self.up = False

    @rule(count=st.integers(1, 4))
    def sample(self, count: int) -> None:
        self.vehicle.sample(count)

    @rule(count=st.integers(1, 9))
    def recall(self, count: int) -> None:
        self.vehicle.recall(count)

    @precondition(lambda self: not self.up)
    @rule()
    def link_up(self) -> None:
        self.up = True
        self.vehicle.connect(gateway=False)

    @precondition(lambda self: self.up)
    @rule()
    def link_down(self) -> None:
        self.up = False
        self.open.clear()
        self.vehicle.lanes.link_down()

    @precondition(lambda self: self.up)
    @rule(online=st.booleans())
    def gateway(self, online: bool) -> None:
        self.vehicle.lanes.gateway_present(online, self.vehicle.now)

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.vehicle.now += seconds

    @rule(congested=st.booleans())
    def send(self, congested: bool) -> None:
        if message := self.vehicle.lanes.next_message(self.vehicle.now, backlog=not congested):
            assert self.up
            assert list(message.seqs) == sorted(set(message.seqs))
            self.open.append(message)
            self.arrived |= set(message.seqs)

    @precondition(lambda self: self.open)
    @rule(at=st.integers(0, 100))
    def answer(self, at: int) -> None:
        self.vehicle.lanes.acknowledged(self.open.pop(at % len(self.open)))

    @precondition(lambda self: self.arrived)
    @rule(at=st.integers(0, 1000))
    def receipt(self, at: int) -> None:
        self.vehicle.receipt(sorted(self.arrived)[at % len(self.arrived)])

    @invariant()
    def windows_hold(self) -> None:
        assert len(self.open) <= 5
        assert self.vehicle.lanes.under_way <= 12

    def teardown(self) -> None:
        lanes = self.vehicle.lanes
        if not self.up:
            self.vehicle.connect(gateway=False)
        lanes.gateway_present(True, self.vehicle.now)
        for message in self.open:
            lanes.acknowledged(message)
        for _ in range(200):
            self.vehicle.now += 60
            seqs = {seq for message in self.vehicle.send() for seq in message.seqs}
            self.vehicle.receipt(*seqs)
            if not self.outbox.depth:
                break
        assert self.outbox.depth == 0
        self.outbox.close()
        self.folder.cleanup()


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
