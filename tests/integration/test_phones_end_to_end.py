"""Both apps through a real broker and a real web side: answered after the commit, kept where the database is away."""

import asyncio
import html
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.fix_gateway import CENTRE, Gateway, MakeGateway, enrol_units, until
from tests.gateway_traffic import peer
from tests.integration.test_gateway_cli import sigap
from tests.integration.test_gateway_phones import location

UNIT = "ambulans-01"
USER = f"{CENTRE}.{UNIT}"


def enrol(url: str, folder: Path, *more: str, port: int = 8080) -> str:
    """Enrol the unit's phone with the console program; its secret, out of the printed code."""
    told = sigap(
        "enrol", "--phone", UNIT, "--svg", str(folder / "codes"), *more,
        database_url=url, centre=CENTRE, phone_url=f"http://127.0.0.1:{port}", phone_broker="127.0.0.1:1883",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    found = re.search(r"/driver/([a-z2-7]{26})", told.stdout)
    assert found is not None, told.stdout
    return found[1]


def osmand(secret: str, at: datetime, **more: object) -> dict[str, Any]:
    """Traccar Client's parameters of an instant."""
    stamp = str(int(at.timestamp()))
    return {"id": secret, "lat": "-7.15", "lon": "111.88", "timestamp": stamp, "speed": "10", **more}


def fixes(gateway: Gateway) -> list[dict[str, Any]]:
    """The unit's track of the last day."""
    found: list[dict[str, Any]] = gateway.get(f"units/{UNIT}/fixes")["fixes"]
    return found


@pytest.fixture
def now() -> datetime:
    """A whole second of the present."""
    return datetime.now(UTC).replace(microsecond=0)


def test_enrolling_shows_codes_and_writes_pictures(enrolled_url: str, tmp_path: Path) -> None:
    """In the terminal and as SVG that nobody else may read; what is still missing is said."""
    secret = enrol(enrolled_url, tmp_path)
    for app in ("traccar", "owntracks"):
        file = tmp_path / "codes" / f"{UNIT}-{app}.svg"
        assert file.read_text().startswith("<?xml")
        assert file.stat().st_mode & 0o077 == 0
    assert enrol(enrolled_url, tmp_path) != secret
    told = sigap("enrol", "--phone", UNIT, database_url=enrolled_url, centre=CENTRE)
    assert "SIGAP_PHONE_URL" in told.stdout
    told = sigap("phone", "list", database_url=enrolled_url, centre=CENTRE)
    assert "NONE: nothing is stored" in told.stdout


def test_owntracks_end_to_end(
    gateway: Gateway, enrolled_url: str, mosquitto: Mosquitto, tmp_path: Path, now: datetime
) -> None:
    """Over the broker into the track and onto the board, as source phone; other types change nothing."""
    enrol(enrolled_url, tmp_path, "--service", port=gateway.port)
    with peer(mosquitto.port) as phone:
        topic = f"owntracks/{USER}/phone"
        phone.say(topic, b'{"_type":"lwt","tst":1}')
        for second in (2, 1):
            phone.say(topic, location(now - timedelta(seconds=second), lat=-7.15 + second * 1e-4, acc=8, vel=40))
    until(lambda: len(fixes(gateway)) == 2, what="two fixes")
    assert {each["source"] for each in fixes(gateway)} == {"phone"}
    assert fixes(gateway)[0]["horizontal_error_m"] == pytest.approx(12.97, abs=0.01)

    def shown() -> Any:
        return next(each for each in gateway.get("units")["units"] if each["unit"] == UNIT)["position"]

    newest = now - timedelta(seconds=1)
    until(lambda: datetime.fromisoformat(shown()["fix_time"]) == newest, what="the marker at the newest fix")


def test_traccar_client_end_to_end(gateway: Gateway, enrolled_url: str, tmp_path: Path, now: datetime) -> None:
    """Parameters by GET and POST, and the newer body; a stranger's is refused and leaves nothing."""
    secret = enrol(enrolled_url, tmp_path, "--service", port=gateway.port)
    at = f"{gateway.url}/phones/v1/traccar"
    body = {
        "device_id": secret,
        "location": {"timestamp": now.isoformat(), "coords": {"latitude": -7.15, "longitude": 111.88, "speed": 5.1}},
    }
    with httpx.Client() as app:
        assert app.get(at, params=osmand(secret, now - timedelta(seconds=2))).json() == {"stored": 1}
        assert app.post(at, params=osmand(secret, now - timedelta(seconds=1))).json() == {"stored": 1}
        assert app.post(at, json=body).json() == {"stored": 1}
        assert app.post(at, json=body).json() == {"stored": 1}  # sent again: it is there, and once
        assert app.post(at, json={"device_id": secret, "event": "heartbeat"}).json() == {"stored": 0}
        for wrong in ({"id": "guess", "lat": "1", "lon": "1"}, osmand("a" * 26, now)):
            assert app.get(at, params=wrong).status_code == 403
        assert app.get(at).status_code == 400
        assert app.post(at, content=b"\xff{").status_code == 400
        assert app.post(at, content=b"{" + b" " * 2_000_000).status_code == 413
        # Unreadable, of the centre's own phone: it has it, with its reason, and the app's queue goes on.
        assert app.get(at, params=osmand(secret, now, lat="north")).status_code == 200
    assert len(fixes(gateway)) == 3
    (kept,) = gateway.get("quarantine")["messages"]
    assert kept["reason"] == "field"
    assert secret not in str(gateway.get("quarantine"))
    assert gateway.get("intake")["counters"]["declined"]["unknown-phone"] == 2


def test_a_day_without_coverage_comes_in_one_body(
    gateway: Gateway, enrolled_url: str, tmp_path: Path, now: datetime
) -> None:
    """More than the wire's 16 KiB: taken apart, and committed whole before the answer."""
    secret = enrol(enrolled_url, tmp_path, "--service", port=gateway.port)
    held = [
        {"timestamp": (now - timedelta(seconds=second)).isoformat(), "coords": {"latitude": -7.15, "longitude": 111.88}}
        for second in range(900)
    ]
    answered = httpx.post(f"{gateway.url}/phones/v1/traccar", json={"device_id": secret, "location": held}, timeout=30)
    assert answered.json() == {"stored": 900}


def test_the_driver_consents_goes_on_duty_and_withdraws(gateway: Gateway, enrolled_url: str, tmp_path: Path) -> None:
    """On the phone's own page, in the order in which it happens; what is off duty is answered and stored nowhere,
    and without consent nothing is shown."""
    secret = enrol(enrolled_url, tmp_path, port=gateway.port)
    page = f"{gateway.url}/phones/v1/driver/{secret}"

    def send() -> int:
        answered = httpx.get(f"{gateway.url}/phones/v1/traccar", params=osmand(secret, datetime.now(UTC), accuracy="5"))
        assert answered.status_code == 200
        return int(answered.json()["stored"])

    with httpx.Client(follow_redirects=True) as driver:
        first = driver.get(page).text
        assert "no consent" in first
        assert first.index("Selama Anda bertugas") < first.index("Saya setuju")  # read first, then agreed to
        assert send() == 0
        told = driver.post(f"{page}/consent", data={"person": "Budi <b>Santoso</b>"})
        assert html.escape("Budi <b>Santoso</b>") in told.text
        assert "off duty" in told.text
        assert told.headers["referrer-policy"] == "no-referrer"
        assert send() == 0
        assert "BERTUGAS · on duty" in driver.post(f"{page}/duty", data={"state": "on"}).text
        time.sleep(1.1)  # the app's time has whole seconds: the next one lies after the change
        assert send() == 1
        assert "off duty" in driver.post(f"{page}/duty", data={"state": "off"}).text
        time.sleep(1.1)
        assert send() == 0
        assert len(fixes(gateway)) == 1
        driver.post(f"{page}/duty", data={"state": "on"})
        assert "no consent" in driver.post(f"{page}/withdraw").text
        time.sleep(1.1)
        assert send() == 0
        assert driver.post(f"{page}/duty", data={"state": "sleeping"}).status_code == 422
        assert driver.post(f"{page}/consent", data={"person": "  "}).status_code == 422
        assert driver.get(f"{gateway.url}/phones/v1/driver/{'a' * 26}").status_code == 403
    until(lambda: fixes(gateway) == [], what="the withdrawal, which is looked up every two seconds")
    withdrawn = gateway.get(f"units/{UNIT}/fixes")
    assert "consent" in withdrawn["withheld_because"]
    assert gateway.get("quarantine")["messages"] == []
    with psycopg.connect(enrolled_url) as connection:
        assert connection.execute("SELECT count(*) FROM fixes").fetchone() == (1,)
        rows = connection.execute("SELECT person, recorded_by, withdrawn_by FROM consents").fetchall()
    assert rows == [("Budi <b>Santoso</b>", "driver", "driver")]


def test_the_centre_records_consent_and_duty_too(enrolled_url: str, tmp_path: Path) -> None:
    """On paper, by the week, and on the day; each with a sentence."""
    enrol(enrolled_url, tmp_path, "--windows", "mon-fri 06:00-18:00")

    def phone(*words: str) -> str:
        told = sigap("phone", *words, database_url=enrolled_url, centre=CENTRE)
        assert told.returncode == 0, told.stderr
        return told.stdout

    assert "consent of Budi to text 2026-11" in phone("consent", UNIT, "--person", "Budi")
    assert "Budi, text 2026-11" in phone("list")
    assert "on duty until" in phone("duty", UNIT, "on", "--hours", "2")
    assert "off duty" in phone("duty", UNIT, "off")
    assert "on duty sat 20:00-02:00" in phone("windows", UNIT, "sat 20:00-02:00")
    assert "nothing is stored from now on" in phone("withdraw", UNIT)
    assert "no phone any more" in phone("drop", UNIT)
    told = sigap("phone", "duty", UNIT, "on", database_url=enrolled_url, centre=CENTRE)
    assert (told.returncode, "has no phone" in told.stdout) == (1, True)
    told = sigap("phone", "windows", UNIT, "always", database_url=enrolled_url, centre=CENTRE)
    assert "write them like mon-fri 06:00-18:00" in told.stderr


def test_killed_between_receiving_and_committing_nothing_was_answered(
    gateway: Gateway, enrolled_url: str, tmp_path: Path, now: datetime
) -> None:
    """The app has no answer, so it still has the fix; it sends again, and the track has it once."""
    secret = enrol(enrolled_url, tmp_path, "--service", port=gateway.port)
    answers: list[int | str] = []

    def send() -> None:
        try:
            answers.append(
                httpx.get(f"{gateway.url}/phones/v1/traccar", params=osmand(secret, now), timeout=20).status_code
            )
        except httpx.TransportError as error:
            answers.append(type(error).__name__)

    with psycopg.connect(enrolled_url) as lock:
        lock.execute("LOCK TABLE fixes IN ACCESS EXCLUSIVE MODE")
        sending = threading.Thread(target=send)
        sending.start()
        until(_waits_for(enrolled_url), what="the gateway to wait with its transaction")
        assert answers == []  # received, read, and not committed: no word
        gateway.kill()
        sending.join(20)
        assert answers
        assert answers != [200]
        lock.rollback()
    gateway.start()
    assert fixes(gateway) == []
    send()
    assert answers[-1] == 200
    assert len(fixes(gateway)) == 1


def _waits_for(url: str) -> Callable[[], bool]:
    """Whether somebody waits for a lock in this database."""

    def look() -> bool:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
        return found is not None

    return look


def test_while_the_database_is_away_the_app_keeps_it(
    make_gateway: MakeGateway, postgres: EmbeddedPostgres, mosquitto: Mosquitto, tmp_path: Path, now: datetime
) -> None:
    """503, however often it asks; back, the same message is stored."""
    postgres.ensure_database("sigap")
    url = postgres.url("sigap")
    asyncio.run(enrol_units(url))
    gateway = make_gateway(database_url=url, mqtt_port=mosquitto.port)
    gateway.start()
    secret = enrol(url, tmp_path, "--service", port=gateway.port)
    at = f"{gateway.url}/phones/v1/traccar"
    assert httpx.get(at, params=osmand(secret, now - timedelta(seconds=9))).status_code == 200
    postgres.kill_immediate()
    for _ in range(2):
        assert httpx.get(at, params=osmand(secret, now), timeout=40).status_code == 503
    postgres.start()
    until(lambda: httpx.get(at, params=osmand(secret, now), timeout=40).status_code == 200, 60, "a stored fix")
    until(lambda: len(fixes(gateway)) == 2, what="both fixes")
