"""What the centre has, over the API: agencies, what is known of units, facilities with their points, geofences; and two
people who change one thing."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.services.centre import Outdated
from gateway.services.missions import Unknown
from gateway.storage import register as storage
from tests.fix_centre import Centre
from tracker.register import Agency, Point

RSUD = {"kind": "hospital", "name": "RSUD", "latitude": -7.16, "longitude": 111.9, "grade": "B"}
SQUARE = [
    {"latitude": latitude, "longitude": longitude}
    for latitude, longitude in ((-7.2, 111.8), (-7.2, 111.9), (-7.1, 111.9), (-7.1, 111.8))
]


async def put(centre: Centre, path: str, body: Any, **headers: str) -> httpx.Response:
    """The answer, whatever it is."""
    return await centre.client.put(
        f"/api/v1/{path}", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


async def test_an_agency_is_made_changed_listed_and_goes_once_it_has_no_units(centre: Centre) -> None:
    """It stays while a unit is its own; the answer says what to do first."""
    made = await put(centre, "agencies/dinkes", {"name": "Dinas Kesehatan", "kind": "dinkes"})
    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    changed = await centre.ask("PUT", "agencies/dinkes", {"name": "Dinkes Bojonegoro", "kind": "dinkes"})
    assert changed == {"id": "dinkes", "name": "Dinkes Bojonegoro", "kind": "dinkes", "version": 2}
    assert await centre.ask("GET", "agencies/dinkes") == changed
    assert await centre.ask("GET", "agencies") == {"agencies": [changed], "next_cursor": None}
    await centre.ask("PUT", "units/ambulans-01/details", {"agency": "dinkes"})
    kept = await centre.client.delete("/api/v1/agencies/dinkes")
    assert kept.status_code == 409
    assert "has units" in kept.json()["detail"]
    await centre.ask("PUT", "units/ambulans-01/details", {})
    gone = await centre.client.delete("/api/v1/agencies/dinkes", headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.content) == (204, b"")
    await centre.ask("GET", "agencies/dinkes", expect=404)
    await centre.ask("DELETE", "agencies/dinkes", expect=404)


async def test_what_is_known_of_a_unit_is_said_as_a_whole_and_unknown_before(centre: Centre) -> None:
    """Nothing is guessed: null until somebody says it, and null again when they take it back."""
    unknown = {
        "unit": "ambulans-01", "version": 0, "agency": None, "capabilities": [], "crew": None, "crew_until": None,
        "home": None, "turnout_s": None, "shifts": None, "member": None,
    }  # fmt: skip
    assert await centre.ask("GET", "units/ambulans-01/details") == unknown
    await centre.ask("PUT", "agencies/dinkes", {"name": "Dinas Kesehatan", "kind": "dinkes"})
    await centre.ask("PUT", "facilities/rsud", RSUD)
    said = {
        "agency": "dinkes", "capabilities": ["als", "neonatal"], "crew": 3, "crew_until": "2026-11-21T12:00:00Z",
        "home": "rsud", "turnout_s": 90.0, "shifts": "mon-sun 06:00-18:00", "member": "bojonegoro",
    }  # fmt: skip
    told = await centre.ask("PUT", "units/ambulans-01/details", said)
    assert told == {"unit": "ambulans-01", "version": 1, **said}
    assert centre.world.register.unit("ambulans-01").turnout_s == 90.0
    page = await centre.ask("GET", "unit-details?limit=2")
    assert [(each["unit"], each["version"]) for each in page["units"]] == [("ambulans-01", 1), ("ambulans-02", 0)]
    rest = await centre.ask("GET", f"unit-details?limit=2&cursor={page['next_cursor']}")
    assert ([each["unit"] for each in rest["units"]], rest["next_cursor"]) == (["ambulans-03"], None)
    assert await centre.ask("PUT", "units/ambulans-01/details", {}) == {**unknown, "version": 2}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"agency": "nobody"}, "no agency 'nobody'"),
        ({"home": "nowhere"}, "no facility 'nowhere'"),
        ({"shifts": "always"}, "mon-fri 06:00-18:00"),
        ({"crew": -1}, "crew"),
        ({"crew_until": "2026-11-21T12:00:00"}, "crew_until"),
        ({"kru": 3}, "kru"),
    ],
)
async def test_what_cannot_be_of_a_unit_is_refused_in_words(centre: Centre, body: Any, word: str) -> None:
    """An agency or a facility that is not there, hours that are none, a field that nobody knows."""
    refused = await put(centre, "units/ambulans-01/details", body)
    assert refused.status_code == 422, refused.text
    assert word in refused.json()["detail"]


async def test_details_of_nobody_are_not_found(centre: Centre) -> None:
    """A unit is enrolled first."""
    await centre.ask("PUT", "units/ambulans-99/details", {}, expect=404)
    await centre.ask("GET", "units/ambulans-99/details", expect=404)


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("agencies/pmi", {"name": "PMI", "kind": "pmi"}, {"name": "Palang Merah", "kind": "pmi"}),
        ("units/ambulans-02/details", {"crew": 2}, {"crew": 3}),
        ("facilities/rsud", RSUD, {"name": "RSUD Sosodoro"}),
        ("geofences/kota", {"name": "Kota", "kind": "town", "polygon": SQUARE},
         {"name": "Kota", "kind": "flood", "polygon": SQUARE}),
    ],
)  # fmt: skip
async def test_who_changes_what_another_has_changed_is_told(centre: Centre, path: str, first: Any, second: Any) -> None:
    """412, and the other's change stands; with the version of now it is made. A star makes only what is not there."""
    assert (await put(centre, path, first, If_Match='"1"')).status_code == 412  # nothing there to match
    made = await put(centre, path, first, If_None_Match="*")
    assert (made.status_code, made.headers["etag"]) == (200, '"1"'), made.text
    assert (await put(centre, path, first, If_None_Match="*")).status_code == 412
    changed = await put(centre, path, second, If_Match='"1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = await put(centre, path, first, If_Match='"1"')
    assert late.status_code == 412
    assert "version 2" in late.json()["detail"]
    seen = await centre.client.get(f"/api/v1/{path}")
    assert (seen.headers["etag"], seen.json()) == ('"2"', changed.json())
    assert (await put(centre, path, first, If_Match="3")).status_code == 422
    assert (await put(centre, path, first, If_Match=seen.headers["etag"])).headers["etag"] == '"3"'


async def test_a_facility_is_entered_moved_and_keeps_what_is_not_named(centre: Centre) -> None:
    """A point that somebody of the centre enters is confirmed by that; a place and a facility are one thing."""
    made = await centre.ask("PUT", "facilities/rsud", RSUD)
    assert (made["point"], made["point_because"], made["version"]) == ("confirmed", "entered in the centre", 1)
    (place,) = (await centre.ask("GET", "places"))["places"]
    assert (place["id"], place["latitude"]) == ("rsud", -7.16)
    named = await centre.ask("PUT", "facilities/rsud", {"capabilities": ["icu", "ct", "icu"]})
    assert (named["capabilities"], named["grade"], named["name"]) == (["icu", "ct"], "B", "RSUD")
    await centre.ask("PUT", "facilities/rsud", {"latitude": -7.2, "longitude": 111.91})
    told = await centre.ask("GET", "facilities/rsud/points")
    assert [(each["source"], each["latitude"]) for each in told["points"]] == [("operator", -7.2)]
    assert centre.world.register.facilities["rsud"].latitude == -7.2
    lacking = await put(centre, "facilities/baru", {"name": "Baru", "kind": "hospital"})
    assert (lacking.status_code, "`latitude`" in lacking.json()["detail"]) == (422, True)
    half = await put(centre, "facilities/rsud", {"latitude": -7.2})
    assert half.status_code == 422
    await centre.ask("GET", "facilities/none", expect=404)
    await centre.ask("GET", "facilities/none/points", expect=404)


async def test_the_older_list_of_places_still_makes_facilities(centre: Centre) -> None:
    """PUT /places counts a version, and its point is the operator's."""
    await centre.ask("PUT", "places/rsud", {key: value for key, value in RSUD.items() if key != "grade"})
    assert centre.world.register.facilities["rsud"].point is Point.CONFIRMED
    await centre.ask("PUT", "places/rsud", {"kind": "hospital", "name": "RSUD", "latitude": -7.3, "longitude": 111.9})
    assert (await centre.ask("GET", "facilities/rsud"))["version"] == 2


async def test_pages_are_whole_while_rows_come_and_go(centre: Centre) -> None:
    """A cursor names a row, so one that goes before it or comes behind it shifts nothing."""
    for number in range(7):
        await centre.ask("PUT", f"agencies/a{number}", {"name": "x", "kind": "pmi"})
    first = await centre.ask("GET", "agencies?limit=3")
    await centre.client.delete("/api/v1/agencies/a2")
    second = await centre.ask("GET", f"agencies?limit=3&cursor={first['next_cursor']}")
    last = await centre.ask("GET", f"agencies?limit=3&cursor={second['next_cursor']}")
    seen = [each["id"] for page in (first, second, last) for each in page["agencies"]]
    assert (seen, last["next_cursor"]) == ([f"a{number}" for number in range(7)], None)
    assert (await centre.client.get("/api/v1/agencies?cursor=%C3%A4")).status_code == 422
    assert (await centre.client.get("/api/v1/agencies?cursor=AAA=")).status_code == 422


async def test_a_geofence_is_an_area_and_says_when_it_is_none(centre: Centre) -> None:
    """Sides that cross and corners on a line are refused; so is one of two corners."""
    fence = {"name": "Kota", "kind": "town", "polygon": SQUARE, "units": ["ambulans-01"]}
    made = await centre.ask("PUT", "geofences/kota", fence)
    assert made == {"id": "kota", **fence, "agencies": [], "version": 1}
    assert await centre.ask("GET", "geofences") == {"geofences": [made], "next_cursor": None}
    bow = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]
    line = [{"latitude": -7.1, "longitude": 111.8 + step / 10} for step in range(3)]
    for polygon in (bow, SQUARE[:2], line, [*SQUARE, {"latitude": 91, "longitude": 0}]):
        assert (await put(centre, "geofences/kota", {**fence, "polygon": polygon})).status_code == 422
    assert (await centre.client.delete("/api/v1/geofences/kota")).status_code == 204
    assert await centre.ask("GET", "geofences/kota/events") == {"events": []}
    await centre.ask("GET", "geofences/kota", expect=404)


