"""MQTT 5 packets out of a byte stream, as many as have come, and what the gateway needs of a PUBLISH.

paho asks the socket three times for every packet and builds four objects for a message; at ten thousand messages a
second that is half of the gateway's time. Here a packet costs two slices. No I/O in this file.
MQTT 5.0 (OASIS, 2019): 2.1 fixed header, 1.5.5 variable byte integer, 3.3 PUBLISH.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

PUBLISH = 0x30
PUBACK = 0x40


class Malformed(Exception):
    """The stream is not MQTT 5 from here on: the connection must end."""


class Publish(NamedTuple):
    """A PUBLISH packet. Properties are passed over: nothing essential travels in them."""

    topic: str  # bytes that are no UTF-8 escaped with backslashes
    payload: bytes
    qos: int  # 0 or 1
    mid: int  # packet identifier; 0 where qos is 0
    retained: bool


class Packets:
    """Cuts the bytes of one connection into packets."""

    def __init__(self) -> None:
        self._rest = bytearray()  # of a packet that has not come whole
        self._needed = 0  # bytes that it takes, as far as known

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The packets that these bytes complete, each as its first byte and what follows the remaining length.

        Raises:
            Malformed: a length is longer than MQTT allows.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest.clear()
            self._needed = 0  # what the last packet took says nothing of the next
        at, end = 0, len(data)
        while end - at >= 2:
            length, body = data[at + 1], at + 2
            if length > 127:
                read = _variable(data, at + 1)
                if read is None:
                    break
                length, body = read
            if body + length > end:
                self._needed = body + length - at
                break
            yield data[at], data[body : body + length]
            at = body + length
        if at < end:
            self._rest += data[at:]
            if end - at < 2 or self._needed <= end - at:
                self._needed = end - at + 1


def read_publish(first: int, body: bytes) -> Publish:
    """Take a PUBLISH apart.

    Raises:
        Malformed: it is cut short, or its QoS is above what we ever subscribe to.
    """
    qos = first >> 1 & 3
    if qos > 1 or len(body) < 2:
        raise Malformed(f"a PUBLISH of QoS {qos}, {len(body)} bytes")
    at = 2 + (body[0] << 8 | body[1])
    topic = body[2:at].decode("utf-8", "backslashreplace")
    mid = 0
    try:
        if qos:
            mid = body[at] << 8 | body[at + 1]
            at += 2
        if body[at]:
            read = _variable(body, at)
            if read is None:
                raise Malformed("a PUBLISH whose properties are cut short")
            length, at = read
            at += length
        else:
            at += 1
    except IndexError:
        raise Malformed("a PUBLISH that is cut short") from None
    if at > len(body):
        raise Malformed("a PUBLISH whose properties are cut short")
    return Publish(topic, body[at:], qos, mid, bool(first & 1))


def puback(mids: Iterable[int]) -> bytes:
    """Acknowledgements of these packet identifiers, one behind the other, to be sent as one piece."""
    return b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids])


def _variable(data: bytes, at: int) -> tuple[int, int] | None:
    """The variable byte integer there and the place behind it; None if it has not come whole."""
    value = 0
    for count in range(4):
        if at + count >= len(data):
            return None
        byte = data[at + count]
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, at + count + 1
    raise Malformed("a length of more than four bytes")
