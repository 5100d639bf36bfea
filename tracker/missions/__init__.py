"""Missions, thin: who drives where, when they started, arrived and left. Dispatch deepens it."""

from tracker.missions.mission import (
    By,
    ClosedAs,
    Incident,
    Leg,
    LegKind,
    Mission,
    NotPossible,
    Place,
    State,
    Urgency,
    assigned,
    sent_to,
)

__all__ = [
    "By",
    "ClosedAs",
    "Incident",
    "Leg",
    "LegKind",
    "Mission",
    "NotPossible",
    "Place",
    "State",
    "Urgency",
    "assigned",
    "sent_to",
]
