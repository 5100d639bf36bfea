"""What becomes of a mission whose incident turns out to be elsewhere, or to be another incident.

An address is wrong more often than anything else that a caller says. What a receiver saw at the wrong place is no
arrival any more; what people said of being there stands, for they were with somebody. The drive to the right place
begins when it becomes known: what was foretold of the other one is no promise for it.
"""

from datetime import datetime

import msgspec

from tracker.geodesy import distance
from tracker.missions.arrival import ENTER
from tracker.missions.mission import By, Incident, Leg, LegKind, Mission, Place, State, direct


def corrected(mission: Mission, place: Place, at: datetime) -> Mission:
    """The mission on its way to the right place; the same one if its scene is behind it.

    Args:
        mission: to the incident.
        place: where the incident really is.
        at: since when that is known.
    """
    scene = mission.legs[0]
    if mission.ended_at is not None or scene.kind is not LegKind.TO_SCENE or scene.left_at or scene.place == place:
        return mission
    moved = distance(scene.place.latitude, scene.place.longitude, place.latitude, place.longitude)
    if moved <= ENTER or scene.arrived_by in (By.CREW, By.HAND):  # they are there, or will come there all the same
        return mission.with_leg(0, msgspec.structs.replace(scene, place=place))
    begins = max(at, scene.started_at or mission.assigned_at)
    onward = tuple(Leg(leg.kind, leg.place) for leg in mission.legs[1:])
    first = Leg(scene.kind, place, started_at=begins, departed_at=scene.departed_at)
    return msgspec.structs.replace(mission, legs=(first, *onward))


def redirected(mission: Mission, destination: Place | None) -> Mission:
    """The mission with its incident's hospital, if it is not there or over."""
    if mission.state in (State.ARRIVED, State.ENDED) or mission.legs[0].kind is not LegKind.TO_SCENE:
        return mission
    return direct(mission, destination)


def merged(mission: Mission, into: Incident, at: datetime) -> Mission:
    """The mission as one to another incident, which is the same happening; ended ones keep all but the reference."""
    return corrected(msgspec.structs.replace(mission, incident=into.id), into.place, at)
