"""A whole gateway whose time is held: what it does by itself it does in its own loops, and after a restart goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gateway import app
from gateway.clock import HeldClock
from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from gateway.http.world import World
from gateway.settings import Settings
from tests.fix_gateway import CENTRE, STOP_S, UNITS, until_here
from tests.gateway_traffic import MORNING, Peer, epoch, peer, topic
from tracker.wire.reports import Answer, CrewStatus, Source, Status, encode

FIRST, SECOND, _ = UNITS
SCENE = {"latitude": -7.15, "longitude": 111.90, "name": "pasar"}


def at(second: float) -> datetime:
    return MORNING + timedelta(seconds=second)


class Held:
    """A gateway in this event loop, and its clock."""

    def __init__(self, clock: HeldClock, client: httpx.AsyncClient, world: World) -> None:
        self.clock, self.client, self.world = clock, client, world

    async def pass_to(self, second: float) -> None:
        """Let it be so many seconds into the morning."""
        async with asyncio.timeout(60):
            await self.clock.advance(at(second))

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a good answer."""
        answer = await self.client.request(method, f"/api/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def levels(self) -> list[tuple[str, str]]:
        """Of the alarms that are open, newest first: (unit, level)."""
        return [(each["unit"], each["level"]) for each in (await self.ask("GET", "alarms?open=true"))["alarms"]]

    async def status(self, unit: str) -> str | None:
        """As the live feed shows it."""
        units = {each["unit"]: each for each in (await self.ask("GET", "units"))["units"]}
        standing = units[unit]["standing"]
        return None if standing is None else str(standing["status"])


@asynccontextmanager
async def held_gateway(database_url: str, broker: Mosquitto, second: float) -> AsyncIterator[Held]:
    """A gateway that starts so many seconds into the morning."""
    clock, stop, worlds = HeldClock(at(second)), asyncio.Event(), list[World]()
    settings = Settings(
        centre=CENTRE,
        http_port=free_port(),
        database_url=SecretStr(database_url),
        mqtt_port=broker.port,
    )
    running = asyncio.create_task(app.serve(settings, stop, clock, worlds.append))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.http_port}", timeout=20) as client:

        async def well() -> bool:
            if running.done():
                running.result()
            try:
                return (await client.get("/api/v1/health")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await until_here(well, what="a healthy gateway")
            yield Held(clock, client, worlds[0])
        finally:
            stop.set()
            await asyncio.wait_for(running, STOP_S)


@pytest.mark.parametrize("killed", [False, True])
async def test_the_ladder_of_a_whole_gateway(enrolled_url: str, mosquitto: Mosquitto, killed: bool) -> None:
    """Nobody answers: again, then the next unit by itself, which answers; whether or not the gateway is away between
    the steps, and the next unit is due while it is."""
    with peer(mosquitto.port) as units:
        async with held_gateway(enrolled_url, mosquitto, 0) as held:
            await held.ask("PATCH", "centre", {"escalation": {"next_unit_by_itself": True}})
            for number, (unit, longitude) in enumerate(((FIRST, 111.88), (SECOND, 111.86))):
                await asyncio.to_thread(units.say, topic(unit), epoch(number, at(0), longitude=longitude))
            await until_here(lambda: _seen(held, FIRST, SECOND), what="both positions")
            await held.ask("POST", "incidents", {"place": SCENE, "urgency": "emergency", "id": "i1"})
            await held.ask("POST", "missions", {"unit": FIRST, "incident": "i1", "id": "m1"})
            await held.pass_to(29)
            assert (await held.levels(), await held.status(FIRST)) == ([], "assigned")
            await held.pass_to(32)
            assert await held.levels() == [(FIRST, "again")]
            if not killed:
                await _goes_on(held, units)
        if killed:
            async with held_gateway(enrolled_url, mosquitto, 75) as held:
                await _goes_on(held, units)


async def _goes_on(held: Held, units: Peer) -> None:
    await held.pass_to(80)
    assert await held.levels() == [(FIRST, "next-unit")]
    (sent,) = (await held.ask("GET", "missions?active=true"))["missions"]
    assert (sent["unit"], await held.status(FIRST), await held.status(SECOND)) == (SECOND, "available", "assigned")
    answer = Answer(at=at(82), mission=sent["id"], accepted=True)
    taken = Status(at=at(82), status=CrewStatus.ACKNOWLEDGED, source=Source.CREW, mission=sent["id"])
    await asyncio.to_thread(
        units.say, topic(SECOND, "status/box"), b"\n".join([encode(100, answer), encode(101, taken)])
    )
    await until_here(lambda: _heard(held), what="the crew's answer")
    await held.pass_to(85)
    assert (await held.levels(), await held.status(SECOND)) == ([], "acknowledged")
    told = (await held.ask("GET", "alarms"))["alarms"]
    assert [(each["unit"], each["raised_at"]) for each in told] == [(FIRST, "2026-11-21T03:04:35Z")]


async def _seen(held: Held, *units: str) -> bool:
    await held.clock.advance(held.clock.now())
    return all(held.world.live.newest(unit) is not None for unit in units)


async def _heard(held: Held) -> bool:
    await held.clock.advance(held.clock.now() + timedelta(milliseconds=50))
    return len(await held.world.standings.stamps(SECOND, 10)) > 1
