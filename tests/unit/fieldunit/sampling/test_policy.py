"""What a unit is doing, and how often that is worth a fix."""

import pytest

from fieldunit.sampling.policy import rule_for, wanted_interval
from fieldunit.sampling.settings import SamplingSettings
from fieldunit.sampling.situation import Situation, situation_of
from tracker.wire.reports import CrewStatus

SETTINGS = SamplingSettings()


@pytest.mark.parametrize(
    ("status", "lights", "parked", "expected"),
    [
        (None, None, False, Situation.DRIVING),
        (CrewStatus.AVAILABLE, None, True, Situation.PARKED),
        (CrewStatus.OUT_OF_SERVICE, False, True, Situation.PARKED),
        (CrewStatus.ASSIGNED, None, True, Situation.ON_CALL),
        (CrewStatus.EN_ROUTE, None, False, Situation.LIGHTS),  # nothing is wired: a crew on its way drives with them
        (CrewStatus.EN_ROUTE, False, False, Situation.ON_CALL),  # wired, and off
        (CrewStatus.EN_ROUTE, True, False, Situation.LIGHTS),
        (CrewStatus.PATIENT_ABOARD, True, False, Situation.LIGHTS),
        (CrewStatus.PATIENT_ABOARD, None, False, Situation.ON_CALL),
        (CrewStatus.ON_SCENE, None, True, Situation.ON_CALL),
        (CrewStatus.AVAILABLE, True, False, Situation.LIGHTS),  # a crew that drives first and presses later
    ],
)
def test_the_situation(status: CrewStatus | None, lights: bool | None, parked: bool, expected: Situation) -> None:
    """From the crew's word and the wires."""
    assert situation_of(status, emergency=False, lights=lights, parked=parked) is expected
    assert situation_of(status, emergency=True, lights=lights, parked=parked) is Situation.EMERGENCY


def test_the_intervals_of_the_situations() -> None:
    """With lights a second, on a call five, parked a minute."""
    intervals = {situation: wanted_interval(SETTINGS, situation, None) for situation in Situation}
    assert list(intervals.values()) == [1, 1, 5, 10, 60]


@pytest.mark.parametrize(("ordered", "expected"), [(2.0, [1, 1, 2, 2, 2]), (300.0, [1, 1, 300, 300, 300])])
def test_an_order_never_slows_the_urgent(ordered: float, expected: list[float]) -> None:
    """It holds in every other situation, in both directions."""
    assert [wanted_interval(SETTINGS, situation, ordered) for situation in Situation] == expected


def test_a_stretched_interval_leaves_time_alone_to_count() -> None:
    """What the budget has no bytes for is not reported through another door."""
    assert rule_for(SETTINGS, Situation.ON_CALL, 5, 5).corridor_m == SETTINGS.corridor_m
    assert rule_for(SETTINGS, Situation.ON_CALL, 5, 8) == (8, None, None, None, None)
    nothing = rule_for(SETTINGS, Situation.ON_CALL, 5, None)
    assert nothing.interval_s is None
    assert 0 < nothing.announced_s < 86_400
