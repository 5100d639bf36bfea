"""Candidates and hospitals over the API: what a board is shown, and what moves it."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import fix_row, point

FAR, NEAR, SILENT = "ambulans-01", "ambulans-02", "ambulans-03"
ABLE = ["emergency", "ct", "stroke"]


@pytest.fixture
async def scene(roads: Centre, town: Drawn) -> Centre:
    """Two units that stand, one that nobody has seen, and an incident beside the second."""
    await roads.commit([
        *(fix_row(second, town.at("A", 50), 0.0) for second in range(2)),
        *(by(NEAR, second, town.at("D", -50)) for second in range(2)),
    ])  # fmt: skip
    await incident(roads, town, "i1")
    return roads


def by(unit: str, second: float, place: tuple[float, float]) -> Row:
    """A fix of a unit that stands."""
    row = fix_row(second, place, 0.0)
    return msgspec.structs.replace(row, unit=unit, outbox=f"{unit}-box")


async def incident(centre: Centre, town: Drawn, name: str, **values: Any) -> None:
    """Opened at D."""
    body = {"id": name, "place": point(town.at("D")), "urgency": "emergency", **values}
    await centre.ask("POST", "incidents", body, 201)


async def details(centre: Centre, unit: str, **values: Any) -> None:
    await centre.ask("PUT", f"units/{unit}/details", values)


async def order(centre: Centre, query: str = "", of: str = "i1") -> list[tuple[str, str]]:
    told = await centre.ask("GET", f"incidents/{of}/candidates{query}")
    return [(each["unit"], each["tier"]) for each in told["candidates"]]


def sentences(ranked: dict[str, Any]) -> dict[str, str]:
    """Code -> sentence."""
    return {each["why"]: each["sentence"] for each in ranked["reasons"]}


async def test_every_unit_is_there_with_its_reasons(scene: Centre) -> None:
    """The nearer first; who was never seen is last but known of; the old fields stand where they stood."""
    assert await order(scene) == [(NEAR, "fit"), (FAR, "fit"), (SILENT, "unknown")]
    first, second, last = (await scene.ask("GET", "incidents/i1/candidates"))["candidates"]
    assert first["eta_s"]["p10"] < first["eta_s"]["p50"] < first["eta_s"]["p90"]
    assert (first["kind"], first["status"], first["mission"], first["source"]) == (
        "ambulance",
        "available",
        None,
        "road",
    )
    assert first["distance_m"] == pytest.approx(50, abs=5)
    assert second["distance_m"] == pytest.approx(2950, abs=30)
    assert "arrives" in sentences(first)
    assert sentences(last)["eta-unknown"] == "arrival unknown: the unit has no position yet"
    alone = await scene.ask("GET", f"candidates?lat={-7.15}&lon={111.9}&limit=1")
    assert len(alone["candidates"]) == 1


async def test_a_unit_with_a_failed_route_is_never_first(scene: Centre, town: Drawn) -> None:
    """However near it is: 2 km of field lie between it and the next road."""
    await scene.commit([by(SILENT, 2, town.at("H", 0, -2000))])
    told = await order(scene)
    assert (told[0][0], told[-1]) == (NEAR, (SILENT, "unknown"))


async def test_what_a_unit_is_and_has_counts_before_how_near_it_is(scene: Centre) -> None:
    """Agency, capability, shift, crew: by the register, or as the question says."""
    for agency in ("dinkes", "damkar"):
        await scene.ask("PUT", f"agencies/{agency}", {"name": agency, "kind": agency})
    await details(scene, FAR, agency="dinkes", capabilities=["als"])
    await details(scene, NEAR, agency="damkar")
    assert await order(scene, "?capability=als") == [(FAR, "fit"), (NEAR, "short"), (SILENT, "unknown")]
    assert (await order(scene, "?agency=damkar"))[0] == (NEAR, "fit")
    assert (await order(scene, "?agency=dinkes"))[0] == (FAR, "fit")
    off = (scene.now - timedelta(days=2)).strftime("%a").lower()
    await details(scene, NEAR, agency="damkar", shifts=f"{off} 00:00-01:00")
    assert (await order(scene))[-1] == (NEAR, "unavailable")
    await details(scene, NEAR, agency="damkar", crew_until=(scene.now + timedelta(minutes=20)).isoformat())
    assert await order(scene) == [(FAR, "fit"), (NEAR, "short"), (SILENT, "unknown")]
    await scene.ask("GET", "incidents/i1/candidates?agency=No!", None, 422)


async def test_an_old_fix_is_ranked_by_where_its_unit_may_be_by_now(scene: Centre, town: Drawn) -> None:
    """The near one fell silent nearly three minutes ago: it may be as far away by now, and a sure one that comes a
    little later stands before it."""
    await scene.commit([fix_row(170, town.at("D", -300), 0.0)])
    first, second = (await scene.ask("GET", "incidents/i1/candidates"))["candidates"][:2]
    assert (first["unit"], second["unit"]) == (FAR, NEAR)
    assert first["eta_s"]["p50"] > second["eta_s"]["p50"]
    assert "may be" in sentences(second)["old-fix"]
    assert second["eta_s"]["p90"] - second["eta_s"]["p50"] > 165


async def test_whoever_is_sent_is_busy_and_of_the_agencies_that_are_wanted_the_missing_one_counts(
    scene: Centre, town: Drawn
) -> None:
    """Two agencies shall go; the first is on its way, so now the other's unit is wanted."""
    for agency, unit in (("dinkes", NEAR), ("damkar", FAR)):
        await scene.ask("PUT", f"agencies/{agency}", {"name": agency, "kind": agency})
        await details(scene, unit, agency=agency)
    await incident(scene, town, "i2", agencies=["dinkes", "damkar"])
    assert await order(scene, of="i2") == [(NEAR, "fit"), (FAR, "fit"), (SILENT, "unknown")]
    await scene.ask("POST", "missions", {"unit": NEAR, "incident": "i2"}, 201)
    told = (await scene.ask("GET", "incidents/i2/candidates"))["candidates"]
    assert [(each["unit"], each["tier"]) for each in told] == [(FAR, "fit"), (NEAR, "busy"), (SILENT, "unknown")]
    assert told[1]["mission"] is not None
    assert {"sent", "wrong-agency"} <= sentences(told[1]).keys()
    assert await order(scene, of="i1") == [(FAR, "fit"), (NEAR, "busy"), (SILENT, "unknown")]


