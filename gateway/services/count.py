"""Counts what came in and what became of it, since the program started. Nothing that arrives goes uncounted."""

from collections import Counter
from datetime import datetime

import msgspec


class Counts(msgspec.Struct, frozen=True):
    """As the API shows them. ``received`` counts messages, the rest fixes or parts of messages."""

    received: int
    stored: int
    duplicate: int
    declined: dict[str, int]  # by reason
    quarantined: dict[str, int]  # by reason
    flagged: dict[str, int]  # by quality flag, of stored fixes
    reports: int = 0  # crew reports that are new


class Intake(msgspec.Struct):
    """Mutable tallies; one for the process."""

    since: datetime
    received: int = 0
    stored: int = 0
    duplicate: int = 0
    declined: Counter[str] = msgspec.field(default_factory=Counter)
    quarantined: Counter[str] = msgspec.field(default_factory=Counter)
    flagged: Counter[str] = msgspec.field(default_factory=Counter)
    reports: int = 0

    def counts(self) -> Counts:
        """As they stand now."""
        return Counts(
            self.received, self.stored, self.duplicate, dict(self.declined), dict(self.quarantined), dict(self.flagged),
            self.reports,
        )  # fmt: skip
