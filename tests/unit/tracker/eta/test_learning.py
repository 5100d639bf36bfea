"""Learning from finished legs: what was driven comes out again, and what is no driving does not."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from tests.fix_map import Drawn, draw
from tracker.eta.learning import HALF_LIFE, LONGEST_STOP, Leg, attributed, fit, learn, predict
from tracker.eta.speeds import Driving, SpeedModel, Speeds, WayFactor, prior
from tracker.roads.graph import RoadClass
from tracker.roads.matching import Match
from tracker.roads.router import Router

MONDAY = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)  # midnight in Jakarta
PRIOR = prior("Asia/Jakarta")
TOWN = draw(
    """
    A---------B---------C---------E
    |         |         |         |
    |         |         |         |
    H---------G---------F---------I
    """,
    {
        "ABCE": {"highway": "primary"},
        "HGFI": {"highway": "secondary"},
        "AH": {"highway": "residential"},
        "BG": {"highway": "residential"},
        "CF": {"highway": "residential"},
        "EI": {"highway": "residential"},
    },
    step=100.0,
)
GRAPH = TOWN.graph
ROUTER = Router(GRAPH)


def drive(
    model: SpeedModel,
    path: str,
    start: datetime,
    driving: Driving = Driving.NORMAL,
    slower: float = 1.0,
    town: Drawn = TOWN,
) -> Leg:
    """A leg that took what a model says, times a factor, seen wherever a junction was passed."""
    graph = town.graph
    arcs = [town.arc(a + b) for a, b in itertools.pairwise(path)]
    assert None not in arcs
    known = np.array(arcs, np.int32)
    seconds = np.concatenate(([0.0], np.cumsum(Speeds(graph, model).seconds(driving, start)[known]))) * slower
    seconds[1:] += model.access
    along = np.concatenate(([0.0], np.cumsum(graph.arc_length[known])))
    match = Match(known, 0.0, float(graph.arc_length[known[-1]]), np.arange(len(along)), along, seconds, along * 0)
    sources, targets = (town.place(path[:2], 0.0),), (town.place(path[-2:], 1.0),)
    return Leg(start, float(seconds[-1]), driving, sources, targets, match)


PATHS = ("ABCE", "ECBA", "HGFI", "IFGH", "ABG", "GBA", "HABC", "CBAH", "ABCEI", "IECBA", "GFI", "FGH")
"""The fastest ways between their ends."""


def fleet(model: SpeedModel, number: int = 240, noise: float = 0.0) -> list[Leg]:
    """Legs all over town and all round the clock."""
    chance = np.random.default_rng(8)
    return [
        drive(
            model,
            PATHS[k % len(PATHS)],
            MONDAY + timedelta(minutes=13 * k),
            slower=float(np.exp(noise * chance.normal())),
        )
        for k in range(number)
    ]


def errors(model: SpeedModel, legs: Sequence[Leg]) -> float:
    """Mean error of predictions, as a part."""
    actual = np.array([leg.duration for leg in legs])
    return float(np.abs(predict(GRAPH, ROUTER, model, legs) / actual - 1).mean())


def test_without_legs_the_prior_comes_back() -> None:
    """Nothing is learned from nothing."""
    assert learn(GRAPH, ROUTER, [], PRIOR) is PRIOR


def test_what_all_roads_share_is_learned() -> None:
    """In a town 40 % slower than thought, where mornings are worse still, errors fall from a third to 4 %."""
    hours = tuple(f * (1.5 if 6 <= hour < 10 else 1.0) for hour, f in enumerate(PRIOR.hours[0]))
    truth = msgspec.structs.replace(PRIOR, pace=tuple(1.4 * pace for pace in PRIOR.pace), hours=(hours, hours))
    legs = fleet(truth)
    model = learn(GRAPH, ROUTER, legs, PRIOR)
    assert errors(PRIOR, legs) > 0.25
    assert errors(model, legs) < 0.04
    assert model.pace[RoadClass.PRIMARY] / PRIOR.pace[RoadClass.PRIMARY] > 1.2
    assert model.hours[0][8] / model.hours[0][3] > 1.2 * PRIOR.hours[0][8] / PRIOR.hours[0][3]


def test_a_slow_street_is_found_in_its_direction() -> None:
    """The lower street, way 2, is three times as slow from H to I; its other direction is not blamed."""
    truth = msgspec.structs.replace(PRIOR, ways=(WayFactor(2, True, 3.0, 1e4),))
    model = fit(GRAPH, fleet(truth), PRIOR, MONDAY)
    seconds = Speeds(GRAPH, model).seconds(Driving.NORMAL, MONDAY)
    usual = Speeds(GRAPH, PRIOR).seconds(Driving.NORMAL, MONDAY)
    assert seconds[TOWN.arc("GF")] > 2 * seconds[TOWN.arc("FG")]
    assert seconds[TOWN.arc("FG")] < 1.3 * usual[TOWN.arc("FG")]
    assert {way.way: way.seconds > 0 for way in model.ways if way.way == 2} == {2: True}


def test_one_leg_changes_little_and_many_change_much() -> None:
    """Shrinkage: a street of 45 s that took five times as long once is believed by half, and after forty times."""
    truth = msgspec.structs.replace(PRIOR, ways=(WayFactor(5, True, 5.0, 1e4),))
    usual = fleet(PRIOR)
    few = fit(GRAPH, [*usual, drive(truth, "BCFG", MONDAY)], PRIOR, MONDAY)
    many = fit(GRAPH, [*usual, *(drive(truth, "BCFG", MONDAY + timedelta(hours=k)) for k in range(40))], PRIOR, MONDAY)
    usually = Speeds(GRAPH, PRIOR).seconds(Driving.NORMAL, MONDAY)
    once, often = (
        float((Speeds(GRAPH, model).seconds(Driving.NORMAL, MONDAY) / usually)[TOWN.arc("CF")]) for model in (few, many)
    )
    assert 1.5 < once < 4.0
    assert often > 4.3


def test_a_street_that_nobody_drove_to_its_end_is_taken_to_be_one() -> None:
    """The slow street's next way, and its other direction, are slower than usual; its namesake 3 km away is not."""
    town = draw(
        """
        A---------B---------C------------------------------D---------E
        """,
        {
            "AB": {"highway": "primary", "name": "Jalan Panjang"},
            "BC": {"highway": "primary", "name": "Jalan Panjang"},
            "CD": {"highway": "primary"},
            "DE": {"highway": "primary", "name": "Jalan Panjang"},
        },
        step=100.0,
    )
    slow = [drive(PRIOR, "AB", MONDAY + timedelta(minutes=k), slower=2.0, town=town) for k in range(40)]
    usual = [drive(PRIOR, "CD", MONDAY + timedelta(minutes=k), town=town) for k in range(40)]
    model = fit(town.graph, [*slow, *usual], PRIOR, MONDAY)
    factors = {(way.way, way.forward): way for way in model.ways}
    assert factors[1, True].factor > 1.2
    for undriven in ((1, False), (2, True), (2, False)):
        assert 1.1 < factors[undriven].factor < factors[1, True].factor
        assert factors[undriven].seconds == 0.0
    assert factors[3, True].factor < 1.0
    assert not {(3, False), (4, True), (4, False)} & factors.keys()


