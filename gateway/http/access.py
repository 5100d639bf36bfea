"""Who may do what. Every route asks ``require`` once, and nothing else decides.

Until accounts come there is one principal, whoever reaches the port; the default bind is loopback.
"""

from enum import StrEnum

import msgspec


class Permission(StrEnum):
    """What can be done to a centre's objects."""

    SEE_UNITS = "see-units"  # live positions, tracks, arrival times
    SEE_MISSIONS = "see-missions"  # incidents, missions, places, how arrival times fared
    COMMAND_UNITS = "command-units"  # messages to crews, report rates, settings
    DISPATCH = "dispatch"  # open and change incidents and missions, give units a destination
    TAKE_CALLS = "take-calls"  # who calls, from where, and what they called about before
    MANAGE_PLACES = "manage-places"  # the centre's list of hospitals and health centres
    MANAGE_REGISTER = "manage-register"  # agencies, what is known of units, geofences
    MANAGE_CLOSURES = "manage-closures"  # roads that are closed or slow for a while
    MANAGE_RULES = "manage-rules"  # the centre's words, procedures, and what happens by itself
    COMMAND_CENTRE = "command-centre"  # hand the command over, begin and end exercises
    SHARE = "share"  # let somebody outside see incidents and units
    SEE_SHARING = "see-sharing"  # with whom what is shared, and who looked
    MANAGE_WEBHOOKS = "manage-webhooks"  # who is told of events, and what has reached them
    SEE_INTAKE = "see-intake"  # counters and the quarantine, with raw messages
    SEE_HEALTH = "see-health"


class Object(msgspec.Struct, frozen=True):
    """What it is done to: a centre, or one unit, incident, mission, place or closure of it."""

    centre: str
    unit: str | None = None
    incident: str | None = None
    mission: str | None = None
    place: str | None = None
    closure: str | None = None


class Principal(msgspec.Struct, frozen=True):
    """Somebody, and what they may do."""

    name: str
    permissions: frozenset[Permission]
    centres: frozenset[str]


class Forbidden(Exception):
    """This principal may not do this to that object."""


def demo_principal(centre: str) -> Principal:
    """Everybody, until accounts come."""
    return Principal("demo", frozenset(Permission), frozenset({centre}))


def require(principal: Principal, permission: Permission, target: Object) -> None:
    """Pass, or raise.

    Raises:
        Forbidden: the permission is missing, or the object belongs to another centre.
    """
    if permission not in principal.permissions or target.centre not in principal.centres:
        raise Forbidden(f"{principal.name} may not {permission.value} in centre {target.centre}")
