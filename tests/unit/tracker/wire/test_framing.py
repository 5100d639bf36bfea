"""Sentences out of bytes."""

from tests.property.sentences import sealed
from tracker.wire.framing import MAX_SENTENCE, SentenceFramer

ONE = sealed(b"GPRMC,030405,A,0709.1234,S,11152.6789,E,,,211126,,")
TWO = sealed(b"GPGGA,030405,0709.1234,S,11152.6789,E,1,,,,M,,M,,")


def framed(*chunks: bytes) -> list[bytes]:
    framer = SentenceFramer()
    return [line for chunk in chunks for line in framer.feed(chunk)] + framer.flush()


def test_any_line_end_will_do_and_so_will_none() -> None:
    """CR LF, LF, CR, nothing in between, nothing at the end."""
    for end in (b"\r\n", b"\n", b"\r", b""):
        assert framed(ONE + end + TWO) == [ONE, TWO]


def test_a_sentence_is_given_as_soon_as_it_is_whole() -> None:
    """With its last digit, not with the next line."""
    framer = SentenceFramer()
    assert framer.feed(ONE[:-1]) == []
    assert framer.feed(ONE[-1:]) == [ONE]
    assert framer.flush() == []


def test_bytes_may_come_one_at_a_time() -> None:
    """A slow serial line."""
    stream = b"\xb5\x62$" + ONE + b"\r\n\x00\xff" + TWO
    assert framed(*(stream[at : at + 1] for at in range(len(stream)))) == [ONE, TWO]


def test_binary_data_between_sentences_loses_none() -> None:
    """A receiver that speaks two protocols, and a mark in the binary one."""
    assert framed(b"\xb5\x62\x01$\x07!" + ONE + b"\xa0\xa2$" + TWO + b"\xb0\xb3") == [ONE, TWO]


def test_a_cut_sentence_is_handed_on_and_does_not_take_the_next_with_it() -> None:
    """Somebody counts it."""
    assert framed(ONE[:20] + TWO) == [ONE[:20], TWO]
    assert framed(ONE[:20] + b"\r\n" + TWO) == [ONE[:20], TWO]
    assert framed(ONE[:20]) == [ONE[:20]]


def test_an_endless_sentence_is_not_waited_for() -> None:
    """Nothing grows without bound."""
    framer = SentenceFramer()
    assert framer.feed(b"$GPTXT," + b"A" * (2 * MAX_SENTENCE)) == []
    assert framer.feed(ONE) == [ONE]
