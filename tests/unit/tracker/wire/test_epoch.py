"""The sentences of one epoch become one fix."""

import itertools
import math
from datetime import UTC, datetime

import pytest

from tests.property.sentences import sealed
from tracker.errors import BadInput, Reason
from tracker.fix import Fix, Mode, Quality, Solution
from tracker.wire import nmea
from tracker.wire.epoch import TWO_SIGMA, assemble
from tracker.wire.sentence import Sentence

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
RMC = "GNRMC,030405,A,0709.1234,S,11152.6789,E,10.00,87.10,211126,,,A"
GGA = "GNGGA,030405,0709.12345,S,11152.67890,E,2,09,0.9,25.3,M,12.1,M,,"
GLL = "GNGLL,0709.1235,S,11152.6789,E,030405,A,A"
VTG = "GNVTG,90.0,T,,M,20.0,N,,K,A"
GSA = "GNGSA,A,3,10,28,09,13,,,,,,,,,3.4,1.7,3.0"
GST = "GNGST,030405,1.1,2.0,1.0,45.0,3.0,4.0,5.0"
ZDA = "GNZDA,030405,21,11,2026,00,00"


def fix(*bodies: str) -> Fix | None:
    sentences = [nmea.read(sealed(body.encode())) for body in bodies]
    assert all(isinstance(sentence, Sentence) for sentence in sentences)
    return assemble([sentence for sentence in sentences if sentence is not None], None, AT)


def good(*bodies: str) -> Fix:
    found = fix(*bodies)
    assert found is not None
    return found


def test_everything_a_full_cycle_tells() -> None:
    """Each value from the sentence that knows it best."""
    found = good(RMC, GGA, GLL, VTG, GSA, GST, ZDA)
    assert (found.time, found.altitude, found.course) == (AT, 25.3, 87.1)
    assert (found.mode, found.solution) == (Mode.THREE_D, Solution.DIFFERENTIAL)
    assert (found.satellites, found.hdop, found.quality) == (9, 0.9, Quality.GOOD)
    assert found.latitude == pytest.approx(-7.1520575, abs=1e-9)
    assert found.longitude == pytest.approx(111.877981667, abs=1e-9)
    assert found.speed == pytest.approx(5.1444444)
    assert found.error == pytest.approx(TWO_SIGMA * 5)


def test_the_order_of_sentences_does_not_matter() -> None:
    """All 720 orders of a cycle give one fix."""
    assert len({repr(fix(*order)) for order in itertools.permutations([RMC, GGA, GLL, VTG, GSA, GST])}) == 1


def test_the_finest_position_is_taken() -> None:
    """Five decimals of GGA before the four of RMC, wherever they stand."""
    assert good(RMC, GGA).latitude == good(GGA).latitude != good(RMC).latitude


def test_what_no_sentence_tells_is_none() -> None:
    """A lone GLL knows neither speed nor altitude, mode nor error; the date is then the day of receipt."""
    found = good(GLL)
    assert (found.speed, found.course, found.altitude, found.mode, found.hdop, found.error) == (None,) * 6
    assert found.quality is Quality.DATED_ON_RECEIPT


def test_an_altitude_is_no_proof_of_three_dimensions() -> None:
    """Receivers hold the last one in 2D: without a GSA the mode is unknown."""
    assert good(RMC, GGA).mode is None


def test_speed_and_course_come_from_vtg_where_rmc_has_none() -> None:
    """Receivers that send GGA and VTG only."""
    found = good(GGA, VTG)
    assert found.speed == pytest.approx(10.288888)
    assert found.course == 90


@pytest.mark.parametrize(
    "bodies",
    [
        (RMC.replace(",A,0709", ",V,0709"), GGA),
        (RMC, GGA.replace(",E,2,", ",E,0,")),
        (RMC, "GNGNS,030405,,,,,NN,00,99.9,,,,"),
        (RMC[:-1] + "N",),
        (GLL[:-3] + "V,N", RMC),
        ("GPRMC,,V,,,,,,,,,,N",),
        (VTG, GSA, ZDA),
        (),
    ],
)
def test_one_void_sentence_makes_the_epoch_void(bodies: tuple[str, ...]) -> None:
    """A fix that the receiver itself doubts is none."""
    assert fix(*bodies) is None


def test_a_constellation_without_satellites_takes_nothing_away() -> None:
    """Of several GGA, one for each constellation, one good one is enough."""
    void = "GLGGA,030405,,,,,0,00,,,M,,M,,"
    assert good(GGA, void, RMC) == good(void, RMC, GGA) == good(GGA, RMC)


def test_gsa_alone_does_not_take_a_fix_away() -> None:
    """It has no time to show that it means this epoch."""
    assert good(RMC, GGA, GSA.replace("A,3", "A,1")).mode is None


def test_a_position_without_a_time_is_no_fix() -> None:
    """An instant belongs to it."""
    assert fix("GPGLL,0709.1234,S,11152.6789,E") is None


def test_sentences_of_two_times_or_two_places_contradict() -> None:
    """They are no epoch; nothing is made of them."""
    for other in (GGA.replace("030405", "030406"), GGA.replace("0709", "0710")):
        with pytest.raises(BadInput) as caught:
            fix(RMC, other)
        assert caught.value.reason is Reason.DISAGREEMENT


def test_a_place_on_the_date_line_is_one_place() -> None:
    """179.99999 east and 180 west are a metre apart."""
    east = "GPRMC,030405,A,0000.5000,N,17959.9999,E,,,211126,,"
    west = "GPGGA,030405,0000.5000,N,17959.9999,W,1,,,,M,,M,,"
    assert good(east, west).time == AT


def test_an_error_estimate_of_another_epoch_is_not_used() -> None:
    """GST has a time of its own."""
    assert good(RMC, GST.replace("030405", "030404")).error is None


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
def test_at_least_95_percent_lie_within_the_stated_error(ratio: float) -> None:
    """The formula against the integral of the bivariate normal distribution, from round to flat."""
    radius = TWO_SIGMA * math.hypot(1.0, ratio)
    step = 1e-3
    inside = 0.0
    x = -radius + step / 2
    while x < radius:
        reach = math.sqrt(radius * radius - x * x)
        across = 1.0 if ratio == 0 else math.erf(reach / ratio / math.sqrt(2))
        inside += step * math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * across
        x += step
    assert 0.9499 <= inside <= 0.98


@pytest.mark.parametrize(
    ("bodies", "flag"),
    [
        (("GPRMC,030405,A,0000.0000,N,00000.0000,E,,,211126,,",), Quality.NULL_ISLAND),
        (("GPRMC,030405,A,0000.0500,S,00000.0100,W,,,211126,,",), Quality.NULL_ISLAND),
        (("GPRMC,030405,A,0000.0600,S,00000.0000,W,,,211126,,",), Quality.GOOD),
        (("GPRMC,030405,A,0709.1234,S,11152.6789,E,,,060180,,",), Quality.PAST),
        (("GPRMC,030405,A,0709.1234,S,11152.6789,E,,,211126,,,E",), Quality.NOT_MEASURED),
        ((GGA.replace(",E,2,", ",E,8,"), ZDA), Quality.NOT_MEASURED),
        ((RMC,), Quality.GOOD),
    ],
)
def test_flags_that_the_message_alone_shows(bodies: tuple[str, ...], flag: Quality) -> None:
    """(0, 0), a date before 2000, dead reckoning and simulation: stored, and flagged."""
    assert good(*bodies).quality is flag
