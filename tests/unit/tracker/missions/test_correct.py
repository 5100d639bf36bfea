"""Missions whose incident is elsewhere, or is another one: what follows, and what stands."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tracker.missions import By, Incident, Mission, Place, State, Urgency, assigned
from tracker.missions.correct import corrected, merged, redirected
from tracker.missions.mission import advance, arrive, end, leave, sent_to

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
WRONG, RIGHT = Place(-7.15, 111.90, "wrong"), Place(-7.15, 111.94, "right")
NEXT_DOOR = Place(-7.15, 111.9005, "next door")
HOSPITAL, OTHER_HOSPITAL = Place(-7.16, 111.95, "RSUD"), Place(-7.1, 111.8, "RS")


def after(second: float) -> datetime:
    return START + timedelta(seconds=second)


def mission() -> Mission:
    return assigned("m1", "u1", Incident("i1", WRONG, Urgency.EMERGENCY, HOSPITAL, START), None, START)


def test_on_the_way_the_drive_to_the_right_place_begins_when_it_is_known() -> None:
    """What was foretold before is of another drive; when the wheels turned stays."""
    under_way = mission().with_leg(0, msgspec.structs.replace(mission().legs[0], departed_at=after(20)))
    now = corrected(under_way, RIGHT, after(60))
    assert (now.legs[0].place, now.legs[0].started_at, now.legs[0].departed_at) == (RIGHT, after(60), after(20))
    assert (now.assigned_at, now.legs[1]) == (START, under_way.legs[1])
    assert corrected(now, RIGHT, after(90)) is now


def test_a_step_to_the_next_door_changes_the_point_alone() -> None:
    """Within the circle that an arrival is seen by."""
    there = arrive(mission(), after(300), By.GPS)
    for each in (mission(), there):
        now = corrected(each, NEXT_DOOR, after(400))
        assert now.legs[0] == msgspec.structs.replace(each.legs[0], place=NEXT_DOOR)


def test_what_a_receiver_saw_at_the_wrong_place_is_taken_back() -> None:
    """It is on its way again."""
    now = corrected(arrive(mission(), after(300), By.GPS), RIGHT, after(320))
    assert (now.state, now.legs[0].arrived_at, now.legs[0].started_at) == (State.ASSIGNED, None, after(320))
    assert now.legs[1].started_at is None


@pytest.mark.parametrize("by", [By.CREW, By.HAND])
def test_what_people_said_of_being_there_stands(by: By) -> None:
    """They are with somebody, wherever the point was."""
    there = arrive(mission(), after(300), by)
    now = corrected(there, RIGHT, after(320))
    assert (now.state, now.legs[0].place, now.legs[0].arrived_at) == (State.AT_SCENE, RIGHT, after(300))


def test_behind_the_scene_and_after_the_end_nothing_changes() -> None:
    """The scene is where it was; a unit with a mere destination has none."""
    gone = leave(arrive(mission(), after(300), By.GPS), after(600), By.GPS)
    sent = sent_to("m2", "u1", WRONG, Urgency.ROUTINE, START)
    for each in (gone, end(mission(), after(10)), sent, advance(gone, State.ARRIVED, after(900))):
        assert corrected(each, RIGHT, after(999)) is each


def test_another_hospital_goes_to_whoever_is_not_there_yet() -> None:
    """And to nobody else."""
    gone = leave(arrive(mission(), after(300), By.GPS), after(600), By.GPS)
    assert redirected(mission(), OTHER_HOSPITAL).legs[1].place == OTHER_HOSPITAL
    assert redirected(gone, OTHER_HOSPITAL).legs[1].started_at == after(600)
    assert len(redirected(mission(), None).legs) == 1
    for each in (advance(gone, State.ARRIVED, after(900)), end(mission(), after(10))):
        assert redirected(each, OTHER_HOSPITAL) is each


def test_a_merged_incidents_missions_go_to_the_other_and_to_its_place() -> None:
    """One that is over keeps everything but the reference."""
    into = Incident("i2", RIGHT, Urgency.EMERGENCY, None, START)
    now = merged(mission(), into, after(60))
    assert (now.incident, now.legs[0].place) == ("i2", RIGHT)
    over = end(mission(), after(30))
    assert merged(over, into, after(60)) == msgspec.structs.replace(over, incident="i2")
