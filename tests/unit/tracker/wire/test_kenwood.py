"""Kenwood's sentences: every documented example, and every error that public decoders are known for."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tracker.errors import BadInput, Reason
from tracker.fix import Quality, Solution
from tracker.measures import KNOT
from tracker.wire import kenwood, radio
from tracker.wire.checksum import xor
from tracker.wire.payload import Reading, encode_epoch

PKLDS = b"$PKLDS,122434,A,4954.1474,N,11923.6044,W,001.1,194.9,130223,19.20,W00,100,1001,80,00,*60"
PKNDS = b"$PKNDS,114400,A,4954.1450,N,11923.6043,W,001.4,356.8,130223,19.20,W00,U00002,207,00,*2E"

EXAMPLES = [
    (PKLDS, "fs-100-1001", 80),
    (PKNDS, "nx-2", 207),
    (b"$PKNDS,074505,A,4809.3040,N,01409.5561,E,000.0,,020618,,00,004332199,0028,00,*00", "nx-4332199", 28),
    (b"$PKNDS,160902,A,2301.2967,N,07228.2519,E,000.0,000.0,,,,U00001205,,,*41", "nx-1205", None),
    (b"$PKNSH,2301.2967,N,07228.2519,E,160902,A,U00001205,*61", "nx-1205", None),
    (b"$PKNSH,4954.1450,N,11923.6043,W,114400,A,U00002,*44", "nx-2", None),
    (b"$PKNSH,3926.7952,N,12000.5947,W,022732,A,U00001*63", "nx-1", None),
    (b"$PKNSH,6010.3193,N,02443.7783,E,094600,A,000000101,*0A", "nx-101", None),
    (b"$PKLSH,4954.1474,N,11923.6044,W,122434,A,100,1001,*3F", "fs-100-1001", None),
    (b"$PKLSH,3926.7952,N,12000.5947,W,022732,A,100,2000*1A", "fs-100-2000", None),
    (b"$PKLSH,6100.5898,N,02527.6523,E,111500,A,100,1103,*27", "fs-100-1103", None),
    (b"$PKLID,00,100,2000,15,00,*6D", "fs-100-2000", 15),
    (b"$PKNID,00,U00001,015,00,*24", "nx-1", 15),
    (b"$PKNID,,U00001205,,,*27", "nx-1205", None),
]


def signed(body: str) -> bytes:
    """``PKLDS,...`` with its mark and checksum."""
    return b"$%b*%02X" % (body.encode(), xor(body.encode()))


def pklds(
    time: str = "122434", status: str = "A", lat: str = "0709.0000,S", lon: str = "11152.8000,E", day: str = "130223"
) -> bytes:
    """A $PKLDS of Bojonegoro, changed in one place."""
    return signed(f"PKLDS,{time},{status},{lat},{lon},001.1,194.9,{day},19.20,W00,100,1001,80,00,")


def fix_of(line: bytes, clock: datetime) -> Reading:
    """What the gateway makes of a line that a bridge heard at this instant."""
    (reading,) = radio.decode(encode_epoch("radio", 1, clock, [line]), clock + timedelta(days=3))
    assert isinstance(reading, Reading), reading
    return reading


@pytest.mark.parametrize(("line", "name", "status"), EXAMPLES)
def test_an_example_names_its_radio_and_its_status(line: bytes, name: str, status: int | None) -> None:
    """Each recorded sentence is read, with whoever spoke and the code; an empty code is unknown, not 0."""
    heard = kenwood.read(line)
    assert heard is not None
    assert (heard.radio, heard.status) == (name, status)


def test_the_documented_positions_are_these() -> None:
    """Minutes are sixtieths (dividing them by 100 puts the unit 24 km off), west is negative, knots become m/s."""
    heard = kenwood.read(PKLDS)
    assert heard is not None
    assert heard.sentence is not None
    assert heard.sentence.latitude == pytest.approx(49 + 54.1474 / 60)
    assert heard.sentence.longitude == pytest.approx(-(119 + 23.6044 / 60))
    assert heard.sentence.speed == pytest.approx(1.1 * KNOT)
    assert heard.sentence.course == pytest.approx(194.9)
    assert heard.sentence.day == date(2023, 2, 13)
    digital = kenwood.read(PKNDS)
    assert digital is not None
    assert digital.sentence is not None
    assert digital.sentence.longitude == pytest.approx(-119.393405)


@pytest.mark.parametrize(("hemispheres", "signs"), [("NE", (1, 1)), ("NW", (1, -1)), ("SE", (-1, 1)), ("SW", (-1, -1))])
def test_a_hemisphere_is_a_sign(hemispheres: str, signs: tuple[int, int]) -> None:
    """South is negative: a decoder that drops it puts Java into the Philippines."""
    line = pklds(lat=f"0709.0000,{hemispheres[0]}", lon=f"11152.8000,{hemispheres[1]}")
    fix = fix_of(line, datetime(2023, 2, 13, 12, 24, 35, tzinfo=UTC)).fix
    assert fix is not None
    assert [fix.latitude, fix.longitude] == pytest.approx([signs[0] * 7.15, signs[1] * 111.88])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (pklds(lat="0709.0000,"), Reason.FIELD),  # no hemisphere
        (pklds(lat="0709.0000,X"), Reason.FIELD),
        (pklds(lon="11152.8000,N"), Reason.FIELD),  # the other axis's letter
        (pklds(lon=","), Reason.FIELD),  # half a position, called good
        (pklds(lat="07O9.0000,S"), Reason.FIELD),
        (pklds(lat="0760.0000,S"), Reason.OUT_OF_RANGE),  # sixty minutes
        (pklds(lat="9109.0000,S"), Reason.OUT_OF_RANGE),
        (pklds(time="12243"), Reason.FIELD),
        (pklds(time="242434"), Reason.OUT_OF_RANGE),
        (pklds(status="X"), Reason.FIELD),
        (pklds(day="320223"), Reason.OUT_OF_RANGE),
        (signed("PKLSH,2913.1141,N,,,175302,A,100,2016,"), Reason.FIELD),  # recorded: valid, and no longitude
        (signed("PKLID,00,099,2000,15,00,"), Reason.OUT_OF_RANGE),
        (signed("PKLID,00,100,0999,15,00,"), Reason.OUT_OF_RANGE),
        (signed("PKNID,00,U00000,015,00,"), Reason.OUT_OF_RANGE),
        (signed("PKNID,00,X00001,015,00,"), Reason.FIELD),
        (signed("PKLDS,122434,A"), Reason.FIELD),
        (b"$PKLDS,122434,A,4954.1474,N,11923.6044,W,001.1,194.9,130223,19.20,W00,100,1001,80,00,*00", Reason.CHECKSUM),
        (b"$PKNDS,105242,A,4809.3040,N,01409.5561,E,000.0,000.0,081019,1.40,W00,U33998,207,00,*06", Reason.CHECKSUM),
        (PKLDS[:-3], Reason.TRUNCATED),
        (PKLDS[:40], Reason.TRUNCATED),
    ],
)
def test_what_is_wrong_is_refused_and_never_zero(line: bytes, reason: Reason) -> None:
    """A bad field is an error with its reason; no decoder's 0 degrees. ``*00`` is a checksum like any other."""
    with pytest.raises(BadInput) as caught:
        kenwood.read(line)
    assert caught.value.reason is reason


