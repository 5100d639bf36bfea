"""What other systems see of a centre and what they may say, over real HTTP, a real broker and a real database."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from google.transit import gtfs_realtime_pb2 as gtfs

from gateway import signing
from gateway.demo.broker import Mosquitto
from gateway.listening import STOP_GRACE_S
from tests.fix_gateway import CENTRE, Gateway, ServeHere, enrol_units, until_here
from tests.gateway_traffic import epoch, peer, topic
from tracker.wire.topics import incident_state, intake_answer, intake_incident, live_unit

SECRET = signing.PREFIX + base64.b64encode(b"a secret of a call-taking system").decode()
UNIT, OTHER = "ambulans-01", "ambulans-02"
SCENE = {"latitude": -7.16, "longitude": 111.89, "name": "Pasar Besar"}


class Outside:
    """A centre as other systems see it."""

    def __init__(self, url: str, broker_port: int, client: httpx.AsyncClient) -> None:
        self.url = f"{url}/api/v1"
        self.broker_port = broker_port
        self.client = client

    async def ask(self, method: str, path: str, body: Any = None, expect: int = 200, **values: Any) -> Any:
        """The JSON of an answer of this status."""
        answer = await self.client.request(method, f"{self.url}/{path}", json=body, **values)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def see(self, unit: str, number: int = 1, latitude: float = -7.15) -> datetime:
        """A fix of now, and wait until it is shown; its time."""
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=2)

        def say() -> None:
            with peer(self.broker_port) as vehicle:
                vehicle.say(topic(unit), epoch(number, at, latitude))

        await asyncio.to_thread(say)

        async def shown() -> bool:
            found = next(each for each in (await self.ask("GET", "units"))["units"] if each["unit"] == unit)
            position = found["position"]
            return position is not None and position["latitude"] == pytest.approx(latitude)

        await until_here(shown, what="the fix")
        return at

    async def told(self, body: Any, *, secret: str = SECRET, expect: int = 201) -> Any:
        """Tell of an incident by signed webhook."""
        sent = msgspec.json.encode(body)
        headers = signing.sign(secret, "msg-1", datetime.now(UTC), sent)
        answer = await self.client.post(f"{self.url}/intake/incidents", content=sent, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    @asynccontextmanager
    async def stream(self, **parameters: Any) -> AsyncIterator["Stream"]:
        """Listen to the events."""
        headers = {"Last-Event-ID": str(parameters.pop("last"))} if "last" in parameters else {}
        async with self.client.stream("GET", f"{self.url}/events", params=parameters, headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield Stream(answer.aiter_lines())


class Stream:
    """A reader of server-sent events, as the standard has it."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last: int | None = None

    async def next(self, *kinds: str) -> tuple[str, Any]:
        """The next event of these kinds: its kind and data."""
        async with asyncio.timeout(15):
            fields: dict[str, str] = {}
            async for line in self._lines:
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                if "id" in fields:
                    self.last = int(fields["id"])
                if "data" in fields and (not kinds or fields["event"] in kinds):
                    return fields["event"], msgspec.json.decode(fields["data"])
                fields = {}
        raise AssertionError("the stream ended")

    async def of(self, unit: str) -> Any:
        """The next word on where a unit is."""
        while (told := (await self.next("unit.position"))[1])["unit"] != unit:
            pass
        return told


@pytest.fixture
async def outside(serve_here: ServeHere, database_url: str, mosquitto: Mosquitto) -> AsyncIterator[Outside]:
    await enrol_units(database_url)
    async with (
        serve_here(database_url=database_url, mqtt_port=mosquitto.port, intake_secret=SECRET) as url,
        httpx.AsyncClient(timeout=20) as client,
    ):
        yield Outside(url, mosquitto.port, client)


