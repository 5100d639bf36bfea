"""Missions: the state is read off the times, steps that make no sense are refused, late fixes correct the times."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tracker.fix import Fix, Quality
from tracker.missions import By, Incident, LegKind, Mission, NotPossible, Place, State, Urgency, assigned, sent_to
from tracker.missions.mission import advance, arrive, direct, end, leave
from tracker.missions.timeline import Timeline, settled

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SCENE = Place(-7.15, 111.90, "pasar")
HOSPITAL = Place(-7.15, 111.95, "RSUD")
DEGREE = 111_195.0 * 0.9922  # metres per degree of longitude at this latitude


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def incident(destination: Place | None = HOSPITAL) -> Incident:
    return Incident("i1", SCENE, Urgency.EMERGENCY, destination, START)


def mission(destination: Place | None = HOSPITAL) -> Mission:
    return assigned("m1", "ambulans-01", incident(destination), None, START)


def fix(second: float, longitude: float, speed: float = 12.0, quality: Quality = Quality.GOOD) -> Fix:
    return Fix(time=at(second), latitude=-7.15, longitude=longitude, speed=speed, quality=quality)


def whole_drive() -> list[Fix]:
    """From 2.2 km west to the scene, 5 min there, 5.5 km on to the hospital; a fix every 5 s, at 20 m/s."""
    fixes, second, place = [], 0.0, 111.88
    while place < HOSPITAL.longitude:
        fixes.append(fix(second, place, 20.0))
        if abs(place - SCENE.longitude) < 1e-9:
            fixes += [fix(second + wait, place, 0.0) for wait in range(5, 300, 5)]
            second += 300
        second, place = second + 5, round(place + 0.001, 6)
    return fixes + [fix(second + wait, HOSPITAL.longitude, 0.0) for wait in range(0, 120, 5)]


def test_the_state_follows_the_times() -> None:
    """From assignment to the end, each step by hand."""
    told = [mission()]
    for state, second in zip(list(State)[1:], (60, 120, 180, 240), strict=True):
        told.append(advance(told[-1], state, at(second)))
    assert [each.state for each in told] == list(State)
    assert [each.current for each in told] == [0, 1, 1, None, None]
    scene, hospital = told[-1].legs
    assert (scene.arrived_at, scene.left_at, scene.left_by) == (at(60), at(120), By.HAND)
    assert (hospital.started_at, hospital.arrived_at) == (at(120), at(180))
    assert told[-1].ended_at == at(240)


def test_an_urgency_can_be_the_mission_s_own() -> None:
    """The second unit to the same incident may go without siren."""
    assert assigned("m", "u", incident(), Urgency.ROUTINE, START).urgency is Urgency.ROUTINE
    assert mission().urgency is Urgency.EMERGENCY
    assert [each.lights for each in Urgency] == [True, True, False]


def test_steps_that_make_no_sense_are_refused() -> None:
    """With a sentence, and nothing changes."""
    sent = sent_to("m2", "ambulans-01", HOSPITAL, Urgency.ROUTINE, START)
    on_scene = arrive(mission(), at(60), By.HAND)
    over = end(mission(), at(60))
    closed = msgspec.structs.replace(incident(), closed_at=at(5))
    refused: list[Callable[[], object]] = [
        lambda: advance(mission(), State.TRANSPORTING, at(60)),
        lambda: advance(mission(), State.ARRIVED, at(60)),
        lambda: advance(on_scene, State.ASSIGNED, at(60)),
        lambda: advance(sent, State.AT_SCENE, at(60)),
        lambda: arrive(mission(), at(-1), By.HAND),
        lambda: arrive(over, at(60), By.HAND),
        lambda: leave(on_scene, at(59), By.HAND),
        lambda: end(mission(), at(-1)),
        lambda: direct(sent, SCENE),
        lambda: direct(over, HOSPITAL),
        lambda: assigned("m", "u", closed, None, at(9)),
    ]
    for step in refused:
        with pytest.raises(NotPossible):
            step()
    assert end(over, at(90)) == over


def test_a_destination_without_an_incident_is_one_leg() -> None:
    """It is arrived at, and that is all."""
    sent = sent_to("m2", "ambulans-01", HOSPITAL, Urgency.ROUTINE, START)
    assert (sent.legs[0].kind, sent.incident, sent.state) == (LegKind.TO_PLACE, None, State.ASSIGNED)
    assert advance(sent, State.ARRIVED, at(9)).state is State.ARRIVED


def test_the_hospital_can_be_chosen_on_the_way_and_at_the_scene() -> None:
    """Chosen after leaving, the leg began when the scene was left."""
    bare = mission(None)
    assert [leg.kind for leg in direct(bare, HOSPITAL).legs] == [LegKind.TO_SCENE, LegKind.TO_HOSPITAL]
    gone = leave(arrive(bare, at(60), By.HAND), at(90), By.HAND)
    assert (gone.state, gone.current) == (State.TRANSPORTING, None)
    chosen = direct(gone, HOSPITAL)
    assert (chosen.current, chosen.legs[1].started_at) == (1, at(90))
    assert len(direct(chosen, None).legs) == 1


def test_whoever_is_at_the_hospital_has_left_the_scene() -> None:
    """Pressed late or not at all: the one button says both."""
    arrived = arrive(arrive(mission(), at(60), By.HAND), at(900), By.HAND)
    assert (arrived.state, arrived.legs[0].left_at, arrived.legs[1].started_at) == (State.ARRIVED, at(900), at(900))


def test_a_drive_tells_the_whole_mission() -> None:
    """Arrival, leaving and the second arrival, each at the fix where it was true."""
    told = settled(mission(), whole_drive())
    scene, hospital = told.legs
    assert told.state is State.ARRIVED
    assert (scene.arrived_at, scene.arrived_by) == (at(105), By.GPS)  # the first fix on which it stands
    assert scene.left_at == at(100 + 300 + 10)  # 220 m on
    assert hospital.started_at == scene.left_at
    assert hospital.arrived_at == whole_drive()[-24].time


def test_one_by_one_and_all_at_once_are_the_same() -> None:
    """The live way and the correction after late fixes are one fold; shuffled fixes too."""
    timeline = Timeline(mission())
    changes = [timeline.feed(each) for each in whole_drive()]
    assert sum(changes) == 4  # it sets out, comes, leaves, comes
    shuffled = whole_drive()
    random.Random(3).shuffle(shuffled)
    assert settled(mission(), shuffled) == settled(timeline.mission, whole_drive()) == timeline.mission


def test_late_fixes_correct_what_was_read_without_them() -> None:
    """Most of the drive comes two hours later, from the unit's memory: the times are as if it had come at once."""
    drive = whole_drive()
    before = settled(mission(), drive[-20:])
    assert before.legs[0].arrived_at is None
    assert settled(before, drive) == settled(mission(), drive)


