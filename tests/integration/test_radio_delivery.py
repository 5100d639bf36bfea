"""A bridge's outbox against a real broker, with the centre played by hand: what goes out when, and what is kept."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from fieldunit.outbox import MemoryOutbox
from fieldunit.radio import delivery as rules
from fieldunit.radio.bridge import Spoken
from fieldunit.radio.delivery import BridgeDelivery
from fieldunit.radio.table import Table
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.network import Network
from gateway.demo.broker import Mosquitto
from tests.fix_gateway import CENTRE, until
from tests.gateway_traffic import Peer, peer
from tests.unit.tracker.wire.test_kenwood import pklds
from tracker.wire import presence, radio, reports
from tracker.wire.presence import Presence
from tracker.wire.receipt import Receipt, encode
from tracker.wire.reports import CrewStatus, Source, Status
from tracker.wire.topics import bridge_presence, bridge_receipt, gateway_presence, read_bridge_topic

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
ONE, TWO = "fs-100-1001", "nx-2"


class Room:
    """A bridge and the centre's side of the broker."""

    def __init__(self, network: Network, centre: Peer, broker: Mosquitto) -> None:
        self.network, self.centre = network, centre
        self.store = MemoryOutbox()
        self.table = Table({ONE: "ambulans-01"}, {})
        self.told: list[str] = []
        self.delivery = network.add(
            lambda: BridgeDelivery(
                CENTRE, "induk", self.store, lambda: self.table, Broker("127.0.0.1", broker.port),
                firmware="test", tell=self.told.append, backoff=Backoff(minimum=0.05),
            )
        )  # fmt: skip

    def hear(self, name: str = ONE, second: int = 5) -> int:
        """A position comes over the air."""
        line = pklds(time=f"0304{second % 60:02}", day="211126")
        seq = self.store.append(name, AT + timedelta(seconds=second), [line])
        self.network.call(self.delivery.appended, seq)
        return seq

    def say(self, name: str) -> int:
        """A status comes over the air."""
        body = reports.body(Status(at=AT, status=CrewStatus.EN_ROUTE, source=Source.RADIO))
        seq = self.store.append_report(msgspec.json.encode(Spoken(name, msgspec.Raw(body))), AT)
        self.network.call(self.delivery.appended, seq)
        return seq

    def gateway(self, *, online: bool) -> None:
        """The gateway comes or goes."""
        self.centre.say(gateway_presence(CENTRE), presence.encode(Presence(online)), retain=True)

    def receipt(self, *seqs: int) -> None:
        """The gateway has committed these."""
        told = Receipt(stored=tuple((seq, seq) for seq in seqs))
        self.centre.say(bridge_receipt(CENTRE, "induk", self.store.id), encode(told))

    @property
    def sent(self) -> list[tuple[str, list[int]]]:
        """What came, as the topic's end and the numbers in it."""
        found = []
        for text, payload, _ in self.centre.heard:
            topic = read_bridge_topic(text) if "/units/" in text or "/radios/" in text else None
            if topic is not None:
                assert topic.outbox == self.store.id
                parts: list[int | None] = (
                    [part.sequence for part in reports.decode(payload) if isinstance(part, reports.Numbered)]
                    if topic.channel == "status"
                    else [part.sequence for part in radio.decode(payload, AT)]
                )
                kind = "unit" if topic.known else "radio"
                found.append((f"{kind} {topic.name} {topic.channel}", [seq for seq in parts if seq is not None]))
        return found

    def sees(self, wanted: Callable[[], bool], what: str) -> None:
        """Wait for something."""
        until(wanted, 15, f"{what}; came: {self.sent}, told: {self.told}")


