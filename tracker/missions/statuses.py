"""The status machine of a unit, as a table; and how a unit stands after all that was said of it, in any order.

Crews forget buttons and press them late; receivers and dispatchers speak for them. So a step may pass over statuses
that follow of themselves (who is on scene was under way), and never goes where no crew could be (nobody has a patient
aboard without having been at a scene). What the table does not allow is refused, and kept with its reason.

A unit is on one mission at a time. What names another one says nothing of this one; and a crew's "available" that names
none ends none: it may not know yet that it has been sent.

An emergency of the crew is no step: it may be raised in any status, covers it, and gives it back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec


class Status(StrEnum):
    """What a unit is doing."""

    AVAILABLE = "available"
    ASSIGNED = "assigned"  # told of a mission
    ACKNOWLEDGED = "acknowledged"  # the crew takes it
    EN_ROUTE = "en-route"  # the wheels turn
    ON_SCENE = "on-scene"
    PATIENT_ABOARD = "patient-aboard"  # and under way to a hospital
    AT_HOSPITAL = "at-hospital"
    HANDED_OVER = "handed-over"  # the patient is the hospital's; the unit is not yet ready
    OUT_OF_SERVICE = "out-of-service"
    EMERGENCY = "emergency"  # the crew itself is in danger


STEPS: Mapping[Status, frozenset[Status]] = {
    Status.AVAILABLE: frozenset({Status.ASSIGNED, Status.OUT_OF_SERVICE}),
    Status.ASSIGNED: frozenset({
        Status.ACKNOWLEDGED, Status.EN_ROUTE, Status.ON_SCENE, Status.AVAILABLE, Status.OUT_OF_SERVICE,
    }),
    Status.ACKNOWLEDGED: frozenset({Status.EN_ROUTE, Status.ON_SCENE, Status.AVAILABLE, Status.OUT_OF_SERVICE}),
    Status.EN_ROUTE: frozenset({Status.ON_SCENE, Status.AVAILABLE, Status.OUT_OF_SERVICE}),
    Status.ON_SCENE: frozenset({Status.PATIENT_ABOARD, Status.AVAILABLE, Status.OUT_OF_SERVICE}),
    Status.PATIENT_ABOARD: frozenset({Status.AT_HOSPITAL, Status.HANDED_OVER, Status.OUT_OF_SERVICE}),
    Status.AT_HOSPITAL: frozenset({Status.HANDED_OVER, Status.AVAILABLE, Status.OUT_OF_SERVICE}),
    Status.HANDED_OVER: frozenset({Status.AVAILABLE, Status.OUT_OF_SERVICE}),
    Status.OUT_OF_SERVICE: frozenset({Status.AVAILABLE}),
}  # fmt: skip
"""From where to where a unit may go. EMERGENCY is not in it: `Stamp.raised` says that one."""

ON_MISSION = frozenset({
    Status.ASSIGNED, Status.ACKNOWLEDGED, Status.EN_ROUTE, Status.ON_SCENE,
    Status.PATIENT_ABOARD, Status.AT_HOSPITAL, Status.HANDED_OVER,
})  # fmt: skip
"""A unit in one of these has a mission."""


class Teller(StrEnum):
    """Who says it. Where two say something of one instant, the later in this list counts for more."""

    GPS = "gps"  # the receiver, through a geofence
    CREW = "crew"
    DISPATCHER = "dispatcher"


_TELLERS = list(Teller)


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody said that a unit has this status."""

    status: Status  # EMERGENCY goes with `raised`
    by: Teller
    server_time: datetime  # when the centre learned it
    device_time: datetime | None = None  # when it was so, by the teller's own clock; None: it has none
    mission: str | None = None  # as the teller knew it
    raised: bool = True  # of an emergency: False takes it back

    @property
    def at(self) -> datetime:
        """When it was so, as well as anybody knows."""
        return self.device_time or self.server_time


class Judged(msgspec.Struct, frozen=True):
    """A stamp, and what became of it."""

    stamp: Stamp
    refused_because: str | None = None  # None: it counts


