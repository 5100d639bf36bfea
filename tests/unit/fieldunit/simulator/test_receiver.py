"""A simulated receiver errs as much and as slowly as is stated, and its sentences agree with its errors."""

import itertools
import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from fieldunit.simulator.motion import State
from fieldunit.simulator.receiver import CANYON, COLD, GNSS, MODEM, OPEN, WARM, Model, Receiver, Sky, Start
from fieldunit.simulator.sentences import Observation, sentences
from tracker.fix import Fix, Mode
from tracker.wire.payload import Reading, decode, encode_epoch

BEGAN = datetime(2026, 11, 23, 3, tzinfo=UTC)
STANDING = State(-7.15, 111.88, 0.0, 0.0)
DRIVING = State(-7.15, 111.88, 12.0, 123.4)
STEADY = Model(deviation_m=2.0, memory_s=20.0, satellites=(11, 11))
"""Always eleven satellites: the geometry does not change, so the noise is one process."""


def heard(lines: tuple[bytes, ...], time: datetime) -> Fix | None:
    readings = decode(encode_epoch("gnss", 1, time, lines), time)
    [reading] = readings
    assert isinstance(reading, Reading)
    return reading.fix


def errors(model: Model, seconds: int, sky: Sky = OPEN, seed: int = 1) -> tuple[list[float], list[float]]:
    """Metres to the north and to the east, once a second."""
    receiver = Receiver(random.Random(seed), 1.0, model)
    norths, easts = [], []
    for second in range(seconds):
        seen = receiver.read(STANDING, BEGAN + timedelta(seconds=second), sky)
        north = math.radians(seen.latitude - STANDING.latitude) * 6371008.8
        east = math.radians(seen.longitude - STANDING.longitude) * 6371008.8 * math.cos(math.radians(7.15))
        norths.append(north)
        easts.append(east)
    return norths, easts


