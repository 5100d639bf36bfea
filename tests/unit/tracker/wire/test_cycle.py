"""Where one epoch ends and the next begins."""

from collections.abc import Iterable

from tests.property.sentences import sealed
from tracker.wire import nmea
from tracker.wire.cycle import MOST_SENTENCES, Splitter


def cut(*bodies: str) -> list[list[str]]:
    """The epochs of a stream, each sentence by its kind and what follows it."""
    splitter = Splitter()
    epochs = []
    for body in bodies:
        line = sealed(body.encode())
        sentence = nmea.read(line)
        assert sentence is not None
        epochs += splitter.push(line, sentence)
    epochs += splitter.flush()
    return [[line[3 : line.index(b"*")].decode() for line, _ in epoch] for epoch in epochs]


def shape(epochs: Iterable[list[str]]) -> list[str]:
    return [" ".join(body[:3] for body in epoch) for epoch in epochs]


def rmc(second: float, knots: float = 0.0) -> str:
    return f"GPRMC,{second:09.2f},A,0709.1234,S,11152.6789,E,{knots},90.0,211126,,"


def gga(second: float, hdop: float = 1.0) -> str:
    return f"GPGGA,{second:09.2f},0709.1234,S,11152.6789,E,1,09,{hdop},25.3,M,,M,,"


def vtg(knots: float = 0.0) -> str:
    return f"GPVTG,90.0,T,,M,{knots},N,,K"


def gsa(hdop: float = 1.0) -> str:
    return f"GPGSA,A,3,1,2,3,4,,,,,,,,,2.0,{hdop},1.0"


def zda(second: float) -> str:
    return f"GPZDA,{second:09.2f},21,11,2026,00,00"


def test_a_new_time_of_day_begins_a_new_epoch() -> None:
    """In whatever order the sentences come, from ten a second to one in ten seconds."""
    assert shape(cut(rmc(1), gga(1), gga(2), rmc(2), rmc(3))) == ["RMC GGA", "GGA RMC", "RMC"]
    assert shape(cut(rmc(1.0), gga(1.0), rmc(1.1), gga(1.1))) == ["RMC GGA", "RMC GGA"]
    assert shape(cut(rmc(1), gga(1), rmc(11), gga(11))) == ["RMC GGA", "RMC GGA"]


def test_sentences_without_a_time_trail_by_default() -> None:
    """As most receivers send them; before the first epoch there is nothing to trail."""
    assert shape(cut(vtg(), rmc(1), gsa(), vtg(), rmc(2), gsa())) == ["VTG RMC GSA VTG", "RMC GSA"]


def test_a_receiver_that_sends_them_first_is_found_out() -> None:
    """Its VTG has the speed of the RMC after it, its GSA the dilution of the GGA after it."""
    stream = []
    for second in range(1, 9):
        stream += [vtg(10.0 * second), gsa(second), rmc(second, 10.0 * second), gga(second, second)]
    epochs = cut(*stream)
    assert shape(epochs)[-4:] == ["VTG GSA RMC GGA"] * 4
    assert epochs[-1][0] == "VTG,90.0,T,,M,80.0,N,,K"


def test_a_zda_goes_with_its_own_time_and_begins_nothing() -> None:
    """Leading with the time of the next epoch, or stamped two seconds ahead."""
    assert shape(cut(rmc(1), zda(2), rmc(2))) == ["RMC", "ZDA RMC"]
    assert shape(cut(gga(1), rmc(1), zda(3), gga(2), rmc(2), zda(4))) == ["GGA RMC ZDA", "GGA RMC ZDA"]


def test_void_sentences_without_a_time_stand_apart() -> None:
    """They take away neither the first fix after them nor the last before."""
    void = ["GPRMC,,V,,,,,,,,,,N", "GPGGA,,,,,,0,00,,,M,,M,,", "GPGLL,,,,,,V,N"]
    assert shape(cut(*void, rmc(1), gga(1), *void, *void)) == ["RMC GGA GLL", "RMC GGA", "RMC GGA GLL", "RMC GGA GLL"]


def test_a_void_constellation_stays_in_its_cycle() -> None:
    """Receivers that send a GGA for each constellation, one of them with no satellite and no time."""
    cycle = ["GLGGA,,,,,,0,00,,,M,,M,,"]
    assert shape(cut(gga(1), *cycle, rmc(1), gga(2), *cycle, rmc(2))) == ["GGA GGA RMC", "GGA GGA RMC"]


def test_a_clock_that_stands_still_does_not_fill_the_memory() -> None:
    """Nor does a receiver that never sends a time."""
    assert {len(epoch) for epoch in cut(*[rmc(1)] * (3 * MOST_SENTENCES))} == {MOST_SENTENCES}
    assert max(len(epoch) for epoch in cut(*[gsa()] * (3 * MOST_SENTENCES))) == MOST_SENTENCES
