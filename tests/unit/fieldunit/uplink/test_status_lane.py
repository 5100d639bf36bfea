"""What the crew says goes first, at once, and until it is receipted; and epochs may wait for each other."""

import pytest

from fieldunit.outbox import MemoryOutbox
from fieldunit.uplink.lanes import Message
from tests.unit.fieldunit.uplink.vehicle import TIME, Vehicle, channels
from tracker.wire import reports
from tracker.wire.topics import MAX_PAYLOAD, Channel


@pytest.fixture
def vehicle() -> Vehicle:
    return Vehicle(MemoryOutbox())


def test_a_report_goes_before_everything_else(vehicle: Vehicle) -> None:
    """Before the newest fix and before the backlog; its line has the number of the one sequence."""
    vehicle.recall(3)
    vehicle.connect()
    vehicle.sample()
    assert vehicle.say() == 5
    status, *others = vehicle.send()
    assert (status.channel, status.seqs) == (Channel.STATUS, (5,))
    assert [message.channel for message in others] == [Channel.LIVE, Channel.BACKLOG]
    [line] = reports.decode(status.payload)
    assert isinstance(line, reports.Numbered)
    assert (line.sequence, line.report) == (5, reports.Input(at=TIME, name="siren", on=True))


def test_reports_go_out_though_the_gateway_is_away_and_again_only_when_it_is_back(vehicle: Vehicle) -> None:
    """The broker keeps a few of them gladly; what has no receipt five seconds after the gateway's return goes again."""
    vehicle.connect(gateway=False)
    vehicle.lanes.gateway_present(False, vehicle.now)
    vehicle.now += 3600
    vehicle.say()
    assert channels(vehicle.send()) == [(Channel.STATUS, (1,))]
    vehicle.now += 3600
    assert vehicle.send() == []
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert vehicle.send() == []
    for wait in (5, 10, 20, 40, 60, 60):
        vehicle.now += wait
        assert channels(vehicle.send()) == [(Channel.STATUS, (1,))]
    vehicle.receipt(1)
    vehicle.now += 100
    assert vehicle.send() == []


def test_reports_of_a_gap_go_at_once_together_in_their_order(vehicle: Vehicle) -> None:
    """And what an older connection took with it goes again with the next, before it is due."""
    vehicle.say()
    vehicle.say()
    vehicle.connect(gateway=False)
    assert channels(vehicle.send(answer=False)) == [(Channel.STATUS, (1, 2))]
    vehicle.lanes.link_down()
    vehicle.say()
    vehicle.connect(gateway=False)
    assert channels(vehicle.send()) == [(Channel.STATUS, (1, 2, 3))]
    vehicle.lanes.link_down()
    vehicle.connect(gateway=False)
    assert vehicle.send() == [], "the broker has them: they are due when the gateway is there"


def test_a_thousand_reports_fit_their_messages_and_their_windows(vehicle: Vehicle) -> None:
    """Each message at most 16 KiB; so many without a receipt, and the rest when receipts come. None is left out."""
    said = [vehicle.say("a" * 32) for _ in range(1000)]
    vehicle.connect()
    arrived: list[int] = []
    while vehicle.outbox.depth:
        messages = vehicle.send()
        assert messages
        assert all(len(message.payload) <= MAX_PAYLOAD for message in messages)
        seqs = [seq for message in messages for seq in message.seqs]
        assert len(seqs) <= 200
        arrived += seqs
        vehicle.receipt(*seqs)
    assert arrived == said


def test_reports_have_room_where_the_other_lanes_are_full(vehicle: Vehicle) -> None:
    """The broker grants twenty; the lanes leave two of them to reports."""
    vehicle.recall(1900)
    vehicle.connect()
    vehicle.send(answer=False)
    for _ in range(4):
        vehicle.sample()
        vehicle.send(answer=False)
    vehicle.say()
    assert [message.channel for message in vehicle.send(answer=False)] == [Channel.STATUS]


def test_fixes_wait_for_each_other_where_that_is_wanted(vehicle: Vehicle) -> None:
    """One message in ten seconds instead of ten; the pump is told when to look again."""
    vehicle.connect()
    vehicle.lanes.hold_s = 10.0
    sent: list[Message] = []
    for _ in range(25):
        vehicle.sample()
        went = vehicle.send()
        assert went or vehicle.lanes.next_due(vehicle.now) is not None
        vehicle.receipt(*(seq for message in went for seq in message.seqs))
        sent += went
        vehicle.now += 1
    assert [len(message.seqs) for message in sent] == [11, 11]
    assert {message.channel for message in sent} == {Channel.LIVE}


def test_a_report_lets_go_at_once_what_waits(vehicle: Vehicle) -> None:
    """An emergency does not wait, nor does the place where it is."""
    vehicle.connect()
    vehicle.lanes.hold_s = 60.0
    vehicle.sample(3)
    assert vehicle.send() == []
    vehicle.say()
    assert channels(vehicle.send()) == [(Channel.STATUS, (4,)), (Channel.LIVE, (1, 2, 3))]


def test_the_first_fix_after_a_gap_does_not_wait(vehicle: Vehicle) -> None:
    """Nobody has seen the vehicle for a while."""
    vehicle.lanes.hold_s = 60.0
    vehicle.sample(3)
    vehicle.connect()
    assert channels(vehicle.send())[0] == (Channel.LIVE, (3,))
