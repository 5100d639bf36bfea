"""What a crew's word does to its mission, as a table; and button and receiver side by side.

A word is a function of a report. It moves the mission where there is such a step from where it stands, with the
button's own time, and is passed over elsewhere: a second press, a status that says nothing of it, another one.
What names no mission (a radio, a unit that did not know of it yet) may move one and never ends one.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions.arrival import Sample, visit
from tracker.missions.departure import Departure
from tracker.missions.mission import By, LegKind, Mission, NotPossible, State, arrive, end, leave
from tracker.wire.reports import Answer, CrewStatus, Report, Status


class Word(msgspec.Struct, frozen=True):
    """A crew's word on a mission."""

    at: datetime  # of the button, UTC
    mission: str | None  # None: it named none
    status: CrewStatus | None = None
    refused: str | None = None  # the reason, or "": the crew does not take it


def word(report: Report, said_at: datetime) -> Word | None:
    """What a report says about a mission, if anything."""
    if isinstance(report, Status):
        return Word(said_at, report.mission, report.status)
    if isinstance(report, Answer) and not report.accepted:
        return Word(said_at, report.mission, refused=report.reason)
    return None


def moved(mission: Mission, said: Word, by: By = By.CREW) -> Mission:
    """The mission after a word of its crew, or of a dispatcher who speaks for it; the same one if the word does nothing
    to it."""
    if mission.ended_at is not None or said.mission not in (None, mission.id):
        return mission
    named = said.mission is not None
    if said.at < mission.assigned_at and not named:
        return mission
    at = max(
        said.at, mission.assigned_at
    )  # what names a mission was said after it was assigned, whatever the clock says
    try:
        if said.refused is not None:
            return end(mission, at, by, said.refused) if mission.state is State.ASSIGNED else mission
        if said.status is CrewStatus.AVAILABLE:
            return end(mission, at, by) if named else mission
        return _moved(mission, said.status, at, by)
    except (
        NotPossible
    ):  # not from there, or not at that time; the report is kept, and shown beside the receiver's times
        return mission


def _moved(mission: Mission, status: CrewStatus | None, at: datetime, by: By) -> Mission:
    state, scene = mission.state, mission.legs[0].kind is LegKind.TO_SCENE
    if status is CrewStatus.ON_SCENE and state is State.ASSIGNED:
        return arrive(mission, at, by)
    if status is CrewStatus.PATIENT_ABOARD and scene:
        if state is State.ASSIGNED:  # nobody pressed on scene and no receiver saw it: they were there all the same
            mission = arrive(mission, at, by)
        return leave(mission, at, by) if mission.state is State.AT_SCENE else mission
    if status in (CrewStatus.AT_HOSPITAL, CrewStatus.HANDED_OVER):
        behind_scene = scene and len(mission.legs) > 1 and state in (State.AT_SCENE, State.TRANSPORTING)
        if behind_scene or (not scene and state is State.ASSIGNED):
            return arrive(mission, at, by)
    return mission


class Compared(msgspec.Struct, frozen=True):
    """One moment of a mission, as each of those who tell it has it."""

    stands: datetime | None  # what counts
    by: By | None
    crew: datetime | None  # the first press
    gps: datetime | None  # what the receiver alone says
    crew_minus_gps_s: float | None


class ComparedLeg(msgspec.Struct, frozen=True):
    """Both ends of a leg, and of the first one its beginning."""

    leg: LegKind
    departed: Compared
    arrived: Compared
    left: Compared


_ARRIVED = {
    LegKind.TO_SCENE: (CrewStatus.ON_SCENE,),
    LegKind.TO_HOSPITAL: (CrewStatus.AT_HOSPITAL, CrewStatus.HANDED_OVER),
    LegKind.TO_PLACE: (CrewStatus.ON_SCENE, CrewStatus.AT_HOSPITAL, CrewStatus.HANDED_OVER),
}
_LEFT = {LegKind.TO_SCENE: (CrewStatus.PATIENT_ABOARD,)}


def compared(mission: Mission, fixes: Iterable[Fix], said: Iterable[Word]) -> tuple[ComparedLeg, ...]:
    """Button and receiver side by side, for each leg. Crews press early, or forget: the difference is for people."""
    usable = sorted((fix for fix in fixes if fix.quality.usable), key=lambda fix: fix.time)
    words = sorted((each for each in said if each.mission in (None, mission.id)), key=lambda each: each.at)
    legs: list[ComparedLeg] = []
    for leg in mission.legs:
        since = leg.started_at
        seen = went = None
        departs: tuple[CrewStatus, ...] = ()
        if not legs:
            departure, departs = Departure(mission.assigned_at, leg.place), (CrewStatus.EN_ROUTE,)
            for fix in usable:
                departure.feed(fix)
            went = departure.at
        if since is not None:
            place = leg.place
            seen = visit(
                Sample(fix.time, distance(fix.latitude, fix.longitude, place.latitude, place.longitude), fix.speed)
                for fix in usable
                if fix.time >= since
            )
        legs.append(
            ComparedLeg(
                leg.kind,
                _side(leg.departed_at, None if leg.departed_at is None else By.GPS, words, departs, went),
                _side(leg.arrived_at, leg.arrived_by, words, _ARRIVED[leg.kind], seen.arrived_at if seen else None),
                _side(leg.left_at, leg.left_by, words, _LEFT.get(leg.kind, ()), seen.left_at if seen else None),
            )
        )
    return tuple(legs)


def _side(
    stands: datetime | None, by: By | None, words: list[Word], statuses: tuple[CrewStatus, ...], gps: datetime | None
) -> Compared:
    crew = next((each.at for each in words if each.status in statuses), None)
    apart = None if crew is None or gps is None else (crew - gps).total_seconds()
    return Compared(stands, by, crew, gps, apart)
