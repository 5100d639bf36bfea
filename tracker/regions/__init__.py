"""Profiles of the centres: what differs between regions, as data beside this code.

Gateway and simulator read the same profile, so that both know the same districts and units.
"""

from tracker.regions.centre import (
    Agency,
    AgencyKind,
    Command,
    Escalation,
    Interval,
    Labels,
    Member,
    Number,
    Province,
    ResponseTarget,
    Sop,
    Takes,
    VillageUnits,
)
from tracker.regions.members import member_profile, village_units
from tracker.regions.network import Network, Road, feature_collection, network_of
from tracker.regions.profile import District, Profile, ProfileError, ProfileUnit, load, names

__all__ = [
    "Agency",
    "AgencyKind",
    "Command",
    "District",
    "Escalation",
    "Interval",
    "Labels",
    "Member",
    "Network",
    "Number",
    "Profile",
    "ProfileError",
    "ProfileUnit",
    "Province",
    "ResponseTarget",
    "Road",
    "Sop",
    "Takes",
    "VillageUnits",
    "feature_collection",
    "load",
    "member_profile",
    "names",
    "network_of",
    "village_units",
]
