"""Both NMEA readers are one: the fast one is only fast."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.sentences import sealed, sentences, spoilt
from tracker.errors import BadInput, Reason
from tracker.wire import nmea, nmea_fast
from tracker.wire.sentence import Sentence


def outcome(read: object, line: bytes) -> Sentence | Reason | None:
    assert callable(read)
    try:
        result = read(line)
    except BadInput as error:
        return error.reason
    assert result is None or isinstance(result, Sentence)
    return result


@settings(max_examples=1000, deadline=None)
@given(sentences(("RMC", "GGA", "GLL", "VTG", "GSA")))
def test_hot_sentences_read_the_same_both_ways(line: bytes) -> None:
    """Same values to the last bit, or the same reason for refusal."""
    assert outcome(nmea_fast.read, line) == outcome(nmea.read, line)


@settings(max_examples=600, deadline=None)
@given(spoilt() | sentences() | st.binary(max_size=100))
def test_spoilt_sentences_and_noise_read_the_same_both_ways(line: bytes) -> None:
    """Cut, changed, hostile or no sentence at all: same result."""
    assert outcome(nmea_fast.read, line) == outcome(nmea.read, line)


@pytest.mark.parametrize(
    "body",
    [
        b"GNRMC,030405.20,A,0709.12345,S,11152.67890,E,12.34,87.10,211126,,,A,V",
        b"GPRMC,193222.00,A,2037.7283,N,08704.0847,W,00.0,201.8,231207,01,W,A",
        b"GPRMC,092751.000,A,5321.6802,N,00630.3371,W,0.06,31.66,280511,,",
        b"GNGGA,030405.20,0709.12345,S,11152.67890,E,1,09,0.9,25.3,M,12.1,M,,",
        b"GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,0000",
        b"GNGLL,4404.14063,N,12118.85478,W,171926.00,A,A",
        b"GPGLL,5321.6802,S,00630.3372,E,092750,A",
        b"GNVTG,,T,,M,0.117,N,0.216,K,A",
        b"GPGSA,A,3,10,28,09,13,,,,,,,,,03.4,01.7,03.0",
        b"GNGSA,A,3,01,11,31,14,22,32,04,25,03,,,,1.56,0.91,1.27,1",
    ],
)
def test_usual_sentences_take_the_fast_way(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof above is not empty: what receivers send all day never reaches pynmea2."""
    line = sealed(body)
    expected = nmea.read(line)
    monkeypatch.setattr(nmea, "read", None)
    assert nmea_fast.read(line) == expected
    assert expected is not None
