"""What a mission says of its unit's status, and when the wheels turn."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tracker.fix import Fix
from tracker.missions import By, Incident, Mission, Place, State, Urgency, assigned, sent_to
from tracker.missions.codes import FMS, RADIO, Primary, eido
from tracker.missions.crew import Word, moved
from tracker.missions.departure import Departure
from tracker.missions.mission import advance, arrive, end, leave
from tracker.missions.stamping import not_before, proposed, stamps_of
from tracker.missions.statuses import Stamp, Status, Teller, folded
from tracker.missions.timeline import settled
from tracker.wire.reports import CrewStatus

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SCENE, HOSPITAL = Place(-7.15, 111.90), Place(-7.15, 111.95)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def mission(*, hospital: bool = True) -> Mission:
    incident = Incident("i1", SCENE, Urgency.EMERGENCY, HOSPITAL if hospital else None, START)
    return assigned("m1", "a1", incident, None, START)


def said(status: CrewStatus, seconds: float) -> Stamp:
    return Stamp(
        status=Status(status.value), by=Teller.CREW, server_time=at(999), device_time=at(seconds), mission="m1"
    )


def way(of: Mission, *crew: Stamp) -> list[Status]:
    """The statuses that the unit goes through, by its mission and its crew's buttons."""
    _, judged = folded([*stamps_of(of, at(999)).values(), *crew])
    assert [each for each in judged if each.refused_because] == []
    found: list[Status] = []
    for each in judged:
        found += [each.stamp.status] if found[-1:] != [each.stamp.status] else []
    return found


def test_a_receiver_alone_goes_the_whole_way() -> None:
    """Wheels, scene, patient, hospital; a dispatcher ends it."""
    driven = mission()
    driven = driven.with_leg(0, msgspec.structs.replace(driven.legs[0], departed_at=at(20)))
    driven = arrive(leave(arrive(driven, at(300), By.GPS), at(600), By.GPS), at(900), By.GPS)
    stamps = stamps_of(end(driven, at(1000)), at(999))
    assert [each.status for each in stamps.values()] == list(way(end(driven, at(1000))))
    assert list(stamps) == [
        Status.ASSIGNED, Status.EN_ROUTE, Status.ON_SCENE, Status.PATIENT_ABOARD, Status.AT_HOSPITAL, Status.AVAILABLE,
    ]  # fmt: skip
    assert [each.by for each in stamps.values()] == [Teller.DISPATCHER, *[Teller.GPS] * 4, Teller.DISPATCHER]


@pytest.mark.parametrize("press", [CrewStatus.PATIENT_ABOARD, CrewStatus.ON_SCENE])
def test_what_a_button_implies_is_told_before_it(press: CrewStatus) -> None:
    """A crew that presses one button of three goes through all of them all the same."""
    driven = moved(mission(), Word(at(300), "m1", press))
    driven = moved(driven, Word(at(900), "m1", CrewStatus.AT_HOSPITAL))
    assert driven.state is State.ARRIVED
    assert way(driven, said(press, 300), said(CrewStatus.AT_HOSPITAL, 900)) == [
        Status.ASSIGNED, Status.ON_SCENE, Status.PATIENT_ABOARD, Status.AT_HOSPITAL,
    ]  # fmt: skip


def test_everything_by_hand_at_one_instant_keeps_its_order() -> None:
    """A dispatcher who catches up clicks faster than clocks tick."""
    driven = mission()
    for state in (State.AT_SCENE, State.TRANSPORTING, State.ARRIVED, State.ENDED):
        driven = advance(driven, state, START)
    assert way(driven)[-1] is Status.AVAILABLE
    assert len(way(driven)) == 5


def test_who_ends_a_mission_with_a_patient_aboard_says_that_it_was_handed_over() -> None:
    """A dispatcher does; the gateway does not: whose vehicle broke down has the patient still."""
    driven = leave(arrive(mission(), at(300), By.GPS), at(600), By.GPS)
    assert way(end(driven, at(900)))[-2:] == [Status.HANDED_OVER, Status.AVAILABLE]
    assert Status.HANDED_OVER not in stamps_of(end(driven, at(900), By.ITSELF), at(999))


def test_a_destination_is_no_mission_for_the_status() -> None:
    """It can be sent anywhere all the while."""
    assert stamps_of(sent_to("m2", "a1", HOSPITAL, Urgency.ROUTINE, START), START) == {}


def test_leaving_a_scene_without_a_destination_is_proposed_and_not_made() -> None:
    """Somebody says whether a patient is aboard."""
    driven = leave(arrive(mission(hospital=False), at(300), By.GPS), at(600), By.GPS)
    assert way(driven)[-1] is Status.ON_SCENE
    assert proposed(driven, Status.ON_SCENE) == (Status.PATIENT_ABOARD, at(600))
    assert proposed(driven, Status.PATIENT_ABOARD) is None
    assert proposed(leave(arrive(mission(), at(300), By.GPS), at(600), By.GPS), Status.ON_SCENE) is None


