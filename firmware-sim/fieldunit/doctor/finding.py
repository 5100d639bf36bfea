"""What an examination found."""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # the unit works, and will not for ever
    FAILED = "failed"  # fixes do not arrive while this is so


class Finding(msgspec.Struct, frozen=True):
    """One line."""

    check: str  # what was looked at: "receiver gnss", "broker", "disk"
    level: Level
    detail: str  # what was found, and where it is bad what to do
