"""Beyond the border: a neighbour's units are offered, an incident changes hands once, and how it goes comes back."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from gateway.services.borders import Unreachable, reference
from gateway.services.centre import Centre as Rules
from gateway.storage import borders, fixes
from gateway.storage.borders import PENDING, Handover, Neighbour, StatusAbroad
from gateway.storage.fixes import Row
from gateway.storage.pool import open_pool
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, Gateway, MakeGateway, enrol_units, until
from tests.fix_servers import PostgresCluster
from tracker import regions
from tracker.fix import Fix
from tracker.missions import Incident

CORNERS = [[111.2, -7.3], [111.6, -7.3], [111.6, -6.8], [111.2, -6.8], [111.2, -7.3]]
BLORA = {"type": "Polygon", "coordinates": [CORNERS]}
BEYOND = {"latitude": -7.05, "longitude": 111.55, "name": "Cepu"}
WITHIN = {"latitude": -7.15, "longitude": 111.88, "name": "Bojonegoro"}
THEIRS = "blora-01"


@pytest.fixture
def other_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """The neighbour's own database, with a unit that stands 2 km from Cepu."""
    name = f"blora_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(postgres_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        url = postgres_cluster.url(name)
        asyncio.run(enrol_units(url, "blora", (THEIRS,)))
        asyncio.run(stand(url, "blora", THEIRS, datetime.now(UTC)))
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def stand(url: str, centre: str, unit: str, at: datetime) -> None:
    """A fix of it is stored."""
    fix = Fix(time=at, latitude=-7.06, longitude=111.53, speed=0.0)
    async with open_pool(url, 1) as pool, pool.connection() as connection, connection.transaction():
        await fixes.store(connection, [Row(centre, unit, "gnss", fix, at, "box", 1)])