async def test_a_listener_hears_each_event_once_and_misses_none_while_it_is_away(outside: Outside) -> None:
    """By the number of the last one it saw; in between, positions with age, quality, mission and arrival time."""
    seen = await outside.see(UNIT)
    async with outside.stream() as stream:
        position = await stream.of(UNIT)
        assert (position["latitude"], position["longitude"]) == pytest.approx((-7.15, 111.88))
        assert datetime.fromisoformat(position["fix_time"]) == seen
        assert 0 <= position["age_s"] < 60
        assert (position["freshness"], position["quality"], position["mission"]) == ("fresh", [], None)
        assert stream.last is None
        opened = await outside.ask("POST", "incidents", {"place": SCENE, "urgency": "emergency", "id": "i-1"}, 201)
        kind, event = await stream.next("incident.opened")
        assert (event["specversion"], event["type"], event["subject"]) == (
            "1.0",
            "sigap.incident.opened",
            "incidents/i-1",
        )
        assert event["data"]["id"] == opened["id"]
        number = stream.last
        mission = await outside.ask("POST", "missions", {"unit": UNIT, "incident": "i-1"}, 201)
        while position["mission"] is None or position["eta"] is None:
            position = await stream.of(UNIT)
        assert (position["mission"]["id"], position["eta"]["leg"]) == (mission["id"], "to-scene")
        assert position["eta"]["eta_s"]["p50"] > 0
    await outside.ask("PATCH", f"missions/{mission['id']}", {"state": "at-scene"})
    await outside.ask("PATCH", f"missions/{mission['id']}", {"state": "ended"})
    async with outside.stream(last=number, positions="false", kinds="mission.assigned,mission.ended") as stream:
        assert [(await stream.next())[0] for _ in range(2)] == ["mission.assigned", "mission.ended"]
    async with outside.stream(since=10**6, positions="false") as stream:
        kind, gap = await stream.next()
        assert (kind, gap["after"]) == ("gap", 10**6)
    await outside.ask("GET", "events?kinds=nothing", expect=422)
    await outside.ask("GET", "events", expect=422, headers={"Last-Event-ID": "x"})


async def test_public_readers_read_where_units_are(outside: Outside) -> None:
    """GTFS-Realtime by its own library, GeoJSON as its standard has it, EIDO by its names."""
    seen = await outside.see(UNIT)
    await outside.ask("POST", "incidents", {"place": SCENE, "urgency": "emergency", "id": "i-1"}, 201)
    await outside.ask("POST", "missions", {"unit": UNIT, "incident": "i-1"}, 201)
    for path in ("vehicle-positions", "vehicle-positions.pb"):
        answer = await outside.client.get(f"{outside.url}/feeds/gtfs-realtime/{path}")
        feed = gtfs.FeedMessage.FromString(answer.content)
        assert feed.header.gtfs_realtime_version == "2.0"
        (entity,) = feed.entity
        assert (entity.id, entity.vehicle.vehicle.label) == (UNIT, "Ambulans 01")
        position = entity.vehicle.position
        assert (position.latitude, position.longitude) == pytest.approx((-7.15, 111.88), abs=1e-5)
        assert entity.vehicle.timestamp == int(seen.timestamp())

    collection = await outside.ask("GET", "feeds/units.geojson")
    assert collection["type"] == "FeatureCollection"
    features = {each["id"]: each for each in collection["features"]}
    assert features[UNIT]["geometry"]["coordinates"][:2] == pytest.approx([111.88, -7.15])
    assert features[OTHER]["geometry"] is None
    assert features[OTHER]["properties"]["freshness"] == "never"

    async def expected() -> Any:
        units = (await outside.ask("GET", "feeds/eido"))["emergencyResources"]
        found = next(each for each in units if each["componentIdentifier"] == UNIT)
        return found if "eta" in found and "primaryUnitStatusRegistryText" in found else None

    unit = await until_here(expected, what="the unit's arrival")
    assert unit["activeOnIncidentId"] == "i-1"
    assert unit["primaryUnitStatusRegistryText"] == "NotAvailable"
    assert unit["unitStatusInternal"] == ["assigned"]
    assert unit["unitLocation"]["latitude"] == pytest.approx(-7.15)


async def test_an_incident_comes_in_by_signed_webhook_once_and_is_corrected_when_it_comes_again(
    outside: Outside,
) -> None:
    """By its reference. What is not signed, signed by others, or stale is refused."""
    told = {"reference": "112/2026-4711", "place": SCENE, "urgency": "urgent", "notes": "two cars"}
    first = await outside.told(told)
    assert first["made"] is True
    again = await outside.told(told, expect=200)
    assert (again["incident"], again["made"]) == (first["incident"], False)
    place = {**SCENE, "latitude": -7.2}
    await outside.told({"reference": told["reference"], "place": place}, expect=200)
    incident = await outside.ask("GET", f"incidents/{first['incident']}")
    assert (incident["place"]["latitude"], incident["urgency"], incident["notes"]) == (-7.2, "urgent", "two cars")
    assert incident["reference"] == told["reference"]
    await outside.told({"reference": told["reference"], "closed_as": "prank"}, expect=200)
    incident = await outside.ask("GET", f"incidents/{first['incident']}")
    assert (incident["closed_at"] is not None, incident["closed_as"]) == (True, "prank")
    assert len((await outside.ask("GET", "incidents"))["incidents"]) == 1
    await outside.told(told, secret=signing.new_secret(), expect=403)
    await outside.ask("POST", "intake/incidents", told, 403)
    body = msgspec.json.encode(told)
    stale = signing.sign(SECRET, "m", datetime.now(UTC) - timedelta(hours=1), body)
    answer = await outside.client.post(f"{outside.url}/intake/incidents", content=body, headers=stale)
    assert answer.status_code == 403
    assert "place" in (await outside.told({"reference": "unheard-of"}, expect=422))["detail"]
    await outside.told({"reference": "x", "place": {"latitude": 91, "longitude": 0}}, expect=422)


