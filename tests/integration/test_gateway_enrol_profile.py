"""A profile's agencies and whose its units are, put into the register; what the centre said before stays."""

import psycopg
import pytest

from gateway.services.enrol_profile import agencies_of, details_of, fill
from gateway.storage import register, units
from gateway.storage.units import Unit
from tests.fix_gateway import CENTRE, UNITS
from tracker import regions
from tracker.register import Agency, UnitDetails


async def test_agencies_and_owners_are_filled_in_and_nothing_is_overwritten(cleared_url: str) -> None:
    """Twice is once; an agency that the centre has renamed and a unit that it has described stay as they are."""
    profile = regions.load("bojonegoro")
    async with await psycopg.AsyncConnection.connect(cleared_url, autocommit=True) as connection:
        await register.put_agency(connection, CENTRE, Agency("dinkes", "Dinkes, as we call it", "dinkes"), None)
        await register.put_unit_details(connection, CENTRE, UnitDetails(UNITS[0], crew=3), None)
        agencies, told = await fill(connection, CENTRE, profile, UNITS)
        assert (agencies, told) == (len(profile.agencies) - 1, len(UNITS) - 1)
        assert await fill(connection, CENTRE, profile, UNITS) == (0, 0)
        names = {each.id: each.name for each in await register.agencies(connection, CENTRE)}
        assert (names["dinkes"], set(names)) == ("Dinkes, as we call it", {each.id for each in profile.agencies})
        found = {each.unit: (each.agency, each.crew) for each in await register.unit_details(connection, CENTRE)}
        assert found == {UNITS[0]: (None, 3), UNITS[1]: ("dinkes", None), UNITS[2]: ("dinkes", None)}


async def test_units_of_villages_have_their_member_centre(cleared_url: str) -> None:
    """A province's: 3,259 units by rule, each of one of its centres; those that are not enrolled are not described."""
    profile = regions.load("sumsel")
    details = details_of(profile)
    villages = [each for each in details.values() if each.unit.startswith("desa-")]
    assert len(villages) == profile.villages == 3259
    assert {each.member for each in villages} == {member.id for member in profile.members}
    async with await psycopg.AsyncConnection.connect(cleared_url, autocommit=True) as connection:
        await units.enrol(connection, "sumsel", Unit(villages[0].unit, "Ambulans Desa", "ambulance"))
        assert await fill(connection, "sumsel", profile, [villages[0].unit, "tamu-01"]) == (len(profile.agencies), 1)
        (told,) = await register.unit_details(connection, "sumsel")
        assert (told.agency, told.member) == ("dinkes", villages[0].member)


@pytest.mark.parametrize("name", regions.names())
def test_every_profile_can_be_filled_in(name: str) -> None:
    """Each of its units has an agency that it names, or none."""
    profile = regions.load(name)
    agencies = {each.id for each in agencies_of(profile)}
    assert {each.agency for each in details_of(profile).values()} - {None} <= agencies
