"""Ranking hospitals: capability and openness before nearness, beds and doors as well."""

import itertools
import random
from datetime import UTC, datetime

from tracker.eta.straight_line import Estimate
from tracker.recommend.arrival import UNLUCKY
from tracker.recommend.hospitals import HANDOVER, House, Patient, Tier, ranked

STROKE = Patient(frozenset({"ct", "neurology"}))
ABLE = frozenset({"ct", "neurology", "surgery"})


def house(name: str, p50: float | None = 600.0, **values: object) -> House:
    eta = None if p50 is None else Estimate(p50 * 0.8, p50, p50 * 1.3)
    return House(**{"id": name, "eta": eta, "capabilities": ABLE, **values})  # type: ignore[arg-type] # a test's short hand


def order(*houses: House) -> list[str]:
    return [choice.id for choice in ranked(STROKE, houses)]


def test_the_nearer_of_two_that_can_do_it() -> None:
    """All else equal, the drive decides."""
    assert order(house("far", 1800.0), house("near", 600.0)) == ["near", "far"]


def test_who_can_do_it_stands_before_who_is_near() -> None:
    """28 km away and able before the one next door that would send the patient on."""
    choices = ranked(STROKE, [house("next-door", 120.0, capabilities=frozenset({"surgery"})), house("able", 2400.0)])
    assert [choice.id for choice in choices] == ["able", "next-door"]
    assert "lacks ct, neurology" in [each.sentence for each in choices[1].reasons]


def test_a_house_on_diversion_is_last_and_says_why() -> None:
    """Also behind one whose distance nobody knows."""
    closed = house("closed", 60.0, closed_because="emergency room under water")
    choices = ranked(STROKE, [closed, house("somewhere", None, unknown_because="no road"), house("open", 3000.0)])
    assert [(choice.id, choice.tier) for choice in choices] == [
        ("open", Tier.FIT),
        ("somewhere", Tier.UNKNOWN),
        ("closed", Tier.CLOSED),
    ]
    assert "takes no patients: emergency room under water" in [each.sentence for each in choices[2].reasons]


def test_no_free_bed_is_worse_than_an_unknown_number() -> None:
    """Unknown is not none."""
    full = house("full", 300.0, beds=0, beds_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    assert order(full, house("unknown", 900.0), house("free", 1200.0, beds=3)) == ["unknown", "free", "full"]


def test_beds_that_were_told_yesterday_are_unknown_by_now() -> None:
    """Neither taken for free nor for full; the reason says how old they are."""
    stale = house("stale", 300.0, beds=0, beds_age_s=20 * 3600.0)
    choices = ranked(STROKE, [stale, house("free", 900.0, beds=2, beds_age_s=600.0)])
    assert [(choice.id, choice.tier) for choice in choices] == [("stale", Tier.FIT), ("free", Tier.FIT)]
    assert "0 free beds were told 20 h ago: unknown by now" in [each.sentence for each in choices[0].reasons]


def test_what_nobody_has_said_is_no_ability_and_no_lack() -> None:
    """It stands behind those that can, and the reason is another one."""
    choices = ranked(STROKE, [house("silent", 60.0, capabilities=frozenset()), house("able", 900.0)])
    assert [choice.id for choice in choices] == ["able", "silent"]
    assert choices[1].reasons[0].why == "capabilities-unknown"


def test_a_crew_that_waits_at_the_door_counts() -> None:
    """Half an hour in front of the near one: the other, six minutes farther, is better for the next patient as well."""
    assert order(house("near", 600.0, handover_s=1800.0), house("far", 960.0, handover_s=300.0)) == ["far", "near"]


def test_the_ranking_is_right_by_brute_force() -> None:
    """On 500 random situations every neighbour stands as the rules say."""
    for seed in range(500):
        chance = random.Random(seed)
        houses = [
            house(
                f"rs-{number:02d}",
                None if chance.random() < 0.1 else chance.uniform(60, 4000),
                capabilities=frozenset(chance.sample(sorted(ABLE), chance.randrange(4))),
                beds=chance.choice([None, 0, 4]),
                closed_because=chance.choice([None, None, None, "full"]),
                handover_s=chance.choice([None, 300.0, 2400.0]),
            )
            for number in range(chance.randrange(1, 15))
        ]

        def grade(each: House) -> tuple[int, float, str]:
            tier = 0
            if each.closed_because is not None:
                tier = 4
            elif each.eta is None:
                tier = 3
            elif not STROKE.capabilities <= each.capabilities:
                tier = 2
            elif each.beds == 0:
                tier = 1
            time = 0.0
            if each.eta is not None:
                time = each.eta.p50 + UNLUCKY * (each.eta.p90 - each.eta.p50) + HANDOVER * (each.handover_s or 0.0)
            return tier, time, each.id

        by_id = {each.id: each for each in houses}
        choices = ranked(STROKE, houses)
        assert sorted(by_id) == sorted(choice.id for choice in choices)
        for one, other in itertools.pairwise(choices):
            assert grade(by_id[one.id]) < grade(by_id[other.id]), (seed, one, other)
