"""What a mission says of its unit's status: a stamp for each of its times, a function of the mission alone.

So when late fixes or words correct the mission, its stamps are corrected with it. What a crew's button said is a stamp
of its own and not told twice; but a step that a button implies (who is at the hospital has left the scene) is told
here, in the moment before, so that the status goes the way that the mission went.

A mission without an incident stamps nothing: a unit that was merely given a destination can be sent anywhere.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tracker.missions.mission import By, Leg, Mission
from tracker.missions.statuses import Stamp, Status, Teller

INSTANT = timedelta(microseconds=1)
"""What is told at one time has an order; so much later is the next."""

TELLERS: Mapping[By | None, Teller] = {
    By.GPS: Teller.GPS,
    By.CREW: Teller.CREW,
    By.HAND: Teller.DISPATCHER,
    By.ITSELF: Teller.DISPATCHER,  # the gateway does what the dispatcher's rules say
    None: Teller.DISPATCHER,
}


def not_before(mission: Mission) -> datetime:
    """The earliest that anybody can have said anything of a mission, whatever clocks say."""
    return mission.assigned_at + 10 * INSTANT


def stamps_of(mission: Mission, learned_at: datetime) -> dict[Status, Stamp]:
    """By status: what the mission says of its unit, and when.

    Args:
        mission: as it stands.
        learned_at: when the centre learned of it.
    """
    if mission.incident is None:
        return {}
    found: dict[Status, Stamp] = {}

    def tell(status: Status, at: datetime, by: By | None) -> None:
        earliest = mission.assigned_at + len(found) * INSTANT  # in the order of the steps, should all be of one instant
        found[status] = Stamp(
            status=status, by=TELLERS[by], server_time=learned_at, device_time=max(at, earliest), mission=mission.id
        )

    tell(Status.ASSIGNED, mission.assigned_at, None)
    scene = mission.legs[0]
    onward = mission.legs[1] if len(mission.legs) > 1 else Leg(scene.kind, scene.place)
    if scene.departed_at is not None:
        tell(Status.EN_ROUTE, scene.departed_at, By.GPS)
    if scene.arrived_at is not None and (scene.arrived_by is not By.CREW or scene.arrived_at == scene.left_at):
        implied = scene.arrived_at == scene.left_at
        tell(Status.ON_SCENE, scene.arrived_at - (2 * INSTANT if implied else 0 * INSTANT), scene.arrived_by)
    if scene.left_at is not None and len(mission.legs) > 1:
        implied = scene.left_at == onward.arrived_at
        if scene.left_by is not By.CREW or implied:
            tell(Status.PATIENT_ABOARD, scene.left_at - (INSTANT if implied else 0 * INSTANT), scene.left_by)
    if onward.arrived_at is not None and onward.arrived_by is not By.CREW:
        tell(Status.AT_HOSPITAL, onward.arrived_at, onward.arrived_by)
    if mission.ended_at is not None:
        if _aboard(mission, onward) and mission.ended_by is By.HAND:
            tell(Status.HANDED_OVER, mission.ended_at - INSTANT, By.HAND)  # who says that it is over says so
        tell(Status.AVAILABLE, mission.ended_at, mission.ended_by)
    return found


def _aboard(mission: Mission, onward: Leg) -> bool:
    """Whether a patient was aboard and nobody told of an arrival."""
    scene = mission.legs[0]
    taken = scene.left_at is not None and (len(mission.legs) > 1 or scene.left_by is By.CREW)
    return taken and onward.arrived_at is None


def proposed(mission: Mission, status: Status) -> tuple[Status, datetime] | None:
    """A step that the receiver sees and does not make, for somebody to confirm: the unit has left the scene, and nobody
    has said where to, so that it may have a patient aboard or be free."""
    scene = mission.legs[0]
    if status is not Status.ON_SCENE or mission.ended_at is not None or len(mission.legs) > 1:
        return None
    return None if scene.left_at is None else (Status.PATIENT_ABOARD, scene.left_at)
