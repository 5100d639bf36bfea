"""Events of a drive: off the route, the wrong way, standing, later and later; once each, and cleared."""

from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import UNIT, along, send, standing, tick, told_events, watch


async def test_an_even_drive_raises_nothing(roads: Centre, town: Drawn) -> None:
    """Nor does one that stops at a light and goes on."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "AB"))
    await watch(roads, standing(town.at("B"), 84, 60))
    await watch(roads, along(town, "BCD", 145))
    await watch(roads, standing(town.at("D", -50), 315, 60))
    assert await told_events(roads) == []


async def test_a_detour_is_off_route_once_and_clears(roads: Centre, town: Drawn) -> None:
    """Down a side street, 700 m off and along the other street: raised once, shown, and cleared when that is followed.
    The route that the board shows has changed with it."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "AB"))
    told = await watch(roads, along(town, "BFG", 84))
    await watch(roads, along(town, "GCD", 84 + 142))
    assert [each for each in await told_events(roads) if each[0] == "off-route"] == [("off-route", True)]
    assert told[-1].route_version is not None
    assert told[-1].route_version > 1


async def test_the_wrong_way_is_told_and_clears_after_the_turn(roads: Centre, town: Drawn) -> None:
    """500 m away from the goal on its own street, then back."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "CB"))
    assert [event.kind for event in roads.state(UNIT).events] == ["wrong-way", "slipping"]
    await watch(roads, along(town, "BC", 84))
    assert ("wrong-way", True) in await told_events(roads)
    assert sum(kind == "wrong-way" for kind, _ in await told_events(roads)) == 1


async def test_a_unit_that_stands_on_the_way_is_stalled_and_late(roads: Centre, town: Drawn) -> None:
    """A jam: after two minutes stalled, and the arrival slips; both clear, or end with the drive."""
    await send(roads, town.at("D", -50))
    await watch(roads, along(town, "AB"))
    await watch(roads, standing(town.at("B"), 84, 300))
    assert [event.kind for event in roads.state(UNIT).events] == ["stalled", "slipping"]
    await watch(roads, along(town, "BCD", 385))
    await watch(roads, standing(town.at("D", -50), 555, 60))
    assert sorted(await told_events(roads)) == [("slipping", True), ("stalled", True)]


async def test_a_tunnel_raises_nothing(roads: Centre, town: Drawn) -> None:
    """Silence for 80 s, and then the unit is where it would be."""
    await send(roads, town.at("D", -50))
    rows = along(town, "ABCD")
    await watch(roads, rows[:80])
    for _ in range(16):
        await tick(roads, 5)
    await watch(roads, rows[160:])
    assert await told_events(roads) == []
