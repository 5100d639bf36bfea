"""Silence on a mission is an alarm; how long it may last depends on what the unit is doing.

A vehicle on its way to a patient that is not heard of for a minute is a question for the dispatcher now. One that
stands at a hospital, below a roof, is not for ten. One that is free is no alarm: the board shows its age.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tracker.missions.statuses import Status

LIMITS_S: Mapping[Status, float] = {
    Status.ASSIGNED: 120.0,
    Status.ACKNOWLEDGED: 90.0,
    Status.EN_ROUTE: 60.0,
    Status.ON_SCENE: 300.0,  # a parked vehicle reports once a minute
    Status.PATIENT_ABOARD: 60.0,
    Status.AT_HOSPITAL: 600.0,
    Status.HANDED_OVER: 600.0,
    Status.EMERGENCY: 30.0,
}
"""Seconds of age of the newest fix from which on silence is an alarm. Statuses that are not here have none."""


def silent_since(
    status: Status,
    entered_at: datetime,
    newest_fix: datetime | None,
    now: datetime,
    limits: Mapping[Status, float] = LIMITS_S,
) -> datetime | None:
    """When silence became an alarm; None if it is none.

    A status is not held against a unit before it has lasted as long as silence may: a unit that was parked for an
    hour, and is assigned, gets its time to speak.

    Args:
        status: what the unit is doing; `Standing.shown`.
        entered_at: since when.
        newest_fix: the time of its newest fix; None: it never had one.
        now: the time.
        limits: of the centre's profile.
    """
    limit = limits.get(status)
    if limit is None:
        return None
    heard = entered_at if newest_fix is None else max(entered_at, newest_fix)
    due = heard + timedelta(seconds=limit)
    return due if due <= now else None
