"""The neighbours of a gateway that was started as operators start it: from its settings, over real connections."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from gateway.demo.broker import Mosquitto
from gateway.signing import check, new_secret, sign
from tests.fix_gateway import MakeGateway, until
from tests.modem_double import ModemDouble, plugged

RECORDED = json.loads((Path(__file__).parents[1] / "recordings" / "sisrute.json").read_text())["read"]["response"]
SECRET = new_secret()


class OtherSide(BaseHTTPRequestHandler):
    """SISRUTE to a GET, and somebody's webhook to a POST."""

    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []
    posted: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_GET(self) -> None:
        """A referral."""
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self._answer(json.dumps(RECORDED["json"]).encode())

    def do_POST(self) -> None:
        """Whatever is posted."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def other_side() -> Iterator[str]:
    """Its address."""
    OtherSide.asked, OtherSide.posted = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), OtherSide)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[ModemDouble]:
    """Plugged in."""
    with plugged(tmp_path / "modem") as plugged_in:
        yield plugged_in


def test_a_gateway_reads_referrals_hears_the_exchange_and_reaches_people(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto, other_side: str, modem: ModemDouble
) -> None:
    """SISRUTE with today's signature, a signed event that becomes a call, a test by webhook and modem from the command
    line."""
    settings = {
        "database_url": enrolled_url, "sisrute_url": other_side, "sisrute_id": "3515131",
        "sisrute_password": "12345", "telephony_secret": SECRET, "reach_webhook_secret": SECRET,
        "gsm_port": modem.link, "webhooks_private": True,
    }  # fmt: skip
    gateway = make_gateway(mqtt_port=mosquitto.port, **settings)
    gateway.start()
    with httpx.Client(base_url=f"{gateway.url}/api/v1", timeout=10) as client:
        place = {"latitude": -7.15, "longitude": 111.88}
        client.post("incidents", json={"id": "i-1", "place": place, "urgency": "emergency"}).raise_for_status()
        client.post("missions", json={"id": "m-1", "unit": "ambulans-01", "incident": "i-1"}).raise_for_status()
        referral = client.post("missions/m-1/referral", json={"system": "sisrute", "number": "3516010-1426-0007"})
        assert referral.json()["hospital"] == "RSUD Contoh"
        path, headers = OtherSide.asked[0]
        assert path == "/rujukan?nomor=3516010-1426-0007"
        assert headers["x-cons-id"] == "3515131"
        assert headers["x-signature"]

        body = json.dumps({"id": "1", "event": "ringing", "line": "119", "caller": "0812000000"}).encode()
        call = client.post("telephony/events", content=body, headers=sign(SECRET, "e-1", datetime.now(UTC), body))
        assert call.status_code == 200, call.text
        assert client.get(f"calls/{call.json()['call']}").json()["line"] == "119"

        ways = [{"kind": "webhook", "address": other_side}, {"kind": "sms", "address": "+62811000"}]
        contacts = {"contacts": [{"id": "kepala", "name": "Kepala", "channels": ways}]}
        assert client.put("contacts", json=contacts).json()["kinds"] == ["sms", "webhook"]
    until(lambda: "AT+CMGF=0" in modem.commands)
    assert gateway.stop() == 0
    assert modem.taken == []

    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIGAP_")}
    environment |= {f"SIGAP_{name.upper()}": str(value) for name, value in settings.items()}

    def sigap(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments], env=environment, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip

    tested = sigap("reach", "test", "kepala")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert tested.stdout.splitlines() == [
        f"webhook {other_side}: taken: 200", "sms +62811000: taken by the network, 1 part",
    ]  # fmt: skip
    ((posted, content),) = OtherSide.posted
    check(SECRET, posted, content, datetime.now(UTC))
    assert len(modem.taken) == 1
    assert sigap("reach", "modem").stdout == "the SIM card is ready; signal: -79 dBm; registered with TELKOMSEL\n"
    assert "12345" not in tested.stdout + tested.stderr + gateway.log


def test_an_assignment_that_nobody_answers_reaches_a_telephone(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto, modem: ModemDouble
) -> None:
    """From the assignment over the whole ladder to the network's word that the telephone has it; and no second message
    when the gateway is killed and starts again."""
    gateway = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port, gsm_port=modem.link)
    gateway.start()

    def tries() -> list[tuple[str, str]]:
        alarms = gateway.get("alarms", open=True)["alarms"]
        found = [each for alarm in alarms for each in gateway.get(f"alarms/{alarm['id']}/tries")["tries"]]
        return [(each["address"], each["outcome"]) for each in found]

    with httpx.Client(base_url=f"{gateway.url}/api/v1", timeout=10) as client:
        ladder = {"again_s": 0.5, "next_unit_s": 1.0, "supervisor_s": 1.5}
        client.patch("centre", json={"escalation": ladder}).raise_for_status()
        ways = [{"kind": "mail", "address": "kepala@example.org"}, {"kind": "sms", "address": "+62811000"}]
        contacts = {"contacts": [{"id": "kepala", "name": "Kepala", "channels": ways}]}
        client.put("contacts", json=contacts).raise_for_status()
        place = {"latitude": -7.15, "longitude": 111.88}
        client.post("incidents", json={"id": "i-1", "place": place, "urgency": "emergency"}).raise_for_status()
        client.post("missions", json={"id": "m-1", "unit": "ambulans-01", "incident": "i-1"}).raise_for_status()
    until(lambda: tries()[-1:] == [("+62811000", "delivered")])
    assert tries() == [("kepala@example.org", "failed"), ("+62811000", "delivered")]
    assert len(modem.taken) == 1
    gateway.kill()
    gateway.start()
    until(lambda: modem.commands.count("AT+CMGF=0") == 2)
    assert len(modem.taken) == 1


def test_a_secret_that_is_none_is_told_before_anything_starts(make_gateway: MakeGateway, enrolled_url: str) -> None:
    """With what would be one; and the secret itself is not repeated."""
    gateway = make_gateway(database_url=enrolled_url, telephony_secret="too short")  # noqa: S106, none at all
    gateway.launch()
    assert gateway.process.wait(30) == 1
    assert "SIGAP_TELEPHONY_SECRET: a secret is whsec_ and base64" in gateway.log
    assert "too short" not in gateway.log
