"""Which of several sources is reported: the one with the highest priority that has a fix. Pure: time is an argument.

The others are listened to all the while, so that they take over within seconds; each keeps its own track at the
centre, because two receivers in one vehicle disagree by metres, and a track that jumps between them lies.
"""

from collections.abc import Sequence


class Preference:
    """The choice, renewed with each fix.

    Args:
        sources: names, the preferred one first.
        fallback_s: of each: so long after its last fix the next one takes over.
        started: now, seconds; at the start the preferred one is waited for, too.
    """

    def __init__(self, sources: Sequence[str], fallback_s: Sequence[float], started: float) -> None:
        self._sources = list(sources)
        self._fallback_s = dict(zip(sources, fallback_s, strict=True))
        self._last = dict.fromkeys(sources, started)
        self._seen: set[str] = set()
        self.chosen: str | None = None
        """Whose fixes are reported; None before the first."""

    def fix(self, source: str, now: float) -> bool:
        """A source has a fix; returns whether it is to be reported."""
        self._seen.add(source)
        self._last[source] = now
        for better in self._sources[: self._sources.index(source)]:
            if now - self._last[better] <= self._fallback_s[better]:
                return False
        self.chosen = source
        return True

    def gone(self, source: str, now: float) -> None:
        """A source's port is closed: nobody waits for it, except for its first fix at the start."""
        if source in self._seen:
            self._last[source] = min(self._last[source], now - self._fallback_s[source] - 1)
