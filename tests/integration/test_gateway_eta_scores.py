"""What was told is scored on arrival."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely

from gateway.roads.districts import load_districts
from gateway.services import score_command
from gateway.storage.missions import scene_times
from gateway.storage.speed_models import finished_legs
from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import UNIT, along, send, standing, watch
from tests.gateway_traffic import MORNING
from tests.integration.test_gateway_cli import sigap


async def test_what_was_told_is_scored_on_arrival(roads: Centre, town: Drawn) -> None:
    """Every arrival time that was told, against the fix on which the unit stood: by all and by each group, exactly."""
    await send(roads, town.at("D", -50), "urgent")
    told = await watch(roads, along(town, "ABCD"))
    assert (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"] == []
    await watch(roads, standing(town.at("D", -50), 250, 60))
    await roads.arrivals.save()
    scores = (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"]
    known = [each for each in told if each.eta_s]
    arrived = MORNING + timedelta(seconds=250)
    errors = [each.eta_s.p50 - (arrived - each.at).total_seconds() for each in known if each.eta_s]
    (whole,) = [each for each in scores if each["by"] == "all"]
    assert whole["told"] == len(known)
    assert whole["bias_s"] == pytest.approx(np.mean(errors), abs=0.01)
    assert whole["mae_s"] == pytest.approx(np.mean(np.abs(errors)), abs=0.01)
    by = {
        name: [each for each in scores if each["by"] == name]
        for name in ("lead", "hour", "urgency", "source", "leg", "district")
    }
    assert all(sum(each["told"] for each in group) == len(known) for group in by.values())
    assert [each["group"] for each in by["urgency"]] == ["urgent"]
    assert [each["group"] for each in by["leg"]] == ["to-place"]
    assert [each["group"] for each in by["district"]] == ["unknown"]
    assert len(by["lead"]) > 1


async def test_scores_are_told_by_the_district_of_the_goal(
    roads: Centre, town: Drawn, tmp_path: Path, cleared_url: str
) -> None:
    """Two drives to the east, one to the west, one beyond all districts; over the API and on the command line."""
    area = shapely.box(town.at("C")[1], town.at("F")[0] - 1, town.at("D")[1] + 1, town.at("C")[0] + 1)
    west = shapely.box(town.at("A", 500)[1], town.at("F")[0] - 1, town.at("B", 500)[1], town.at("B")[0] + 1)
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(each), "properties": {"nama": name}}
        for name, each in (("Timur", area), ("Barat", west))
    ]
    path = tmp_path / "districts.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    roads.world.districts = load_districts(path)
    for hour, goal in enumerate(("D", "B", "A", "D")):
        start = 3600.0 * hour
        roads.now = MORNING + timedelta(seconds=start)
        await send(roads, town.at(goal))
        other = {"D": "BCD", "B": "AB", "A": "BA"}[goal]
        await watch(roads, along(town, other, start + 1, every=10.0))
        await watch(roads, standing(town.at(goal), start + 300, 60)[::10])
    await roads.arrivals.save()
    scores = (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"]
    (whole,) = [each["told"] for each in scores if each["by"] == "all"]
    by = {each["group"]: each["told"] for each in scores if each["by"] == "district"}
    assert by.keys() == {"Timur", "Barat", "unknown"}
    assert sum(by.values()) == whole
    assert by["Timur"] > by["Barat"]
    settings = {"database_url": cleared_url, "districts_file": path}
    printed = await asyncio.to_thread(sigap, "eta", "score", "--days", "36500", **settings)
    assert printed.returncode == 0, printed.stderr
    lines = [line for line in printed.stdout.splitlines() if "district of the goal" in line]
    assert [sum(name in line for line in lines) for name in by] == [1, 1, 1]
    broken = await asyncio.to_thread(sigap, "eta", "score", database_url=cleared_url, districts_file=tmp_path / "none")
    assert (broken.returncode, "No such file" in broken.stderr) == (1, True)


def test_the_table_of_scores_says_when_there_is_nothing() -> None:
    """A sentence, not an empty frame."""
    assert "no arrival time of the last 7 days" in str(score_command.table([], 7))


async def test_no_figure_counts_an_exercise(roads: Centre, town: Drawn) -> None:
    """The same drive twice: of an exercise, and then in earnest. Only the second one is scored and learned from, and
    only its stay at the scene is a stay."""
    for number, exercise in enumerate((True, False)):
        start = 3600.0 * number
        roads.now = MORNING + timedelta(seconds=start)
        latitude, longitude = town.at("D", -50)
        place = {"latitude": latitude, "longitude": longitude}
        incident = {"id": f"i-{number}", "place": place, "urgency": "emergency", "exercise": exercise}
        await roads.ask("POST", "incidents", incident, expect=201)
        sent = {"id": f"m-{number}", "unit": UNIT, "incident": f"i-{number}"}
        await roads.ask("POST", "missions", sent, expect=201)
        await watch(roads, along(town, "ABCD", start))
        await watch(roads, standing(town.at("D", -50), start + 250, 60))
        await watch(roads, along(town, "DC", start + 311))
        await roads.ask("PATCH", f"missions/m-{number}", {"state": "ended"})
        await roads.arrivals.save()
        centre, until = roads.world.centre, roads.now
        scores = (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"]
        async with roads.world.pool.connection() as connection:
            legs = await finished_legs(connection, centre, MORNING - timedelta(days=1), until, 100)
            stays, _, _ = await scene_times(connection, centre)
        told = [each["told"] for each in scores if each["by"] == "all"]
        if exercise:
            assert (told, legs, stays) == ([], [], 0)
        else:
            assert (len(told), [leg.mission for leg in legs], stays) == (1, ["m-1"], 1)
