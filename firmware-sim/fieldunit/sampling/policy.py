"""How often a situation is worth a fix: settings, then the centre's order, then the day's budget."""

from typing import NamedTuple

from fieldunit.sampling.settings import SamplingSettings
from fieldunit.sampling.situation import Situation

MAX_INTERVAL_S = 86_399.0
"""Presence can announce no more."""


class Rule(NamedTuple):
    """What makes a fix worth reporting. None: not this."""

    interval_s: float | None  # None: nothing is reported, the budget is spent
    distance_m: float | None = None
    turn_deg: float | None = None
    speed_change_mps: float | None = None
    corridor_m: float | None = None

    @property
    def announced_s(self) -> float:
        """What presence says: a number above zero, since freshness is judged by it."""
        return MAX_INTERVAL_S if self.interval_s is None else min(max(self.interval_s, 0.1), MAX_INTERVAL_S)


def wanted_interval(settings: SamplingSettings, situation: Situation, ordered_s: float | None) -> float:
    """Seconds between fixes, before the budget is asked.

    Args:
        ordered_s: by the centre's `rate` command; None without one. It holds in every situation, but never slows an
            emergency or a drive with lights.
    """
    own = {
        Situation.EMERGENCY: settings.emergency_s,
        Situation.LIGHTS: settings.lights_s,
        Situation.ON_CALL: settings.on_call_s,
        Situation.DRIVING: settings.driving_s,
        Situation.PARKED: settings.parked_s,
    }[situation]
    if ordered_s is None:
        return own
    return min(own, ordered_s) if situation in (Situation.EMERGENCY, Situation.LIGHTS) else ordered_s


def rule_for(settings: SamplingSettings, situation: Situation, wanted_s: float, allowed_s: float | None) -> Rule:
    """The rule.

    Args:
        wanted_s: as in `wanted_interval`.
        allowed_s: what the budget makes of it: the same, more, or None for nothing at all. Where it is more, time alone
            counts: what is reported in between is what the budget has no bytes for.
    """
    if allowed_s is None or allowed_s > wanted_s:
        return Rule(allowed_s)
    if situation is Situation.PARKED:
        return Rule(wanted_s)  # its fixes scatter; leaving the place is reported by the sampler itself
    return Rule(wanted_s, settings.distance_m, settings.turn_deg, settings.speed_change_mps, settings.corridor_m)
