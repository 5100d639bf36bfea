"""Each fault is injected exactly as told, between its seconds and at no other, and the truth stands beside it."""

from datetime import timedelta

import pytest

from fieldunit.simulator.faults import BEGINNING, ROLLOVER, Fault, Kind
from fieldunit.simulator.roads import Roads, roads_of
from fieldunit.simulator.tracks import Sample, track
from tracker.fix import Quality
from tracker.geodesy import distance
from tracker.regions import load
from tracker.wire.payload import Reading, decode, encode_epoch

AT, LASTS = 60.0, 10.0


@pytest.fixture(scope="module")
def roads() -> Roads:
    return roads_of(load("bojonegoro"))


def samples(roads: Roads, *faults: Fault, seconds: float = 120) -> list[Sample]:
    return list(track(roads, seconds=seconds, seed=4, faults=faults))


@pytest.mark.parametrize("kind", list(Kind))
def test_a_fault_holds_between_its_seconds_and_changes_nothing_else(roads: Roads, kind: Kind) -> None:
    """Before and after, every byte is that of the same drive without the fault; the truth is the same throughout."""
    fault = Fault(kind=kind, at_s=AT, for_s=LASTS)
    clean, faulty = samples(roads), samples(roads, fault)
    assert len(clean) == len(faulty) == 120
    for one, other in zip(clean, faulty, strict=True):
        assert one.truth == other.truth
        if AT <= one.elapsed < AT + LASTS:
            assert other.faults == (fault,)
            assert other.observed != one.observed or (kind in (Kind.FROZEN, Kind.FROM_1980, Kind.ACCELERATION))
        else:
            assert other.faults == ()
            assert other.observed == one.observed
            if kind is not Kind.SILENT:  # what is not said is not counted: afterwards GSA comes at other moments
                assert other.lines == one.lines


def during(roads: Roads, kind: Kind, **particulars: float) -> list[tuple[Sample, Sample]]:
    """(without, with) the fault, while it holds."""
    fault = Fault(kind=kind, at_s=AT, for_s=LASTS, **particulars)
    pairs = zip(samples(roads), samples(roads, fault), strict=True)
    return [(one, other) for one, other in pairs if other.faults]


def test_null_island(roads: Roads) -> None:
    """0, 0, and the centre flags it."""
    for _, sample in during(roads, Kind.NULL_ISLAND):
        assert sample.observed is not None
        assert (sample.observed.latitude, sample.observed.longitude) == (0.0, 0.0)
        [reading] = decode(encode_epoch("gnss", 1, sample.time, sample.lines), sample.time)
        assert isinstance(reading, Reading)
        assert reading.fix is not None
        assert reading.fix.quality is Quality.NULL_ISLAND


def test_swapped_coordinates(roads: Roads) -> None:
    """Latitude and longitude exchanged; in Indonesia no sentence can mean that, and the centre says so."""
    for clean, sample in during(roads, Kind.SWAPPED):
        assert sample.observed is not None
        assert clean.observed is not None
        assert sample.observed.latitude == clean.observed.longitude > 90
        assert sample.observed.longitude == clean.observed.latitude
        assert not any(
            isinstance(each, Reading) and each.fix
            for each in decode(encode_epoch("gnss", 1, sample.time, sample.lines), sample.time)
        )


def test_a_frozen_receiver(roads: Roads) -> None:
    """One place to the last digit while the vehicle, its speed and the time go on."""
    held = [sample for _, sample in during(roads, Kind.FROZEN)]
    places = {(each.observed.latitude, each.observed.longitude) for each in held if each.observed}
    assert len(places) == 1
    assert len({each.observed.time for each in held if each.observed}) == len(held) == 10
    first, last = held[0].truth, held[-1].truth
    assert distance(first.latitude, first.longitude, last.latitude, last.longitude) > 50
    assert all(each.observed.speed > 3 for each in held if each.observed)


def test_a_jump(roads: Roads) -> None:
    """4,300 km unless told otherwise, towards the bearing, and back."""
    for metres in (4_300_000.0, 700.0):
        for clean, sample in during(roads, Kind.JUMP, metres=metres):
            assert sample.observed is not None
            assert clean.observed is not None
            there = distance(
                clean.observed.latitude, clean.observed.longitude, sample.observed.latitude, sample.observed.longitude
            )
            assert there == pytest.approx(metres, rel=1e-6)


def test_an_impossible_acceleration(roads: Roads) -> None:
    """Place and speed both run ahead, at so many metres per second squared more than the truth."""
    for clean, sample in during(roads, Kind.ACCELERATION, rate=30.0):
        assert sample.observed is not None
        assert clean.observed is not None
        since = sample.elapsed - AT
        assert sample.observed.speed - clean.observed.speed == pytest.approx(30 * since)
        ahead = distance(
            clean.observed.latitude, clean.observed.longitude, sample.observed.latitude, sample.observed.longitude
        )
        assert ahead == pytest.approx(15 * since**2, abs=0.01)


def test_a_week_rollover_and_a_clock_that_begins_in_1980(roads: Roads) -> None:
    """The place is right, the date is not; where the unit knows better, the centre repairs the first."""
    for clean, sample in during(roads, Kind.ROLLOVER):
        assert sample.observed is not None
        assert sample.observed.time == sample.time - ROLLOVER
        assert sample.observed == (clean.observed and clean.observed._replace(time=sample.observed.time))
        [reading] = decode(encode_epoch("gnss", 1, sample.time, sample.lines), sample.time)
        assert isinstance(reading, Reading)
        assert reading.fix is not None
        assert reading.fix.time == sample.time
        assert reading.fix.quality is Quality.ROLLOVER_REPAIRED
    for at, (_, sample) in enumerate(during(roads, Kind.FROM_1980)):
        assert sample.observed is not None
        assert sample.observed.time == BEGINNING + timedelta(seconds=at)


def test_no_fix_and_silence(roads: Roads) -> None:
    """The first knows the time, the second says nothing."""
    for _, sample in during(roads, Kind.NO_FIX):
        assert sample.observed is not None
        assert not sample.observed.fix
        assert sample.observed.time == sample.time
    for _, sample in during(roads, Kind.SILENT):
        assert sample.observed is None
        assert sample.lines == ()


def test_a_track_is_a_function_of_its_arguments(roads: Roads) -> None:
    """To the byte."""
    assert samples(roads) == samples(roads)
    assert samples(roads) != list(track(roads, seconds=120, seed=5))
