"""What is told to others without their asking: each kind of event and what it carries, as types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.services.calls import CallTold
from gateway.services.inbound import InboundTold
from gateway.services.missions import MissionView
from gateway.services.progress import IncidentState
from gateway.services.standings import StatusTold
from gateway.storage.alarms import AlarmShown
from tracker.missions import Incident
from tracker.register import Facility


class CommandTold(msgspec.Struct, frozen=True):
    """Who commands the centre now."""

    holder: str
    before: str | None
    said_by: str
    since: datetime


DATA: Mapping[str, tuple[Any, str]] = {
    "incident.opened": (Incident, "an incident was opened"),
    "incident.changed": (Incident, "an incident is another than it was: place, urgency, hospital, notes"),
    "incident.closed": (Incident, "an incident was closed; `closed_as` says as what"),
    "incident.progress": (IncidentState, "an arrival at an incident moved by a minute or more, or became (un)known"),
    "mission.assigned": (MissionView, "a unit was sent"),
    "mission.changed": (MissionView, "a mission stands elsewhere than it did"),
    "mission.ended": (MissionView, "a mission is over"),
    "unit.status": (StatusTold, "a unit does something else"),
    "alarm.raised": (AlarmShown, "somebody has to look at something"),
    "alarm.changed": (AlarmShown, "an alarm was acknowledged, or went one step up"),
    "alarm.cleared": (AlarmShown, "the cause of an alarm is gone"),
    "hospital.inbound": (InboundTold, "a patient is on the way to a hospital, or no longer; nobody is named"),
    "call.taken": (CallTold, "a call was taken"),
    "call.closed": (CallTold, "nobody waits for a call any more"),
    "command.handed-over": (CommandTold, "somebody else commands the centre"),
    "facility.changed": (Facility, "a facility's point, beds or diversion changed"),
}
"""By kind: the shape of the event's data, and a sentence."""
