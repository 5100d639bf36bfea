"""What a telephone exchange announces becomes a call: signed, just now, and once."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.services.signing import new_secret, sign
from gateway.services.telephone import Ringing
from tests.fix_centre import Centre
from tests.gateway_traffic import MORNING

SECRET = new_secret()
EVENT = {
    "id": "1795312800.42", "event": "ringing", "line": "119", "caller": "+62 812-0000-0000",
    "location": {"latitude": -7.15, "longitude": 111.88, "radius_m": 30}, "trunk": "what we do not read",
}  # fmt: skip


@pytest.fixture
def taken(centre: Centre) -> list[Ringing]:
    """The calls that were opened; the exchange's secret is set."""
    calls: list[Ringing] = []

    async def take(call: Ringing) -> str:
        calls.append(call)
        return call.id

    centre.world.neighbours.telephony_secret = SECRET
    centre.world.neighbours.take_call = take
    return calls


async def send(
    centre: Centre, event: Any, *, after_s: float = 0.0, secret: str = SECRET, tail: bytes = b""
) -> httpx.Response:
    body = json.dumps(event).encode()
    headers = sign(secret, "event-1", MORNING + timedelta(seconds=after_s), body)
    return await centre.client.post("/api/v1/telephony/events", content=body + tail, headers=headers)


async def test_a_ringing_call_is_opened_with_number_line_and_location(centre: Centre, taken: list[Ringing]) -> None:
    """The same event again is the same call."""
    first, again = await send(centre, EVENT), await send(centre, EVENT)
    assert first.status_code == 200
    assert first.json() == again.json() == {"call": taken[0].id}
    assert taken[0] == taken[1]
    assert (taken[0].line, taken[0].number) == ("119", "+6281200000000")
    assert (taken[0].latitude, taken[0].longitude) == (-7.15, 111.88)
    other = await send(centre, {**EVENT, "id": "1795312800.43"})
    assert other.json() != first.json()


@pytest.mark.parametrize("caller", [None, "anonymous", "", "+"])
async def test_a_withheld_number_is_none_and_the_call_is_there(
    centre: Centre, taken: list[Ringing], caller: str | None
) -> None:
    """And so is one whose place nobody knows."""
    assert (await send(centre, {"id": "7", "event": "ringing", "line": "112", "caller": caller})).status_code == 200
    assert (taken[0].number, taken[0].latitude) == (None, None)


async def test_what_comes_later_opens_nothing(centre: Centre, taken: list[Ringing]) -> None:
    """People close calls, not exchanges."""
    for event in ("answered", "ended"):
        assert (await send(centre, {**EVENT, "event": event})).json() == {"call": None}
    assert taken == []


async def test_only_the_exchange_is_heard_and_only_now(centre: Centre, taken: list[Ringing]) -> None:
    """Another secret, another body, another time, no signature at all."""
    assert (await send(centre, EVENT, secret=new_secret())).status_code == 403
    assert (await send(centre, EVENT, tail=b" ")).status_code == 403
    assert (await send(centre, EVENT, after_s=-301)).status_code == 403
    assert (await send(centre, EVENT, after_s=301)).status_code == 403
    assert (await centre.client.post("/api/v1/telephony/events", json=EVENT)).status_code == 403
    assert (await send(centre, EVENT, after_s=-299)).status_code == 200
    assert len(taken) == 1


async def test_what_cannot_be_read_is_said(centre: Centre, taken: list[Ringing]) -> None:
    """To the exchange's people, after their signature."""
    wrongs: tuple[Any, ...] = (
        {**EVENT, "event": "flying"},
        {**EVENT, "location": {"latitude": 91, "longitude": 0}},
        [],
        {},
    )
    for wrong in wrongs:
        assert (await send(centre, wrong)).status_code == 422
    assert (await send(centre, {**EVENT, "id": "x" * 20_000})).status_code == 413
    assert taken == []


async def test_without_a_secret_nobody_is_heard(centre: Centre) -> None:
    """A centre that has no exchange has no open door."""
    answer = await send(centre, EVENT)
    assert answer.status_code == 403
    assert "SIGAP_TELEPHONY_SECRET" in answer.text
