"""Each minute, and soon after a receiver's state changed: how the unit is, published on `health`."""

import contextlib
import os
import time
from pathlib import Path

from fieldunit.agent.agent import Agent
from fieldunit.agent.config import Config
from fieldunit.agent.unit import Unit
from tracker.wire import health
from tracker.wire.health import Health, ReceiverHealth

SOON_S = 2.0
"""After a change; a receiver that comes and goes is not told faster."""


class HealthReport:
    """Of one unit; used by the agent's thread."""

    def __init__(self, config: Config, agent: Agent, unit: Unit) -> None:
        self._settings = config.health
        self._state = config.state
        self._agent = agent
        self._unit = unit
        self._published: float | None = None
        self._told: list[tuple[str, str]] | None = None
        self._was_up = False

    def look(self) -> None:
        """Publish, if it is time, something has changed, or the connection is new."""
        now = time.monotonic()
        up = self._unit.up
        new, self._was_up = up and not self._was_up, up
        if not up:
            return
        states = [(source, state) for source, state, _ in self._agent.conditions()]
        since = None if self._published is None else now - self._published
        changed = states != self._told and (since is None or since >= SOON_S)
        if new or changed or since is None or since >= self._settings.interval_s:
            self._published, self._told = now, states
            self._unit.publish_health(health.encode(self.measure()))

    def measure(self) -> Health:
        """All there is to say now."""
        agent, outbox = self._agent, self._unit.outbox.statistics()
        at, _ = agent.now()
        skew = agent.clock.skew_s
        chosen = agent.sources.get(agent.chosen or "")
        agent.steering.measured(self._unit.traffic.total, at)
        return Health(
            at=at,
            boot=self._unit.boot,
            supply_v=_number(self._settings.supply_file, self._settings.supply_scale, 0.0, 1000.0),
            satellites=None if chosen is None else chosen.condition.satellites,
            signal_dbm=_number(self._settings.signal_file, 1.0, -200.0, 100.0),
            outbox_depth=outbox.depth,
            outbox_bytes=outbox.bytes,
            lost=dict(outbox.lost),
            disk_free_bytes=_free(self._state),
            clock_skew_s=None if skew is None else round(skew, 3),
            receivers=tuple(
                ReceiverHealth(source, state, sentence[: health.MAX_DETAIL])
                for source, state, sentence in agent.conditions()
            ),
            data_bytes_today=agent.steering.budget.spent(at),
            data_budget_bytes=agent.steering.budget.limit,
            sampling=agent.situation.value,
            interval_s=agent.rule.announced_s,
        )


def _number(path: str | None, scale: float, low: float, high: float) -> float | None:
    """What a file holds, in its unit; None where it holds no number that can be, or there is none."""
    if path is None:
        return None
    with contextlib.suppress(OSError, ValueError):
        value = float(Path(path).read_text(encoding="ascii")) * scale
        return value if low <= value <= high else None
    return None


def _free(folder: Path) -> int | None:
    """Bytes that we may still write there."""
    with contextlib.suppress(OSError):
        told = os.statvfs(folder)
        return told.f_bavail * told.f_frsize
    return None
