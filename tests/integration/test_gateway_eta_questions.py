"""What is asked about arrival times: matrices, hospitals, reachable areas."""

import pytest
import shapely

from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import UNIT, fix_row, point


async def test_a_matrix_is_what_each_question_alone_would_say(roads: Centre, town: Drawn) -> None:
    """Rows in the order of the units, arrivals in the order of the places; who has no position has none."""
    await roads.commit([fix_row(0, town.at("A", 50), 0.0)])
    places = [town.at("D"), town.at("F"), town.at("A", 50)]
    told = await roads.ask("POST", "eta/matrix", {"places": [point(each) for each in places], "urgency": "urgent"})
    assert [row[0]["unit"] for row in told["rows"]] == ["ambulans-01", "ambulans-02", "ambulans-03"]
    for place, cell in zip(places, told["rows"][0], strict=True):
        alone = await roads.ask("GET", f"eta?unit={UNIT}&lat={place[0]}&lon={place[1]}&urgency=urgent")
        assert cell["eta_s"] == pytest.approx(alone["eta_s"], rel=1e-6)
        assert cell["distance_m"] == pytest.approx(alone["distance_m"], rel=1e-6)
        assert cell["eta_s"]["p10"] > 0
        assert (alone["source"], alone["model"]) == ("road", roads.arrivals.estimator.model)
    assert {cell["eta_s"] for row in told["rows"][1:] for cell in row} == {None}


async def test_a_matrix_that_would_keep_everybody_waiting_is_refused(roads: Centre, town: Drawn) -> None:
    """With its size."""
    body = {"places": [point(town.at("D"))] * 200, "units": [UNIT] * 51}
    assert "10200" not in (await roads.ask("POST", "eta/matrix", body, 422))["detail"].replace("10000", "")


async def test_hospitals_are_listed_by_the_drive_and_not_by_the_crow(roads: Centre, town: Drawn) -> None:
    """From the scene, nearest in time first; one that cannot be reached comes last, unknown."""
    for name, place in (("near", town.at("C")), ("far", town.at("E")), ("off", town.at("E", -2000))):
        await roads.ask("PUT", f"places/{name}", point(place) | {"kind": "hospital", "name": name})
    await roads.ask("PUT", "places/clinic", point(town.at("D")) | {"kind": "puskesmas", "name": "clinic"})
    await roads.ask("POST", "incidents", {"place": point(town.at("D")), "urgency": "urgent", "id": "i1"}, 201)
    told = (await roads.ask("GET", "incidents/i1/hospitals"))["hospitals"]
    assert [each["place"]["id"] for each in told] == ["near", "far", "off"]
    assert told[0]["eta_s"]["p50"] < told[1]["eta_s"]["p50"]
    assert [each["distance_m"] for each in told[:2]] == pytest.approx([1000, 3700], rel=0.02)
    assert (told[2]["eta_s"], told[2]["distance_m"]) == (None, None)
    assert "500 m" in told[2]["unknown_because"]


async def test_reachable_areas_lie_within_each_other(roads: Centre, town: Drawn) -> None:
    """The larger first; the place itself is in all of them."""
    place = town.at("B")
    told = await roads.ask("GET", f"isochrone?lat={place[0]}&lon={place[1]}&minutes=1&minutes=3")
    large, small = (shapely.geometry.shape(each["geometry"]) for each in told["features"])
    assert [each["properties"]["minutes"] for each in told["features"]] == [3.0, 1.0]
    assert large.area > small.area > 0
    assert all(area.contains(shapely.Point(place[1], place[0])) for area in (large, small))
    for wrong in ("minutes=0", "minutes=121", "minutes=nan"):
        await roads.ask("GET", f"isochrone?lat={place[0]}&lon={place[1]}&{wrong}", None, 422)
