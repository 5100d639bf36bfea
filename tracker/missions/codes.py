"""A unit's status in the tongues of others: German FMS digits (0 to 9), NEMSIS times, NENA's EIDO.

Each centre's own words for a status stand in its profile. What a radio's codes mean is its programmer's choice, so it
stands in the bridge's table; `RADIO` is what such a table begins with where radios are programmed with FMS digits.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

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


RADIO: Mapping[int, str] = {
    digit: status.value for digit, status in FMS.items() if status is not None and status is not Status.EMERGENCY
} | {0: "emergency"}
"""Meaning of each status code of a radio that is programmed with FMS digits, as a bridge's table has it."""


class Primary(StrEnum):
    """EIDO: whether a unit can be sent."""

    AVAILABLE = "Available"
    CONDITIONALLY = "ConditionallyAvailable"
    NOT_AVAILABLE = "NotAvailable"


class Eido(msgspec.Struct, frozen=True):
    """A unit's status as EIDO tells it (NENA-STA-021.1a, 3.9 and 3.10)."""

    primary: Primary
    secondary: (
        str | None
    )  # None: the registry's name for it is not known to us; the internal status says it all the same
    internal: str  # unitStatusInternal: our own word


_SECONDARY: Mapping[Status, str] = {
    Status.ASSIGNED: "Dispatched",
    Status.PATIENT_ABOARD: "Transporting",
    Status.AT_HOSPITAL: "Hospital",
    Status.HANDED_OVER: "Hospital",
}
"""The registry is not open to everybody; these of its names are in what we could read of it. No other is guessed."""


def eido(status: Status) -> Eido:
    """A status for EIDO. Who has handed over can be had, though not at once: the vehicle is not ready yet."""
    primary = Primary.NOT_AVAILABLE
    if status is Status.AVAILABLE:
        primary = Primary.AVAILABLE
    elif status is Status.HANDED_OVER:
        primary = Primary.CONDITIONALLY
    return Eido(primary, _SECONDARY.get(status), status.value)
