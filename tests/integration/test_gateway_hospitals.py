"""Hospitals tell how they are, are told whom to expect, and close while somebody is on the way."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.storage import inbound as table
from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import UNIT, along, point, standing
from tests.unit.tracker.test_have import ONE, TWO


@pytest.fixture
async def houses(roads: Centre, town: Drawn) -> Centre:
    """Three hospitals of the town, and all that is told is looked at."""
    for name, letter, called in (
        ("near", "D", "RS Aisyiyah"),
        ("far", "A", "RSUD Sosodoro"),
        ("other", "G", "RS Lain"),
    ):
        body = {key: value for key, value in point(town.at(letter)).items() if key != "name"}
        await roads.ask("PUT", f"facilities/{name}", body | {"kind": "hospital", "name": called})
    roads.arrivals.missions.loaded = True
    return roads


async def send(centre: Centre, path: str, payload: str, expect: int = 200) -> Any:
    answer = await centre.client.post(f"/api/v1/facilities/{path}", content=payload.encode())
    assert answer.status_code == expect, answer.text
    return answer.json()


async def inbound(centre: Centre, facility: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = (await centre.ask("GET", f"facilities/{facility}/inbound"))["inbound"]
    return told


async def events(centre: Centre, kind: str) -> list[dict[str, Any]]:
    """Data of all events of a kind, in the order they were written."""
    async with centre.world.pool.connection() as connection:
        cursor = await connection.execute("SELECT data FROM events WHERE kind = %s ORDER BY at", (kind,))
        return [row[0] for row in await cursor.fetchall()]


async def aboard(centre: Centre, town: Drawn, hospital: str | None = "near") -> str:
    """A unit has driven to B, stood there, and left with a patient; its mission."""
    body: dict[str, Any] = {
        "id": "i1",
        "place": point(town.at("B")),
        "urgency": "emergency",
        "notes": "somebody's words",
    }
    if hospital is not None:
        body["destination"] = {"place": hospital}
    await centre.ask("POST", "incidents", body, 201)
    await centre.commit(standing(town.at("A"), 0, 2))
    mission: str = (await centre.ask("POST", "missions", {"unit": UNIT, "incident": "i1"}, 201))["id"]
    await centre.commit(along(town, "AB", start=5))
    await centre.commit(standing(town.at("B"), 100, 60))
    await centre.ask("PATCH", f"missions/{mission}", {"state": "transporting"})
    await centre.commit(along(town, "BC", start=165)[:75])
    await centre.world.inbound.turn()
    return mission


async def test_a_hospital_learns_whom_to_expect_and_no_name(houses: Centre, town: Drawn) -> None:
    """Unit, urgency and a live arrival; told once, again when it has moved, and that it has come."""
    await aboard(houses, town)
    (first,) = await inbound(houses, "near")
    assert (first["unit"], first["urgency"], first["source"]) == (UNIT, "emergency", "road")
    assert 0 < first["eta_s"]["p10"] < first["eta_s"]["p50"]
    assert first["patient_aboard_at"] is not None
    assert await inbound(houses, "far") == []
    await houses.world.inbound.turn()
    (told,) = await events(houses, "hospital.inbound")
    assert (told["facility"], told["state"], told["unit"]) == ("near", "inbound", UNIT)
    assert not {"notes", "name", "place", "incident", "latitude"} & (told.keys() | first.keys())
    await houses.commit(standing(town.at("C", -100), 250, 90))  # it stands in the traffic: later by a minute and a half
    await houses.world.inbound.turn()
    assert [each["state"] for each in await events(houses, "hospital.inbound")] == ["inbound", "inbound"]
    await houses.commit(along(town, "CD", start=345))
    await houses.commit(standing(town.at("D"), 440, 60))
    await houses.world.inbound.turn()
    assert await inbound(houses, "near") == []
    assert (await events(houses, "hospital.inbound"))[-1]["state"] == "arrived"


async def test_another_hospital_is_told_and_the_first_one_too(houses: Centre, town: Drawn) -> None:
    """That the patient will not come."""
    await aboard(houses, town)
    await houses.ask("PATCH", "incidents/i1", {"destination": {"place": "other"}})
    await houses.arrivals.turn(houses.now)
    await houses.world.inbound.turn()
    states = {(each["facility"], each["state"]) for each in await events(houses, "hospital.inbound")}
    assert states == {("near", "inbound"), ("near", "withdrawn"), ("other", "inbound")}


async def test_the_database_is_asked_only_while_there_is_somebody_to_tell_of(
    houses: Centre, town: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once after the start, for what may have been told before; while somebody drives to a hospital; and until that
    hospital was told the end of it."""
    asked: list[str] = []
    read = table.expected

    async def expected(connection: Any, centre: str) -> Any:
        asked.append(centre)
        return await read(connection, centre)

    async def looks(times: int) -> int:
        asked.clear()
        for _ in range(times):
            await houses.world.inbound.turn()
        return len(asked)

    monkeypatch.setattr(table, "expected", expected)
    assert await looks(5) == 1
    mission = await aboard(houses, town)
    assert await looks(3) == 3
    await houses.ask("PATCH", f"missions/{mission}", {"state": "ended"})
    await houses.arrivals.turn(houses.now)
    assert await looks(5) == 2  # it is told that nobody comes; then there is nothing left to be told
    assert (await events(houses, "hospital.inbound"))[-1]["state"] == "withdrawn"
    assert await looks(5) == 0