async def test_the_hospital_that_fits_the_condition_is_first(roads: Centre, town: Drawn) -> None:
    """Farther and able before near and not; the table is the centre's to change; a doubtful point is held out."""
    for name, letter, can in (("near", "C", ["emergency"]), ("able", "A", ABLE), ("silent", "B", [])):
        body = point(town.at(letter)) | {"kind": "hospital", "name": name, "capabilities": can}
        await roads.ask("PUT", f"facilities/{name}", {key: value for key, value in body.items() if value != ""})
    await incident(roads, town, "i1", condition="stroke")
    told = await roads.ask("GET", "incidents/i1/hospitals")
    tiers = [(each["place"]["id"], each["tier"]) for each in told["hospitals"]]
    assert tiers == [("able", "fit"), ("near", "short"), ("silent", "short")]
    assert "capabilities-unknown" in sentences(told["hospitals"][2])
    assert (told["condition"], told["needs"], told["begins"]) == ("stroke", sorted(ABLE), "")
    assert sentences(told["hospitals"][0])["fits"] == "has ct, emergency, stroke"
    await roads.ask("PUT", "conditions/stroke", {"name": "Stroke", "capabilities": ["emergency"]})
    assert (await roads.ask("GET", "incidents/i1/hospitals"))["hospitals"][0]["place"]["id"] == "near"
    assert (await roads.client.delete("/api/v1/conditions/stroke")).status_code == 204
    assert (await roads.client.delete("/api/v1/conditions/stroke")).status_code == 404
    assert (await roads.ask("GET", "incidents/i1/hospitals"))["hospitals"][0]["place"]["id"] == "able"
    async with roads.world.pool.connection() as connection:
        await connection.execute("UPDATE places SET point = 'doubtful', point_because = '9 km off' WHERE id = 'able'")
    told = await roads.ask("GET", "incidents/i1/hospitals")
    assert told["held_out"] == [{"id": "able", "name": "able", "because": "9 km off"}]
    assert "able" not in [each["place"]["id"] for each in told["hospitals"]]
    listed = (await roads.ask("GET", "conditions"))["conditions"]
    assert "heart-attack" in [each["id"] for each in listed]