@pytest.fixture
def room(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """With waits of a tenth."""
    monkeypatch.setattr(rules, "FIRST_RESEND_S", 0.3)
    monkeypatch.setattr(rules, "LAST_RESEND_S", 0.6)
    with peer(mosquitto.port) as centre:
        centre.listen(f"sigap/v1/{CENTRE}/bridges/#")
        with Network() as network:
            made = Room(network, centre, mosquitto)
            until(lambda: made.delivery.up, 10, "a connection")
            yield made


def test_what_was_just_heard_goes_out_at_once_and_waits_for_its_receipt(room: Room) -> None:
    """Live, under the unit or the radio; a PUBACK takes nothing out of the outbox, a receipt does."""
    one, two, said = room.hear(ONE), room.hear(TWO), room.say(TWO)
    room.sees(lambda: len(room.sent) >= 3, "three messages")
    assert sorted(room.sent[:3]) == [
        ("radio nx-2 live", [two]),
        ("radio nx-2 status", [said]),
        ("unit ambulans-01 live", [one]),
    ]
    assert room.store.depth == 3
    room.receipt(one, two, said)
    room.sees(lambda: room.store.depth == 0, "an empty outbox")
    room.sees(lambda: room.delivery.receipted == 3, "three receipts counted")


def test_without_a_receipt_it_comes_again_as_backlog(room: Room) -> None:
    """Until there is one, and no more after it."""
    seq = room.hear()
    room.sees(lambda: ("unit ambulans-01 backlog", [seq]) in room.sent, "the same again")
    room.receipt(seq)
    room.sees(lambda: room.store.depth == 0, "an empty outbox")
    count = len(room.sent)
    time.sleep(1.0)  # the resend's longest wait is 0.6 s here
    assert len(room.sent) == count


def test_while_the_gateway_is_away_nothing_goes_out_and_then_the_newest_first(room: Room) -> None:
    """The newest of each radio live, the rest oldest first, in messages of one radio each."""
    room.gateway(online=False)
    time.sleep(0.3)  # it has no way to say that it has heard
    seqs = [room.hear(ONE if second % 2 else TWO, second) for second in range(30)]
    said = room.say(ONE)
    time.sleep(0.7)
    assert room.sent == []
    room.gateway(online=True)
    room.sees(lambda: {seq for _, numbers in room.sent for seq in numbers} == {*seqs, said}, "all of them")
    kinds = [kind for kind, _ in room.sent]
    assert kinds[0] == "unit ambulans-01 status"
    assert sorted(room.sent[1:3]) == [("radio nx-2 live", [29]), ("unit ambulans-01 live", [30])]
    assert len(room.sent) < 10
    assert all(numbers == sorted(numbers) for _, numbers in room.sent)


def test_a_correction_of_the_table_reaches_what_still_waits(room: Room) -> None:
    """Whose a radio is, is looked up when it is sent."""
    seq = room.hear(TWO)
    room.sees(lambda: ("radio nx-2 live", [seq]) in room.sent, "it under its radio")
    room.table = Table({TWO: "ambulans-02"}, {})
    room.sees(lambda: ("unit ambulans-02 backlog", [seq]) in room.sent, "it under its unit")


def test_a_backlog_larger_than_the_window_drains(room: Room) -> None:
    """Three times what may be under way, receipted as it comes."""
    room.gateway(online=False)
    time.sleep(0.3)
    count = 3 * rules.UNDER_WAY
    for second in range(count):
        room.hear(ONE if second % 3 else TWO, second)
    room.gateway(online=True)
    done: set[int] = set()

    def drained() -> bool:
        new = {seq for _, numbers in room.sent for seq in numbers} - done
        done.update(new)
        if new:
            room.receipt(*new)
        return room.store.depth == 0

    room.sees(drained, "an empty outbox")
    assert done == set(range(1, count + 1))


def test_poison_is_set_aside_when_others_get_through(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never has a receipt ends its way after a while; where nobody has one, nothing is given up."""
    monkeypatch.setattr(rules, "SET_ASIDE_AFTER", 3)
    poison = room.hear()
    room.sees(lambda: sum(poison in numbers for _, numbers in room.sent) >= 5, "five sendings")
    assert room.store.depth == 1  # nobody else had a receipt: it is the centre, not the item
    other = room.hear(ONE, 9)
    room.receipt(other)
    room.sees(lambda: room.store.depth == 0, "nothing that waits")
    assert room.store.statistics().aside == 1
    assert any("set aside" in sentence for sentence in room.told)


def test_it_says_that_it_is_there_and_goes_with_a_word(mosquitto: Mosquitto) -> None:
    """Presence, retained; offline at a clean stop."""
    with peer(mosquitto.port) as centre:
        centre.listen(bridge_presence(CENTRE, "induk"))
        with Network() as network:
            Room(network, centre, mosquitto)
            centre.hear(lambda it: [p for _, p, _ in it.heard if presence.decode(p).online])
        centre.hear(lambda it: not presence.decode(it.heard[-1][1]).online)
