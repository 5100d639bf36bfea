"""The reader of MQTT packets: whatever way the bytes are cut, the same packets; and no error but its own."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.packets import Malformed, Packets, Publish, puback, read_publish


def variable(number: int) -> bytes:
    """A variable byte integer, as MQTT 5.0 section 1.5.5 encodes it."""
    digits = bytearray()
    while True:
        number, low = divmod(number, 128)
        digits.append(low | (128 if number else 0))
        if not number:
            return bytes(digits)


def packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + variable(len(body)) + body


def publish_body(message: Publish, properties: bytes = b"") -> bytes:
    topic = message.topic.encode()
    mid = message.mid.to_bytes(2, "big") if message.qos else b""
    return len(topic).to_bytes(2, "big") + topic + mid + variable(len(properties)) + properties + message.payload


topics = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
messages = st.one_of(
    st.builds(Publish, topics, st.binary(max_size=400), st.just(0), st.just(0), st.booleans()),
    st.builds(Publish, topics, st.binary(max_size=400), st.just(1), st.integers(1, 65535), st.booleans()),
)
bodies = st.one_of(st.binary(max_size=20), st.integers(120, 40_000).map(lambda length: bytes(length)))


@given(st.lists(st.tuples(st.integers(0, 255), bodies), max_size=8), st.data())
def test_packets_are_the_same_however_the_stream_is_cut(sent: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """A socket gives bytes in pieces of its own choosing; packets neither lose nor gain by that."""
    stream = b"".join(packet(first, body) for first, body in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    packets = Packets()
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [found for piece in pieces for found in packets.feed(piece)] == sent


def test_a_stream_that_comes_byte_by_byte_gives_each_packet_with_its_last_byte() -> None:
    """Nothing is held back once it is whole, whatever the size of its length field."""
    for length in (0, 1, 127, 128, 16_383, 16_384, 20_000):
        stream = packet(0x30, bytes(length))
        packets = Packets()
        assert [found for byte in stream[:-1] for found in packets.feed(bytes([byte]))] == []
        assert list(packets.feed(stream[-1:])) == [(0x30, bytes(length))]


def test_a_cut_within_a_length_waits_for_that_packet_alone() -> None:
    """Not for as many bytes as the packet before it took: that would hold it, and the keep-alive, for ever."""
    long, short = packet(0x30, bytes(9000)), packet(0x30, bytes(200))
    packets = Packets()
    assert list(packets.feed(long[:100])) == []
    assert len(list(packets.feed(long[100:]))) == 1
    assert list(packets.feed(short[:2])) == []
    assert len(list(packets.feed(short[2:]))) == 1


@given(messages, st.binary(max_size=200))
def test_a_publish_is_read_as_it_was_written(message: Publish, properties: bytes) -> None:
    """Topic, payload, number and the retain flag arrive; properties of any kind do no harm."""
    first = 0x30 | message.qos << 1 | message.retained
    assert read_publish(first, publish_body(message, properties)) == message


@given(st.integers(0x30, 0x3F), st.binary(max_size=60))
def test_any_bytes_are_a_publish_or_malformed(first: int, body: bytes) -> None:
    """A broker that goes mad costs a connection, and nothing else."""
    with suppress(Malformed):
        read_publish(first, body)


def test_a_topic_that_is_no_utf_8_is_kept_in_escapes() -> None:
    """It goes to the quarantine under a name that can be stored and read."""
    assert read_publish(0x30, b"\x00\x03a\xff/\x00x").topic == "a\\xff/"


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x05ab", b"\x00\x01a", b"\x00\x01a\x00", b"\x00\x01a\x00\x01"])
def test_a_publish_cut_short_is_malformed(body: bytes) -> None:
    """Its length said that it was whole, so the rest will never come."""
    with pytest.raises(Malformed):
        read_publish(0x32, body)


def test_a_publish_of_qos_2_is_malformed() -> None:
    """We subscribe at QoS 1, and a broker may send at no more than that."""
    with pytest.raises(Malformed):
        read_publish(0x34, b"\x00\x01a\x00\x01\x00payload")


def test_a_length_of_five_bytes_is_malformed() -> None:
    """MQTT lengths have four at the most."""
    with pytest.raises(Malformed):
        list(Packets().feed(b"\x30\xff\xff\xff\xff\x01"))


def test_acknowledgements_are_one_piece() -> None:
    """Four bytes each, in order: type, length 2, packet identifier."""
    assert puback([1, 258, 65535]) == b"\x40\x02\x00\x01\x40\x02\x01\x02\x40\x02\xff\xff"