def ask(gateway: Gateway, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
    answer = httpx.request(method, f"{gateway.url}/api/v1/{path}", json=body, timeout=15)
    assert answer.status_code == expect, answer.text
    return answer.json()


def test_two_gateways_share_a_border(
    make_gateway: MakeGateway, enrolled_url: str, other_url: str, mosquitto: Mosquitto
) -> None:
    """Offered with the neighbour's own arrival time, handed over once, its unit and its end come back; and with the
    neighbour's gateway gone the reason is told and the incident stays where it is."""
    ours = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port)
    theirs = make_gateway(database_url=other_url, mqtt_port=mosquitto.port, centre="blora")
    for gateway in (ours, theirs):
        gateway.launch()
    for gateway in (ours, theirs):
        gateway.wait_healthy("database")
    ask(ours, "PUT", "neighbours/blora", {"name": "PSC 119 Blora", "url": theirs.url, "area": BLORA})
    for name, place in (("i1", BEYOND), ("i2", WITHIN), ("i3", BEYOND)):
        ask(ours, "POST", "incidents", {"id": name, "place": place, "urgency": "emergency", "condition": "stroke"}, 201)

    (beyond,) = ask(ours, "GET", "incidents/i1/candidates")["neighbours"]
    assert (beyond["centre"], beyond["name"], beyond["unknown_because"]) == ("blora", "PSC 119 Blora", None)
    (unit,) = beyond["units"]
    assert (unit["unit"], unit["tier"], unit["source"]) == (THEIRS, "fit", "straight-line")
    assert unit["eta_s"]["p10"] < unit["eta_s"]["p50"] < unit["eta_s"]["p90"]
    assert ask(ours, "GET", "incidents/i2/candidates")["neighbours"] == []

    given = ask(ours, "POST", "incidents/i1/handover", {"to": "blora", "by": "Sari"})
    assert (given["to"], given["reference"], given["by"]) == ("blora", reference(CENTRE, "i1"), "Sari")
    assert ask(ours, "POST", "incidents/i1/handover", {"to": "blora"})["reference"] == given["reference"]
    closed = ask(ours, "GET", "incidents/i1")
    assert (closed["closed_as"], closed["closed_at"] is not None) == ("handed-over", True)
    (there,) = ask(theirs, "GET", "incidents")["incidents"]
    assert (there["id"], there["reference"], there["condition"]) == (given["reference"], f"{CENTRE}/i1", "stroke")
    assert (there["place"]["name"], there["closed_at"]) == ("Cepu", None)

    mission = ask(theirs, "POST", "missions", {"unit": THEIRS, "incident": there["id"]}, 201)["id"]

    def status() -> Any:
        return ask(ours, "GET", "incidents/i1/handover")

    def sent() -> Any:
        return [each for each in status()["status"]["missions"] if each["eta_s"] is not None]

    (back,) = until(sent, what="the neighbour's unit and its arrival time")
    assert (back["unit"], back["state"]) == (THEIRS, "assigned")
    ask(theirs, "PATCH", f"missions/{mission}", {"state": "ended"})
    ask(theirs, "PATCH", f"incidents/{there['id']}", {"closed_as": "resolved"})
    until(lambda: status()["state"] == "closed", what="the end over there")
    assert status()["status"]["closed_as"] == "resolved"

    ask(ours, "PUT", "conditions/demam", {"name": "Demam", "capabilities": []})
    strange = {"id": "i4", "place": BEYOND, "urgency": "urgent", "condition": "demam", "notes": "lantai 2"}
    ask(ours, "POST", "incidents", strange, 201)
    there = ask(theirs, "GET", f"incidents/{ask(ours, 'POST', 'incidents/i4/handover', {'to': 'blora'})['reference']}")
    assert (there["condition"], there["notes"]) == ("", "demam\nlantai 2"), "a word that is only ours is no reason"

    theirs.stop()
    (gone,) = ask(ours, "GET", "incidents/i3/candidates")["neighbours"]
    assert gone["units"] == []
    assert "does not answer" in gone["unknown_because"]
    told = ask(ours, "POST", "incidents/i3/handover", {"to": "blora"}, 503)["detail"]
    assert "does not answer" in told
    assert ask(ours, "GET", "incidents/i3")["closed_at"] is None
    ask(ours, "GET", "incidents/i3/handover", None, 404)


class Double:
    """A neighbour that does as the test says, and notes what it is asked."""

    def __init__(self) -> None:
        self.opened: list[Incident] = []
        self.away = False
        self.told = StatusAbroad()
        self.asked: list[tuple[object, ...]] = []

    async def units(self, neighbour: Neighbour, incident: Incident, limit: int) -> list[Any]:
        """Never answers."""
        self.asked.append((neighbour, incident, limit))
        await asyncio.sleep(60)
        return []

    async def open(self, neighbour: Neighbour, incident: Incident) -> None:
        """Takes it, unless it is away."""
        self.asked.append((neighbour, incident))
        if self.away:
            raise Unreachable("its line is cut")
        self.opened.append(incident)

    async def status(self, neighbour: Neighbour, reference: str) -> StatusAbroad:
        """As the test says."""
        self.asked.append((neighbour, reference))
        return self.told


@pytest.fixture
async def border(centre: Centre) -> Centre:
    """A neighbour over REST that is a double, and an incident in its area."""
    centre.world.borders.over_rest = Double()
    body = {"name": "Blora", "url": f"http://127.0.0.1:{free_port()}", "area": BLORA}
    await centre.ask("PUT", "neighbours/blora", body)
    await centre.ask("POST", "incidents", {"id": "i1", "place": BEYOND, "urgency": "urgent"}, 201)
    return centre


