"""Ranking units: right by brute force on random situations, and each rule on a situation of its own."""

import itertools
import random
from datetime import UTC, datetime

import msgspec
import pytest

from tracker.eta.straight_line import Estimate
from tracker.missions.mission import Urgency
from tracker.missions.statuses import Status
from tracker.recommend.arrival import UNLUCKY
from tracker.recommend.units import COVERAGE, Candidate, Need, Offer, Tier, ranked

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
CAPABILITIES = ("als", "stretcher", "obstetric", "cutter")
AGENCIES = ("dinkes", "damkar", "pmi")


def need(**values: object) -> Need:
    return Need(**{"urgency": Urgency.EMERGENCY, "at": NOW, **values})  # type: ignore[arg-type] # a test's short hand


def offer(unit: str, p50: float | None = 300.0, p90: float | None = None, **values: object) -> Offer:
    eta = None if p50 is None else Estimate(p50 * 0.7, p50, p90 if p90 is not None else p50 * 1.4)
    return Offer(**{"unit": unit, "status": Status.AVAILABLE, "agency": "dinkes", "eta": eta, **values})  # type: ignore[arg-type] # likewise


def order(wanted: Need, *offers: Offer) -> list[str]:
    return [candidate.unit for candidate in ranked(wanted, offers)]


def situation(chance: random.Random) -> tuple[Need, list[Offer]]:
    """An incident, and up to forty units in any state."""
    wanted = need(
        urgency=chance.choice(list(Urgency)),
        capabilities=frozenset(chance.sample(CAPABILITIES, chance.randrange(3))),
        agencies=frozenset(chance.sample(AGENCIES, chance.choice([0, 0, 1, 2]))),
    )
    offers = [
        offer(
            f"unit-{number:02d}",
            None if chance.random() < 0.15 else chance.choice([60.0, 300.0, chance.uniform(30, 3000)]),
            status=chance.choice(list(Status)),
            agency=chance.choice([None, *AGENCIES]),
            sent=chance.random() < 0.1,
            connected=chance.choice([None, None, True, False]),
            capabilities=frozenset(chance.sample(CAPABILITIES, chance.randrange(5))),
            turnout_s=chance.choice([0.0, 60.0, 300.0]),
            on_shift=chance.random() < 0.85,
            crew_hours=chance.choice([None, 0.5, 8.0]),
            mission_urgency=chance.choice([None, *Urgency]),
            coverage_lost_s=chance.choice([0.0, 0.0, 40.0, 400.0]),
        )
        for number in range(chance.randrange(1, 40))
    ]
    chance.shuffle(offers)
    return wanted, offers


def stands_before(wanted: Need, one: Offer, other: Offer) -> bool:
    """The rules once more, in other words, between two units."""
    urgencies = [Urgency.ROUTINE, Urgency.URGENT, Urgency.EMERGENCY]

    def grade(each: Offer) -> tuple[int, float, str]:
        en_route = each.status in (Status.ASSIGNED, Status.ACKNOWLEDGED, Status.EN_ROUTE)
        busy = en_route or each.status in (
            Status.ON_SCENE, Status.PATIENT_ABOARD, Status.AT_HOSPITAL, Status.HANDED_OVER,
        )  # fmt: skip
        callable_off = (
            en_route
            and not each.sent
            and each.mission_urgency is not None
            and urgencies.index(each.mission_urgency) < urgencies.index(wanted.urgency)
        )
        short = (
            not wanted.capabilities <= each.capabilities
            or (len(wanted.agencies) > 0 and each.agency not in wanted.agencies)
            or each.connected is False
            or (each.crew_hours is not None and each.crew_hours < wanted.hours)
        )
        if each.status in (Status.OUT_OF_SERVICE, Status.EMERGENCY) or not each.on_shift:
            tier = 5
        elif each.eta is None:
            tier = 4
        elif each.sent or (busy and not callable_off):
            tier = 3
        elif short:
            tier = 2
        else:
            tier = 1 if busy else 0
        time = 0.0
        if each.eta is not None:
            late = UNLUCKY * (each.eta.p90 - each.eta.p50)
            time = each.turnout_s + each.eta.p50 + late + COVERAGE * each.coverage_lost_s
        return tier, time, each.unit

    return grade(one) < grade(other)


@pytest.mark.parametrize("block", range(5))
def test_the_ranking_is_right_by_brute_force(block: int) -> None:
    """On 500 random situations every pair stands as the rules say, and a unit whose arrival nobody knows is never first
    while there is one whose arrival is known and that may go."""
    for seed in range(block * 100, block * 100 + 100):
        wanted, offers = situation(random.Random(seed))
        candidates = ranked(wanted, offers)
        by_unit = {each.unit: each for each in offers}
        assert sorted(by_unit) == sorted(each.unit for each in candidates)
        for one, other in itertools.pairwise(candidates):
            assert stands_before(wanted, by_unit[one.unit], by_unit[other.unit]), (seed, one, other)
        if any(each.tier < Tier.UNKNOWN for each in candidates):
            assert candidates[0].seconds is not None
        for each in candidates:
            assert each.reasons, "nobody stands anywhere without a reason"


