"""The `[sampling]` and `[budget]` sections of the unit's file; a `configuration` command changes the same values."""

from typing import Annotated

import msgspec
from msgspec import Meta

Interval = Annotated[float, Meta(ge=0, le=3600)]


class SamplingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often a fix is reported, by what the unit is doing; and what is reported in between."""

    emergency_s: Annotated[Interval, Meta(description="seconds between fixes while an emergency is raised")] = 1.0
    lights_s: Annotated[Interval, Meta(description="seconds between fixes on the way with lights and siren")] = 1.0
    on_call_s: Annotated[Interval, Meta(description="seconds between fixes during a mission")] = 5.0
    driving_s: Annotated[Interval, Meta(description="seconds between fixes on other drives")] = 10.0
    parked_s: Annotated[Interval, Meta(description="seconds between fixes while parked: each is a fresh one")] = 60.0
    distance_m: Annotated[
        float, Meta(ge=5, le=100_000, description="metres after which a fix is reported before its time")
    ] = 250.0
    turn_deg: Annotated[
        float, Meta(ge=5, le=180, description="degrees of turn after which a fix is reported before its time")
    ] = 25.0
    speed_change_mps: Annotated[
        float, Meta(ge=0.5, le=100, description="change of speed, m/s, after which a fix is reported before its time")
    ] = 5.0
    corridor_m: Annotated[
        float,
        Meta(ge=3, le=10_000, description="metres that the reported track may pass beside a place where the unit was"),
    ] = 15.0
    parked_radius_m: Annotated[
        float, Meta(ge=5, le=1000, description="metres within which a standing unit's fixes may scatter")
    ] = 30.0
    parked_after_s: Annotated[
        float, Meta(ge=5, le=3600, description="seconds of standing after which a unit counts as parked")
    ] = 60.0


class BudgetSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be sent and received in a day (UTC)."""

    bytes_per_day: Annotated[
        int | None,
        Meta(description="bytes a day for fixes; left out: no limit. Statuses and emergencies are sent in any case"),
    ] = None

    def __post_init__(self) -> None:
        """A budget below this is a mistake of unit: megabytes, not bytes."""
        if self.bytes_per_day is not None and not 100_000 <= self.bytes_per_day <= 10**13:
            raise ValueError("bytes_per_day is in bytes: a day's budget is 100000 or more")
