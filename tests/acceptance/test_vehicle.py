"""A vehicle as its people meet it: a file, a receiver on a serial line, `sigap-unit agent`, and the centre's API."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo.broker import Mosquitto
from tests.agent_settings import config_text, receiver
from tests.fix_gateway import Gateway, MakeGateway
from tests.receiver_double import ReceiverDouble
from tests.receiving_centre import eventually

UNIT = "ambulans-01"


@pytest.fixture
def gateway(make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto) -> Gateway:
    """`sigap serve` that knows the unit."""
    made = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port)
    made.start()
    return made


@pytest.fixture
def vehicle(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[subprocess.Popen[str]]:
    """The agent, with its receiver not plugged in yet."""
    path = tmp_path / "unit.toml"
    more = "[health]\ninterval_s = 1\n"
    path.write_text(
        config_text(tmp_path / "state", port=mosquitto.port, receivers=receiver(tmp_path / "gnss"), more=more)
    )
    arguments = [sys.executable, "-m", "fieldunit", "agent", "--config", str(path)]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        yield process
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def test_a_vehicle_from_a_missing_receiver_to_the_map_and_under_the_centres_orders(
    gateway: Gateway, vehicle: subprocess.Popen[str], tmp_path: Path
) -> None:
    """The centre reads in a sentence what is wrong, then sees where the unit is, and sets how often it hears of it."""

    def health() -> dict[str, Any]:
        answer = httpx.get(f"{gateway.url}/api/v1/units/{UNIT}/health", timeout=10)
        found: dict[str, Any] | None = answer.json()["health"] if answer.status_code == 200 else None
        return found or {"receivers": [{"state": None}]}

    def unit() -> dict[str, Any]:
        return next(each for each in gateway.get("units")["units"] if each["unit"] == UNIT)

    eventually(lambda: health()["receivers"][0]["state"] == "no-port", 30)
    assert health()["receivers"][0]["detail"] == f"{tmp_path / 'gnss'} is not there: is the receiver plugged in?"
    with ReceiverDouble(tmp_path / "gnss") as double:
        double.plug()
        double.tell_the_time()
        eventually(lambda: unit()["position"] is not None, 30)
        assert unit()["position"]["satellites"] == 8
        assert unit()["position"]["quality"] == []
        assert unit()["report_interval_s"] == 10
        eventually(lambda: health()["receivers"][0]["state"] == "ok")

        order = {"kind": "rate", "interval_s": 2.0}
        given = httpx.post(f"{gateway.url}/api/v1/units/{UNIT}/commands", json=order, timeout=10)
        assert given.status_code == 201, given.text
        name = given.json()["id"]
        eventually(lambda: gateway.get(f"units/{UNIT}/commands/{name}")["outcome"] == "done", 30)
        eventually(lambda: unit()["report_interval_s"] == 2)
        before = unit()["position"]["fix_time"]
        eventually(lambda: unit()["position"]["fix_time"] > before)
        vehicle.send_signal(signal.SIGTERM)
        assert vehicle.wait(15) == 0
    eventually(lambda: unit()["online"] is False)
