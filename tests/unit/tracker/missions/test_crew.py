"""A crew's words move its mission with the button's own time, in any order; button and receiver stand side by side."""

import itertools
import random
from datetime import timedelta

import pytest

from tests.unit.tracker.missions.test_mission import HOSPITAL, at, fix, mission, whole_drive
from tracker.missions import By, Place, State, Urgency, sent_to
from tracker.missions.crew import Word, compared, word
from tracker.missions.mission import advance
from tracker.missions.timeline import folded, settled
from tracker.wire.reports import Answer, CrewStatus, Emergency, Input, Report, Source, Status

ROUND = [
    (5, CrewStatus.ACKNOWLEDGED),
    (10, CrewStatus.EN_ROUTE),
    (60, CrewStatus.ON_SCENE),
    (120, CrewStatus.PATIENT_ABOARD),
    (180, CrewStatus.AT_HOSPITAL),
    (200, CrewStatus.HANDED_OVER),
    (240, CrewStatus.AVAILABLE),
]


def said(second: float, status: CrewStatus, name: str | None = "m1") -> Word:
    return Word(at(second), name, status)


def test_a_round_by_button_alone() -> None:
    """No receiver at all: every time is the button's, and it says so."""
    told = settled(mission(), [], [said(*each) for each in ROUND])
    scene, hospital = told.legs
    assert (scene.arrived_at, scene.arrived_by, scene.left_at, scene.left_by) == (at(60), By.CREW, at(120), By.CREW)
    assert (hospital.started_at, hospital.arrived_at, hospital.arrived_by) == (at(120), at(180), By.CREW)
    assert (told.state, told.ended_at, told.ended_by) == (State.ENDED, at(240), By.CREW)


def test_words_in_any_order_give_the_same_mission() -> None:
    """Also when each comes alone and the mission is folded anew after it; also among fixes."""
    words = [said(*each) for each in ROUND]
    fixes = whole_drive()
    wanted = settled(mission(), fixes, words)
    for seed in range(8):
        shuffled = random.Random(seed).sample(words, len(words))
        assert settled(mission(), random.Random(seed).sample(fixes, len(fixes)), shuffled) == wanted
        step = mission()
        for count in range(1, len(shuffled) + 1):
            step = settled(step, fixes, shuffled[:count])
        assert step == wanted


def test_an_early_press_moves_the_mission_and_does_not_make_it_leave() -> None:
    """The unit is still a kilometre away: the receiver has not seen it at the scene, so it cannot have left it."""
    fixes = whole_drive()
    arrived_by_gps = settled(mission(), fixes).legs[0].arrived_at
    assert arrived_by_gps is not None
    press = Word(arrived_by_gps - timedelta(seconds=60), "m1", CrewStatus.ON_SCENE)
    told = settled(mission(), fixes, [press])
    scene, hospital = told.legs
    assert (scene.arrived_at, scene.arrived_by) == (press.at, By.CREW)
    assert scene.left_by is By.GPS
    assert scene.left_at == settled(mission(), fixes).legs[0].left_at
    assert hospital.arrived_by is By.GPS
    early = compared(told, fixes, [press])[0].arrived
    assert (early.crew, early.gps, early.crew_minus_gps_s) == (press.at, arrived_by_gps, -60.0)


def test_a_press_that_comes_after_the_receiver_saw_it_is_shown_and_changes_nothing() -> None:
    """They remembered three minutes late; the response time does not suffer."""
    fixes = whole_drive()
    seen = settled(mission(), fixes)
    assert seen.legs[0].arrived_at is not None
    late = Word(seen.legs[0].arrived_at + timedelta(seconds=180), None, CrewStatus.ON_SCENE)
    assert settled(mission(), fixes, [late]) == seen
    assert compared(seen, fixes, [late])[0].arrived.crew_minus_gps_s == 180.0


def test_a_dispatchers_word_stands_against_the_crews() -> None:
    """And so does all before it; what the crew says later goes on from there."""
    by_hand = advance(mission(), State.AT_SCENE, at(100))
    told = settled(by_hand, [], [said(60, CrewStatus.ON_SCENE), said(150, CrewStatus.PATIENT_ABOARD)])
    assert (told.legs[0].arrived_at, told.legs[0].arrived_by) == (at(100), By.HAND)
    assert (told.legs[0].left_at, told.legs[0].left_by) == (at(150), By.CREW)
    ended = advance(by_hand, State.ENDED, at(110))
    assert settled(ended, [], [said(150, CrewStatus.PATIENT_ABOARD)]) == ended


