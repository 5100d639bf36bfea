"""All that is pushed is in the AsyncAPI document, and is as it says there: checked on what a running gateway sent."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema
import msgspec
import pytest
import websockets

from gateway.demo.broker import Mosquitto
from gateway.http.asyncapi import document
from gateway.services.pushed import DATA
from gateway.storage.events import KINDS
from tests.fix_gateway import CENTRE, ServeHere, enrol_units, until_here
from tests.gateway_traffic import peer
from tests.integration.test_feeds_out import SCENE, UNIT, Outside
from tracker.wire.topics import PREFIX

HOSPITAL = {"kind": "hospital", "name": "RSUD", "latitude": -7.17, "longitude": 111.9}


def check(described: dict[str, Any], message: str, told: Any) -> None:
    """Pass if it is as the document says of this message.

    Raises:
        jsonschema.ValidationError: it is not.
    """
    payload = described["components"]["messages"][message]["payload"]
    jsonschema.Draft202012Validator({**payload, "components": described["components"]}).validate(told)


def test_every_kind_of_event_has_its_shape_and_every_reference_leads_somewhere() -> None:
    """A kind that is added without its shape is seen here."""
    assert set(DATA) == set(KINDS)
    described = document(CENTRE)
    assert described["asyncapi"] == "3.0.0"

    def references(value: Any) -> Any:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for each in value.values():
                yield from references(each)
        elif isinstance(value, list):
            for each in value:
                yield from references(each)

    for reference in references(described):
        at: Any = described
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]
    for name, channel in described["channels"].items():
        assert channel["messages"], name
        assert described["operations"][name]["action"] in ("send", "receive")


def test_what_does_not_fit_is_seen() -> None:
    """The check bites: data of another kind, and an envelope without its id."""
    described = document(CENTRE)
    event = {
        "id": "1", "source": "/", "type": "sigap.call.taken", "subject": "calls/c", "time": "2026-11-22T00:00:00Z",
        "sequence": "1", "exercise": False, "specversion": "1.0", "datacontenttype": "application/json",
        "data": {
            "id": "c", "at": "2026-11-22T00:00:00Z", "line": "119", "incident": None, "closed_at": None,
            "closed_as": None, "exercise": False,
        },
    }  # fmt: skip
    check(described, "call.taken", event)
    for broken in ({**event, "data": {"id": "c"}}, {**event, "type": "sigap.call.closed"}, {**event, "id": None}):
        with pytest.raises(jsonschema.ValidationError):
            check(described, "call.taken", broken)


@pytest.fixture
async def outside(serve_here: ServeHere, database_url: str, mosquitto: Mosquitto) -> AsyncIterator[Outside]:
    await enrol_units(database_url)
    async with (
        serve_here(database_url=database_url, mqtt_port=mosquitto.port) as url,
        httpx.AsyncClient(timeout=20) as client,
    ):
        yield Outside(url, mosquitto.port, client)


async def _until(seen: dict[str, int], kind: str) -> None:
    async def heard() -> int:
        return seen.get(kind, 0)

    await until_here(heard, 15, kind)


async def _alarms(outside: Outside) -> Any:
    return (await outside.ask("GET", "alarms?open=true"))["alarms"]


async def _a_day(outside: Outside, seen: dict[str, int]) -> None:
    """One of everything."""
    ask = outside.ask
    await ask("PUT", "facilities/rsud", HOSPITAL)
    await ask("POST", "calls", {"id": "call-1", "line": "119"}, 201)
    await ask("POST", "calls", {"id": "call-2", "line": "119"}, 201)
    await ask("POST", "calls/call-2/close", {"as": "prank"})
    incident = {"id": "i-1", "place": SCENE, "urgency": "emergency", "destination": {"place": "rsud"}}
    await ask("POST", "incidents", incident, 201)
    await ask("PATCH", "incidents/i-1", {"notes": "behind the market"})
    await ask("POST", "missions", {"id": "m-1", "unit": UNIT, "incident": "i-1"}, 201)
    await _until(seen, "incident.progress")
    await ask("POST", f"units/{UNIT}/status", {"status": "emergency", "raised": True})
    (alarm,) = await until_here(lambda: _alarms(outside), what="an alarm")
    await ask("POST", f"alarms/{alarm['id']}/ack", {})
    await ask("POST", f"units/{UNIT}/status", {"status": "emergency", "raised": False})
    await ask("PATCH", "missions/m-1", {"state": "at-scene"})
    await ask("PATCH", "missions/m-1", {"state": "transporting"})
    await _until(seen, "hospital.inbound")


async def test_what_a_running_gateway_sends_is_as_the_document_says(outside: Outside) -> None:
    """Each kind of event once at least, positions, frames of the live socket, topics of the broker."""
    described = await outside.ask("GET", "asyncapi.json")
    await outside.see(UNIT)
    seen: dict[str, int] = {}

    async def listen() -> None:
        async with outside.stream(since=0) as stream:
            while not set(KINDS) <= seen.keys():
                kind, told = await stream.next()
                check(described, kind, told)
                seen[kind] = seen.get(kind, 0) + 1

    listening = asyncio.create_task(listen())
    await _a_day(outside, seen)

    await outside.ask("PATCH", "missions/m-1", {"state": "ended"})
    await outside.ask("PATCH", "incidents/i-1", {"closed_as": "resolved"})
    await outside.ask("POST", "command/handover", {"to": "rsud-sosodoro"})
    try:
        await asyncio.wait_for(listening, 20)
    except TimeoutError:
        raise AssertionError(f"not seen: {set(KINDS) - seen.keys()}") from None
    assert seen["unit.position"] > 0
    async with websockets.connect(f"{outside.url.replace('http', 'ws')}/live") as socket:
        for _ in range(3):
            frame = msgspec.json.decode(await socket.recv())
            check(described, frame["type"], frame)

    def topics() -> None:
        with peer(outside.broker_port) as system:
            system.listen(f"{PREFIX}/{CENTRE}/live/+")
            for _, body, _ in system.hear(lambda each: each.heard):
                check(described, "unit", msgspec.json.decode(body))

    await asyncio.to_thread(topics)
