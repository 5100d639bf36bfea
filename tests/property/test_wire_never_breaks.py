"""Whatever comes in, nothing but our own results comes out; and no sentence is lost in noise."""

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.property.sentences import sealed, sentences, spoilt, valid_body
from tracker.errors import BadInput, Reason
from tracker.wire import payload, tagblock
from tracker.wire.framing import SentenceFramer
from tracker.wire.payload import Reading, Unreadable
from tracker.wire.stream import EpochReader
from tracker.wire.tagblock import TagBlock

RECEIVED = datetime(2026, 11, 21, 3, 4, 6, tzinfo=UTC)

blocks = st.builds(
    lambda source, sequence, at: tagblock.encode(TagBlock(source, sequence, at)),
    st.sampled_from(["gnss", "modem"]),
    st.none() | st.integers(0, 2**40),
    st.none() | st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
)
hostile_blocks = st.text("snc:,0123456789.-gx*\\", max_size=25).map(
    lambda text: b"\\" + sealed(text.encode())[1:] + b"\\"
)
lines = sentences() | spoilt() | st.binary(max_size=40) | valid_body.map(sealed)
messages = st.lists(
    st.builds(
        lambda block, line, end: block + line + end,
        st.just(b"") | blocks | hostile_blocks | st.binary(max_size=5),
        lines,
        st.sampled_from([b"\r\n", b"\n", b"", b"\r"]),
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=600, deadline=None)
@given(messages | st.binary(max_size=300))
@example(b"")
@example(b"\xff" * 1_000_000)
@example(b"\\\\\r\n\\*00\\")
@example(b"$" * 16_384)
def test_decode_never_raises_and_never_stays_silent(message: bytes) -> None:
    """Every payload gives at least one reading or one entry for the quarantine, each with its reason."""
    found = payload.decode(message, RECEIVED)
    assert found
    for item in found:
        if isinstance(item, Reading):
            assert (item.fix is None) == (item.reason is Reason.NO_FIX)
            if item.fix is not None:
                assert -90 <= item.fix.latitude <= 90
                assert -180 <= item.fix.longitude <= 180
                assert item.fix.time.utcoffset() is not None
        else:
            assert isinstance(item, Unreadable)
            assert "\n" not in item.detail
            assert len(item.detail) < 500


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=200) | messages, max_size=6))
def test_a_unit_survives_any_byte_stream(chunks: list[bytes]) -> None:
    """What the unit makes of any stream can be encoded, and the gateway reads every line of it."""
    framer, reader = SentenceFramer(), EpochReader()
    framed = [line for chunk in chunks for line in framer.feed(chunk)] + framer.flush()
    epochs = [epoch for line in framed for epoch in reader.feed(line)] + reader.flush()
    for number, epoch in enumerate(epochs):
        found = payload.decode(payload.encode_epoch("gnss", number, epoch.device_time, epoch.lines), RECEIVED)
        assert [item.sequence for item in found] == [number]
        assert isinstance(found[0], Reading) or found[0].reason is Reason.DISAGREEMENT


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(max_size=30), valid_body.map(sealed), st.sampled_from([b"\r\n", b"\n", b"\r", b""])),
        max_size=6,
    ),
    st.binary(max_size=30),
    st.integers(1, 64),
)
def test_no_valid_sentence_is_lost_in_noise(parts: list[tuple[bytes, bytes, bytes]], tail: bytes, size: int) -> None:
    """Whatever stands before, between and after them, and wherever the reads are cut."""
    stream = b"".join(noise + line + end for noise, line, end in parts) + tail
    framer = SentenceFramer()
    framed = [line for at in range(0, len(stream), size) for line in framer.feed(stream[at : at + size])]
    framed += framer.flush()
    wanted = [line for _, line, _ in parts]
    found = iter(framed)
    assert all(line in found for line in wanted), "each of them, in order"


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True),
    st.none() | st.integers(0, 2**63 - 1),
    st.none() | st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
)
def test_a_tag_block_comes_back_as_it_went(source: str, sequence: int | None, at: datetime | None) -> None:
    """Only the fraction below a millisecond is lost."""
    block, rest = tagblock.split(tagblock.encode(TagBlock(source, sequence, at)) + b"$X")
    cut = None if at is None else at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert block == TagBlock(source, sequence, cut)
    assert rest == b"$X"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60).map(lambda tail: b"\\" + tail) | hostile_blocks)
def test_a_bad_tag_block_is_our_own_error(line: bytes) -> None:
    """Never another exception."""
    reason = None
    try:
        tagblock.split(line)
    except BadInput as error:
        reason = error.reason
    assert reason in (None, Reason.TAG_BLOCK)
