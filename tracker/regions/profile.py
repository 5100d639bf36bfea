"""Reads a region's profile: a TOML file in this package, checked when it is read.

The files are part of the program, so a broken one is our mistake and not a sender's: `ProfileError`, not `BadInput`.
"""

import tomllib
import zoneinfo
from importlib import resources

import msgspec

from tracker.errors import BadInput, TrackerError
from tracker.regions.centre import (
    Agency,
    Command,
    Escalation,
    Labels,
    Member,
    Number,
    Province,
    ResponseTarget,
    Sop,
    VillageUnits,
    check_agencies,
    check_ways,
)
from tracker.wire.topics import checked_id


class ProfileError(TrackerError):
    """There is no such profile, or it is not as it should be."""


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kecamatan, with a point somewhere in its middle."""

    name: str
    latitude: float  # degrees, approximate
    longitude: float  # degrees, approximate
    member: str | None = None  # id of the member centre whose it is; None: the profile is one centre


class ProfileUnit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit as it is enrolled."""

    id: str
    name: str  # what people call it
    kind: str  # ambulance, motorcycle, fire-engine, ...
    home: str  # name of the district where it waits
    agency: str | None = None  # id of the agency whose it is; None: not said
    private: bool = False  # a citizen's own vehicle: tracked with consent and on duty only


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One region. Counts are None where nobody has said them."""

    name: str  # of the centre
    time_zone: str  # IANA
    puskesmas: int  # community health centres
    hospitals: int
    districts: tuple[District, ...]
    units: tuple[ProfileUnit, ...]
    code: str | None = None  # of the interior ministry (Kemendagri)
    bps: str | None = None  # of the statistics office (BPS)
    desa: int | None = None  # villages in the country
    kelurahan: int | None = None  # villages in towns
    province: Province | None = None
    numbers: tuple[Number, ...] = ()  # to call; the centre's own first
    agencies: tuple[Agency, ...] = ()
    command: Command | None = None
    response_target: ResponseTarget | None = None  # None: no source states one
    escalation: Escalation = Escalation()
    labels: Labels | None = None  # None: the centre has no words of its own
    sops: tuple[Sop, ...] = ()
    members: tuple[Member, ...] = ()  # of a province
    village_units: VillageUnits | None = None

    @property
    def villages(self) -> int | None:
        """Desa and kelurahan; None where one of them is unknown."""
        return None if self.desa is None or self.kelurahan is None else self.desa + self.kelurahan


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
        zoneinfo.ZoneInfo(profile.time_zone)
        _check_places(profile)
        _check_members(profile)
        owners = {unit.id: unit.agency for unit in profile.units if unit.agency is not None}
        if profile.village_units is not None:
            owners["village_units"] = profile.village_units.agency
        check_agencies(profile.agencies, profile.sops, profile.command, owners)
        check_ways(profile.numbers, profile.response_target, profile.escalation, profile.labels)
    except (BadInput, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:  # TOML's and msgspec's are ValueErrors
        raise ProfileError(f"the profile {name} is wrong: {error}") from error
    return profile


def _check_places(profile: Profile) -> None:
    for unit in profile.units:
        checked_id(unit.id)
        checked_id(unit.kind)
    districts = [district.name for district in profile.districts]
    if len(set(districts)) < len(districts) or len({unit.id for unit in profile.units}) < len(profile.units):
        raise ValueError("a district or a unit stands in it twice")
    for unit in profile.units:
        if unit.home not in districts:
            raise ValueError(f"{unit.id} lives in {unit.home!r}, which is no district of it")
    for district in profile.districts:
        if not (-90 <= district.latitude <= 90 and -180 <= district.longitude <= 180):
            raise ValueError(f"{district.name} lies nowhere on Earth")


def _check_members(profile: Profile) -> None:
    members = profile.members
    for field in ("id", "name", "code", "bps"):
        if len({getattr(member, field) for member in members}) < len(members):
            raise ValueError(f"two of its members have the same {field}")
    ids = {checked_id(member.id) for member in members}
    for district in profile.districts:
        if (district.member is None) == bool(members) or (members and district.member not in ids):
            raise ValueError(f"{district.name} belongs to {district.member!r}, which is no member of it")
    for member in members:
        found = sum(district.member == member.id for district in profile.districts)
        if found != member.districts:
            raise ValueError(f"{member.id} has {member.districts} districts, and {found} are named")
    if members:
        for field in ("puskesmas", "hospitals", "desa", "kelurahan"):
            total, stated = sum(getattr(member, field) for member in members), getattr(profile, field)
            if total != stated:
                raise ValueError(f"its members have {total} {field}, and it says {stated}")
    if profile.village_units is not None:
        checked_id(f"{profile.village_units.prefix}-0000-000")
        checked_id(profile.village_units.kind)
        if not members:
            raise ValueError("units by village are counted by member, and it has none")