async def test_a_hand_over_that_was_cut_short_is_finished_once(border: Centre) -> None:
    """Killed after the neighbour was asked and before ours was closed: it goes on from there, under the same id."""
    double = border.world.borders.over_rest
    assert isinstance(double, Double)
    cut = Handover(incident="i1", to="blora", reference=reference(CENTRE, "i1"), at=border.now, state=PENDING)
    async with border.world.pool.connection() as connection:
        await borders.put_handover(connection, CENTRE, cut)
    await border.world.borders.turn()
    assert double.opened == [], "it may still be under way"
    border.now += timedelta(seconds=10)
    await border.world.borders.turn()
    await border.world.borders.turn()
    assert [each.id for each in double.opened] == [reference(CENTRE, "i1")]
    assert (await border.ask("GET", "incidents/i1"))["closed_as"] == "handed-over"
    assert (await border.ask("GET", "incidents/i1/handover"))["state"] == "open"


async def test_whose_units_are_on_the_way_is_not_handed_over(border: Centre) -> None:
    """409 with who it is; and a neighbour that is not there is 503, nothing having changed."""
    mission = await border.ask("POST", "missions", {"unit": "ambulans-01", "incident": "i1"}, 201)
    refused = await border.ask("POST", "incidents/i1/handover", {"to": "blora"}, 409)
    assert "ambulans-01" in refused["detail"]
    await border.ask("PATCH", f"missions/{mission['id']}", {"state": "ended"})
    double = border.world.borders.over_rest
    assert isinstance(double, Double)
    double.away = True
    assert "its line is cut" in (await border.ask("POST", "incidents/i1/handover", {"to": "blora"}, 503))["detail"]
    assert (await border.ask("GET", "incidents/i1"))["closed_at"] is None
    double.away = False
    await border.ask("POST", "incidents/i1/handover", {"to": "blora"})
    await border.ask("POST", "incidents/i1/handover", {"to": "nobody"}, 404)


async def test_what_is_opened_again_can_be_handed_over_again(border: Centre) -> None:
    """To whoever has it still it is the same one; where it is closed, and to somebody else, it is another one; and a
    neighbour that was away gets the one that it may have opened."""
    double = border.world.borders.over_rest
    assert isinstance(double, Double)
    await border.ask("PUT", "neighbours/tuban", {"name": "Tuban", "url": f"http://127.0.0.1:{free_port()}"})

    async def give(to: str, expect: int = 200) -> Any:
        return await border.ask("POST", "incidents/i1/handover", {"to": to, "by": to}, expect)

    first = (await give("blora"))["reference"]
    await border.ask("PATCH", "incidents/i1", {"closed": False})
    assert (await give("blora"))["reference"] == first
    assert (await border.ask("GET", "incidents/i1"))["closed_as"] == "handed-over"
    assert "to blora" in (await give("tuban", 409))["detail"]

    double.told = StatusAbroad(border.now, "resolved")  # a moment ago: we have not asked since
    await border.ask("PATCH", "incidents/i1", {"closed": False})
    double.away = True
    await give("blora", 503)
    assert (await border.ask("GET", "incidents/i1/handover"))["reference"] == first
    double.away = False
    second = await give("blora")
    tried = [each[1] for each in double.asked if isinstance(each[1], Incident)]
    assert [each.id for each in tried[-2:]] == [second["reference"]] * 2
    assert second["reference"] != first

    await border.ask("PATCH", "incidents/i1", {"closed": False})
    third = await give("tuban")
    assert (third["to"], third["by"], third["reference"] in (first, second["reference"])) == ("tuban", "tuban", False)
    assert await border.ask("GET", "incidents/i1/handover") == third
    await border.ask("PATCH", "incidents/i1", {"closed": True})
    await border.ask("PATCH", "incidents/i1", {"closed_as": "resolved"})
    assert "closed" in (await give("tuban", 409))["detail"]


