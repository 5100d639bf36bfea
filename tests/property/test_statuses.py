"""Walks over the status machine: what the table allows counts, what it does not is kept with a reason, in any order."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.missions.codes import FMS, NEMSIS, fms
from tracker.missions.statuses import ON_MISSION, STEPS, Stamp, Standing, Status, Teller, _order, diagram, folded, taken
from tracker.wire.reports import CrewStatus

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WALK = settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def walks(draw: st.DrawFn, *, missions: bool = False) -> list[Stamp]:
    """Fifty things that people and receivers say, some without coverage, some of one instant; with ``missions`` most
    speak of one, and not always of the one that the unit is on."""
    numbers = draw(st.lists(st.integers(0, 2**24 - 1), min_size=50, max_size=50))  # one draw a step is enough
    stamps, at = [], START
    for number in numbers:
        at += timedelta(seconds=(number & 7) * 10)
        late = timedelta(minutes=(number >> 3) & 63)
        stamps.append(
            Stamp(
                status=list(Status)[(number >> 9) % len(Status)],
                by=list(Teller)[(number >> 14) % len(Teller)],
                device_time=at if number >> 16 & 1 else None,
                server_time=at + (late if number >> 16 & 1 else timedelta(0)),
                raised=bool(number >> 17 & 1),
                mission=(None, "m1", "m1", "m2")[number >> 18 & 3] if missions else None,
            )
        )
    return stamps


@WALK
@given(walks())
def test_a_walk_goes_only_where_the_table_leads(stamps: list[Stamp]) -> None:
    """Each stamp is judged once; those that count form a path in the table; the refused change nothing and say why."""
    standing, judged = folded(stamps)
    assert len(judged) == len(set(stamps))
    at, emergency = Status.AVAILABLE, False
    for each in judged:
        status = each.stamp.status
        if status is Status.EMERGENCY:
            emergency = each.stamp.raised
            assert each.refused_because is None
        elif each.refused_because is None:
            assert status is at or status in STEPS[at]
            at = status
        else:
            assert status is not at
            assert status not in STEPS[at]
            assert at.value in each.refused_because
            assert status.value in each.refused_because
    assert (standing.status, standing.emergency) == (at, emergency)
    assert standing.shown is (Status.EMERGENCY if emergency else at)


@WALK
@given(walks(), st.randoms(use_true_random=False))
def test_the_order_in_which_stamps_come_changes_nothing(stamps: list[Stamp], chance: random.Random) -> None:
    """A button without coverage counts from when it was pressed, whenever it comes, however often."""
    expected = folded(stamps)
    shuffled = stamps + chance.sample(stamps, 10)
    chance.shuffle(shuffled)
    assert folded(shuffled) == expected


@WALK
@given(walks())
def test_one_by_one_is_the_same_as_all_at_once(stamps: list[Stamp]) -> None:
    """Whoever keeps the standing and takes what is newer gets what whoever reads it all gets."""
    _, judged = folded(stamps)
    standing = Standing()
    for each in judged:
        standing, outcome = taken(standing, each.stamp)
        assert outcome == each
    assert standing == folded(stamps)[0]


@WALK
@given(walks(missions=True), st.randoms(use_true_random=False))
def test_only_words_of_its_own_mission_move_a_unit(stamps: list[Stamp], chance: random.Random) -> None:
    """Who is on a mission leaves it by a word of it, by a dispatcher's, or out of service; in any order of arrival."""
    shuffled = list(stamps)
    chance.shuffle(shuffled)
    expected, judged = folded(shuffled)
    assert (expected, judged) == folded(stamps)
    standing = Standing()
    for each in judged:
        before, (standing, _) = standing, taken(standing, each.stamp)
        assert standing.mission is None or standing.status in ON_MISSION
        if each.refused_because is not None or each.stamp.status is Status.EMERGENCY:
            assert (standing.status, standing.mission, standing.since) == (before.status, before.mission, before.since)
        elif before.mission is not None:
            assert each.stamp.mission in (None, before.mission)
            freed = standing.mission is None and each.stamp.by is Teller.CREW
            assert not (freed and each.stamp.mission is None and each.stamp.status is Status.AVAILABLE)
    assert standing == expected


def test_words_of_one_instant_that_differ_in_their_mission_alone_have_an_order() -> None:
    """However they come: two crews' tablets, one of which still has the mission before."""
    at = datetime(2026, 11, 22, 3, tzinfo=UTC)
    words = [
        Stamp(status=Status.ASSIGNED, by=Teller.CREW, server_time=at, device_time=device, mission=mission)
        for mission in (None, "m1", "m2")
        for device in (None, at)
    ]
    # A set's order goes by hashes, so that a tie would be settled otherwise in another process: by the sort itself.
    assert len({_order(each) for each in words}) == len(words)


def test_every_status_can_be_reached_and_left() -> None:
    """No unit is stuck, and none needs an illegal step to work again."""
    for start in STEPS:
        seen, edge = {start}, [start]
        while edge:
            new = [to for status in edge for to in STEPS[status] if to not in seen]
            seen |= set(new)
            edge = new
        assert seen == set(STEPS), start


def test_a_patient_is_never_left_behind() -> None:
    """Nobody is available with a patient aboard, and nobody has one aboard without having been at a scene."""
    assert Status.AVAILABLE not in STEPS[Status.PATIENT_ABOARD]
    assert [one for one, others in STEPS.items() if Status.PATIENT_ABOARD in others] == [Status.ON_SCENE]
    assert set(STEPS) - {Status.AVAILABLE, Status.OUT_OF_SERVICE} == ON_MISSION


def test_the_words_of_crews_and_of_the_centre_are_the_same() -> None:
    """The wire knows all of them but the emergency, which is a report of its own."""
    assert {status.value for status in CrewStatus} == {status.value for status in Status} - {"emergency"}


def test_the_tongues_of_others() -> None:
    """FMS there and back; each status of a mission has its time in NEMSIS."""
    for digit in (0, 1, 3, 4, 6, 7, 8):
        status = FMS[digit]
        assert status is not None
        assert fms(status) == digit
    assert fms(Status.AVAILABLE, at_station=True) == 2
    assert fms(Status.ASSIGNED) is None
    assert set(NEMSIS) == ON_MISSION | {Status.AVAILABLE}
    assert len(set(NEMSIS.values())) == len(NEMSIS)


def test_the_diagram_shows_every_step_once() -> None:
    """As many arrows as steps, and the beginning."""
    lines = diagram().splitlines()
    assert sum("-->" in line for line in lines) == sum(map(len, STEPS.values())) + 1
    assert len(set(lines)) == len(lines)