def test_what_was_said_by_hand_stands() -> None:
    """And all before it; what receivers saw later is still corrected."""
    pressed = arrive(mission(), at(70), By.HAND)
    told = settled(pressed, whole_drive())
    assert (told.legs[0].arrived_at, told.legs[0].arrived_by) == (at(70), By.HAND)
    assert told.legs[0].left_by is By.GPS
    by_hand = leave(settled(mission(), whole_drive()[:40]), at(390), By.HAND)
    kept = settled(by_hand, whole_drive())
    assert kept.legs[0] == by_hand.legs[0]
    assert kept.legs[1].arrived_by is By.GPS
    assert settled(advance(by_hand, State.ARRIVED, at(500)), []).state is State.ARRIVED


def test_fixes_outside_the_mission_or_of_no_use_tell_nothing() -> None:
    """A fix of (0, 0), of tomorrow, from before the assignment or after the end."""
    early = [fix(second, SCENE.longitude, 0.0) for second in range(-100, 0, 5)]
    doubted = [fix(second, SCENE.longitude, 0.0, Quality.FUTURE) for second in range(0, 100, 5)]
    assert settled(mission(), early + doubted) == mission()
    over = end(mission(), at(60))
    told = settled(over, whole_drive())
    assert told.legs[0].arrived_at is None
    assert told == over.with_leg(0, msgspec.structs.replace(over.legs[0], departed_at=at(5)))
