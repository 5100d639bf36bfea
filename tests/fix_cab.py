"""A vehicle for tests: `sigap-unit agent` as a process, its receiver fed by the test over UDP, its connection to the
broker through a proxy that can be cut, and the crew's page on a port of loopback.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from tests.fix_gateway import CENTRE, UNITS, Gateway, until
from tests.fix_proxy import FaultProxy, MakeProxy
from tests.gateway_traffic import gga, rmc

UNIT = UNITS[0]
FILE = """
[unit]
id = "{unit}"
centre = "{centre}"
state = "{state}"

[broker]
address = "127.0.0.1:{broker}"
reconnect_min_s = 0.2

[[receiver]]
kind = "udp"
address = "127.0.0.1:{receiver}"

[health]
interval_s = 2

[crew]
address = "127.0.0.1:{page}"
emergency_repeat_s = 2
{more}
"""


class Vehicle:
    """The agent's process. It can be ended in any way and started again.

    Args:
        directory: for its state and output.
        proxy: between it and the broker.
        more: lines of `[crew]`, and sections behind it.
    """

    def __init__(self, directory: Path, proxy: FaultProxy, more: str = "") -> None:
        self.directory = directory
        self.proxy = proxy
        self.page, self.receiver = free_port(), free_port()
        self.state = directory / "state"
        self._file = directory / "unit.toml"
        self._file.write_text(
            FILE.format(
                unit=UNIT, centre=CENTRE, state=self.state, broker=proxy.port, receiver=self.receiver, page=self.page,
                more=more,
            )
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._driving = threading.Event()
        self._driver: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The crew's page, without a slash at the end."""
        return f"http://127.0.0.1:{self.page}"

    @property
    def log(self) -> str:
        """What the agent told since its first start."""
        return (self.directory / "agent.err").read_text(errors="replace")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Of the last start."""
        assert self._process is not None, "the agent was not started"
        return self._process

    @property
    def resident_bytes(self) -> int:
        """Memory in use now (RSS)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def launch(self) -> None:
        """Start it and do not wait."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SIGAP_")}
        with (self.directory / "agent.err").open("ab") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fieldunit", "agent", "--config", str(self._file)],
                stdout=err, stderr=err, stdin=subprocess.DEVNULL, env=environment,
            )  # fmt: skip

    def start(self) -> None:
        """Start it and wait until the page answers."""
        self.launch()
        until(self._answers, what="the crew's page")

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the agent ended with {self.process.returncode}: {self.log}"
        try:
            return httpx.get(f"{self.url}/api/state", timeout=5).status_code in (200, 401)
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL, as a power cut of the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def look(self) -> dict[str, Any]:
        """What the page shows."""
        answer = httpx.get(f"{self.url}/api/state", timeout=5)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def press(self, path: str, body: dict[str, Any], expect: int = 200) -> dict[str, Any]:
        """What a finger does, without a page."""
        headers = {"X-Sigap-Cab": "1", "Content-Type": "application/json"}
        body = {"press": uuid.uuid4().hex, **body}
        answer = httpx.post(f"{self.url}/api/{path}", json=body, headers=headers, timeout=5)
        assert answer.status_code == expect, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def drive(self, where: Callable[[float], tuple[float, float]]) -> None:
        """Feed its receiver with a fix a second until `park`, at a place that depends on the seconds since now."""

        def run() -> None:
            began = datetime.now(UTC)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                while not self._driving.wait(1.0):
                    now = datetime.now(UTC)
                    latitude, longitude = where((now - began).total_seconds())
                    sentences = (rmc(now, latitude, longitude, 30.0), gga(now, latitude, longitude))
                    out.sendto(b"\r\n".join(sentences) + b"\r\n", ("127.0.0.1", self.receiver))

        self._driving.clear()
        self._driver = threading.Thread(target=run, daemon=True)
        self._driver.start()

    def park(self) -> None:
        """End the drive."""
        self._driving.set()
        if self._driver is not None:
            self._driver.join()


class Road:
    """A gateway, a vehicle, and the mobile network between them."""

    def __init__(self, gateway: Gateway, vehicle: Vehicle) -> None:
        self.gateway = gateway
        self.vehicle = vehicle

    @property
    def proxy(self) -> FaultProxy:
        """The mobile network."""
        return self.vehicle.proxy

    def network_off(self) -> None:
        """No coverage."""
        self.proxy.refuse()
        self.proxy.cut()

    def network_on(self) -> None:
        """Coverage again."""
        self.proxy.heal()

    def ask(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """The JSON of an answer of the gateway of this status."""
        answer = httpx.request(method, f"{self.gateway.url}/api/v1/{path}", json=body, timeout=10)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def said(self, kind: str) -> list[dict[str, Any]]:
        """What the centre has of the crew's reports of a kind, by their own time."""
        found = self.ask("GET", f"units/{UNIT}/status?kind={kind}&limit=1000")["reports"]
        return sorted((each["report"] for each in found), key=lambda report: report["c"])

    def commands(self) -> dict[str, dict[str, Any]]:
        """What the unit was told, by id."""
        return {each["id"]: each for each in self.ask("GET", f"units/{UNIT}/commands?limit=1000")["commands"]}

    def outcome(self, command: str) -> str | None:
        """What became of a command."""
        found: str | None = self.ask("GET", f"units/{UNIT}/commands/{command}")["outcome"]
        return found

    def send_unit(self, scene: tuple[float, float], notes: str = "") -> str:
        """Open an incident and send the unit there and on to a hospital; the mission's id."""
        place = {"latitude": scene[0], "longitude": scene[1], "name": "Pasar Banjarejo, Jl. Veteran 12"}
        hospital = {"latitude": -7.1735, "longitude": 111.8832, "name": "RSUD dr. R. Sosodoro Djatikoesoemo"}
        incident = self.ask("POST", "incidents", {"place": place, "urgency": "emergency", "destination": hospital}, 201)
        mission = {"unit": UNIT, "incident": incident["id"], "notes": notes}
        return str(self.ask("POST", "missions", mission, 201)["id"])


def sentences(log: str, pattern: str) -> list[str]:
    """Lines of a log that match."""
    return [line for line in log.splitlines() if re.search(pattern, line)]


@pytest.fixture
def vehicle(tmp_path: Path, mosquitto: Mosquitto, make_proxy: MakeProxy) -> Iterator[Vehicle]:
    """Not started yet."""
    made = Vehicle(tmp_path, make_proxy(mosquitto.port))
    yield made
    made.park()
    made.kill()


@pytest.fixture
def road(gateway: Gateway, vehicle: Vehicle) -> Road:
    """The gateway running and well, the vehicle started and connected."""
    vehicle.start()
    until(lambda: vehicle.look()["centre"], what="the unit sees the gateway")
    return Road(gateway, vehicle)
