"""NMEA sentences become values in SI, or are refused with the right reason; tried on both readers."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.property.sentences import sealed
from tracker.errors import BadInput, Reason
from tracker.fix import Mode, Solution
from tracker.wire import nmea, nmea_fast
from tracker.wire.sentence import DAY, Sentence

Reader = Callable[[bytes], Sentence | None]

RMC = "GNRMC,030405.20,A,0709.12345,S,11152.67890,E,10.00,87.10,211126,,,A,V"
GGA = "GNGGA,030405.20,0709.12345,S,11152.67890,E,4,09,0.9,25.3,M,12.1,M,,"


@pytest.fixture(params=[nmea.read, nmea_fast.read], ids=["pynmea2", "fast"])
def read(request: pytest.FixtureRequest) -> Reader:
    reader: Reader = request.param
    return reader


def values(read: Reader, body: str) -> Sentence:
    sentence = read(sealed(body.encode()))
    assert sentence is not None
    return sentence


def refusal(read: Reader, line: bytes) -> Reason:
    with pytest.raises(BadInput) as caught:
        read(line)
    return caught.value.reason


def test_rmc(read: Reader) -> None:
    """Knots become metres per second, degrees and minutes become signed degrees."""
    rmc = values(read, RMC)
    assert (rmc.kind, rmc.talker, rmc.valid) == ("RMC", "GN", True)
    assert rmc.time == 11_045_200_000
    assert rmc.latitude == pytest.approx(-7.1520575, abs=1e-12)
    assert rmc.longitude == pytest.approx(111.87798166666667, abs=1e-12)
    assert rmc.speed == pytest.approx(5.144444, abs=1e-6)
    assert (rmc.course, rmc.day, rmc.short_year, rmc.digits) == (87.1, date(2026, 11, 21), True, 5)
    assert rmc.solution is Solution.AUTONOMOUS


def test_gga(read: Reader) -> None:
    """Quality 4 is RTK; altitude is above mean sea level."""
    gga = values(read, GGA)
    assert (gga.valid, gga.solution, gga.satellites) == (True, Solution.RTK_FIXED, 9)
    assert (gga.altitude, gga.hdop) == (25.3, 0.9)
    assert (gga.speed, gga.course, gga.day) == (None, None, None)


def test_gns_of_several_constellations_is_as_good_as_its_best(read: Reader) -> None:
    """``AN``: one constellation autonomous, one not used."""
    gns = values(read, "GNGNS,030405,0709.1234,S,11152.6789,E,NDAN,12,0.8,25.3,12.1,,")
    assert (gns.valid, gns.solution, gns.altitude, gns.satellites) == (True, Solution.DIFFERENTIAL, 25.3, 12)
    assert values(read, "GNGNS,030405,,,,,NN,00,99.9,,,,").valid is False


def test_gll_with_and_without_time_and_status(read: Reader) -> None:
    """NMEA before 2.0 sent nothing but the place; that is its claim."""
    assert values(read, "GPGLL,0709.1234,S,11152.6789,E,030405,A,A").valid is True
    assert values(read, "GPGLL,0709.1234,S,11152.6789,E,030405,V").valid is False
    old = values(read, "GPGLL,0709.1234,S,11152.6789,E")
    assert (old.valid, old.time) == (True, None)


def test_vtg_in_kilometres_where_knots_are_empty(read: Reader) -> None:
    """36 km/h are 10 m/s; 360 degrees are north."""
    assert values(read, "GPVTG,360.0,T,,M,,N,36.0,K,A").speed == pytest.approx(10)
    assert values(read, "GPVTG,360.0,T,,M,,N,36.0,K,A").course == 0
    assert values(read, "GPVTG,54.7,T,,M,10.0,N,99,K").speed == pytest.approx(5.144444, abs=1e-6)


def test_gsa_gst_zda(read: Reader) -> None:
    """Mode and dilution; standard deviations; a date with all its digits."""
    gsa = values(read, "GPGSA,A,2,10,28,09,13,,,,,,,,,3.4,1.7,3.0")
    assert (gsa.mode, gsa.hdop, gsa.valid) == (Mode.TWO_D, 1.7, True)
    assert values(read, "GPGSA,A,1,,,,,,,,,,,,,,,").valid is False
    gst = values(read, "GPGST,030405.00,1.1,2.0,1.0,45.0,1.5,2.5,4.0")
    assert (gst.deviation_north, gst.deviation_east) == (1.5, 2.5)
    assert values(read, "GPZDA,030405.00,21,11,2026,-07,00").day == date(2026, 11, 21)


def test_other_sentences_are_recognised_and_passed_over(read: Reader) -> None:
    """Satellites in view, a maker's own, AIS, an address nobody knows."""
    for body in ("GPGSV,1,1,00", "PMTK010,001", "PGRMC,A,1", "GPXYZ,1", "GPTXT,01,01,02,hello"):
        assert read(sealed(body.encode())) is None
    assert read(sealed(b"AIVDM,1,1,,A,15M67FC000G?ufbE`FepT@3n00Sa,0", b"!")) is None


def test_what_a_void_sentence_puts_for_a_place_is_not_read(read: Reader) -> None:
    """Some receivers without a fix send 90 degrees 60 minutes, or 360 degrees; that is no error."""
    void = values(read, "GPRMC,000452.981,V,36000.0000,N,72000.0000,E,0.0,,190120,,")
    assert (void.valid, void.latitude) == (False, None)
    assert values(read, "GPGGA,235946,8960.0,N,00000.0,E,0,0,,137.0,M,13.0,M,,").latitude is None


