"""What becomes of an arrival time while no fix comes."""

from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import UNIT, fix_row, send, tick, watch


async def test_as_the_fix_grows_old_it_widens_and_then_is_unknown(roads: Centre, town: Drawn) -> None:
    """From road to last-known to unknown, wider each time; never 0, and with the reason. A fix brings it back."""
    await roads.commit([fix_row(0, town.at("A", 100))])
    await send(roads, town.at("D", -50))
    widths, sources = [], []
    for _ in range(36):
        eta = await tick(roads, 5)
        assert eta is not None
        sources.append(eta.source)
        if eta.eta_s is not None:
            assert min(eta.eta_s.p10, eta.eta_s.p50) > 0
            widths.append(eta.eta_s.p90 - eta.eta_s.p10)
    assert widths == sorted(widths)
    assert widths[-1] > widths[0] + 200
    assert [each for each, before in zip(sources, [None, *sources], strict=False) if each != before] == [
        "road", "last-known",
    ]  # fmt: skip
    eta = roads.state(UNIT).eta
    assert eta is not None
    assert (eta.eta_s, eta.distance_m) == (None, None)
    assert eta.unknown_because is not None
    assert "does not tell where the unit is" in eta.unknown_because
    assert await tick(roads, 5) is eta  # no news is not told again
    (again,) = await watch(roads, [fix_row(200, town.at("B"))])
    assert again.source == "road"