async def test_a_hospital_that_closes_while_somebody_is_on_the_way_is_an_alarm(houses: Centre, town: Drawn) -> None:
    """With the next best, from where the unit is now; once; and it ends when the hospital is another one."""
    mission = await aboard(houses, town)
    state = {"diversion_because": "IGD terendam", "beds": 0}
    told = await houses.ask("PUT", "facilities/near/state", state)
    assert (told["diversion_because"], told["beds"]) == ("IGD terendam", 0)
    for _ in range(3):
        await houses.world.inbound.turn()
    (alarm,) = (await houses.ask("GET", "alarms?open=true"))["alarms"]
    assert (alarm["kind"], alarm["unit"], alarm["mission"], alarm["sound"]) == ("hospital-closed", UNIT, mission, True)
    assert alarm["values"]["hospital"] == "near"
    assert alarm["values"]["next_hospital"] == "other"
    assert "IGD terendam" in alarm["detail"]
    ranked = await houses.ask("GET", "incidents/i1/hospitals")
    assert ranked["begins"] == UNIT
    assert [(each["place"]["id"], each["tier"]) for each in ranked["hospitals"]] == [
        ("other", "fit"), ("far", "fit"), ("near", "closed"),
    ]  # fmt: skip
    await houses.ask("PATCH", "incidents/i1", {"destination": {"place": "other"}})
    await houses.world.inbound.turn()
    assert (await houses.ask("GET", "alarms?open=true"))["alarms"] == []
    assert len(await events(houses, "alarm.raised")) == 1


async def test_a_hospital_that_closes_again_is_an_alarm_again(houses: Centre, town: Drawn) -> None:
    """It opened meanwhile, and that ended the first one."""
    await aboard(houses, town)
    for because in ("IGD terendam", None, "IGD penuh"):
        await houses.ask("PUT", "facilities/near/state", {"diversion_because": because})
        houses.now += timedelta(seconds=30)
        await houses.world.inbound.turn()
    (alarm,) = (await houses.ask("GET", "alarms?open=true"))["alarms"]
    assert "IGD penuh" in alarm["detail"]
    assert len(await events(houses, "alarm.raised")) == 2


async def test_a_diversion_ends_by_itself(houses: Centre, town: Drawn) -> None:
    """When its time is over; nobody has to take it back."""
    until = houses.now + timedelta(hours=1)
    await houses.ask("PUT", "facilities/near/state", {"diversion_because": "x", "diversion_until": until.isoformat()})
    await houses.ask("POST", "incidents", {"id": "i1", "place": point(town.at("D")), "urgency": "urgent"}, 201)
    first = (await houses.ask("GET", "incidents/i1/hospitals"))["hospitals"]
    assert (first[-1]["place"]["id"], first[-1]["tier"]) == ("near", "closed")
    houses.now = until
    assert (await houses.ask("GET", "incidents/i1/hospitals"))["hospitals"][0]["place"]["id"] == "near"


async def test_hospitals_tell_by_have_and_by_table(houses: Centre) -> None:
    """Whom nobody knows is told back; the rest counts. What cannot be read changes nothing."""
    houses.now += timedelta(days=300)
    assert await send(houses, "have", TWO) == {"told": 2, "changed": ["far", "near"], "unknown": []}
    assert (await send(houses, "have", TWO))["changed"] == []
    far, near = [await houses.ask("GET", f"facilities/{name}") for name in ("far", "near")]
    assert (far["beds"], far["diversion_because"], far["handover_s"]) == (7, None, 1500.0)
    assert (near["beds"], near["diversion_because"]) == (None, "banjir")
    assert (await send(houses, "have", ONE))["unknown"] == ["urn:rs:padangan"]
    assert "entity" in (await send(houses, "have", "<!DOCTYPE x><x/>", 422))["detail"]
    await send(houses, "have", " " * (3 * 1024 * 1024), 413)
    table = "kode;kosong;menerima;alasan\nnear;5;ya;\nfar;0;;IGD penuh\nnobody;1;;\n"
    assert await send(houses, "beds", table) == {"told": 3, "changed": ["near", "far"], "unknown": ["nobody"]}
    far, near = [await houses.ask("GET", f"facilities/{name}") for name in ("far", "near")]
    assert (far["beds"], far["diversion_because"]) == (0, "IGD penuh")
    assert (near["beds"], near["diversion_because"]) == (5, None)
    for wrong in (
        "beds\n4\n",
        "facility,beds\nnear,many\n",
        "facility,open\nnear,?\n",
        "facility,at\nnear,now\n",
        "facility\n\x00\n",
    ):
        assert (await send(houses, "beds", wrong, 422))["detail"]


async def test_a_state_that_was_overtaken_changes_nothing(houses: Centre) -> None:
    """By the time of the beds that are known."""
    await houses.ask("PUT", "facilities/near/state", {"beds": 4})
    early = (houses.now - timedelta(minutes=5)).isoformat()
    told = await houses.ask("PUT", "facilities/near/state", {"beds": 9, "at": early, "diversion_because": "old"})
    assert (told["beds"], told["diversion_because"]) == (4, None)
    assert (await houses.ask("PUT", "facilities/near/state", {"beds": None}))["beds"] is None
    await houses.ask("PUT", "facilities/nobody/state", {"beds": 1}, 404)
    for wrong in ({"beds": -1}, {"diversion_until": "9999-12-31T23:59:59-23:00"}, {"diversion_because": "\x00"}):
        await houses.ask("PUT", "facilities/near/state", wrong, 422)
    for path in ("%00", "%F0%9F%9A%91", "x" * 300):
        assert (await houses.client.get(f"/api/v1/facilities/{path}/inbound")).status_code in (404, 422)
        assert (await houses.client.get(f"/api/v1/incidents/{path}/candidates")).status_code in (404, 422)
        assert (await houses.client.get(f"/api/v1/incidents/{path}/handover")).status_code in (404, 422)