async def test_a_doubtful_point_waits_until_somebody_says_where_it_is(centre: Centre) -> None:
    """By a source's name or by a point; then it is usable. An unknown source is none, and both ways at once are
    neither."""
    await centre.ask("PUT", "facilities/rsud", RSUD)
    async with centre.world.pool.connection() as connection:
        await connection.execute("UPDATE places SET point = 'doubtful'")
        await connection.execute(
            "INSERT INTO facility_points VALUES ('bojonegoro', 'rsud', 'kemenkes', -7.15, 111.88, 'inside', '', now())"
        )
    await centre.world.register.load()
    assert centre.world.register.usable("hospital") == []
    assert [each["id"] for each in (await centre.ask("GET", "facilities?point=doubtful"))["facilities"]] == ["rsud"]
    for wrong in ({}, {"source": "kemenkes", "latitude": 1.0}, {"latitude": 1.0}):
        await centre.ask("POST", "facilities/rsud/confirm", wrong, expect=422)
    await centre.ask("POST", "facilities/rsud/confirm", {"source": "bpjs"}, expect=404)
    await centre.ask("POST", "facilities/none/confirm", {"latitude": 1.0, "longitude": 1.0}, expect=404)
    told = await centre.ask("POST", "facilities/rsud/confirm", {"source": "kemenkes"})
    assert (told["point"], told["latitude"], told["point_because"]) == ("confirmed", -7.15, "as kemenkes says")
    assert [each.id for each in centre.world.register.usable("hospital")] == ["rsud"]
    there = await centre.ask("POST", "facilities/rsud/confirm", {"latitude": -7.151, "longitude": 111.881})
    assert (there["latitude"], there["version"]) == (-7.151, 3)
    points = (await centre.ask("GET", "facilities/rsud/points"))["points"]
    assert {each["source"]: each["latitude"] for each in points} == {"kemenkes": -7.15, "operator": -7.151}


