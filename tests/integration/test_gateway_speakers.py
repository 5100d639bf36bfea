"""Bridges and duty over the API."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.demo.broker import Mosquitto
from tests.fix_gateway import CENTRE, Gateway, until
from tests.gateway_traffic import peer
from tests.integration.test_gateway_cli import sigap
from tracker.wire import presence
from tracker.wire.presence import Presence
from tracker.wire.topics import bridge_presence

UNIT = "ambulans-01"


def test_a_bridge_is_seen_with_its_units_and_whether_it_is_there(
    gateway: Gateway, enrolled_url: str, mosquitto: Mosquitto
) -> None:
    """Unknown until it says something; its last will is believed; another's presence makes no quarantine."""
    sigap("enrol", UNIT, "--radio", "nx-2", "--bridge", "induk", database_url=enrolled_url, centre=CENTRE)

    def online() -> object:
        (found,) = gateway.get("bridges")["bridges"]
        assert (found["bridge"], found["units"], found["radios"]) == ("induk", [UNIT], {"nx-2": UNIT})
        return found["online"]

    assert online() is None
    with peer(mosquitto.port) as bridge:
        for said in (True, False):
            bridge.say(bridge_presence(CENTRE, "induk"), presence.encode(Presence(said)), retain=True)
            until(lambda said=said: online() is said, what=f"online {said}")  # type: ignore[misc] # bound on purpose
    assert gateway.get("quarantine")["messages"] == []


def test_the_centre_sets_duty(gateway: Gateway, enrolled_url: str) -> None:
    """It ends by itself; what cannot be is refused; a unit without a phone has no duty."""
    at = f"{gateway.url}/api/v1/units/{UNIT}/duty"
    assert httpx.post(at, json={"state": "on"}).status_code == 404
    sigap("enrol", "--phone", UNIT, database_url=enrolled_url, centre=CENTRE)
    before = datetime.now(UTC)
    told = httpx.post(at, json={"state": "on"}).json()
    assert timedelta(hours=11.9) < datetime.fromisoformat(told["until"]) - before < timedelta(hours=12.1)
    assert httpx.post(at, json={"state": "off"}).json() == {"unit": UNIT, "state": "off", "until": None}
    assert httpx.post(at, json={"state": "schedule"}).status_code == 200


@pytest.mark.parametrize("hours", [-1, 25])
def test_an_end_that_cannot_be_is_refused(gateway: Gateway, hours: float) -> None:
    """In the past, or beyond a day."""
    until_then = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    answered = httpx.post(f"{gateway.url}/api/v1/units/{UNIT}/duty", json={"state": "on", "until": until_then})
    assert answered.status_code == 422
