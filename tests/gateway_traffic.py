"""What the gateway's tests send: epochs of NMEA as a unit puts them on the wire, and a client of the broker that does
nothing by itself.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.fix_gateway import CENTRE, POLL_S
from tracker.wire.checksum import xor
from tracker.wire.payload import encode_epoch
from tracker.wire.receipt import Receipt
from tracker.wire.receipt import decode as decode_receipt

MORNING = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
"""An instant for what does not depend on the clock."""


def sentence(body: str) -> bytes:
    """``GPRMC,...`` with its mark and checksum."""
    return b"$%b*%02X" % (body.encode(), xor(body.encode()))


def coordinates(latitude: float, longitude: float) -> str:
    """``ddmm.mmmmm,N,dddmm.mmmmm,E``."""
    ns, ew = "NS"[latitude < 0], "EW"[longitude < 0]
    (south, south_minutes), (east, east_minutes) = (
        divmod(round(abs(degrees) * 60, 5), 60) for degrees in (latitude, longitude)
    )
    return f"{int(south):02d}{south_minutes:08.5f},{ns},{int(east):03d}{east_minutes:08.5f},{ew}"


def rmc(at: datetime, latitude: float = -7.15, longitude: float = 111.88, knots: float = 0.0) -> bytes:
    """An RMC sentence with a full date."""
    time_of_day = f"{at:%H%M%S}.{at.microsecond // 1000:03d}"
    return sentence(f"GPRMC,{time_of_day},A,{coordinates(latitude, longitude)},{knots:.1f},87.1,{at:%d%m%y},,,A")


def gga(at: datetime, latitude: float = -7.15, longitude: float = 111.88, quality: int = 1) -> bytes:
    """A GGA sentence: no speed, no date."""
    time_of_day = f"{at:%H%M%S}.{at.microsecond // 1000:03d}"
    return sentence(f"GPGGA,{time_of_day},{coordinates(latitude, longitude)},{quality},09,0.9,21.5,M,,M,,")


def epoch(sequence: int, at: datetime, latitude: float = -7.15, longitude: float = 111.88) -> bytes:
    """One epoch with its TAG block, as `sigap-unit` sends it."""
    return encode_epoch("gnss", sequence, at, [rmc(at, latitude, longitude), gga(at, latitude, longitude)])


def topic(unit: str, channel: str = "live/box", centre: str = CENTRE) -> str:
    """A topic below a unit."""
    return f"sigap/v1/{centre}/units/{unit}/{channel}"


class Peer:
    """A client of the broker. It keeps what it hears and when, and says only what it is told to.

    Use `peer`.
    """

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes, float]] = []  # topic, payload, time.monotonic()
        self._changed = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            self.heard.append((message.topic, bytes(message.payload), time.monotonic()))
            self._changed.notify_all()

    def listen(self, *filters: str) -> None:
        """Subscribe, and wait until the broker has agreed."""
        agreed = threading.Event()
        self.client.on_subscribe = lambda *_: agreed.set()
        self.client.subscribe([(text, SubscribeOptions(qos=1)) for text in filters])
        assert agreed.wait(10)

    def say(self, to: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1, and wait until the broker has it."""
        self.client.publish(to, payload, qos=1, retain=retain).wait_for_publish(10)

    def hear(self, wanted: Any, within_s: float = 10.0) -> Any:
        """Wait until ``wanted(self)`` is true of what was heard; returns it."""
        deadline = time.monotonic() + within_s
        with self._changed:
            while not (found := wanted(self)):
                assert time.monotonic() < deadline, f"not heard within {within_s:g} s; heard: {self.heard!r}"
                self._changed.wait(POLL_S)
        return found

    @property
    def receipts(self) -> list[Receipt]:
        """All receipts heard, in order."""
        return [decode_receipt(payload) for told, payload, _ in self.heard if "/receipt/" in told]

    def receipted(self, kind: str) -> set[int]:
        """Every sequence number heard under one heading of a receipt."""
        return {
            number
            for receipt in self.receipts
            for first, last in getattr(receipt, kind)
            for number in range(first, last + 1)
        }


@contextmanager
def peer(port: int) -> Iterator[Peer]:
    """A connected client of the broker at this port, for the length of the block."""
    made = Peer(port)
    made.client.loop_start()
    try:
        yield made
    finally:
        made.client.disconnect()
        made.client.loop_stop()
