"""Notices that the broker answers and the centre does not: a wrong --centre, or a gateway that is not running.

Without it such a unit looks well: it is connected, the broker acknowledges, and nothing ever leaves the outbox.
"""

import time
from collections.abc import Callable, Sequence

from fieldunit.agent.unit import ReportingUnit

PATIENCE_S = 5.0
"""The gateway's retained presence comes with the subscription; so long after it, none is going to come."""

_FLEETING_S = 1.0


class CentreWatch:
    """Looks whether any connected unit knows of a gateway.

    Args:
        centre: its id, for the sentences.
        units: with outboxes; bare devices hear nothing.
        clock: seconds that never run backwards.
    """

    def __init__(
        self, centre: str, units: Sequence[ReportingUnit], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._centre = centre
        self._units = units
        self._clock = clock
        self._since: float | None = None
        self._told: str | None = None

    def look(self, say: Callable[[str], None]) -> None:
        """Say once what is missing, when it has been missing for a while."""
        sentence = self._missing()
        if sentence is None:
            self._since = self._told = None
            return
        if self._since is None:
            self._since = self._clock()
        if sentence != self._told and self._clock() - self._since >= PATIENCE_S:
            self._told = sentence
            say(sentence)

    def verdict(self) -> str | None:
        """What is missing at the end of a run; None where nothing is, or nobody could have known yet."""
        sentence = self._missing()
        if self._since is None or self._clock() - self._since < _FLEETING_S:
            return None
        return sentence

    def _missing(self) -> str | None:
        told = {unit.gateway for unit in self._units if unit.up}
        if not told or True in told:
            return None
        if False in told:
            return f"the gateway of centre {self._centre!r} has said that it is away; fixes wait in the outbox"
        return f"no gateway of centre {self._centre!r} has said that it is there; fixes wait in the outbox"
