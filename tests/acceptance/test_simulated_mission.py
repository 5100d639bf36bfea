"""A call from its opening to the hospital: dispatched over HTTP, driven by a simulated crew on the gateway's roads."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo.broker import Mosquitto
from gateway.roads.osm_import import import_osm
from gateway.roads.region_file import region_path, save
from tests.fix_gateway import CENTRE, MakeGateway, until
from tests.fix_map import write_drawn
from tracker.geodesy import distance
from tracker.roads.engines import CchEngine

UNIT = "ambulans-01"
TOWN = """
A-------B-------C
|       |       |
D-------E-------F
|       |       |
G-------H-------I
"""
STREETS = {each: {"highway": "primary", "name": f"Jalan {each}"} for each in ("ABC", "DEF", "GHI", "ADG", "BEH", "CFI")}
SCENARIO = """
units = 1
[day]
own_calls = false
turnout_s = 2
scene_s = 8
hospital_s = 8
"""


@pytest.mark.slow
def test_a_dispatched_call_is_driven_to_the_scene_and_on_to_the_hospital(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto, server_dir: Path, tmp_path: Path
) -> None:
    """The mission moves by itself from assigned to arrived, each leg with the crew's own time, and its unit is where it
    says; nothing is left in the unit's outbox."""
    drawing = tmp_path / "town.osm.pbf"
    places = write_drawn(drawing, TOWN, STREETS, step=60.0)
    imported = import_osm(drawing, CENTRE)
    roads = region_path(server_dir, CENTRE)
    save(roads, imported, CchEngine(imported.graph))
    (tmp_path / "s.toml").write_text(SCENARIO)
    gateway = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port, roads_dir=server_dir)
    gateway.start()
    command = [sys.executable, "-m", "fieldunit", "simulate", "--scenario", str(tmp_path / "s.toml")]
    command += ["--roads", str(roads), "--state", str(tmp_path / "state"), "--centre", CENTRE]
    command += ["--broker", f"127.0.0.1:{mosquitto.port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fleet:
        try:
            until(lambda: unit_of(gateway.get("units"))["position"], 120, "the unit on the map")
            incident = {
                "id": "i1", "urgency": "emergency",
                "place": {"latitude": places["C"][0], "longitude": places["C"][1]},
                "destination": {"latitude": places["E"][0], "longitude": places["E"][1]},
            }  # fmt: skip
            for path, body in (("incidents", incident), ("missions", {"id": "m1", "unit": UNIT, "incident": "i1"})):
                answer = httpx.post(f"{gateway.url}/api/v1/{path}", json=body, timeout=10)
                assert answer.status_code == 201, answer.text
            until(lambda: state(gateway.get("missions/m1"), "at-scene"), 240, "the scene")
            assert off(gateway.get("units"), places["C"]) < 60
            until(lambda: state(gateway.get("missions/m1"), "transporting"), 180, "the departure")
            until(lambda: state(gateway.get("missions/m1"), "arrived", "ended"), 300, "the hospital")
            assert off(gateway.get("units"), places["E"]) < 60
            legs = gateway.get("missions/m1")["legs"]
            assert [leg["arrived_by"] for leg in legs] == ["crew", "crew"]
        finally:
            fleet.terminate()
            out, _ = fleet.communicate(timeout=60)
    assert fleet.returncode == 0
    assert " waiting=0 " in out.splitlines()[-1]


def unit_of(answer: Any) -> Any:
    return next(unit for unit in answer["units"] if unit["unit"] == UNIT)


def state(mission: Any, *states: str) -> bool:
    return mission["state"] in states


def off(answer: Any, place: tuple[float, float]) -> float:
    """Metres from the unit to a place."""
    position = unit_of(answer)["position"]
    return distance(position["latitude"], position["longitude"], *place)
