"""A vehicle for the tests of the lanes: an outbox, its lanes, and a clock that the test moves."""

from datetime import UTC, datetime

from fieldunit.outbox import Epoch, Item, Store
from fieldunit.uplink.lanes import WINDOWS, Lanes, Message, Windows
from tracker.wire import reports
from tracker.wire.topics import Channel

TIME = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
RMC = b"$GNRMC,030405.00,A,0709.00000,S,11153.00000,E,12.30,87.1,211126,,,A*6F"


class Vehicle:
    """An outbox, its lanes, and a clock."""

    def __init__(self, outbox: Store, windows: Windows = WINDOWS) -> None:
        self.outbox = outbox
        self.lanes = Lanes(outbox, windows)
        self.now = 1000.0

    def sample(self, count: int = 1, line: bytes = RMC) -> list[int]:
        """Epochs of the present."""
        seqs = []
        for _ in range(count):
            seqs.append(self.outbox.append("gnss", TIME, [line]))
            self.lanes.appended(Item(seqs[-1], "gnss", TIME, (line,)), self.now)
        return seqs

    def recall(self, count: int, line: bytes = RMC) -> list[int]:
        """Epochs of the past."""
        seqs = self.outbox.append_many([Epoch("gnss", TIME, (line,))] * count)
        self.lanes.recalled(seqs[0])
        return seqs

    def say(self, name: str = "siren") -> int:
        """A report."""
        seq = self.outbox.append_report(reports.body(reports.Input(at=TIME, name=name, on=True)), TIME)
        self.lanes.reported(seq)
        return seq

    def connect(self, *, gateway: bool = True, granted: int = 20) -> None:
        """There is a connection, and perhaps a gateway."""
        self.lanes.link_up(self.now, granted=granted)
        if gateway:
            self.lanes.gateway_present(True, self.now)

    def send(self, *, answer: bool = True, backlog: bool = True) -> list[Message]:
        """All that may go now; the broker answers at once."""
        messages = []
        while message := self.lanes.next_message(self.now, backlog=backlog):
            messages.append(message)
            if answer:
                self.lanes.acknowledged(message)
        return messages

    def receipt(self, *seqs: int) -> None:
        """The centre has these."""
        ranges = [(seq, seq) for seq in seqs]
        self.outbox.delete(ranges)
        self.lanes.receipted(ranges)

    def set_aside(self) -> dict[int, str]:
        """What the lanes have condemned goes where it belongs."""
        verdicts = self.lanes.to_set_aside()
        for seq, reason in verdicts.items():
            self.outbox.set_aside([seq], reason)
        return verdicts


def channels(messages: list[Message]) -> list[tuple[Channel, tuple[int, ...]]]:
    """What went where."""
    return [(message.channel, message.seqs) for message in messages]
