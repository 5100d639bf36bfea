"""A unit's status in the tongues of others: German FMS digits (0 to 9) and NEMSIS times.

Each centre's own words for a status stand in its profile; what a radio's codes mean, in the bridge's table.
"""

from collections.abc import Mapping

from tracker.missions.statuses import Status

FMS: Mapping[int, Status | None] = {
    0: Status.EMERGENCY,
    1: Status.AVAILABLE,  # on the road
    2: Status.AVAILABLE,  # at its station
    3: Status.EN_ROUTE,
    4: Status.ON_SCENE,
    5: None,  # wants to speak: says nothing of what it does
    6: Status.OUT_OF_SERVICE,
    7: Status.PATIENT_ABOARD,
    8: Status.AT_HOSPITAL,
    9: Status.AVAILABLE,  # signs on
}
"""What a digit of the German radio system means here. Source: the services' common list (0 to 9)."""

_DIGIT: Mapping[Status, int] = {
    Status.EMERGENCY: 0,
    Status.AVAILABLE: 1,
    Status.EN_ROUTE: 3,
    Status.ON_SCENE: 4,
    Status.OUT_OF_SERVICE: 6,
    Status.PATIENT_ABOARD: 7,
    Status.AT_HOSPITAL: 8,
    Status.HANDED_OVER: 8,  # still there
}

NEMSIS: Mapping[Status, str] = {
    Status.ASSIGNED: "eTimes.03",  # unit notified by dispatch
    Status.ACKNOWLEDGED: "eTimes.04",
    Status.EN_ROUTE: "eTimes.05",
    Status.ON_SCENE: "eTimes.06",
    Status.PATIENT_ABOARD: "eTimes.09",  # unit left scene
    Status.AT_HOSPITAL: "eTimes.11",  # patient arrived at destination
    Status.HANDED_OVER: "eTimes.12",  # destination patient transfer of care
    Status.AVAILABLE: "eTimes.13",  # unit back in service
}
"""The element of NEMSIS 3 (eTimes) that holds the moment of a status; the others have none."""


def fms(status: Status, *, at_station: bool = False) -> int | None:
    """The digit for a status; None where the system has none: a unit that was told and has not moved yet."""
    if status is Status.AVAILABLE and at_station:
        return 2
    return _DIGIT.get(status)
