"""Missions, thin: who drives where, when they started, arrived and left. Dispatch deepens it."""

from tracker.missions.mission import (
    By,
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
