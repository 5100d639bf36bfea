"""A centre that a test plays by hand: it hears what units publish, and sends receipts and presence when told to."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Container
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tracker.wire import command, presence, receipt, reports
from tracker.wire.payload import Reading, decode
from tracker.wire.presence import Presence
from tracker.wire.receipt import Receipt, to_ranges
from tracker.wire.topics import Channel, UnitTopic, every_unit, gateway_presence, read_unit_topic

CENTRE = "bojonegoro"


class Heard(NamedTuple):
    """One epoch as it arrived."""

    unit: str
    channel: Channel
    outbox: str | None
    sequence: int | None
    fix_time: datetime | None


class ReceivingCentre:
    """Connected while the `with` block runs.

    Args:
        port: of the broker on loopback.
        receipts: whether every epoch gets its receipt by itself, ten times a second.
        strangers: units it does not know: their epochs are receipted as quarantined.
    """

    def __init__(self, port: int, *, receipts: bool = False, strangers: Container[str] = ()) -> None:
        self.heard: list[Heard] = []
        self.presences: list[tuple[str, Presence]] = []
        self.messages: list[tuple[Channel, bytes]] = []
        self.said: list[tuple[str, reports.Report]] = []
        self.said_numbers: list[tuple[str, int]] = []
        self.replies: list[tuple[str, command.Reply]] = []
        self._port = port
        self._receipts = receipts
        self._strangers = strangers
        self._stop = threading.Event()
        self._owed: list[Heard] = []
        self._lock = threading.Lock()
        self._subscribed = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id="receiving-centre", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(every_unit(CENTRE, channel), 1) for channel in Channel if channel is not Channel.RECEIPT]
        )
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._giving = threading.Thread(target=self._give)

    def say_online(self, online: bool) -> None:
        """The gateway's retained presence."""
        payload = presence.encode(Presence(online))
        self._client.publish(gateway_presence(CENTRE), payload, qos=1, retain=True).wait_for_publish(10)

    def command(self, unit: str, order: command.Command) -> None:
        """Command a unit something."""
        topic = str(UnitTopic(CENTRE, unit, Channel.COMMAND))
        self._client.publish(topic, command.encode(order), qos=1).wait_for_publish(10)

    def receipt(self, unit: str, outbox: str, sequences: set[int]) -> None:
        """Say that these are stored, or for a stranger that they are kept in the quarantine."""
        topic = str(UnitTopic(CENTRE, unit, Channel.RECEIPT, outbox))
        ranges = to_ranges(sequences)
        said = Receipt(quarantined=ranges) if unit in self._strangers else Receipt(stored=ranges)
        payload = receipt.encode(said)
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def sequences(self, channel: Channel | None = None) -> Counter[int]:
        """How often each number was heard."""
        with self._lock:
            return Counter(h.sequence for h in self.heard if h.sequence is not None and channel in (None, h.channel))

    def of(self, channel: Channel) -> list[bytes]:
        """The payloads that came on a channel."""
        with self._lock:
            return [payload for came, payload in self.messages if came is channel]

    def fix_times(self, unit: str) -> list[datetime]:
        """Distinct fix times of a unit, rising."""
        with self._lock:
            return sorted({h.fix_time for h in self.heard if h.unit == unit and h.fix_time is not None})

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(10)
        self._giving.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._giving.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        topic = read_unit_topic(message.topic)
        payload = bytes(message.payload)
        with self._lock:
            if topic.channel is Channel.PRESENCE:
                self.presences.append((topic.unit, presence.decode(payload)))
                return
            self.messages.append((topic.channel, payload))
            if topic.channel is Channel.STATUS:
                for said in reports.decode(payload):
                    heard = Heard(topic.unit, topic.channel, topic.outbox, said.sequence, None)
                    self._owed.append(heard)
                    if isinstance(said, reports.Numbered):
                        self.said.append((topic.unit, said.report))
                        self.said_numbers.append((topic.unit, said.sequence))
                return
            if topic.channel is Channel.COMMAND_REPLY:
                self.replies.append((topic.unit, command.decode_reply(payload)))
                return
            if topic.channel is Channel.HEALTH:
                return
            for found in decode(payload, datetime.now(UTC)):
                fix_time = found.fix.time if isinstance(found, Reading) and found.fix is not None else None
                heard = Heard(topic.unit, topic.channel, topic.outbox, found.sequence, fix_time)
                self.heard.append(heard)
                self._owed.append(heard)

    def _give(self) -> None:
        while not self._stop.wait(0.1):
            with self._lock:
                owed, self._owed = self._owed, []
            if self._receipts:
                for unit, outbox in {(h.unit, h.outbox) for h in owed if h.outbox is not None}:
                    numbers = {h.sequence for h in owed if (h.unit, h.outbox) == (unit, outbox) and h.sequence}
                    self.receipt(unit, outbox, numbers)


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until the condition holds.

    Raises:
        AssertionError: it does not within the time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