def test_the_nearer_stands_first_and_who_comes_for_sure_before_who_may() -> None:
    """A doubtful 5 minutes behind a sure 6."""
    assert order(need(), offer("far", 600.0), offer("near", 300.0)) == ["near", "far"]
    assert order(need(), offer("doubtful", 300.0, 1200.0), offer("sure", 360.0, 420.0)) == ["sure", "doubtful"]


def test_readiness_counts() -> None:
    """Who is on the road before who must be fetched from the house."""
    assert order(need(), offer("asleep", 300.0, turnout_s=180.0), offer("awake", 360.0)) == ["awake", "asleep"]


def test_what_is_left_behind_counts_by_half() -> None:
    """The only unit of a valley stays there while another is nearly as quick."""
    valley = offer("valley", 300.0, coverage_lost_s=400.0)
    assert order(need(), valley, offer("town", 400.0)) == ["town", "valley"]
    assert order(need(), valley, offer("distant", 900.0)) == ["valley", "distant"]


def test_only_who_has_reached_nobody_is_called_off_and_only_for_more() -> None:
    """On the way to a routine call: after the free ones, before the busy ones; with a patient aboard: busy."""
    on_the_way = offer("on-the-way", 60.0, status=Status.EN_ROUTE, mission_urgency=Urgency.ROUTINE)
    laden = offer("laden", 60.0, status=Status.PATIENT_ABOARD, mission_urgency=Urgency.ROUTINE)
    free = offer("free", 900.0)
    candidates = ranked(need(), [laden, on_the_way, free])
    assert [(each.unit, each.tier) for each in candidates] == [
        ("free", Tier.FIT),
        ("on-the-way", Tier.PREEMPTIBLE),
        ("laden", Tier.BUSY),
    ]
    assert ranked(need(urgency=Urgency.ROUTINE), [on_the_way])[0].tier is Tier.BUSY


def test_who_is_sent_already_is_not_called_off_for_the_same_incident() -> None:
    """Its mission is this one; it stands with the busy ones, and says so."""
    sent = offer("sent", 60.0, status=Status.EN_ROUTE, mission_urgency=Urgency.ROUTINE, sent=True)
    (candidate,) = ranked(need(), [sent])
    assert (candidate.tier, candidate.reasons[0].why) == (Tier.BUSY, "sent")


def test_any_of_the_wanted_agencies_will_do_and_an_unknown_one_is_none_of_them() -> None:
    """Nor is a unit that cannot be told as good as one that can."""
    wanted = need(agencies=frozenset({"dinkes", "pmi"}))
    offers = [
        offer("nobodys", 60.0, agency=None),
        offer("mute", 90.0, connected=False),
        offer("pmi", 900.0, agency="pmi"),
    ]
    candidates = ranked(wanted, offers)
    assert [(each.unit, each.tier) for each in candidates] == [
        ("pmi", Tier.FIT), ("nobodys", Tier.SHORT), ("mute", Tier.SHORT),
    ]  # fmt: skip
    assert [each.reasons[0].why for each in candidates[1:]] == ["no-agency", "not-connected"]


def test_a_failed_route_is_never_first() -> None:
    """Whatever else speaks for it; and its reason is told."""
    lost = offer("lost", None, unknown_because="no open road leads there", capabilities=frozenset(CAPABILITIES))
    (first, last) = ranked(need(capabilities=frozenset({"als"})), [lost, offer("unfit", 3000.0)])
    assert (first.unit, last.unit, last.tier) == ("unfit", "lost", Tier.UNKNOWN)
    assert "no open road leads there" in last.reasons[-1].sentence


def test_reasons_are_told_in_words_with_their_values() -> None:
    """A screen translates the code and fills in the values; a log has the sentence."""
    spent = offer("spent", 300.0, 420.0, crew_hours=0.5, stale=True, fix_age_s=95.0, turnout_s=60.0)
    (candidate,) = ranked(need(capabilities=frozenset({"als", "cutter"}), agencies=frozenset({"damkar"})), [spent])
    told = {each.why: each.sentence for each in candidate.reasons}
    assert told == {
        "crew-spent": "its crew has 0.5 h left, and this takes 1.0 h",
        "wrong-agency": "of dinkes, and damkar is wanted",
        "lacks": "lacks als, cutter",
        "arrives": "arrives in 360 s, by 480 s in nine of ten drives",
        "old-fix": "its position is 95 s old: ranked by where it may be",
        "turnout": "60 s until it is under way",
    }
    assert {each.why: each.values for each in candidate.reasons}["lacks"] == {"what": "als, cutter"}
    assert msgspec.json.decode(msgspec.json.encode(candidate), type=Candidate) == candidate
