"""What an incident and a mission are, and what can happen to a mission.

A mission is one or two legs and their times; its state is read off the times, so the two never contradict each other.
All functions give a new value. Nobody is named here: an incident is a place and an urgency.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from tracker.errors import TrackerError


class NotPossible(TrackerError):
    """This cannot happen to this mission now; the sentence says why."""


class Urgency(StrEnum):
    """How soon somebody must be there; it decides about lights and siren."""

    EMERGENCY = "emergency"  # life in danger: lights and siren
    URGENT = "urgent"  # soon, with lights and siren where that helps
    ROUTINE = "routine"  # with the traffic

    @property
    def lights(self) -> bool:
        """Whether the drive is one with lights and siren."""
        return self is not Urgency.ROUTINE


class LegKind(StrEnum):
    """Where a leg leads."""

    TO_SCENE = "to-scene"
    TO_HOSPITAL = "to-hospital"
    TO_PLACE = "to-place"  # of a unit that was given a destination and no incident


class By(StrEnum):
    """Who says so."""

    GPS = "gps"
    HAND = "hand"  # a dispatcher
    CREW = "crew"  # a button in the vehicle
    ITSELF = "itself"  # the gateway, as the centre's rules say


class State(StrEnum):
    """Where a mission stands."""

    ASSIGNED = "assigned"  # on the way to the first stop, or not yet off
    AT_SCENE = "at-scene"
    TRANSPORTING = "transporting"  # left the scene
    ARRIVED = "arrived"  # at the last stop
    ENDED = "ended"


class ClosedAs(StrEnum):
    """Why nobody works on an incident any more."""

    RESOLVED = "resolved"
    INFORMATION = "information"  # somebody only asked
    PRANK = "prank"
    DUPLICATE = "duplicate"  # another incident is the same happening
    CANCELLED = "cancelled"  # nobody is needed any more
    HANDED_OVER = "handed-over"  # another centre has it


class Place(msgspec.Struct, frozen=True):
    """A point, and what people call it."""

    latitude: float  # degrees, WGS 84
    longitude: float  # degrees, WGS 84
    name: str = ""
    id: str | None = None  # of the centre's list of places, if it is from there


class Incident(msgspec.Struct, frozen=True):
    """Something happened somewhere. Nobody is named in it."""

    id: str
    place: Place
    urgency: Urgency
    destination: Place | None  # the hospital, once it is chosen
    opened_at: datetime
    closed_at: datetime | None = None
    kind: str = ""  # of the centre's table of procedures; "": not said
    agencies: tuple[str, ...] = ()  # ids: who is wanted there; the first leads
    capabilities: tuple[str, ...] = ()  # what a unit must have for it
    notes: str = ""  # for dispatchers
    exercise: bool = False  # nothing happened: it counts in no figure
    member: str | None = None  # member centre of a province whose it is
    reference: str = ""  # its number in the system that took the call
    closed_as: ClosedAs | None = None  # None: open, or closed without a reason
    duplicate_of: str | None = None  # the incident that it was merged into
    condition: str = ""  # of the patient, as hospitals are chosen by it
    version: int = 1  # one more with every change


class Leg(msgspec.Struct, frozen=True):
    """One drive of a mission. Times are of fixes or of whoever said so, never of a computer's receiving."""

    kind: LegKind
    place: Place
    started_at: datetime | None = None  # None: not yet
    arrived_at: datetime | None = None
    arrived_by: By | None = None
    left_at: datetime | None = None
    left_by: By | None = None
    departed_at: datetime | None = None  # the wheels turned, as the receiver saw it; of the first leg only


class Mission(msgspec.Struct, frozen=True):
    """A unit is sent."""

    id: str
    unit: str
    incident: str | None  # None: it was given a destination and nothing else
    urgency: Urgency
    assigned_at: datetime
    legs: tuple[Leg, ...]  # at least one
    ended_at: datetime | None = None
    ended_by: By | None = None
    ended_why: str = ""  # the crew's words, if it refused
    notes: str = ""  # for the crew
    exercise: bool = False  # of its incident

    @property
    def state(self) -> State:
        """Read off the times."""
        if self.ended_at is not None:
            return State.ENDED
        last = self.legs[-1]
        if last.arrived_at is not None and last.kind is not LegKind.TO_SCENE:
            return State.ARRIVED
        scene = self.legs[0]
        if scene.left_at is not None:
            return State.TRANSPORTING
        return State.ASSIGNED if scene.arrived_at is None else State.AT_SCENE

    @property
    def current(self) -> int | None:
        """Which leg is driven or comes next; None when there is none any more."""
        if self.ended_at is not None:
            return None
        return next((at for at, leg in enumerate(self.legs) if leg.arrived_at is None), None)

    def with_leg(self, at: int, leg: Leg) -> "Mission":
        """The mission with one leg replaced."""
        return msgspec.structs.replace(self, legs=(*self.legs[:at], leg, *self.legs[at + 1 :]))


