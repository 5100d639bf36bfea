"""The times of a mission from its unit's fixes and its crew's words: one fold, one by one or all at once.

What a dispatcher said by hand stands, and so does all before it. What receivers saw and crews said after it is a
function of the set of fixes and words: after late ones, fold anew. Of button and receiver, whichever told first stands;
the other is no news then (`tracker.missions.crew` shows both).
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions.arrival import Presence, Sample
from tracker.missions.crew import Word, moved
from tracker.missions.departure import Departure
from tracker.missions.mission import By, LegKind, Mission, arrive, leave


class Timeline:
    """A mission that is under way, and what its unit's fixes say about it."""

    def __init__(self, mission: Mission) -> None:
        self.mission = mission
        self.said: datetime | None = None
        """Time of the newest word: a fix that is older is a late one."""
        self._departure = Departure(mission.assigned_at, mission.legs[0].place)
        self._look()

    def _look(self) -> None:
        """What the next fixes can tell: an arrival on this leg, or the leaving of this scene."""
        mission, self._leg = self.mission, None
        self._presence = Presence()
        scene = mission.legs[0]
        current = mission.current
        if mission.ended_at is None and scene.kind is LegKind.TO_SCENE and scene.arrived_at and not scene.left_at:
            self._leg, self._presence = 0, Presence(scene.arrived_at, seen=scene.arrived_by is By.GPS)
        elif current is not None and mission.legs[current].started_at is not None:
            self._leg = current

    def say(self, said: Word) -> bool:
        """Take a word, newer than all before; whether the mission changed."""
        self.said = said.at if self.said is None else max(self.said, said.at)
        after = moved(self.mission, said)
        if after == self.mission:
            return False
        self.mission = after
        self._look()
        return True

    def feed(self, fix: Fix) -> bool:
        """Take a fix, newer than those before; whether the mission changed."""
        departed = self._depart(fix)
        return self._visit(fix) or departed

    def _depart(self, fix: Fix) -> bool:
        """The wheels turn, on the way to the first stop."""
        first = self.mission.legs[0]
        if first.departed_at is not None or first.arrived_at is not None or self.mission.ended_at is not None:
            return False
        if not self._departure.feed(fix):
            return False
        self.mission = self.mission.with_leg(0, msgspec.structs.replace(first, departed_at=self._departure.at))
        return True

    def _visit(self, fix: Fix) -> bool:
        """An arrival, or the leaving of the scene."""
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
    """The mission without what receivers and crews said after the last word that a dispatcher said by hand."""
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
        legs[at] = msgspec.structs.replace(leg, arrived_at=None, arrived_by=None, departed_at=None)
    return msgspec.structs.replace(mission, legs=tuple(legs))


def folded(mission: Mission, fixes: Iterable[Fix], words: Iterable[Word] = ()) -> Timeline:
    """The mission as its unit's fixes and its crew's words, in any order, tell it, ready for newer ones. Those outside
    its time count for nothing. An end that a crew gave is found again; it is never taken back: another mission
    may have begun."""
    end = None if mission.ended_by is By.CREW else mission.ended_at
    timeline = Timeline(msgspec.structs.replace(unseen(mission), ended_at=None, ended_by=None, ended_why=""))
    told: list[tuple[datetime, int, Fix | Word]] = [(word.at, 0, word) for word in words]
    told += [(fix.time, 1, fix) for fix in fixes if fix.time >= mission.assigned_at and fix.quality.usable]
    for at, _, each in sorted(told, key=lambda each: each[:2]):
        if timeline.mission.ended_at is not None or (end is not None and at > end):
            break
        if isinstance(each, Word):
            timeline.say(each)
        else:
            timeline.feed(each)
    if timeline.mission.ended_at is None:
        timeline.mission = msgspec.structs.replace(
            timeline.mission, ended_at=mission.ended_at, ended_by=mission.ended_by, ended_why=mission.ended_why
        )
    return timeline


def settled(mission: Mission, fixes: Iterable[Fix], words: Iterable[Word] = ()) -> Mission:
    """The times that `folded` finds."""
    return folded(mission, fixes, words).mission
