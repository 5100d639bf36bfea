"""What a centre has: agencies, what is known of units, facilities, geofences; and which points are to be trusted."""

from tracker.register.things import (
    USABLE,
    Agency,
    Facility,
    Geofence,
    Point,
    UnitDetails,
)

__all__ = ["USABLE", "Agency", "Facility", "Geofence", "Point", "UnitDetails"]
