"""Units as NENA's Emergency Incident Data Object shows its emergency resources (NENA-STA-021.1a, 2.20): a system that
reads those finds names that it knows.

The standard's object is one incident's, signed and served by reference; this is its unit, and where it is, alone. What
the registries call a thing and we do not know stays out.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from gateway.feeds.positions import UnitPosition
from tracker.missions.codes import eido
from tracker.missions.statuses import Status


class EidoLocation(msgspec.Struct, frozen=True):
    """A fix, and how old it is."""

    latitude: float
    longitude: float
    timestamp: datetime  # of the fix
    age_s: float
    freshness: str


class EidoUnit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit; the names are the standard's."""

    emergencyResourceName: str  # noqa: N815, the standard's
    emergencyResourceTypeInternalText: str  # noqa: N815, likewise, and so are the next ones
    componentIdentifier: str  # noqa: N815
    lastUpdateTimeStamp: datetime  # noqa: N815
    primaryUnitStatusRegistryText: str | None = None  # noqa: N815
    secondaryUnitStatusRegistryText: str | None = None  # noqa: N815
    unitStatusInternal: list[str] = []  # noqa: N815
    activeOnIncidentId: str | None = None  # noqa: N815
    eta: datetime | None = None  # at its next stop: the median
    unitLocation: EidoLocation | None = None  # noqa: N815
    unitEmergencyState: bool = False  # noqa: N815


class EidoUnits(msgspec.Struct, frozen=True):
    """All units of a centre."""

    server_time: datetime
    emergencyResources: list[EidoUnit]  # noqa: N815


def units(all_units: Iterable[UnitPosition], now: datetime) -> EidoUnits:
    """All of them."""
    return EidoUnits(now, [_unit(each) for each in all_units])


def _unit(unit: UnitPosition) -> EidoUnit:
    told = None if unit.status is None else eido(Status(unit.status))
    location = None
    if unit.latitude is not None and unit.longitude is not None and unit.fix_time is not None:
        location = EidoLocation(unit.latitude, unit.longitude, unit.fix_time, unit.age_s or 0.0, unit.freshness)
    expected = None if unit.eta is None or unit.eta.eta_s is None else unit.eta
    return EidoUnit(
        unit.name,
        unit.kind,
        unit.unit,
        unit.told_at,
        primaryUnitStatusRegistryText=None if told is None else told.primary.value,
        secondaryUnitStatusRegistryText=None if told is None else told.secondary,
        unitStatusInternal=[] if told is None else [told.internal],
        activeOnIncidentId=None if unit.mission is None else unit.mission.incident,
        eta=None if expected is None or expected.eta_s is None else expected.at + timedelta(seconds=expected.eta_s.p50),
        unitLocation=location,
        unitEmergencyState=unit.emergency,
    )
