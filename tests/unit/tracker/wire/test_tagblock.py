r"""TAG blocks: ``\s:gnss,n:10234,c:1763750000*hh\``."""

from datetime import UTC, datetime

import pytest

from tests.property.sentences import sealed
from tracker.errors import BadInput, Reason
from tracker.wire import tagblock
from tracker.wire.tagblock import TagBlock

AT = datetime(2025, 11, 21, 18, 33, 20, tzinfo=UTC)  # 1763750000


def block(body: str) -> bytes:
    return b"\\" + sealed(body.encode())[1:] + b"\\"


def test_a_block_is_written_as_the_standard_has_it() -> None:
    """Source, number, whole seconds; the checksum covers what stands between backslash and asterisk."""
    assert tagblock.encode(TagBlock("gnss", 10234, AT)) == b"\\s:gnss,n:10234,c:1763750000*78\\"


def test_a_time_with_a_fraction_is_written_in_milliseconds() -> None:
    """The other form of the standard; what is below a millisecond is cut off."""
    assert b"c:1763750000250*" in tagblock.encode(TagBlock("gnss", 1, AT.replace(microsecond=250_999)))


@pytest.mark.parametrize(
    ("clock", "microsecond"), [("1763750000", 0), ("1763750000250", 250_000), ("1763750000.2", 200_000)]
)
def test_seconds_milliseconds_and_fractions_are_read(clock: str, microsecond: int) -> None:
    """The size of the number tells seconds from milliseconds."""
    found, rest = tagblock.split(block(f"s:gnss,n:7,c:{clock}") + b"$GPRMC")
    assert found == TagBlock("gnss", 7, AT.replace(microsecond=microsecond))
    assert rest == b"$GPRMC"


def test_parameters_of_others_are_passed_over_in_any_order() -> None:
    """Grouping, destination, relative time, text: legal, and none of ours."""
    found, _ = tagblock.split(block("g:1-2-34,c:1763750000,d:centre,r:12,t:hello,x:1,s:modem"))
    assert found == TagBlock("modem", None, AT)


def test_without_a_block_the_line_is_left_alone() -> None:
    """A bare device sends none."""
    assert tagblock.split(b"$GPRMC,1") == (None, b"$GPRMC,1")


@pytest.mark.parametrize(
    "line",
    [
        b"\\s:gnss,n:7,c:1763750000*00\\$X",
        b"\\s:gnss,n:7,c:1763750000\\$X",
        b"\\s:gnss,n:7",
        b"\\",
        block("s:Gnss,n:7"),
        block("s:a b,n:7"),
        block("s:gnss,n:-7"),
        block("s:gnss,n:seven"),
        block("s:gnss,n:9223372036854775808"),
        block("s:gnss,n:7,n:8"),
        block("s:gnss,c:yesterday"),
        block("s:gnss,c:-1"),
        block("s:gnss,n:1,c:999999999999999"),
        block("s:gnss,c:1.2.3"),
        block("hello"),
        block(""),
    ],
)
def test_what_is_no_block_of_ours_is_refused(line: bytes) -> None:
    """With the one reason that says which part of the message is bad."""
    with pytest.raises(BadInput) as caught:
        tagblock.split(line)
    assert caught.value.reason is Reason.TAG_BLOCK


def test_what_a_block_cannot_hold_is_not_written() -> None:
    """Milliseconds before March 1973 would read as seconds of a far year."""
    with pytest.raises(ValueError, match="TAG block"):
        tagblock.encode(TagBlock("gnss", 1, datetime(1970, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)))
    with pytest.raises(ValueError, match="sequence"):
        tagblock.encode(TagBlock("gnss", -1))
    with pytest.raises(BadInput):
        tagblock.encode(TagBlock("GNSS", 1))
