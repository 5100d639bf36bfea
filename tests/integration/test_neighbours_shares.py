"""What is shared with the police and with owners: exactly what is named, until it ends, and every look on record."""

import hashlib
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, UNITS
from tests.gateway_traffic import MORNING
from tracker.fix import Fix
from tracker.quality import judged

PLACE = {"latitude": -7.15, "longitude": 111.88, "name": "rumah Bu Siti"}


def at(unit: str, latitude: float) -> Row:
    fix = judged(Fix(time=MORNING, latitude=latitude, longitude=111.88, speed=12.0), MORNING)
    return Row(CENTRE, unit, "gnss", fix, MORNING, "box", 1)


@pytest.fixture
async def busy(centre: Centre) -> Centre:
    """Three units; a crash with the first of them on its way, and a medical case with the second."""
    await centre.commit([at(unit, -7.1 - number / 64) for number, unit in enumerate(UNITS)])
    for incident, kind in (("i-crash", "crash"), ("i-ill", "medical")):
        body = {"id": incident, "place": PLACE, "urgency": "emergency", "kind": kind, "notes": "ada Bu Siti"}
        await centre.ask("POST", "incidents", body, 201)
    for unit, incident in ((UNITS[0], "i-crash"), (UNITS[1], "i-ill")):
        body = {"id": f"m-{incident}", "unit": unit, "incident": incident, "notes": "bawa oksigen"}
        await centre.ask("POST", "missions", body, 201)
    await centre.arrivals.turn(centre.now)
    return centre


def in_an_hour(centre: Centre) -> str:
    return (centre.now + timedelta(hours=1)).isoformat()


async def shared(centre: Centre, **scope: Any) -> tuple[str, str]:
    """Id and token of a share with the police."""
    made = await centre.ask("POST", "shares", {"name": "Polres", "until": in_an_hour(centre), **scope}, 201)
    return made["share"]["id"], made["token"]


async def look(centre: Centre, token: str) -> tuple[list[str], list[str]]:
    """Ids of what a token shows."""
    incidents = (await centre.ask("GET", f"shared/{token}/incidents"))["incidents"]
    units = (await centre.ask("GET", f"shared/{token}/units"))["units"]
    return [each["id"] for each in incidents], [each["unit"] for each in units]


@pytest.mark.parametrize(
    ("scope", "incidents", "units"),
    [
        ({"kinds": ["crash"], "crews": True}, ["i-crash"], [UNITS[0]]),
        ({"kinds": ["crash"]}, ["i-crash"], []),
        ({"incidents": ["i-ill"], "crews": True}, ["i-ill"], [UNITS[1]]),
        ({"units": [UNITS[2]]}, [], [UNITS[2]]),
        ({"incidents": ["i-crash"], "units": [UNITS[1]]}, ["i-crash"], [UNITS[1]]),
        ({"kinds": ["flood"], "crews": True}, [], []),
    ],
)
async def test_exactly_what_is_named_is_shown(
    busy: Centre, scope: dict[str, Any], incidents: list[str], units: list[str]
) -> None:
    """Of two incidents and three units."""
    _, token = await shared(busy, **scope)
    assert await look(busy, token) == (incidents, units)


async def test_of_what_is_shown_no_word_is(busy: Centre) -> None:
    """Neither notes nor the name of a place; and of a unit on another mission not what it does."""
    _, token = await shared(busy, kinds=["crash"], crews=True, units=[UNITS[1]])
    for path in ("incidents", "units", "map.geojson"):
        answer = await busy.client.get(f"/api/v1/shared/{token}/{path}")
        assert answer.status_code == 200
        assert not any(word in answer.text for word in ("Siti", "oksigen", "i-ill", "m-i"))
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
    first, second = (await busy.ask("GET", f"shared/{token}/units"))["units"]
    assert (first["incident"], first["state"], first["latitude"]) == ("i-crash", "assigned", -7.1)
    assert first["eta_s"]["p50"] > 0
    assert second["status"] is None
    assert (second["incident"], second["state"], second["eta_s"], second["latitude"]) == (
        None,
        None,
        None,
        -7.1 - 1 / 64,
    )