async def test_an_incident_comes_in_over_the_broker_and_how_it_stands_goes_back(outside: Outside) -> None:
    """Who is on it and when they are there, at each change, and at last that it is closed. Units are retained topics:
    whoever comes later has them at once."""
    await outside.see(UNIT)

    def taken() -> str:
        with peer(outside.broker_port) as system:
            system.listen(intake_answer(CENTRE))
            told = msgspec.json.encode({"reference": "119-1", "place": SCENE, "urgency": "emergency"})
            system.say(intake_incident(CENTRE), told)
            system.say(intake_incident(CENTRE), b"{")
            system.say(intake_incident(CENTRE), told)
            heard = system.hear(
                lambda each: [msgspec.json.decode(body) for _, body, _ in each.heard if len(each.heard) > 2]
            )
            assert [each["made"] for each in heard] == [True, False, False]
            assert [each["incident"] is None for each in heard] == [False, True, False]
            assert "cannot be read" in heard[1]["refused_because"]
            return str(heard[0]["incident"])

    incident = await asyncio.to_thread(taken)
    mission = await outside.ask("POST", "missions", {"unit": UNIT, "incident": incident}, 201)

    def newest(each: Any, at: str) -> Any:
        bodies = [body for told, body, _ in each.heard if told == at]
        return msgspec.json.decode(bodies[-1]) if bodies and bodies[-1] else None

    def arrives() -> None:
        with peer(outside.broker_port) as system:
            system.listen(incident_state(CENTRE, incident), live_unit(CENTRE, UNIT))

            def foretold(each: Any) -> bool:
                state, unit = newest(each, incident_state(CENTRE, incident)), newest(each, live_unit(CENTRE, UNIT))
                return bool(
                    state and state["units"] and state["units"][0]["eta"] and state["reference"] == "119-1"
                    and unit and unit["mission"] and unit["eta"] and unit["age_s"] >= 0
                )  # fmt: skip

            system.hear(foretold)

    await asyncio.to_thread(arrives)
    await outside.ask("PATCH", f"missions/{mission['id']}", {"state": "ended"})

    def ends() -> None:
        with peer(outside.broker_port) as system:
            system.listen(incident_state(CENTRE, incident))
            system.hear(lambda each: newest(each, incident_state(CENTRE, incident)))
            asyncio.run_coroutine_threadsafe(
                outside.ask("PATCH", f"incidents/{incident}", {"closed": True}), loop
            ).result(10)
            system.hear(lambda each: [body for _, body, _ in each.heard][-1:] == [b""])
            states = [msgspec.json.decode(body) for _, body, _ in system.heard if body]
            assert states[-1]["open"] is False
            assert states[-1]["units"][0]["state"] == "ended"

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(ends)
    state = await outside.ask("GET", f"incidents/{incident}/state")
    assert (state["open"], state["units"][0]["eta"]) == (False, None)
    await outside.ask("GET", "incidents/no-such/state", expect=404)


async def test_an_arrival_that_moves_is_an_event_for_webhooks(outside: Outside) -> None:
    """The system that gave us the incident hears of it without asking: here the address was wrong."""
    async with outside.stream(positions="false", kinds="incident.progress") as stream:
        await outside.see(UNIT)
        await outside.ask("POST", "incidents", {"place": SCENE, "urgency": "emergency", "id": "i-1"}, 201)
        await outside.ask("POST", "missions", {"unit": UNIT, "incident": "i-1"}, 201)
        _, event = await stream.next()
        first = event["data"]["units"][0]["eta"]["eta_s"]["p50"]
        await outside.ask("PATCH", "incidents/i-1", {"place": {**SCENE, "latitude": -7.45}})
        _, event = await stream.next()
        assert event["data"]["units"][0]["eta"]["eta_s"]["p50"] > first + 60
        assert event["subject"] == "incidents/i-1"


def test_a_gateway_that_has_listeners_stops_at_once(gateway: Gateway) -> None:
    """A stream has no end of its own, and a web server waits for what is under way."""
    with httpx.stream("GET", f"{gateway.url}/api/v1/events", timeout=20) as answer:
        assert next(answer.iter_lines()).startswith("retry")
        assert gateway.stop(within_s=STOP_GRACE_S - 0.5) == 0
