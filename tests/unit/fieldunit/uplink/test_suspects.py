"""An item that nobody will ever take does not go round for ever, and no other pays for it."""

from collections.abc import Callable

import pytest

from fieldunit.outbox import MemoryOutbox
from fieldunit.uplink.lanes import Message
from fieldunit.uplink.suspects import REFUSALS, UNRECEIPTED
from tests.unit.fieldunit.uplink.vehicle import Vehicle, channels
from tracker.wire.topics import MAX_PAYLOAD, Channel

POISON = 7


@pytest.fixture
def vehicle() -> Vehicle:
    return Vehicle(MemoryOutbox())


def deliver(vehicle: Vehicle, broker: Callable[[Message], str | None], rounds: int = 100) -> dict[int, str]:
    """A broker that answers each message with a refusal or with none, and a centre that receipts what was taken.

    Returns:
        What was set aside, with the reasons.
    """
    aside: dict[int, str] = {}
    for _ in range(rounds):
        vehicle.now += 2
        while message := vehicle.lanes.next_message(vehicle.now):
            refusal = broker(message)
            vehicle.lanes.acknowledged(message, refusal)
            if refusal is None:
                vehicle.receipt(*message.seqs)
        aside |= vehicle.set_aside()
    return aside


def test_what_the_broker_refuses_alone_is_set_aside_and_all_others_arrive(vehicle: Vehicle) -> None:
    """It is found among the forty that travelled with it: nine messages are refused on its account, no more."""
    vehicle.recall(40)
    vehicle.connect()
    refused: list[Message] = []

    def broker(message: Message) -> str | None:
        if POISON not in message.seqs:
            return None
        refused.append(message)
        return "Payload format invalid"

    assert deliver(vehicle, broker) == {POISON: "Payload format invalid"}
    assert (vehicle.outbox.depth, vehicle.outbox.statistics().aside) == (0, 1)
    assert len(refused) <= REFUSALS + 3


def test_a_broker_that_refuses_everything_sets_nothing_aside(vehicle: Vehicle) -> None:
    """A quota that is used up is not the item's fault; when there is room again all of it arrives."""
    vehicle.recall(10)
    vehicle.connect()
    assert deliver(vehicle, lambda _: "Quota exceeded") == {}
    assert deliver(vehicle, lambda _: None) == {}
    assert vehicle.outbox.depth == 0


def test_what_ends_the_connection_is_found_and_set_aside(vehicle: Vehicle) -> None:
    """Mosquitto does so with what is too large for it. In each connection what comes before it arrives."""
    vehicle.recall(40)
    aside: dict[int, str] = {}
    for _ in range(60):
        vehicle.now += 70
        vehicle.connect()
        vehicle.sample()
        poisoned = False
        while not poisoned and (under_way := vehicle.send(answer=False)):
            for at, message in enumerate(under_way):
                if POISON in message.seqs:
                    vehicle.lanes.link_down(under_way[at:], "the broker closed the connection when it came")
                    poisoned = True
                    break
                vehicle.lanes.acknowledged(message)
                vehicle.receipt(*message.seqs)
        if not poisoned:
            vehicle.lanes.link_down()
        aside |= vehicle.set_aside()
    assert aside == {POISON: "the broker closed the connection when it came"}
    assert vehicle.outbox.depth == 0


def test_a_connection_that_keeps_breaking_sets_nothing_aside(vehicle: Vehicle) -> None:
    """The network's doing, a hundred times while the same fixes are under way; then all of them arrive."""
    vehicle.recall(5)
    for _ in range(100):
        vehicle.now += 70
        vehicle.connect()
        vehicle.lanes.link_down(vehicle.send(answer=False), None)
    assert vehicle.set_aside() == {}
    vehicle.connect()
    assert deliver(vehicle, lambda _: None) == {}
    assert vehicle.outbox.depth == 0


def test_a_suspect_is_alone_under_way(vehicle: Vehicle) -> None:
    """Nothing else goes until its fate is known, so that nothing else can be to blame."""
    vehicle.recall(1)
    vehicle.connect()
    for _ in range(2):
        vehicle.now += 70
        for message in vehicle.send(answer=False):
            vehicle.lanes.acknowledged(message, "Payload format invalid")
    vehicle.now += 70
    [trial] = vehicle.send(answer=False)
    assert trial.on_trial
    vehicle.sample()
    vehicle.say()
    assert vehicle.send(answer=False) == []
    vehicle.lanes.acknowledged(trial)
    assert {message.channel for message in vehicle.send()} == {Channel.STATUS, Channel.LIVE}


def test_what_the_broker_takes_and_nobody_receipts_is_set_aside_in_the_end(vehicle: Vehicle) -> None:
    """As where an old broker drops what is too large without a word. Others had their receipts meanwhile."""
    vehicle.recall(1)
    vehicle.connect()
    sendings = 0
    for _ in range(60):
        vehicle.now += 61
        vehicle.sample()
        for message in vehicle.send():
            sendings += 1 in message.seqs
            vehicle.receipt(*(seq for seq in message.seqs if seq != 1))
        if aside := vehicle.set_aside():
            break
    assert list(aside) == [1]
    assert sendings == UNRECEIPTED + 1


def test_a_centre_that_receipts_nothing_sets_nothing_aside(vehicle: Vehicle) -> None:
    """Its database is away for a day."""
    vehicle.recall(5)
    vehicle.connect()
    for _ in range(1440):
        vehicle.now += 60
        vehicle.send()
        assert vehicle.set_aside() == {}


def test_what_is_too_large_for_any_message_is_never_sent(vehicle: Vehicle) -> None:
    """Also where the broker's limit is lower than ours; what stands behind it goes."""
    vehicle.recall(1, b"$" + b"A" * MAX_PAYLOAD)
    vehicle.recall(2, b"$" + b"A" * 3000)
    vehicle.recall(1)
    vehicle.lanes.link_up(vehicle.now, granted=20, room=2000)
    vehicle.lanes.gateway_present(True, vehicle.now)
    assert channels(vehicle.send()) == [(Channel.LIVE, (4,))]
    assert {seq: reason.split(":")[1].split(",")[0] for seq, reason in vehicle.set_aside().items()} == {
        1: " too large", 2: " too large", 3: " too large"
    }  # fmt: skip
    assert vehicle.outbox.statistics().aside == 3