async def test_two_dispatchers_who_change_one_incident_do_not_undo_each_other(centre: Centre) -> None:
    """The second, who saw an older version, is told; what the first said stands."""
    new = {"place": {"latitude": -7.15, "longitude": 111.88}, "urgency": "urgent"}
    opened = await centre.client.post("/api/v1/incidents", json=new)
    path, tag = f"/api/v1/incidents/{opened.json()['id']}", opened.headers["etag"]
    assert (await centre.client.get(path)).headers["etag"] == tag
    first, second = [
        await centre.client.patch(path, json={"urgency": urgency}, headers={"If-Match": tag})
        for urgency in ("emergency", "routine")
    ]
    assert (first.status_code, second.status_code) == (200, 412)
    seen = await centre.client.get(path)
    assert (seen.json()["urgency"], seen.headers["etag"]) == ("emergency", first.headers["etag"])
    assert first.headers["etag"] != tag


async def test_an_agency_of_the_register_can_be_sent_for_and_command(centre: Centre) -> None:
    """The centre's table of procedures knows it as soon as it is made, without being in any profile."""
    sop = {"name": "Banjir", "agencies": ["relawan"]}
    assert (await put(centre, "sops/banjir", sop)).status_code == 422
    await centre.ask("PUT", "agencies/relawan", {"name": "Relawan", "kind": "pmi"})
    assert (await centre.ask("PUT", "sops/banjir", sop))["agencies"] == ["relawan"]
    assert (await centre.ask("POST", "command/handover", {"to": "relawan"}))["holder"] == "relawan"