def test_the_order_of_legs_is_nothing() -> None:
    """The same legs, shuffled: the same version. One leg more: another."""
    legs = fleet(PRIOR, 60, noise=0.3)
    shuffled = [legs[k] for k in np.random.default_rng(1).permutation(len(legs))]
    model = learn(GRAPH, ROUTER, legs, PRIOR)
    assert learn(GRAPH, ROUTER, shuffled, PRIOR).version == model.version
    assert learn(GRAPH, ROUTER, legs[1:], PRIOR).version != model.version
    assert (model.legs, model.until) == (60, legs[-1].start)


def test_older_legs_count_less() -> None:
    """A town that became slower: after four half-lives its new pace is the pace, though half of the legs are old."""
    slow = msgspec.structs.replace(PRIOR, pace=tuple(1.5 * pace for pace in PRIOR.pace))
    old = fleet(PRIOR, 120)
    new = [later(leg, 4 * HALF_LIFE) for leg in fleet(slow, 120)]
    model = fit(GRAPH, [*old, *new], PRIOR, new[-1].start)
    assert errors(model, new) < 0.06 < errors(model, old)


def later(leg: Leg, by: timedelta) -> Leg:
    """The same leg, later by whole weeks, so that it is at the same hour of the week."""
    weeks = timedelta(weeks=round(by / timedelta(weeks=1)))
    return Leg(leg.start + weeks, leg.duration, leg.driving, leg.sources, leg.targets, leg.match)


def test_lights_and_siren_are_measured_against_normal_driving() -> None:
    """Legs that took 0.6 of normal ones move the factor from the prior's 0.8 most of the way there."""
    fast = msgspec.structs.replace(PRIOR, driving=PRIOR.driving | {Driving.LIGHTS: 0.6})
    urgent = [drive(fast, path, MONDAY + timedelta(hours=k), Driving.LIGHTS) for k, path in enumerate(PATHS * 8)]
    model = learn(GRAPH, ROUTER, [*fleet(PRIOR), *urgent], PRIOR)
    assert 0.55 < model.driving[Driving.LIGHTS] < 0.72
    assert model.driving[Driving.NORMAL] == 1.0


