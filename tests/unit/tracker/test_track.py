"""What a track says about its own fixes: flagged where nothing could have gone, and never locked out."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.fix import Fix, Quality
from tracker.track import TrackJudge, judged_track

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NORTH = 1 / 111_195  # degrees of latitude in a metre on the sphere
JAKARTA, SORONG = (-6.2, 106.8), (-0.9, 131.3)


def at(seconds: float, metres: float, speed: float | None = 15.0, place: tuple[float, float] = JAKARTA) -> Fix:
    """A fix so many metres north of a place."""
    time = START + timedelta(seconds=seconds)
    return Fix(time=time, latitude=place[0] + metres * NORTH, longitude=place[1], speed=speed)


def drive(seconds: Iterable[float], speed: float = 15.0, place: tuple[float, float] = JAKARTA) -> list[Fix]:
    """North at an even speed."""
    return [at(each, each * speed, speed, place) for each in seconds]


def flags(fixes: Sequence[Fix]) -> list[Quality]:
    """What is found, in the order of time."""
    return [fix.quality for fix in judged_track(fixes)]


def test_a_drive_is_good() -> None:
    """Nothing is said against a vehicle that drives."""
    assert set(flags(drive(range(600)))) == {Quality.GOOD}


def test_one_wild_fix_is_flagged_and_only_that() -> None:
    """The fix after it is judged by the one before it."""
    fixes = drive(range(60))
    fixes[30] = at(30, 0, place=SORONG)
    assert [number for number, flag in enumerate(flags(fixes)) if flag] == [30]
    assert flags(fixes)[30] == Quality.JUMP


def test_a_wild_spell_is_flagged_from_end_to_end() -> None:
    """Fifty fixes that agree among themselves do not make a teleport of a vehicle that was here a minute ago."""
    fixes = drive(range(120))
    fixes[30:80] = drive(range(30, 80), place=SORONG)
    assert [number for number, flag in enumerate(flags(fixes)) if flag is Quality.JUMP] == list(range(30, 80))
    assert not any(flags(fixes)[80:])


def test_after_a_long_silence_the_third_fix_is_believed_wherever_it_is() -> None:
    """A vehicle that was carried over the sea is found again; a filter that never forgives would lose it."""
    fixes = drive(range(60)) + drive(range(3660, 3720), place=SORONG)
    assert flags(fixes)[60:63] == [Quality.JUMP, Quality.JUMP, Quality.GOOD]
    assert not any(flags(fixes)[62:])


def test_after_a_tunnel_the_first_fix_is_believed() -> None:
    """What could be reached meanwhile is no jump."""
    assert not any(flags(drive(range(60)) + drive(range(360, 400))))


def test_a_first_fix_that_was_wrong_is_outvoted() -> None:
    """A receiver that begins with where it was made does not hide where it is for longer than two fixes."""
    fixes = [at(0, 0, place=SORONG), *drive(range(1, 60))]
    assert flags(fixes)[1:3] == [Quality.JUMP, Quality.JUMP]
    assert not any(flags(fixes)[3:])


def test_fixes_that_agree_with_nothing_are_never_believed() -> None:
    """Wild ones in a row, each elsewhere, have no story."""
    wild = [at(60 + number, 0, place=(number * 7.0, number * 11.0)) for number in range(1, 9)]
    fixes = drive(range(60)) + wild + drive(range(70, 90))
    assert flags(fixes)[60:68] == [Quality.JUMP] * 8
    assert not any(flags(fixes)[68:])


def test_exchanged_coordinates_are_told_as_such() -> None:
    """Where both orders exist on Earth; in Indonesia a latitude of 106 is refused before it comes here."""
    porto = (41.15, -8.61)
    fixes = drive(range(60), place=porto)
    fixes[20] = msgspec.structs.replace(fixes[20], latitude=fixes[20].longitude, longitude=fixes[20].latitude)
    assert [(n, flag) for n, flag in enumerate(flags(fixes)) if flag] == [(20, Quality.SWAPPED)]


def test_a_frozen_receiver_is_told_by_its_own_speed() -> None:
    """The same digits again and again at 15 m/s; when it thaws, the next place is believed at once."""
    fixes = drive(range(90))
    fixes[31:60] = [at(second, 30 * 15) for second in range(31, 60)]
    assert [number for number, flag in enumerate(flags(fixes)) if flag is Quality.FROZEN] == list(range(31, 60))
    assert not any(flags(fixes)[60:])


def test_five_times_a_second_a_frozen_receiver_is_told_as_well() -> None:
    """One step at that rate is within the rounding of the wire; several are not."""
    fixes = [at(number / 5, 0) for number in range(50)]
    assert [number for number, flag in enumerate(flags(fixes)) if flag] == list(range(2, 50))


def test_a_parked_unit_is_not_frozen() -> None:
    """Receivers hold a place still when they stand."""
    assert not any(flags([at(10 * number, 0, speed=0.2) for number in range(100)]))


def test_an_impossible_acceleration_is_flagged_and_the_place_stays_usable() -> None:
    """From 15 to 60 m/s in a second; hard braking from 25 to 15 is no news."""
    fixes = drive(range(60))
    fixes[20] = at(20, 20 * 15, speed=60.0)
    fixes[40] = at(40, 40 * 15, speed=25.0)
    found = flags(fixes)
    assert [(n, flag) for n, flag in enumerate(found) if flag] == [(20, Quality.IMPOSSIBLE_ACCELERATION)]
    assert found[20].usable


def test_a_new_speed_that_lasts_is_believed_with_the_third_fix() -> None:
    """Something jerked; then the receiver says the same thing again."""
    fixes = [at(second, 0, speed=0.0) for second in range(10)] + [at(second, 0, speed=None) for second in range(10, 12)]
    fixes += [at(12 + number / 10, number * 6, speed=60.0) for number in range(10)]
    found = flags(fixes)
    assert found[12:14] == [Quality.IMPOSSIBLE_ACCELERATION] * 2
    assert not any(found[14:])


def test_what_has_no_place_or_no_time_is_not_compared() -> None:
    """A fix at 0, 0 gets no second flag, and the track goes on as if it had not come."""
    nowhere = Fix(time=START + timedelta(seconds=30), latitude=0.0, longitude=0.0, quality=Quality.NULL_ISLAND)
    fixes = [*drive(range(30)), nowhere, *drive(range(31, 60))]
    assert [flag for flag in flags(fixes) if flag] == [Quality.NULL_ISLAND]


def test_going_back_in_time_is_refused() -> None:
    """A judge has one direction."""
    judge = TrackJudge()
    judge.feed(at(1, 0))
    with pytest.raises(ValueError, match="in the order"):
        judge.feed(at(1, 0))


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_fixes_come_and_old_flags_change_nothing(chance: random.Random) -> None:
    """The flags are a function of the set of fixes; judging what was judged gives the same."""
    fixes = drive(range(40)) + drive(range(40, 50), place=SORONG) + drive(range(50, 90))
    judged = judged_track(fixes)
    chance.shuffle(fixes)
    assert judged_track(fixes) == judged
    assert judged_track(judged) == judged
