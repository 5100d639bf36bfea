"""Reads a region's profile: a TOML file in this package, checked when it is read.

The files are part of the program, so a broken one is our mistake and not a sender's: `ProfileError`, not `BadInput`.
"""

import tomllib
import zoneinfo
from importlib import resources

import msgspec

from tracker.errors import BadInput, TrackerError
from tracker.wire.topics import checked_id


class ProfileError(TrackerError):
    """There is no such profile, or it is not as it should be."""


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kecamatan, with a point somewhere in its middle."""

    name: str
    latitude: float  # degrees, approximate
    longitude: float  # degrees, approximate


class ProfileUnit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit as it is enrolled."""

    id: str
    name: str  # what people call it
    kind: str  # ambulance
    home: str  # name of the district where it waits


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One region."""

    name: str  # of the centre
    time_zone: str  # IANA
    puskesmas: int  # community health centres
    hospitals: int
    districts: tuple[District, ...]
    units: tuple[ProfileUnit, ...]


def names() -> list[str]:
    """The profiles there are."""
    files = (entry.name for entry in resources.files(__package__).iterdir())
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))


def load(name: str) -> Profile:
    """The profile of a region.

    Raises:
        ProfileError: there is none of that name, or it contradicts itself.
    """
    if name not in names():
        raise ProfileError(f"there is no profile {name!r}; there is: {', '.join(names())}")
    return read(name, resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def read(name: str, text: str) -> Profile:
    """Read and check the text of a profile.

    Raises:
        ProfileError: it cannot be read, or contradicts itself.
    """
    try:
        profile = msgspec.convert(tomllib.loads(text), Profile)
        for unit in profile.units:
            checked_id(unit.id)
        zoneinfo.ZoneInfo(profile.time_zone)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, BadInput, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ProfileError(f"the profile {name} is wrong: {error}") from error
    districts = [district.name for district in profile.districts]
    if len(set(districts)) < len(districts) or len({unit.id for unit in profile.units}) < len(profile.units):
        raise ProfileError(f"the profile {name} is wrong: a district or a unit stands in it twice")
    for unit in profile.units:
        if unit.home not in districts:
            raise ProfileError(
                f"the profile {name} is wrong: {unit.id} lives in {unit.home!r}, which is no district of it"
            )
    for district in profile.districts:
        if not (-90 <= district.latitude <= 90 and -180 <= district.longitude <= 180):
            raise ProfileError(f"the profile {name} is wrong: {district.name} lies nowhere on Earth")
    return profile
