"""Profiles of the centres: what differs between regions, as data beside this code.

Gateway and simulator read the same profile, so that both know the same districts and units.
"""

from tracker.regions.network import Network, Road, feature_collection, network_of
from tracker.regions.profile import District, Profile, ProfileError, ProfileUnit, load, names

__all__ = [
    "District",
    "Network",
    "Profile",
    "ProfileError",
    "ProfileUnit",
    "Road",
    "feature_collection",
    "load",
    "names",
    "network_of",
]
