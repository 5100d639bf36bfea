"""What a telephone exchange announces becomes a call: signed, just now, and once."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.signing import new_secret, sign
from tests.fix_centre import Centre
from tests.gateway_traffic import MORNING

SECRET = new_secret()
EVENT = {
    "id": "1795312800.42", "event": "ringing", "line": "119", "caller": "+62 812-0000-0000",
    "location": {"latitude": -7.15, "longitude": 111.88, "radius_m": 30}, "trunk": "what we do not read",
}  # fmt: skip


@pytest.fixture
def exchange(centre: Centre) -> Centre:
    """The centre has an exchange."""
    centre.world.neighbours.telephony_secret = SECRET
    return centre


async def calls(centre: Centre) -> list[dict[str, Any]]:
    """Those that are open, the newest first."""
    found: list[dict[str, Any]] = (await centre.ask("GET", "calls"))["calls"]
    return found


async def send(
    centre: Centre, event: Any, *, after_s: float = 0.0, secret: str = SECRET, tail: bytes = b""
) -> httpx.Response:
    body = json.dumps(event).encode()
    headers = sign(secret, "event-1", MORNING + timedelta(seconds=after_s), body)
    return await centre.client.post("/api/v1/telephony/events", content=body + tail, headers=headers)


async def test_a_ringing_call_is_opened_with_number_line_and_location(exchange: Centre) -> None:
    """The same event again is the same call."""
    first, again = await send(exchange, EVENT), await send(exchange, EVENT)
    assert first.status_code == 200
    (call,) = await calls(exchange)
    assert first.json() == again.json() == {"call": call["id"]}
    assert (call["line"], call["number"]) == ("119", "+6281200000000")
    assert (call["latitude"], call["longitude"]) == (-7.15, 111.88)
    other = await send(exchange, {**EVENT, "id": "1795312800.43"})
    assert other.json() != first.json()


@pytest.mark.parametrize("caller", [None, "anonymous", "", "+"])
async def test_a_withheld_number_is_none_and_the_call_is_there(exchange: Centre, caller: str | None) -> None:
    """And so is one whose place nobody knows."""
    assert (await send(exchange, {"id": "7", "event": "ringing", "line": "112", "caller": caller})).status_code == 200
    (call,) = await calls(exchange)
    assert (call["number"], call["latitude"]) == (None, None)


async def test_what_comes_later_opens_nothing(exchange: Centre) -> None:
    """People close calls, not exchanges."""
    for event in ("answered", "ended"):
        assert (await send(exchange, {**EVENT, "event": event})).json() == {"call": None}
    assert await calls(exchange) == []


async def test_only_the_exchange_is_heard_and_only_now(exchange: Centre) -> None:
    """Another secret, another body, another time, no signature at all."""
    assert (await send(exchange, EVENT, secret=new_secret())).status_code == 403
    assert (await send(exchange, EVENT, tail=b" ")).status_code == 403
    assert (await send(exchange, EVENT, after_s=-301)).status_code == 403
    assert (await send(exchange, EVENT, after_s=301)).status_code == 403
    assert (await exchange.client.post("/api/v1/telephony/events", json=EVENT)).status_code == 403
    assert (await send(exchange, EVENT, after_s=-299)).status_code == 200
    assert len(await calls(exchange)) == 1


async def test_what_cannot_be_read_is_said(exchange: Centre) -> None:
    """To the exchange's people, after their signature."""
    wrongs: tuple[Any, ...] = (
        {**EVENT, "event": "flying"},
        {**EVENT, "location": {"latitude": 91, "longitude": 0}},
        [],
        {},
    )
    for wrong in wrongs:
        assert (await send(exchange, wrong)).status_code == 422
    assert (await send(exchange, {**EVENT, "id": "x" * 20_000})).status_code == 413
    assert await calls(exchange) == []


async def test_without_a_secret_nobody_is_heard(centre: Centre) -> None:
    """A centre that has no exchange has no open door."""
    answer = await send(centre, EVENT)
    assert answer.status_code == 403
    assert "SIGAP_TELEPHONY_SECRET" in answer.text