def test_a_stop_for_fuel_is_not_the_street_s_fault() -> None:
    """Twenty minutes of standing on one spot count as the longest stop that traffic makes."""
    leg = drive(PRIOR, "ABCE", MONDAY)
    match = leg.match
    seconds = np.insert(match.seconds, 2, match.seconds[1] + 1200)
    seconds[3:] += 1200
    along = np.insert(match.along, 2, match.along[1])
    stopped = Leg(
        leg.start,
        leg.duration + 1200,
        leg.driving,
        leg.sources,
        leg.targets,
        Match(match.arcs, match.begin, match.end, np.arange(len(along)), along, seconds, along * 0),
    )
    expected = Speeds(GRAPH, PRIOR).seconds(leg.driving, leg.start)
    spent, _ = attributed(GRAPH, stopped, expected)
    usual, _ = attributed(GRAPH, leg, expected)
    assert spent.sum() == pytest.approx(usual.sum() + LONGEST_STOP)


def test_time_goes_to_the_arcs_it_was_spent_on() -> None:
    """Seen at each junction, each arc gets its own time, to a thousandth."""
    leg = drive(PRIOR, "ABCFI", MONDAY)
    spent, expected = attributed(GRAPH, leg, Speeds(GRAPH, PRIOR).seconds(leg.driving, leg.start))
    assert spent == pytest.approx(np.diff(leg.match.seconds), abs=1e-3)
    assert spent[1:] == pytest.approx(expected[1:], abs=1e-3)


def test_intervals_are_as_wide_as_legs_differ() -> None:
    """Legs that differ by a log-normal of 0.3 from each other: the 80 % interval has that width, and no bias."""
    model = learn(GRAPH, ROUTER, fleet(PRIOR, 300, noise=0.3), PRIOR)
    eta = model.intervals.around(300.0)
    assert np.log(eta.p90 / eta.p10) == pytest.approx(2 * 1.2816 * 0.3, rel=0.25)
    assert eta.p50 == pytest.approx(300, rel=0.08)


def test_an_evening_like_none_before_leaves_the_middle_in_the_middle() -> None:
    """Its legs, two and a half times as long, are no error of the middle: as many are late as early, to 6 %."""
    hours = tuple(2.5 if hour >= 18 else 1.0 for hour in range(24))
    legs = fleet(msgspec.structs.replace(PRIOR, hours=(hours, hours)), 110, noise=0.1)
    model = learn(GRAPH, ROUTER, legs, PRIOR)
    late = np.log(np.array([leg.duration for leg in legs]) / predict(GRAPH, ROUTER, model, legs))
    assert float(np.median(late)) == pytest.approx(0.0, abs=0.06)
    assert {horizon.p50 for horizon in model.intervals.horizons} == {0.0}


def test_a_place_that_is_slow_to_come_to_is_found() -> None:
    """Legs that end at the corner E take a minute more, at its gate: errors there fall, elsewhere nothing is added."""
    legs = [gated(leg) if path.endswith("E") else leg for leg, path in zip(fleet(PRIOR), PATHS * 20, strict=True)]
    model = learn(GRAPH, ROUTER, legs, PRIOR)
    speeds = Speeds(GRAPH, model)
    gate, other = TOWN.place("CE", 1.0), TOWN.place("GH", 1.0)
    assert 10 < speeds.approach(gate.latitude, gate.longitude) < 60
    assert speeds.approach(other.latitude, other.longitude) < 5
    to_gate = [leg for leg, path in zip(legs, PATHS * 20, strict=True) if path.endswith("E")]
    assert errors(model, to_gate) < 0.8 * errors(msgspec.structs.replace(model, approaches=()), to_gate)


def gated(leg: Leg) -> Leg:
    """The same leg, with a minute at its end that no position shows."""
    return Leg(leg.start, leg.duration + 60, leg.driving, leg.sources, leg.targets, leg.match)


def test_a_place_that_was_odd_once_is_left_alone() -> None:
    """One leg of sixty that took ten times as long moves no place by more than a few seconds."""
    legs = fleet(PRIOR, 60)
    odd = Leg(
        legs[30].start, 10 * legs[30].duration, legs[30].driving, legs[30].sources, legs[30].targets, legs[30].match
    )
    model = learn(GRAPH, ROUTER, [*legs[:30], odd, *legs[31:]], PRIOR)
    assert all(abs(cell.seconds) < 15 for cell in model.approaches)


def test_a_leg_without_time_is_refused() -> None:
    """It would be an infinite speed."""
    leg = drive(PRIOR, "ABCE", MONDAY)
    nothing = Leg(leg.start, 0.0, leg.driving, leg.sources, leg.targets, leg.match)
    with pytest.raises(ValueError, match="no time"):
        learn(GRAPH, ROUTER, [nothing], PRIOR)
