"""Webhooks of a real gateway that is killed, to receivers that are killed, slow, and hanging: each event arrives, in
order per unit, with one id; and nobody waits for anybody else's receiver.
"""

import asyncio
import time
from collections import Counter
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from gateway.services.webhooks import WAYS
from gateway.storage import sole
from gateway.storage.sole import Sole
from tests.fix_gateway import CENTRE, UNITS, Gateway, MakeGateway, until_here
from tests.webhook_receiver import Received, Receiver, check, receiving

SCENE = {"latitude": -7.16, "longitude": 111.89}
ROUNDS = 3
CHANGES = 5


class Told:
    """A gateway whose missions change, and what has to arrive of that."""

    def __init__(self, gateway: Gateway, client: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.client = client

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.client.request(method, f"{self.gateway.url}/api/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def begin(self) -> None:
        """Every unit is sent somewhere."""
        for unit in UNITS:
            await self.ask("POST", "incidents", {"id": f"i-{unit}", "place": SCENE, "urgency": "urgent"})
            await self.ask("POST", "missions", {"id": f"m-{unit}", "incident": f"i-{unit}", "unit": unit})

    async def change(self, words: str) -> None:
        """Something changes on each mission and each incident, several times."""
        for number in range(CHANGES):
            for unit in UNITS:
                await self.ask("PATCH", f"missions/m-{unit}", {"notes": f"{words} {number}"})
                await self.ask("PATCH", f"incidents/i-{unit}", {"notes": f"{words} {number}"})

    async def again(self) -> None:
        """SIGKILL, and a new start."""
        self.gateway.kill()
        self.gateway.launch()

        async def healthy() -> bool:
            assert self.gateway.process.poll() is None, self.gateway.log
            try:
                return (await self.client.get(f"{self.gateway.url}/api/v1/health")).is_success
            except httpx.TransportError:
                return False

        await until_here(healthy, what="a healthy gateway")

    async def events(self) -> dict[str, str]:
        """All that happened: the sequence by the id, as the database has it once all is numbered."""
        url = str(self.gateway.settings["database_url"])
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:

            async def numbered() -> dict[str, str] | None:
                rows = await (await connection.execute("SELECT key, id FROM events")).fetchall()
                return None if any(row[1] < 0 for row in rows) else {str(key): f"{n:016d}" for key, n in rows}

            found = await until_here(numbered, what="numbers of all events")
        assert found is not None
        return found


def lanes(received: list[Received]) -> dict[str, list[str]]:
    """The sequence numbers of each lane in the order of their arrival."""
    found: dict[str, list[str]] = {}
    for each in received:
        event = each.event
        lane = f"units/{event['unit']}" if "unit" in event else event["subject"]
        found.setdefault(lane, []).append(event["sequence"])
    return found


@pytest.mark.slow
async def test_killed_receivers_and_a_killed_gateway_lose_nothing_and_turn_nothing_round(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto
) -> None:
    """The gateway dies the moment a change is committed, three times; meanwhile one receiver is away and comes back,
    one is slow, one takes the connection and never answers. At the end each of those who answer has every event once
    at least, those of each unit in order, with the id they have everywhere. Nobody waits for the others."""
    gateway = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port, webhooks_private="true")
    gateway.start()
    async with (
        receiving() as well, receiving() as killed, receiving() as slow, receiving() as hangs,
        httpx.AsyncClient(timeout=20) as client,
    ):  # fmt: skip
        told = Told(gateway, client)
        slow.delay = lambda _: 0.05
        hangs.delay = lambda _: 3600
        receivers = {"well": well, "killed": killed, "slow": slow, "hangs": hangs}
        secrets = {name: await _add(told, name, receiver) for name, receiver in receivers.items()}
        await told.begin()
        await killed.stop()
        for turn in range(ROUNDS):
            await told.change(f"round {turn}")
            await told.again()
            if turn == 1:
                await killed.start()
        expected = await told.events()
        assert len(expected) >= ROUNDS * CHANGES * len(UNITS) * 2

        async def has_all(receiver: Receiver) -> bool:
            return expected.keys() <= {each.event["id"] for each in receiver.taken}

        await until_here(lambda: has_all(well), 20, "all of it at the receiver that is well")
        assert not hangs.received
        await until_here(lambda: has_all(slow), 40, "all of it at the slow one")
        await until_here(lambda: has_all(killed), 60, "all of it at the one that was away")
        for name in ("well", "killed", "slow"):
            taken = receivers[name].taken
            for lane, numbers in lanes(taken).items():
                assert numbers == sorted(numbers), (name, lane)
            known = {each.event["id"]: each.event["sequence"] for each in taken}
            assert known | expected == known  # and alarms since then
            assert len(set(known.values())) == len(known)
            assert check(secrets[name], taken[-1]) == taken[-1].event["id"]
        hook = await told.ask("GET", "webhooks/hangs")
        assert hook["waiting"] >= len(expected)


async def _add(told: Told, name: str, receiver: Receiver) -> str:
    answer = await told.ask("POST", "webhooks", {"id": name, "url": receiver.url})
    assert "secret" not in msgspec.json.encode(await told.ask("GET", f"webhooks/{name}")).decode()
    return str(answer["secret"])


@pytest.mark.slow
async def test_of_two_gateways_one_delivers_and_the_other_takes_over_when_it_is_killed(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto
) -> None:
    """The second one starts while the receiver takes its time over what the first sends: nothing comes twice, whichever
    of them it was told to. The first is killed: the second sends the rest within seconds, each unit's in order; what
    comes twice then is only what was under way, with the id it had."""
    values = {"database_url": enrolled_url, "webhooks_private": "true"}
    first = make_gateway(mqtt_port=mosquitto.port, **values)
    second = make_gateway(mqtt_port=free_port(), **values)  # a broker has room for one gateway of a centre
    first.start()
    async with receiving() as receiver, httpx.AsyncClient(timeout=20) as client:
        here, there = Told(first, client), Told(second, client)
        receiver.delay = lambda _: 0.3
        await _add(here, "cad", receiver)
        await here.begin()
        await here.change("before")
        await asyncio.to_thread(second.start, parts=("database",))  # the receiver goes on here
        for number in range(CHANGES):
            await there.ask("POST", "incidents", {"id": f"there-{number}", "place": SCENE, "urgency": "urgent"})
        expected = await there.events()

        async def has(some: int) -> bool:
            return len({each.event["id"] for each in receiver.received} & expected.keys()) >= some

        await until_here(lambda: has(len(expected)), 60, "all of it, from one of the two")
        ids = [each.event["id"] for each in receiver.received]
        assert len(ids) == len(set(ids)), first.log

        receiver.delay = lambda _: 1.0
        for number in range(CHANGES):
            for unit in UNITS:
                await here.ask("PATCH", f"incidents/i-{unit}", {"notes": f"after {number}"})
        expected = await there.events()
        before = len(receiver.received)
        await until_here(lambda: _more(receiver, before), 20, "some of it")
        first.kill()
        receiver.delay = lambda _: 0.0
        began = time.monotonic()
        await until_here(lambda: has(len(expected)), 30, "the rest of it, from the other one")
        assert time.monotonic() - began < 15
        for lane, numbers in lanes(receiver.taken).items():
            once = list(dict.fromkeys(numbers))  # what the killed one had under way may be read by the receiver last
            assert once == sorted(once), lane
        twice = Counter(each.event["id"] for each in receiver.received)
        assert sum(count - 1 for count in twice.values()) <= WAYS


async def _more(receiver: Receiver, before: int) -> bool:
    return len(receiver.received) > before


async def test_the_right_to_deliver_is_one_gateways_and_passes_on_with_its_connection(
    enrolled_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another centre has its own. Whoever is dropped by the server learns it by asking, and stands behind."""
    monkeypatch.setattr(sole, "FRESH_S", 0.0)
    first, second, other = Sole(enrolled_url, CENTRE), Sole(enrolled_url, CENTRE), Sole(enrolled_url, "tuban")
    assert [await first.held(), await second.held(), await other.held()] == [True, False, True]
    assert [await first.held(), await second.held()] == [True, False]
    async with await psycopg.AsyncConnection.connect(enrolled_url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON oid = database "
            "WHERE datname = current_database() AND locktype = 'advisory' AND classid = 7446129 "
            "AND objid = hashtext(%s)::bit(32)::bigint",
            (CENTRE,),
        )
    await until_here(second.held, 10, "the second one's right")
    with pytest.raises(psycopg.OperationalError):
        await first.held()
    assert [await first.held(), await second.held()] == [False, True]
    await second.close()
    await until_here(first.held, 10, "the first one's right again")
    for each in (first, second, other):
        await each.close()
