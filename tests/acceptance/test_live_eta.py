"""The whole way once, with the program as operators start it: NMEA over the broker in, arrival times over roads out."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gateway.demo.broker import Mosquitto
from gateway.roads.osm_import import import_osm
from gateway.roads.region_file import region_path, save
from tests.fix_gateway import CENTRE, Gateway, MakeGateway, until
from tests.fix_map import write_drawn
from tests.gateway_traffic import Peer, epoch, peer, topic
from tracker.roads.engines import CchEngine

UNIT = "ambulans-01"
STREET = {"AB": {"highway": "primary", "name": "Jalan Utama"}}


def build_roads(folder: Path) -> dict[str, tuple[float, float]]:
    """A region of the centre's name with one street of 4 km; where its ends lie."""
    drawing = folder / "street.osm.pbf"
    places = write_drawn(drawing, "A" + "-" * 39 + "B", STREET, step=100.0)
    imported = import_osm(drawing, CENTRE)
    save(region_path(folder, CENTRE), imported, CchEngine(imported.graph))
    return places


def eta_of(gateway: Gateway) -> Any:
    """The arrival time of `UNIT` as the API shows it; None where it has none."""
    return next(unit for unit in gateway.get("units")["units"] if unit["unit"] == UNIT)["eta"]


def drive_to(talker: Peer, number: int, place: tuple[float, float], ago: float = 0.0) -> None:
    """One more fix, of now or of some seconds ago."""
    talker.say(topic(UNIT), epoch(number, datetime.now(UTC) - timedelta(seconds=ago), *place))


def told(url: str) -> int:
    """How many told arrival times are stored."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM etas").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.slow
def test_a_unit_is_sent_seen_coming_and_restored_after_a_crash(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto, server_dir: Path
) -> None:
    """A destination over HTTP, fixes over MQTT: the time falls as it drives, the route is there; after SIGKILL the next
    process knows the mission, and the arrival that it missed."""
    (south, west), (north, east) = build_roads(server_dir).values()
    gateway = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port, roads_dir=server_dir)
    gateway.start()
    with peer(mosquitto.port) as talker:
        # As a vehicle can: 2.5 km in 39 s, and the rest in three.
        places = [(south + (north - south) * part, west + (east - west) * part) for part in (0.3, 0.93, 1.0)]
        drive_to(talker, 1, places[0], ago=39.0)
        goal = {"latitude": north, "longitude": east}
        answer = httpx.put(f"{gateway.url}/api/v1/units/{UNIT}/destination", json=goal, timeout=10)
        assert answer.status_code == 200, answer.text
        mission = answer.json()["id"]
        first = until(lambda: (eta := eta_of(gateway)) and eta["eta_s"] and eta, what="an arrival time")
        assert (first["source"], first["route_version"]) == ("road", 1)
        drive_to(talker, 2, places[1])
        later = until(lambda: (eta := eta_of(gateway)) and eta["distance_m"] < 300 and eta, what="a nearer one")
        assert 0 < later["eta_s"]["p50"] < first["eta_s"]["p50"]
        route = gateway.get(f"units/{UNIT}/route")
        assert route["properties"]["streets"][0]["name"] == "Jalan Utama"
        until(lambda: told(enrolled_url) >= 2, what="what was told in the database")
        gateway.kill()
        start = datetime.now(UTC)
        for second in range(3, 43, 10):  # times of their own: the fixes lie where nobody followed them
            at = start + timedelta(seconds=second)
            talker.say(topic(UNIT), epoch(3 + second, at, places[2][0] + 1e-6 * second, places[2][1]))
        gateway.start()
        until(lambda: gateway.get(f"missions/{mission}")["state"] == "arrived", what="the arrival that was missed")
        until(lambda: gateway.get("eta/score")["scores"], what="scores")
        assert gateway.stop() == 0


async def test_a_gateway_whose_roads_are_broken_goes_on_without(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto, server_dir: Path
) -> None:
    """A cut file: the log says so, and times are by straight line."""
    build_roads(server_dir)
    path = region_path(server_dir, CENTRE)
    path.write_bytes(path.read_bytes()[:-100])
    gateway = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port, roads_dir=server_dir)
    await asyncio.to_thread(gateway.start)
    told = await asyncio.to_thread(gateway.get, "eta", unit=UNIT, lat=-7.2, lon=111.9)
    assert told["source"] == "straight-line"
    assert "roads not loaded" in gateway.log
