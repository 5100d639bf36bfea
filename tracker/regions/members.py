"""A province's centres, each as a profile of its own; and the units of its villages, by rule instead of by row.

Three thousand rows that differ in a number only would hide the few facts there are. Which village a unit belongs to is
not among them: they are dealt out over the districts of the centre in turn.
"""

import itertools

import msgspec

from tracker.regions.profile import Profile, ProfileError, ProfileUnit


def member_profile(province: Profile, member: str) -> Profile:
    """One centre of a province, as a profile: its facts, districts and units; the ways are the province's.

    Raises:
        ProfileError: the province has no such member.
    """
    found = next((each for each in province.members if each.id == member), None)
    if found is None:
        known = ", ".join(each.id for each in province.members) or "none"
        raise ProfileError(f"{province.name} has no member {member!r}; it has: {known}")
    districts = tuple(
        msgspec.structs.replace(district, member=None) for district in province.districts if district.member == member
    )
    homes = {district.name for district in districts}
    return msgspec.structs.replace(
        province,
        name=found.name,
        code=found.code,
        bps=found.bps,
        desa=found.desa,
        kelurahan=found.kelurahan,
        puskesmas=found.puskesmas,
        hospitals=found.hospitals,
        districts=districts,
        units=tuple(unit for unit in province.units if unit.home in homes),
        members=(),
        village_units=None,
    )


def village_units(province: Profile, member: str | None = None) -> list[ProfileUnit]:
    """One unit for each desa and kelurahan, of one member or of all; none if the profile has no such rule.

    The numbers are ours, and no registry's: the tenth unit of a centre is not its tenth village.
    """
    rule = province.village_units
    if rule is None:
        return []
    units = []
    for each in province.members:
        if member is not None and each.id != member:
            continue
        homes = itertools.cycle(district.name for district in province.districts if district.member == each.id)
        number = each.code.replace(".", "")
        units += [
            ProfileUnit(
                f"{rule.prefix}-{number}-{at:03d}",
                f"{rule.label} {each.code}-{at:03d}",
                rule.kind,
                home,
                rule.agency,
                rule.private,
            )
            for at, home in zip(range(1, each.desa + each.kelurahan + 1), homes, strict=False)
        ]
    return units