async def test_the_police_draw_it_as_one_map(busy: Centre) -> None:
    """GeoJSON: longitude first; a unit without a position has no geometry."""
    _, token = await shared(busy, kinds=["crash"], units=[UNITS[2]])
    found = await busy.ask("GET", f"shared/{token}/map.geojson")
    crash, unit = found["features"]
    assert crash["id"] == "incident/i-crash"
    assert crash["geometry"] == {"type": "Point", "coordinates": [111.88, -7.15]}
    assert crash["properties"].keys() == {"what", "kind", "urgency", "opened_at"}
    assert unit["id"] == f"unit/{UNITS[2]}"
    assert unit["properties"]["fix_age_s"] == 0


async def test_a_closed_incident_is_shown_no_longer_and_neither_is_its_crew(busy: Centre) -> None:
    """Also where it was named by its id."""
    _, token = await shared(busy, incidents=["i-crash"], crews=True)
    await busy.ask("PATCH", "missions/m-i-crash", {"state": "ended"})
    assert await look(busy, token) == (["i-crash"], [])
    await busy.ask("PATCH", "incidents/i-crash", {"closed": True})
    assert await look(busy, token) == ([], [])


async def test_it_ends_by_itself_and_can_be_ended(busy: Centre) -> None:
    """Then a token is as good as none, and nobody learns that it ever was one."""
    expired, revoked = await shared(busy, kinds=["crash"]), await shared(busy, kinds=["crash"])
    await busy.ask("DELETE", f"shares/{revoked[0]}")
    told = {(await busy.ask("GET", f"shared/{token}/incidents", expect=404))["detail"] for token in ("x", revoked[1])}
    busy.now += timedelta(hours=1)
    told.add((await busy.ask("GET", f"shared/{expired[1]}/units", expect=404))["detail"])
    assert told == {"nothing is shared under this address"}


async def test_every_look_is_on_record_also_the_refused(busy: Centre) -> None:
    """When, from where, at what, and which things were shown."""
    share, token = await shared(busy, kinds=["crash"], crews=True)
    await look(busy, token)
    await busy.ask("DELETE", f"shares/{share}")
    await busy.ask("GET", f"shared/{token}/units", expect=404)
    record = (await busy.ask("GET", f"shares/{share}/accesses"))["accesses"]
    assert [(each["what"], each["shown"], each["refused"]) for each in record] == [
        ("units", [], "revoked"),
        ("units", ["i-crash", UNITS[0]], ""),
        ("incidents", ["i-crash", UNITS[0]], ""),
    ]
    assert {each["address"] for each in record} == {"127.0.0.1"}
    await busy.ask("GET", "shares/nothing/accesses", expect=404)


async def test_what_cannot_be_recorded_is_not_shown(busy: Centre, kept_url: str) -> None:
    """A look without a trace is none."""
    _, token = await shared(busy, kinds=["crash"])
    with psycopg.connect(kept_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE share_accesses RENAME TO hidden")
        try:
            answer = await busy.client.get(f"/api/v1/shared/{token}/incidents")
        finally:
            connection.execute("ALTER TABLE hidden RENAME TO share_accesses")
    assert answer.status_code >= 500
    assert "i-crash" not in answer.text


async def test_the_token_is_told_once_and_kept_nowhere(busy: Centre, kept_url: str) -> None:
    """The database has its digest; no list has either."""
    share, token = await shared(busy, kinds=["crash"])
    listed = await busy.client.get("/api/v1/shares")
    assert share in listed.text
    assert token not in listed.text
    with psycopg.connect(kept_url) as connection:
        (row,) = connection.execute("SELECT token, s::text FROM shares s").fetchall()
    assert row[0] == hashlib.sha256(token.encode()).digest()
    assert token not in row[1]


async def test_a_share_of_nothing_or_of_what_is_not_there_is_refused(busy: Centre) -> None:
    """It would show nothing and look as if it did; and none lasts for ever."""
    until = in_an_hour(busy)
    await busy.ask("POST", "shares", {"name": "Polres", "until": until}, 409)
    await busy.ask("POST", "shares", {"name": "Polres", "until": until, "units": ["nobody"]}, 404)
    await busy.ask("POST", "shares", {"name": "Polres", "until": until, "incidents": ["nothing"]}, 404)
    await busy.ask("POST", "shares", {"name": "Polres", "until": until, "owner": "nobody"}, 404)
    late = (busy.now + timedelta(days=400)).isoformat()
    await busy.ask("POST", "shares", {"name": "Polres", "until": late, "kinds": ["crash"]}, 409)
    await busy.ask("POST", "shares", {"name": "Polres", "until": busy.now.isoformat(), "kinds": ["crash"]}, 409)