@pytest.mark.parametrize("kind", ["incidents", "missions"])
async def test_incidents_and_missions_come_in_pages_too(centre: Centre, kind: str) -> None:
    """Newest first, those of one instant by id, each once, while new ones come; what is no cursor is told."""
    for number in range(7):
        new = {"id": f"i{number}", "place": {"latitude": -7.15, "longitude": 111.88}, "urgency": "urgent"}
        await centre.ask("POST", "incidents", new, 201)
        centre.now += timedelta(seconds=number // 3)
        mission = {"id": f"m{number}", "unit": "ambulans-01", "incident": f"i{number}"}
        await centre.ask("POST", "missions", mission, 201)
        await centre.ask("PATCH", f"missions/m{number}", {"state": "ended"})
    seen, cursor = [], ""
    for _ in range(4):
        page = await centre.ask("GET", f"{kind}?limit=2{cursor}")
        seen += [each["id"] for each in page[kind]]
        cursor = f"&cursor={page['next_cursor']}"
        late = {"id": f"late{len(seen)}", "place": {"latitude": -7.15, "longitude": 111.88}, "urgency": "urgent"}
        centre.now += timedelta(seconds=1)
        await centre.ask("POST", "incidents", late, 201)
    whole = [each["id"] for each in (await centre.ask("GET", kind))[kind] if "late" not in each["id"]]
    assert seen == whole
    assert (len(set(seen)), page["next_cursor"]) == (7, None)
    for wrong in ("AAA=", "MjAyNi0xMS0yMQ==", "%C3%A4"):
        assert (await centre.client.get(f"/api/v1/{kind}?cursor={wrong}")).status_code == 422


async def test_what_changes_while_all_of_it_is_read_is_not_undone_in_memory(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change comes between the reading of a table and the end of the reading: it is read again."""
    register, late = centre.world.register, iter([True])
    read = storage.geofences

    async def slowly(connection: Any, name: str) -> Any:
        if next(late, False):
            await register.put_agency(Agency("pmi", "PMI", "pmi"))
        return await read(connection, name)

    monkeypatch.setattr(storage, "geofences", slowly)
    await register.load()
    assert register.agencies.keys() == {"pmi"}
    await register.drop_agency("pmi")
    with pytest.raises(Unknown):
        await register.drop_agency("pmi")
    with pytest.raises(Outdated, match="version 0"):
        await register.put_agency(Agency("pmi", "PMI", "pmi"), expected=4)
