"""The times of a mission from its unit's fixes: one fold, whether the fixes come one by one or all at once.

What people said by hand stands, and so does all before it. What receivers saw after it is a function of the set of
fixes: after late ones, fold anew.
"""

from collections.abc import Iterable

import msgspec

from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions.arrival import Presence, Sample
from tracker.missions.mission import By, LegKind, Mission, arrive, leave


class Timeline:
    """A mission that is under way, and what its unit's fixes say about it."""

    def __init__(self, mission: Mission) -> None:
        self.mission = mission
        self._look()

    def _look(self) -> None:
        """What the next fixes can tell: an arrival on this leg, or the leaving of this scene."""
        mission, self._leg = self.mission, None
        self._presence = Presence()
        scene = mission.legs[0]
        current = mission.current
        if mission.ended_at is None and scene.kind is LegKind.TO_SCENE and scene.arrived_at and not scene.left_at:
            self._leg, self._presence = 0, Presence(scene.arrived_at)
        elif current is not None and mission.legs[current].started_at is not None:
            self._leg = current

    def feed(self, fix: Fix) -> bool:
        """Take a fix, newer than those before; whether the mission changed."""
        at = self._leg
        if at is None:
            return False
        leg = self.mission.legs[at]
        if leg.started_at is None or fix.time < leg.started_at:
            return False
        away = distance(fix.latitude, fix.longitude, leg.place.latitude, leg.place.longitude)
        if not self._presence.feed(Sample(fix.time, away, fix.speed)) or self._presence.visit is None:
            return False
        seen = self._presence.visit
        if leg.arrived_at is None:
            self.mission = arrive(self.mission, seen.arrived_at, By.GPS)
        elif seen.left_at is not None:
            self.mission = leave(self.mission, seen.left_at, By.GPS)
        self._look()
        return True


def unseen(mission: Mission) -> Mission:
    """The mission without what receivers said after the last word that somebody said by hand."""
    legs = list(mission.legs)
    for at in range(len(legs) - 1, -1, -1):
        leg = legs[at]
        if leg.left_by is By.HAND:
            break
        leg = msgspec.structs.replace(leg, left_at=None, left_by=None)
        if at + 1 < len(legs):
            legs[at + 1] = msgspec.structs.replace(legs[at + 1], started_at=None)
        legs[at] = leg
        if leg.arrived_by is By.HAND:
            break
        legs[at] = msgspec.structs.replace(leg, arrived_at=None, arrived_by=None)
    return msgspec.structs.replace(mission, legs=tuple(legs))


def folded(mission: Mission, fixes: Iterable[Fix]) -> Timeline:
    """The mission as its unit's fixes, in any order, tell it, ready for newer ones. Fixes outside its time count for
    nothing."""
    end = mission.ended_at
    timeline = Timeline(msgspec.structs.replace(unseen(mission), ended_at=None))
    for fix in sorted(fixes, key=lambda each: each.time):
        if fix.time >= mission.assigned_at and (end is None or fix.time <= end) and fix.quality.usable:
            timeline.feed(fix)
    timeline.mission = msgspec.structs.replace(timeline.mission, ended_at=end)
    return timeline


def settled(mission: Mission, fixes: Iterable[Fix]) -> Mission:
    """The times that `folded` finds."""
    return folded(mission, fixes).mission