def deviation(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


def correlation(values: list[float], lag: int) -> float:
    pairs = list(zip(values, values[lag:], strict=False))
    return sum(one * other for one, other in pairs) / len(pairs) / deviation(values) ** 2


def test_the_error_has_the_stated_size_and_memory() -> None:
    """A hundred thousand seconds: sigma within a twentieth, correlation exp(-t / memory) within 0.05, no bias."""
    for values in errors(STEADY, 100_000):
        assert deviation(values) == pytest.approx(2.0, rel=0.05)
        assert abs(sum(values) / len(values)) < 0.15
        for lag in (1, 5, 20, 60):
            assert correlation(values, lag) == pytest.approx(math.exp(-lag / 20), abs=0.05)


def test_north_and_east_err_on_their_own() -> None:
    """They are not one error in two directions."""
    north, east = errors(STEADY, 50_000)
    together = sum(n * e for n, e in zip(north, east, strict=True)) / len(north)
    assert abs(together / deviation(north) / deviation(east)) < 0.1


def test_the_interval_does_not_change_the_error() -> None:
    """A receiver that speaks each tenth second or each ten wanders as far in the same time."""
    for interval in (0.1, 10.0):
        receiver = Receiver(random.Random(2), interval, STEADY)
        values = []
        for step in range(40_000):
            seen = receiver.read(STANDING, BEGAN + timedelta(seconds=step * interval))
            values.append(math.radians(seen.latitude - STANDING.latitude) * 6371008.8)
        assert deviation(values) == pytest.approx(2.0, rel=0.2 if interval < 1 else 0.05)
        lag = round(20 / interval)
        assert correlation(values, lag) == pytest.approx(math.exp(-1), abs=0.12 if interval < 1 else 0.05)


def test_what_the_receiver_says_of_its_error_is_what_it_is() -> None:
    """GST's deviation, under an open sky and between houses: the true error over the told one is 1."""
    for sky in (OPEN, Sky(noise=2.5, hidden=5)):
        receiver = Receiver(random.Random(3), 1.0)
        ratios = []
        for second in range(60_000):
            seen = receiver.read(STANDING, BEGAN + timedelta(seconds=second), sky)
            ratios.append(math.radians(seen.latitude - STANDING.latitude) * 6371008.8 / seen.deviation)
        assert deviation(ratios) == pytest.approx(1.0, rel=0.06)


def test_between_houses_there_are_fewer_satellites_more_dilution_and_more_error() -> None:
    """All of it together, as in a real street canyon, and echoes that jump and go away again."""
    open_sky, _ = errors(GNSS, 5_000)
    canyon, _ = errors(GNSS, 5_000, CANYON)
    assert deviation(canyon) > 3 * deviation(open_sky)
    steps = [abs(after - before) for before, after in itertools.pairwise(canyon)]
    assert max(steps) > 15
    assert max(abs(b - a) for a, b in itertools.pairwise(open_sky)) < 5
    receiver = Receiver(random.Random(1), 1.0)
    one = receiver.read(DRIVING, BEGAN, OPEN)
    other = receiver.read(DRIVING, BEGAN, CANYON)
    assert other.satellites < one.satellites
    assert other.hdop > one.hdop


def test_dilution_falls_with_satellites() -> None:
    """In every epoch: the same number of satellites always comes with the same dilution, more with less."""
    receiver = Receiver(random.Random(5), 1.0)
    told: dict[int, float] = {}
    for second in range(20_000):
        seen = receiver.read(STANDING, BEGAN + timedelta(seconds=second), Sky(hidden=second // 100 % 6))
        assert told.setdefault(seen.satellites, seen.hdop) == seen.hdop
    by_satellites = [told[number] for number in sorted(told)]
    assert len(by_satellites) > 6
    assert by_satellites == sorted(by_satellites, reverse=True)
    assert min(by_satellites) > 0.5
    assert max(by_satellites) < 5


@pytest.mark.parametrize("start", [COLD, WARM])
def test_after_power_come_time_then_date_then_a_fix_in_two_dimensions_then_in_three(start: Start) -> None:
    """Each after the other and none left out, and nothing unknown is written as a number."""
    receiver = Receiver(random.Random(4), 0.2, GNSS, start)
    stages: list[tuple[bool, bool, bool, Mode | None]] = []
    for step in range(500):
        time = BEGAN + timedelta(seconds=step / 5)
        lines = receiver.observe(DRIVING, time)
        fields = lines[0].split(b",")
        fix = heard(lines, time)
        stage = (bool(fields[1]), bool(fields[9]), fix is not None, fix.mode if fix and fix.mode else None)
        if not stages or (stage != stages[-1] and (stage[3] or not stage[2])):
            stages.append(stage)
        if not fix:
            assert fields[2:9] == [b"V", b"", b"", b"", b"", b"", b""]
    expected = [
        (False, False, False, None),
        (True, False, False, None),
        (True, True, False, None),
        (True, True, True, Mode.TWO_D),
        (True, True, True, Mode.THREE_D),
    ]
    if start is WARM:
        del expected[1]  # a clock that ran on knows the day with the time
    assert stages == expected


def test_a_blocked_sky_gives_no_fix_and_the_time_goes_on() -> None:
    """A jammer: the receiver's own clock still runs."""
    receiver = Receiver(random.Random(1), 1.0)
    lines = receiver.observe(DRIVING, BEGAN, Sky(blocked=True))
    assert lines[0].startswith(b"$GNRMC,030000.00,V,,,,,,,231126")
    assert heard(lines, BEGAN) is None
    assert heard(receiver.observe(DRIVING, BEGAN, OPEN), BEGAN) is not None


def test_the_sentences_say_what_was_observed() -> None:
    """Read back by the centre's own reader, to the last digit that a sentence has."""
    seen = Observation(
        BEGAN, True, True, -7.1512345, 111.8812345, 27.3, 12.34, 359.97, satellites=9, hdop=0.77, mode=3, deviation=1.8
    )
    fix = heard(sentences(seen, 0), BEGAN)
    assert fix is not None
    assert fix.time == BEGAN
    assert fix.latitude == pytest.approx(seen.latitude, abs=1e-7)
    assert fix.longitude == pytest.approx(seen.longitude, abs=1e-7)
    assert fix.speed == pytest.approx(seen.speed, abs=0.01)
    assert fix.course == 0.0
    assert (fix.satellites, fix.hdop, fix.mode, fix.altitude) == (9, 0.77, Mode.THREE_D, 27.3)
    assert fix.error == pytest.approx(1.8 * math.sqrt(2) * 1.96, rel=0.01)


def test_a_modem_hears_worse() -> None:
    """The second source of a vehicle, with an aerial under the dashboard."""
    best, _ = errors(GNSS, 20_000)
    worse, _ = errors(MODEM, 20_000)
    assert deviation(worse) > 1.8 * deviation(best)
