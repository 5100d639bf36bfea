"""What a crew and its vehicle say, as every feed shows it: a part of the live state of a unit."""

from datetime import datetime

import msgspec


class CrewSays(msgspec.Struct, frozen=True):
    """The newest status."""

    status: str
    at: datetime  # of the button
    mission: str | None  # as the unit knew it then
    source: str  # crew, input, radio


class CrewAnswer(msgspec.Struct, frozen=True):
    """The newest answer to a mission."""

    mission: str
    accepted: bool
    reason: str
    at: datetime


class InputState(msgspec.Struct, frozen=True):
    """A wire in the vehicle."""

    on: bool
    at: datetime


class Alarm(msgspec.Struct, frozen=True):
    """The crew has raised an emergency and not taken it back."""

    since: datetime
    source: str
    said_at: datetime  # repeated last
    acknowledged_at: datetime | None  # by a dispatcher


class Health(msgspec.Struct, frozen=True):
    """The newest word on the unit's own state, in short; all of it is at ``/units/{unit}/health``."""

    at: datetime
    received_at: datetime
    supply_v: float | None
    outbox_depth: int | None
    clock_skew_s: float | None
    troubles: tuple[str, ...]  # sentences: a receiver that does not work, items lost


class CrewSide(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of it; what was never said is absent."""

    says: CrewSays | None = None
    answer: CrewAnswer | None = None
    emergency: Alarm | None = None
    inputs: dict[str, InputState] = msgspec.field(default_factory=dict)
    health: Health | None = None


SILENT = CrewSide()
"""Of a unit that has said nothing yet."""