def test_nobody_speaks_of_a_mission_before_it_is_there() -> None:
    """A device whose clock is behind says "acknowledged" before the assignment: it comes right after it."""
    late = Stamp(
        status=Status.ACKNOWLEDGED, by=Teller.CREW, server_time=START, device_time=not_before(mission()), mission="m1"
    )
    assert way(mission(), late) == [Status.ASSIGNED, Status.ACKNOWLEDGED]


def test_a_word_of_another_mission_is_no_word_of_this_one() -> None:
    """Nor does "available" without a mission end one: it may not know of it."""
    stamps = [*stamps_of(mission(), START).values(), said(CrewStatus.ACKNOWLEDGED, 10)]
    other = msgspec.structs.replace(said(CrewStatus.ON_SCENE, 20), mission="m0")
    bare = msgspec.structs.replace(said(CrewStatus.AVAILABLE, 30), mission=None)
    standing, judged = folded([*stamps, other, bare])
    assert (standing.status, standing.mission) == (Status.ACKNOWLEDGED, "m1")
    assert [(each.refused_because or "")[:30] for each in judged[2:]] == [
        "it speaks of mission m0, and t", "it names no mission, and the u",
    ]  # fmt: skip
    standing, _ = folded([*stamps, said(CrewStatus.AVAILABLE, 40)])
    assert (standing.status, standing.mission) == (Status.AVAILABLE, None)


def test_an_emergency_is_named_by_its_first_press() -> None:
    """Repeats change nothing, and taking it back forgets it."""
    pressed = [
        Stamp(status=Status.EMERGENCY, by=Teller.CREW, server_time=at(second), raised=raised)
        for second, raised in ((5, True), (9, True), (20, False), (30, True))
    ]
    assert [folded(pressed[:count])[0].emergency_since for count in (2, 3, 4)] == [at(5), None, at(30)]


# The wheels


def drive(*steps: tuple[float, float, float | None]) -> list[Fix]:
    return [
        Fix(time=at(second), latitude=-7.15, longitude=111.88 + metres / 110_400, speed=speed)
        for second, metres, speed in steps
    ]


def set_out(fixes: list[Fix]) -> datetime | None:
    departure = Departure(START, SCENE)
    for fix in fixes:
        departure.feed(fix)
    return departure.at


def test_the_wheels_turn_when_it_begins_to_roll_and_not_when_that_is_sure() -> None:
    """A receiver that wanders, and one quick fix, are no drive."""
    standing = [(5.0, 0.0, 0.0), (10.0, 30.0, 0.3), (15.0, -10.0, 4.0), (20.0, 5.0, None)]
    assert set_out(drive(*standing)) is None
    assert set_out(drive(*standing, (25.0, 12.0, 3.0), (30.0, 40.0, 6.0), (35.0, 90.0, 9.0))) == at(25)


def test_who_is_rolling_already_has_not_set_out_by_that() -> None:
    """It may be on its way home: it has to come nearer, or to stand for a while first; a red light is no standing."""
    away = [(5.0 * step, -100.0 * step, 20.0) for step in range(1, 60)]
    assert set_out(drive(*away)) is None
    nearer = [(5.0 * step, 100.0 * step, 20.0) for step in range(1, 13)]
    assert set_out(drive(*nearer)) == at(5)
    assert set_out(drive(*nearer[:-2])) is None
    light = [(300.0, -6000.0, 0.0), (340.0, -6000.0, 0.0), (345.0, -6100.0, 15.0)]
    assert set_out(drive(*away, *light)) is None
    assert set_out(
        drive(*away, *light[:2], (361.0, -6000.0, 0.0), (366.0, -5980.0, 9.0), (371.0, -5900.0, 15.0))
    ) == at(366)


def test_late_fixes_move_the_departure_and_a_hand_keeps_it() -> None:
    """It is a function of the set of fixes, like all that receivers tell of a mission."""
    early, late = drive((5.0, 0.0, 0.0), (60.0, 900.0, 15.0)), drive((20.0, 20.0, 8.0), (30.0, 200.0, 15.0))
    known = settled(mission(), early)
    assert known.legs[0].departed_at == at(60)
    assert settled(known, [*early, *late]).legs[0].departed_at == at(20)
    by_hand = advance(known, State.AT_SCENE, at(300))
    assert settled(by_hand, [*early, *late]).legs[0].departed_at == at(60)


# The tongues of others


def test_eido_says_who_can_be_sent() -> None:
    """One status only is available, and each keeps our own word; no name of the registry is guessed."""
    told = {status: eido(status) for status in Status}
    assert [status for status, each in told.items() if each.primary is Primary.AVAILABLE] == [Status.AVAILABLE]
    assert [status for status, each in told.items() if each.primary is Primary.CONDITIONALLY] == [Status.HANDED_OVER]
    assert {each.internal for each in told.values()} == {status.value for status in Status}
    assert told[Status.PATIENT_ABOARD].secondary == "Transporting"
    assert told[Status.EN_ROUTE].secondary is None


def test_a_radio_with_fms_digits_has_its_table() -> None:
    """All digits but the wish to speak."""
    assert set(RADIO) == set(FMS) - {5}
    assert (RADIO[0], RADIO[3]) == ("emergency", "en-route")
