"""What a region's profile says of agencies and units, put into the register; what the centre has said itself stays."""

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection

from gateway.storage import register
from tracker.regions.members import village_units
from tracker.regions.profile import Profile, ProfileUnit
from tracker.register import Agency, UnitDetails

Connection = AsyncConnection[Any]


def agencies_of(profile: Profile) -> list[Agency]:
    """The agencies of a profile."""
    return [Agency(each.id, each.name, each.kind.value) for each in profile.agencies]


def details_of(profile: Profile) -> dict[str, UnitDetails]:
    """What a profile says of its units and of those of its villages, by unit: whose they are, and of which member."""
    member = {district.name: district.member for district in profile.districts}
    every: Iterable[ProfileUnit] = (*profile.units, *village_units(profile))
    return {unit.id: UnitDetails(unit.id, agency=unit.agency, member=member[unit.home]) for unit in every}


async def fill(connection: Connection, centre: str, profile: Profile, enrolled: Iterable[str]) -> tuple[int, int]:
    """Put agencies that are not there, and details of enrolled units of which nobody said anything.

    Args:
        connection: in autocommit mode.
        centre: whose they are.
        profile: of its region.
        enrolled: ids of units of the centre.

    Returns:
        How many agencies and how many units there was something to say of.
    """
    details = details_of(profile)
    async with connection.transaction():
        known = {each.id for each in await register.agencies(connection, centre)}
        new = [each for each in agencies_of(profile) if each.id not in known]
        for agency in new:
            await register.put_agency(connection, centre, agency, None)
        told = {each.unit for each in await register.unit_details(connection, centre)}
        silent = [details[unit] for unit in enrolled if unit in details and unit not in told]
        for each in silent:
            await register.put_unit_details(connection, centre, each, 0)
    return len(new), len(silent)