def test_a_refusal_ends_the_mission_with_its_reason_unless_they_are_there() -> None:
    """Who is at the scene cannot refuse it any more."""
    refusal = Word(at(30), "m1", refused="ban bocor")
    told = settled(mission(), [], [refusal])
    assert (told.state, told.ended_at, told.ended_by, told.ended_why) == (State.ENDED, at(30), By.CREW, "ban bocor")
    assert settled(mission(), [], [said(20, CrewStatus.ON_SCENE), refusal]).ended_at is None
    assert settled(mission(), [], [Word(at(30), "m2", refused="")]) == mission()


def test_available_ends_only_a_mission_that_it_names() -> None:
    """A crew that did not know of its mission yet says that it is free, and is sent all the same."""
    assert settled(mission(), [], [said(30, CrewStatus.AVAILABLE, None)]).ended_at is None
    assert settled(mission(), [], [said(30, CrewStatus.AVAILABLE, "m0")]).ended_at is None
    assert settled(mission(), [], [said(-500, CrewStatus.AVAILABLE)]).ended_at == at(0), "its clock is slow"


def test_an_end_is_not_taken_back() -> None:
    """A late fix shows that they were at the scene when they refused: another mission may have begun meanwhile."""
    refusal = Word(at(500), "m1", refused="")
    ended = settled(mission(), [], [refusal])
    assert settled(ended, whole_drive(), [refusal]).ended_at == at(500)


def test_patient_aboard_says_that_they_were_at_the_scene() -> None:
    """A forgotten press costs the time at the scene and not the mission."""
    told = settled(mission(), [], [said(90, CrewStatus.PATIENT_ABOARD)])
    assert told.state is State.TRANSPORTING
    assert (told.legs[0].arrived_at, told.legs[0].left_at) == (at(90), at(90))


def test_without_a_hospital_at_hospital_moves_nothing() -> None:
    """There is no leg to arrive on; the status is shown all the same."""
    told = settled(mission(None), [], [said(60, CrewStatus.ON_SCENE), said(90, CrewStatus.AT_HOSPITAL)])
    assert told.state is State.AT_SCENE


@pytest.mark.parametrize("status", [CrewStatus.ON_SCENE, CrewStatus.AT_HOSPITAL, CrewStatus.HANDED_OVER])
def test_at_a_destination_each_of_these_is_an_arrival(status: CrewStatus) -> None:
    """It has one leg and no scene."""
    trip = sent_to("m1", "ambulans-01", Place(HOSPITAL.latitude, HOSPITAL.longitude), Urgency.ROUTINE, at(0))
    assert settled(trip, [], [said(60, status)]).state is State.ARRIVED


def test_a_fix_older_than_a_word_is_known_to_be_late() -> None:
    """Whoever feeds the timeline has to fold anew."""
    timeline = folded(mission(), [fix(0, 111.88)], [said(60, CrewStatus.ON_SCENE)])
    assert timeline.said == at(60)


def test_only_statuses_and_refusals_are_words() -> None:
    """An alarm, an input and an acceptance say nothing about where a mission stands."""
    start = at(0)
    said: list[Report] = [
        Status(at=start, status=CrewStatus.EN_ROUTE, source=Source.CREW, mission="m1"),
        Answer(at=start, mission="m1", accepted=False, reason="x"),
        Answer(at=start, mission="m1", accepted=True),
        Emergency(at=start, raised=True, since=start, source=Source.CREW),
        Input(at=start, name="siren", on=True),
    ]
    assert [word(each, start) is not None for each in said] == [True, True, False, False, False]


def test_every_sequence_of_presses_is_taken_without_complaint() -> None:
    """Whatever is pressed in whatever order, nothing raises and the times never run backwards."""
    for statuses in itertools.permutations(CrewStatus, 4):
        told = settled(mission(), [], [said(second * 10, status) for second, status in enumerate(statuses, 1)])
        times = [each for leg in told.legs for each in (leg.started_at, leg.arrived_at, leg.left_at) if each]
        assert times == sorted(times)