def assigned(
    id: str,  # noqa: A002, the field's name
    unit: str,
    incident: Incident,
    urgency: Urgency | None,
    at: datetime,
    notes: str = "",
) -> Mission:
    """A unit is sent to an incident, and from there to its hospital if one is chosen.

    Raises:
        NotPossible: the incident is closed.
    """
    if incident.closed_at is not None:
        raise NotPossible(f"incident {incident.id} is closed since {incident.closed_at.isoformat()}")
    legs = [Leg(LegKind.TO_SCENE, incident.place, started_at=at)]
    if incident.destination is not None:
        legs.append(Leg(LegKind.TO_HOSPITAL, incident.destination))
    return Mission(
        id, unit, incident.id, urgency or incident.urgency, at, tuple(legs), notes=notes, exercise=incident.exercise
    )


def sent_to(id: str, unit: str, place: Place, urgency: Urgency, at: datetime) -> Mission:  # noqa: A002, the field's name
    """A unit is given a destination, without an incident."""
    return Mission(id, unit, None, urgency, at, (Leg(LegKind.TO_PLACE, place, started_at=at),))


def arrive(mission: Mission, at: datetime, by: By) -> Mission:
    """The unit is at the place of its current leg.

    Raises:
        NotPossible: there is no leg to arrive on, or it would arrive before it started.
    """
    current = mission.current
    if current is None:
        raise NotPossible(f"mission {mission.id} has nowhere to arrive any more")
    leg = mission.legs[current]
    if at < (leg.started_at or mission.assigned_at):
        raise NotPossible(f"mission {mission.id} cannot arrive before it started")
    if current and leg.started_at is None:  # nobody saw it leave the scene: it has, for it is here
        mission = leave(mission, at, by)
        leg = mission.legs[current]
    return mission.with_leg(current, msgspec.structs.replace(leg, arrived_at=at, arrived_by=by))


def leave(mission: Mission, at: datetime, by: By) -> Mission:
    """The unit leaves the scene; the next leg, if there is one, begins.

    Raises:
        NotPossible: it is not at a scene, or would leave before it came.
    """
    scene = mission.legs[0]
    if mission.state is not State.AT_SCENE or scene.arrived_at is None:
        raise NotPossible(f"mission {mission.id} is {mission.state.value}: it has no scene to leave")
    if at < scene.arrived_at:
        raise NotPossible(f"mission {mission.id} cannot leave the scene before it arrived there")
    mission = mission.with_leg(0, msgspec.structs.replace(scene, left_at=at, left_by=by))
    if len(mission.legs) > 1:
        mission = mission.with_leg(1, msgspec.structs.replace(mission.legs[1], started_at=at))
    return mission


def direct(mission: Mission, destination: Place | None) -> Mission:
    """Choose, change or drop (None) the hospital.

    Raises:
        NotPossible: the mission is over or at its hospital, or has no scene to go on from.
    """
    scene = mission.legs[0]
    if mission.ended_at is not None or mission.state is State.ARRIVED:
        raise NotPossible(f"mission {mission.id} is {mission.state.value}: its way is done")
    if scene.kind is not LegKind.TO_SCENE:
        raise NotPossible(f"mission {mission.id} has no incident: give the unit a new destination instead")
    legs: tuple[Leg, ...] = (scene,)
    if destination is not None:
        legs += (Leg(LegKind.TO_HOSPITAL, destination, started_at=scene.left_at),)
    return msgspec.structs.replace(mission, legs=legs)


def advance(mission: Mission, state: State, at: datetime) -> Mission:
    """Somebody says by hand where the mission stands. Saying what is so already changes nothing.

    Raises:
        NotPossible: there is no such step from where it stands, or not at that time.
    """
    if mission.state is state:
        return mission
    if state is State.ENDED:
        return end(mission, at)
    moved = {State.AT_SCENE: arrive, State.TRANSPORTING: leave, State.ARRIVED: arrive}.get(state)
    if moved is not None and (after := moved(mission, at, By.HAND)).state is state:
        return after
    raise NotPossible(f"mission {mission.id} is {mission.state.value}: it cannot become {state.value} from there")


def end(mission: Mission, at: datetime, by: By = By.HAND, why: str = "") -> Mission:
    """It is over, wherever it stands. Ending it twice changes nothing.

    Raises:
        NotPossible: it would end before it began.
    """
    if mission.ended_at is not None:
        return mission
    if at < mission.assigned_at:
        raise NotPossible(f"mission {mission.id} cannot end before it was assigned")
    return msgspec.structs.replace(mission, ended_at=at, ended_by=by, ended_why=why)