class Standing(msgspec.Struct, frozen=True):
    """How a unit stands."""

    status: Status = Status.AVAILABLE  # never EMERGENCY: what it would be without
    since: datetime | None = None  # of the stamp that made it so; None: nobody has said anything yet
    emergency: bool = False
    mission: str | None = None  # that it is on, as far as anybody named it
    emergency_since: datetime | None = None  # when it was raised first

    @property
    def shown(self) -> Status:
        """As a board shows it."""
        return Status.EMERGENCY if self.emergency else self.status


def taken(standing: Standing, stamp: Stamp) -> tuple[Standing, Judged]:
    """The standing after a stamp that is newer than all before it, and what became of the stamp.

    Saying what is so already is no step and no mistake: the standing keeps its first time.
    """
    if stamp.status is Status.EMERGENCY:
        since = (standing.emergency_since or stamp.at) if stamp.raised else None
        return msgspec.structs.replace(standing, emergency=stamp.raised, emergency_since=since), Judged(stamp)
    if stamp.status is standing.status and stamp.mission in (None, standing.mission):
        if standing.since is None:
            standing = msgspec.structs.replace(standing, since=stamp.at)
        return standing, Judged(stamp)
    if (elsewhere := _elsewhere(standing, stamp)) is not None:
        return standing, Judged(stamp, elsewhere)
    if stamp.status is standing.status:
        return msgspec.structs.replace(standing, mission=_mission(standing, stamp)), Judged(stamp)
    if stamp.status not in STEPS[standing.status]:
        reason = f"from {standing.status.value} there is no step to {stamp.status.value}"
        return standing, Judged(stamp, reason)
    return msgspec.structs.replace(
        standing, status=stamp.status, since=stamp.at, mission=_mission(standing, stamp)
    ), Judged(stamp)


def _elsewhere(standing: Standing, stamp: Stamp) -> str | None:
    """Why a stamp says nothing about the mission that the unit is on, if it is on one."""
    if standing.mission is None:
        return None
    if stamp.mission not in (None, standing.mission):
        return f"it speaks of mission {stamp.mission}, and the unit is on {standing.mission}"
    if stamp.mission is None and stamp.by is Teller.CREW and stamp.status is Status.AVAILABLE:
        return f"it names no mission, and the unit is on {standing.mission}: only a word that names it ends it"
    return None


def _mission(standing: Standing, stamp: Stamp) -> str | None:
    return (stamp.mission or standing.mission) if stamp.status in ON_MISSION else None


def folded(stamps: Iterable[Stamp], start: Standing = Standing()) -> tuple[Standing, list[Judged]]:  # noqa: B008, frozen
    """How a unit stands after all these stamps, and what became of each, in the order of their times.

    A function of the set: a button that was pressed without coverage, and comes late, counts from when it was pressed.
    """
    taken_in = walked(stamps, start)
    return (taken_in[-1][1] if taken_in else start), [judged for judged, _ in taken_in]


def walked(stamps: Iterable[Stamp], start: Standing) -> list[tuple[Judged, Standing]]:
    """What became of each of these stamps, and how the unit stood after it; in the order of their times."""
    standing, found = start, []
    for stamp in sorted(set(stamps), key=_order):
        standing, outcome = taken(standing, stamp)
        found.append((outcome, standing))
    return found


def _order(stamp: Stamp) -> tuple[datetime, int, datetime, str, bool, str, bool]:
    """Total: of two stamps that differ in anything, one comes first."""
    said = stamp.server_time, stamp.status.value, stamp.raised, stamp.mission or "", stamp.device_time is None
    return stamp.at, _TELLERS.index(stamp.by), *said


def diagram() -> str:
    """The table as a Mermaid state diagram, for the README."""
    lines = ["stateDiagram-v2", f"    [*] --> {_name(Status.AVAILABLE)}"]
    lines += [
        f"    {_name(one)} --> {_name(other)}"
        for one in Status
        for other in Status
        if other in STEPS.get(one, frozenset())
    ]
    lines.append(
        f"    note right of {_name(Status.AVAILABLE)}: {Status.EMERGENCY.value} covers any status, and gives it back"
    )
    return "\n".join(lines)


def _name(status: Status) -> str:
    return status.value.replace("-", "_")
