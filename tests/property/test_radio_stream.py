"""A base radio's port: whatever stands between whole messages, and however the stream is cut, none is lost."""

import itertools
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.tracker.wire.test_kenwood import EXAMPLES, PKLDS, PKNDS
from tests.unit.tracker.wire.test_taip import EXAMPLE
from tracker.errors import BadInput
from tracker.wire import radio
from tracker.wire.radio import Frame, RadioFramer

RMC = b"$GPRMC,081836,A,3751.65,S,14507.36,E,000.0,360.0,130998,011.3,E*62"
WHOLE = [line for line, _, _ in EXAMPLES] + [EXAMPLE]
CALLER_ID = b"\x02I020018142001814\x03"
HALVES = [line[:cut] for line in (PKLDS, EXAMPLE, RMC) for cut in (1, 7, 30, len(line) - 2, len(line) - 1)]
NOISE = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"\r\n", b"\x02", b"\x03", b"\x02\r\n", CALLER_ID, b"00001", b"$", b">", b"<", b"*", b"$PKL"]
    ),
    st.sampled_from(HALVES),
)


def frames(data: bytes, cuts: list[int]) -> list[Frame]:
    """All frames of a stream that comes in pieces."""
    framer = RadioFramer()
    found = []
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for begin, end in itertools.pairwise(edges):
        found += framer.feed(data[begin:end])
    return found + framer.flush()


def holds(found: list[bytes], wanted: list[bytes]) -> bool:
    """Whether all that is wanted was found, in its order, with anything in between."""
    rest = iter(found)
    return all(line in rest for line in wanted)


@given(
    pieces=st.lists(st.tuples(NOISE, st.sampled_from(WHOLE)), max_size=8),
    tail=NOISE,
    cuts=st.lists(st.integers(0, 2000), max_size=12),
)
@example(pieces=[(b"", PKLDS), (b"", PKNDS), (b"", EXAMPLE)], tail=b"", cuts=[])  # glued together
@example(pieces=[(PKLDS[:40], PKLDS), (b">RPV157", EXAMPLE)], tail=PKNDS[:20], cuts=[3, 41, 44])  # after halves
@example(pieces=[(b"$x", EXAMPLE), (b">", PKLDS), (b"!", PKNDS)], tail=b"", cuts=[1, 2])  # a mark of the other language
def test_noise_and_cuts_lose_no_message(pieces: list[tuple[bytes, bytes]], tail: bytes, cuts: list[int]) -> None:
    """Every whole message comes out, in order, and nothing that was not sent passes the readers."""
    data = b"".join(noise + line for noise, line in pieces) + tail
    found = frames(data, cuts)
    assert holds([frame.line for frame in found], [line for _, line in pieces])
    assert found == frames(data, [])


@given(
    pieces=st.lists(st.tuples(NOISE, st.sampled_from([b"1001 ", b"ID=77;", b"a7,", b"1001:"])), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 800), max_size=12),
)
def test_an_id_at_the_head_of_a_line_belongs_to_its_sentence(
    pieces: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    """Plain NMEA after an id, each on a line of its own or behind STX."""
    data = b"".join(
        noise + (b"\r\n" if place % 2 else b"\x02") + name + RMC for place, (noise, name) in enumerate(pieces)
    )
    found = [frame for frame in frames(data, cuts) if frame.line == RMC]
    expected = [name.decode().removeprefix("ID=")[:-1].lower() for _, name in pieces]
    assert [frame.prefix for frame in found] == expected


def test_an_id_behind_noise_on_its_line_is_not_believed() -> None:
    """Noise before it would make another radio of it."""
    (frame,) = frames(b"\x7f9#1001 " + RMC, [])
    assert frame.prefix is None


@given(st.binary(max_size=300))
def test_any_bytes_give_a_message_or_a_reason(data: bytes) -> None:
    """Garbage is refused with our own error, and never with another."""
    for frame in frames(data, []):
        with suppress(BadInput):
            radio.read(frame.line)


@given(st.binary(max_size=300))
def test_any_payload_gives_something(payload: bytes) -> None:
    """The gateway's side never raises, and never answers nothing."""
    assert radio.decode(payload, datetime(2026, 11, 21, tzinfo=UTC), "fs-100-1001")