@pytest.mark.parametrize("line", [pklds(status="V"), b"$PKLSH,3851.3330,N,09447.9417,W,012212,V,100,1202,*24"])
def test_a_void_position_is_no_fix(line: bytes) -> None:
    """V is void; the second one is recorded, with the place of the receiver's factory in it."""
    assert fix_of(line, datetime(2023, 2, 13, 12, 24, 35, tzinfo=UTC)).reason is Reason.NO_FIX


def test_d_is_a_differential_fix() -> None:
    """Some radios say D where others say A."""
    fix = fix_of(pklds(status="D"), datetime(2023, 2, 13, 12, 24, 35, tzinfo=UTC)).fix
    assert fix is not None
    assert fix.solution is Solution.DIFFERENTIAL


def test_the_sentences_own_date_decides() -> None:
    """The message is dated by itself, however late it was heard; a clock over a day off is noted."""
    fix = fix_of(PKLDS, datetime(2023, 2, 13, 20, 0, tzinfo=UTC)).fix
    assert fix is not None
    assert (fix.time, fix.quality) == (datetime(2023, 2, 13, 12, 24, 34, tzinfo=UTC), Quality.GOOD)


@pytest.mark.parametrize("day", ["", "000000"])
@pytest.mark.parametrize(
    ("time", "clock", "expected"),
    [
        ("122434", datetime(2026, 11, 21, 12, 24, 36, tzinfo=UTC), datetime(2026, 11, 21, 12, 24, 34, tzinfo=UTC)),
        # Fixed before midnight, heard after it: yesterday's.
        ("235958", datetime(2026, 11, 22, 0, 0, 3, tzinfo=UTC), datetime(2026, 11, 21, 23, 59, 58, tzinfo=UTC)),
        # The bridge's clock is slow: tomorrow's.
        ("000001", datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)),
        # Over the end of a year.
        ("235959", datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_empty_date_goes_by_the_bridges_clock_over_midnight(
    day: str, time: str, clock: datetime, expected: datetime
) -> None:
    """Never by the gateway's clock (three days later here), and never the wrong side of midnight."""
    fix = fix_of(pklds(time=time, day=day), clock).fix
    assert fix is not None
    assert (fix.time, fix.quality) == (expected, Quality.GOOD)


def test_a_short_sentence_is_dated_by_the_bridge_too() -> None:
    """$PKLSH has no date at all."""
    line = signed("PKLSH,0709.0000,S,11152.8000,E,235958,A,100,1001,")
    fix = fix_of(line, datetime(2026, 11, 22, 0, 0, 3, tzinfo=UTC)).fix
    assert fix is not None
    assert fix.time == datetime(2026, 11, 21, 23, 59, 58, tzinfo=UTC)


def test_an_empty_course_is_unknown() -> None:
    """Not north."""
    heard = kenwood.read(EXAMPLES[2][0])
    assert heard is not None
    assert heard.sentence is not None
    assert heard.sentence.course is None


def test_a_waypoint_is_passed_over() -> None:
    """It is a place somebody marked, and no radio stands there."""
    assert kenwood.read(b"$PKWDWPL,150803,A,4237.14,N,07120.83,W,173.8,231.8,190316,1120,test,/'*39") is None


def test_the_comma_before_the_asterisk_may_be_there_or_not() -> None:
    """The same sentence both ways, each with its own checksum."""
    with_comma = kenwood.read(signed("PKLSH,0709.0000,S,11152.8000,E,122434,A,100,1001,"))
    without = kenwood.read(signed("PKLSH,0709.0000,S,11152.8000,E,122434,A,100,1001"))
    assert with_comma == without is not None