async def test_a_neighbour_that_hangs_does_not_hold_up_the_own_units(
    border: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told of with the reason."""
    monkeypatch.setattr("gateway.services.borders.PATIENCE_S", 0.2)
    told = await border.ask("GET", "incidents/i1/candidates")
    assert len(told["candidates"]) == 3
    assert "has not answered" in told["neighbours"][0]["unknown_because"]


async def test_another_centre_of_this_database_is_asked_through_the_tables(centre: Centre, cleared_url: str) -> None:
    """Its unit is offered; the incident appears among its own; what it does with it comes back."""
    await enrol_units(cleared_url, "blora", (THEIRS,))
    await stand(cleared_url, "blora", THEIRS, centre.now)
    await centre.ask("PUT", "neighbours/blora", {"name": "Blora", "shares": "blora", "area": BLORA})
    await centre.ask("POST", "incidents", {"id": "i1", "place": BEYOND, "urgency": "urgent"}, 201)
    (beyond,) = (await centre.ask("GET", "incidents/i1/candidates"))["neighbours"]
    assert [(each["unit"], each["tier"]) for each in beyond["units"]] == [(THEIRS, "fit")]
    name = (await centre.ask("POST", "incidents/i1/handover", {"to": "blora"}))["reference"]
    async with centre.world.pool.connection() as connection:
        await connection.execute(
            "UPDATE incidents SET closed_at = opened_at, closed_as = 'resolved' WHERE centre = 'blora' AND id = %s",
            (name,),
        )
    await centre.world.borders.turn()
    told = await centre.ask("GET", "incidents/i1/handover")
    assert (told["state"], told["status"]["closed_as"]) == ("closed", "resolved")


async def test_within_a_province_only_the_member_changes(centre: Centre) -> None:
    """The incident stays open, in the same gateway, and is another centre's."""
    centre.world.centre_rules = Rules(CENTRE, centre.world.pool, regions.load("sumsel"))
    await centre.ask("POST", "incidents", {"id": "i1", "place": WITHIN, "urgency": "urgent"}, 201)
    members = [each.id for each in regions.load("sumsel").members]
    before = (await centre.ask("GET", "incidents/i1"))["member"]
    to = next(each for each in members if each != before)
    await centre.ask("POST", "incidents/i1/handover", {"to": to})
    after = await centre.ask("GET", "incidents/i1")
    assert (after["member"], after["closed_at"]) == (to, None)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "url": "http://127.0.0.1", "shares": "blora"},
        {"name": "x", "url": "ftp://127.0.0.1"},
        {"name": "x", "shares": CENTRE},
        {"name": "x", "url": "http://127.0.0.1", "area": {"type": "Point", "coordinates": [1, 2]}},
        {"name": "x", "url": "http://127.0.0.1", "area": {"type": "Polygon", "coordinates": [[1]]}},
        {"name": "x", "url": "http://127.0.0.1", "area": {}},
        {"name": "x", "url": "http://127.0.0.1", "area": {"type": "Polygon"}},
        {"name": "x", "url": "http://127.0.0.1", "area": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}},
        {"name": "x", "url": "http://127.0.0.1", "area": {"type": "Polygon", "coordinates": [["a", "b", "c", "d"]]}},
        {"name": "x", "url": "http://127.0.0.1", "area": {"type": "Polygon", "coordinates": [[[111.9, -7.1]] * 4]}},
        {"name": "x", "url": "http://127.0.0.1", "area": {**BLORA, "coordinates": [[[y, x] for x, y in CORNERS]]}},
        {"name": "x", "url": "http://blora .example"},
        {"name": "x", "url": "http://blora.example/\u0007"},
        {"name": "x", "url": "http://blora.example\n"},
        {"name": "x", "url": "http://blora.example:99999"},
    ],
)
async def test_a_neighbour_that_cannot_be_is_refused(centre: Centre, body: dict[str, Any]) -> None:
    """With a sentence for whoever entered it, and not with what some library said."""
    told = (await centre.ask("PUT", "neighbours/x", body, 422))["detail"]
    assert told
    for words in ("NoneType", "object", "KeyError", "index", "linearring", "could not convert", "Expected `dict`"):
        assert words not in told
    assert (await centre.ask("GET", "neighbours"))["neighbours"] == []
