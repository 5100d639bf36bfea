"""What a unit is doing, as far as it matters for how often it reports."""

from enum import StrEnum

from tracker.wire.reports import CrewStatus


class Situation(StrEnum):
    """The more urgent first. The value stands on the health message."""

    EMERGENCY = "emergency"
    LIGHTS = "lights"
    ON_CALL = "on-call"
    DRIVING = "driving"
    PARKED = "parked"


_ON_CALL = frozenset(
    {
        CrewStatus.ASSIGNED,
        CrewStatus.ACKNOWLEDGED,
        CrewStatus.EN_ROUTE,
        CrewStatus.ON_SCENE,
        CrewStatus.PATIENT_ABOARD,
        CrewStatus.AT_HOSPITAL,
        CrewStatus.HANDED_OVER,
    }
)


def situation_of(status: CrewStatus | None, *, emergency: bool, lights: bool | None, parked: bool) -> Situation:
    """The situation.

    Args:
        status: the last that the crew gave; None before the first.
        emergency: whether one is raised.
        lights: whether siren or beacon is on; None where neither is wired. Wired and on, they count whatever the
            status says; not wired, a crew that is en route is taken to drive with them.
        parked: whether the unit has been standing for a while.
    """
    if emergency:
        return Situation.EMERGENCY
    if lights or (lights is None and status is CrewStatus.EN_ROUTE):
        return Situation.LIGHTS
    if status in _ON_CALL:
        return Situation.ON_CALL
    return Situation.PARKED if parked else Situation.DRIVING
