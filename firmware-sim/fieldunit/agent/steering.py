"""How the unit samples: the file's settings, what the centre has changed of them, and its order for the rate.

What the centre says by the commands `configuration` and `rate` is checked like the file, kept in the state folder, and
holds after a restart; the file's values come back with `{"reset": true}`. All that steers sampling comes
together here, and `rule` is its sum.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fieldunit.agent.memory import Memory
from fieldunit.agent.sections import SettingError, changed, read_section
from fieldunit.sampling.budget import Budget
from fieldunit.sampling.policy import Rule, rule_for, wanted_interval
from fieldunit.sampling.settings import BudgetSettings, SamplingSettings
from fieldunit.sampling.situation import Situation

FIX_BYTES = 300.0
"""What a fix costs before the first one was seen: an RMC and a GGA with TAG block and MQTT's own bytes."""

OVERHEAD_BYTES = 60
"""Of a message of one fix: topic, MQTT, TCP and IP."""

_SLOWLY = 0.1  # share of a new fix's size in the running mean
_WORTH_TELLING = 1.25  # by which an announced interval changes before it is announced again


class Ordered(msgspec.Struct, frozen=True):
    """The centre's `rate` command."""

    interval_s: float
    until: datetime | None = None
    n: int = 0  # the command's number: a later one holds whatever the order of arrival


class _Kept(msgspec.Struct, omit_defaults=True):
    """What outlives a restart."""

    settings: dict[str, dict[str, Any]] = {}  # by section: what the centre changed
    order: Ordered | None = None
    rate_n: int = -1
    configuration_n: int = -1
    day: date | None = None
    spent: int = 0


class Decision(NamedTuple):
    """What holds now."""

    situation: Situation
    rule: Rule


class Steering:
    """One unit's policy. Commands come from another thread than fixes.

    Args:
        sampling, budget: the file's sections.
        folder: of the state.
        now: UTC.
        trouble: told in a sentence what went wrong.
    """

    def __init__(
        self,
        sampling: SamplingSettings,
        budget: BudgetSettings,
        folder: Path,
        now: datetime,
        trouble: Callable[[str], None],
    ) -> None:
        self._of_file = {"sampling": sampling, "budget": budget}
        self._memory = Memory(folder / "steering.json", trouble)
        self._kept = self._memory.recall(_Kept) or _Kept()
        self._lock = threading.Lock()
        self.sampling, limits = sampling, budget
        try:
            self.sampling, limits = self._with(self._kept.settings)
        except SettingError as error:
            trouble(f"what the centre had set does not hold any more: {error}; the settings of the unit's file hold")
            self._kept.settings = {}
        day = self._kept.day or now.date()
        self.budget = Budget(limits.bytes_per_day, day, self._kept.spent)
        self._cost = FIX_BYTES
        self._announced: float | None = None

    def decide(self, situation: Situation, now: datetime) -> Decision:
        """The rule for the next fix."""
        with self._lock:
            wanted = wanted_interval(self.sampling, situation, self._ordered(now))
            allowed = self.budget.allowed_interval(situation, wanted, self._cost, now)
            return Decision(situation, rule_for(self.sampling, situation, wanted, allowed))

    def spent(self, size: int, now: datetime) -> None:
        """A fix of so many bytes was reported."""
        with self._lock:
            size += OVERHEAD_BYTES
            self._cost += _SLOWLY * (size - self._cost)
            self.budget.reserve(size, now)

    def measured(self, meter: int, now: datetime) -> None:
        """The uplink's count of bytes since its start."""
        with self._lock:
            self.budget.measured(meter, now)

    def to_announce(self, rule: Rule) -> float | None:
        """The interval, if it is so different from the announced one that presence is worth renewing; else None."""
        interval = rule.announced_s
        before = self._announced
        if before is not None and before / _WORTH_TELLING < interval < before * _WORTH_TELLING:
            return None
        self._announced = interval
        return interval

    def order(self, interval_s: float | None, until: datetime | None, n: int) -> str:
        """The centre's `rate` command; returns a sentence for the reply.

        Args:
            interval_s: seconds; None: by the unit's own policy again.
            until: from then on by the unit's own policy; None: until it is told otherwise.
            n: the command's number.
        """
        with self._lock:
            if n < self._kept.rate_n:
                return "a newer command about the rate holds"
            self._kept.rate_n = n
            self._kept.order = None if interval_s is None else Ordered(interval_s, until, n)
            self._save()
        return "by the unit's own policy" if interval_s is None else f"a fix each {interval_s:g} s"

    def configure(self, settings: Mapping[str, Any], n: int) -> str:
        """The centre's `configuration` command; returns a sentence for the reply.

        Args:
            settings: by section, `sampling` and `budget`: the lines that change; `{"reset": true}`: the file's.
            n: the command's number.

        Raises:
            SettingError: something in it cannot be meant; then nothing is changed.
        """
        with self._lock:
            if n < self._kept.configuration_n:
                return "a newer configuration holds"
            if settings == {"reset": True}:
                merged: dict[str, dict[str, Any]] = {}
            else:
                merged = {name: dict(lines) for name, lines in self._kept.settings.items()}
                for name, lines in settings.items():
                    if name not in self._of_file:
                        raise SettingError(f"there is no section {name!r} to set; there are sampling and budget")
                    changed(self._of_file[name], f"configuration, {name}", lines)
                    merged[name] = {**merged.get(name, {}), **lines}
            self.sampling, limits = self._with(merged)
            self.budget.limit = limits.bytes_per_day
            self._kept.settings, self._kept.configuration_n = merged, n
            kept = self._save()
        return "set" if kept else "set, but not kept: the disk takes nothing"

    def save(self, now: datetime) -> None:
        """Keep what was spent of the day; called now and then, and at the end."""
        with self._lock:
            self._kept.spent = self.budget.spent(now)
            self._kept.day = self.budget.day
            self._save()

    def _ordered(self, now: datetime) -> float | None:
        order = self._kept.order
        if order is None or (order.until is not None and now >= order.until):
            return None
        return order.interval_s

    def _with(self, settings: Mapping[str, Mapping[str, Any]]) -> tuple[SamplingSettings, BudgetSettings]:
        sampling = {**msgspec.structs.asdict(self._of_file["sampling"]), **settings.get("sampling", {})}
        budget = {**msgspec.structs.asdict(self._of_file["budget"]), **settings.get("budget", {})}
        return (
            read_section("configuration, sampling", sampling, SamplingSettings),
            read_section("configuration, budget", budget, BudgetSettings),
        )

    def _save(self) -> bool:
        return self._memory.remember(self._kept)