def test_unknown_is_none_and_never_zero(read: Reader) -> None:
    """Empty fields, and the zeros with which receivers write a date they do not know."""
    rmc = values(read, "GPRMC,030405,A,0709.1234,S,11152.6789,E,,,000000,,,A")
    assert (rmc.speed, rmc.course, rmc.day) == (None, None, None)
    assert values(read, "GPZDA,030405,00,00,0000,,").day is None


def test_a_leap_second_is_a_second(read: Reader) -> None:
    """23:59:60 is legal; 61 is not."""
    assert values(read, GGA.replace("030405.20", "235960.50")).time == DAY + 500_000
    assert refusal(read, sealed(GGA.replace("030405.20", "235961").encode())) is Reason.OUT_OF_RANGE


def test_two_digit_years_turn_at_eighty(read: Reader) -> None:
    """GPS began in 1980."""
    assert values(read, RMC.replace("211126", "211180")).day == date(1980, 11, 21)
    assert values(read, RMC.replace("211126", "211179")).day == date(2079, 11, 21)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("0709.12345,S", "9100.00000,S", Reason.OUT_OF_RANGE),
        ("0709.12345,S", "9000.00001,S", Reason.OUT_OF_RANGE),
        ("0709.12345,S", "0760.00000,S", Reason.OUT_OF_RANGE),
        ("11152.67890,E", "18000.00001,E", Reason.OUT_OF_RANGE),
        ("030405.20", "240000.00", Reason.OUT_OF_RANGE),
        ("030405.20", "036005.20", Reason.OUT_OF_RANGE),
        ("0709.12345,S", "0709.12345,", Reason.FIELD),
        ("0709.12345,S", "0709.12345,E", Reason.FIELD),
        ("0709.12345,S", "nan,S", Reason.FIELD),
        ("0709.12345,S", ",S", Reason.FIELD),
        ("0709.12345,S", "-709.12345,S", Reason.FIELD),
        ("030405.20", "3h04", Reason.FIELD),
    ],
)
@pytest.mark.parametrize("body", [RMC, GGA])
def test_what_cannot_be_is_refused(read: Reader, body: str, old: str, new: str, reason: Reason) -> None:
    """A place or a time that does not exist, and text that is none; pynmea2 lets most of them pass."""
    assert refusal(read, sealed(body.replace(old, new).encode())) is reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (RMC.replace("10.00", "inf"), Reason.FIELD),
        (RMC.replace("10.00", "1e3"), Reason.FIELD),
        (RMC.replace("10.00", "-1.0"), Reason.OUT_OF_RANGE),
        (RMC.replace("87.10", "361.0"), Reason.OUT_OF_RANGE),
        (RMC.replace("211126", "310226"), Reason.OUT_OF_RANGE),
        (RMC.replace("211126", "2208-1"), Reason.FIELD),
        (RMC.replace(",A,0709", ",X,0709"), Reason.FIELD),
        (GGA.replace("25.3,M", "25.3,F"), Reason.FIELD),
        (GGA.replace("25.3", "nan"), Reason.FIELD),
        (GGA.replace(",4,09", ",9,09"), Reason.OUT_OF_RANGE),
        (GGA.replace(",4,09", ",4,-9"), Reason.FIELD),
        ("GPZDA,030405,31,02,2026,,", Reason.OUT_OF_RANGE),
        ("GPZDA,030405,21,11,9999,,", Reason.OUT_OF_RANGE),
        ("GPZDA,030405,21,,2026,,", Reason.FIELD),
        ("GPGSA,A,7,,,,,,,,,,,,,,,", Reason.OUT_OF_RANGE),
        ("GPVTG,54.7,M,,M,10.0,N,99,K", Reason.FIELD),
        ("GPGST,030405,x,,,,1.0,1.0,1.0", Reason.FIELD),
        ("GPRMC", Reason.FIELD),
    ],
)
def test_each_field_has_its_type(read: Reader, body: str, reason: Reason) -> None:
    """One bad field and the whole sentence is refused: no half-read values."""
    assert refusal(read, sealed(body.encode())) is reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (sealed(RMC.encode())[:-2] + b"00", Reason.CHECKSUM),
        (sealed(RMC.encode())[:-3], Reason.TRUNCATED),
        (sealed(RMC.encode())[:-1], Reason.TRUNCATED),
        (sealed(RMC.encode())[:30], Reason.TRUNCATED),
        (b"$", Reason.TRUNCATED),
        (b"", Reason.NOT_NMEA),
        (b"GPRMC,030405", Reason.NOT_NMEA),
        (b"\xb5\x62\x01\x07", Reason.NOT_NMEA),
        (sealed("GPRMC,caf\u00e9".encode()), Reason.NOT_NMEA),
        (b'{"class":"TPV"}', Reason.NOT_NMEA),
    ],
)
def test_what_is_no_whole_sentence_is_told_apart(read: Reader, line: bytes, reason: Reason) -> None:
    """Cut, spoilt, or never a sentence."""
    assert refusal(read, line) is reason


def test_the_line_end_does_not_matter(read: Reader) -> None:
    """CR LF, LF, a blank, or none; a lower-case checksum."""
    line = sealed(RMC.encode())
    assert len({repr(read(line + end)) for end in (b"", b"\n", b"\r\n", b" \r\n")}) == 1
    assert read(line[:-2] + line[-2:].lower()) == read(line)
