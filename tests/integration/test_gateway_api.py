"""The API over a real database, within the process: shapes, pages, arrival times, and answers that help."""

import base64
import math
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastapi.openapi.models
import httpx
import pytest
from fastapi import FastAPI

from gateway.feeds.live import LivePicture
from gateway.http import api as web
from gateway.http.access import Forbidden, Object, Permission, Principal, demo_principal, require
from gateway.http.world import World
from gateway.services.accept_messages import Acceptance, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.storage import fixes
from gateway.storage.fixes import Row
from gateway.storage.pool import open_pool
from tests.fix_gateway import CENTRE, UNITS
from tests.gateway_traffic import MORNING, epoch, topic
from tracker.fix import Fix, Quality
from tracker.wire.presence import Presence

UNIT = "ambulans-01"
NOW = MORNING + timedelta(hours=1)


class FixedWorld(World):
    """A gateway whose clock the test sets."""

    at: datetime = NOW
    broker: bool = True

    def now(self) -> datetime:
        """The test's time."""
        return self.at


class Api:
    """The web application and the values behind it."""

    def __init__(self, world: FixedWorld) -> None:
        self.world = world
        self.app: FastAPI = web.create(world)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url="http://gateway"
        )

    async def ask(self, path: str, **parameters: str | float) -> httpx.Response:
        """GET below /api/v1/."""
        return await self._client.get(f"/api/v1/{path}", params=parameters)

    async def get(self, path: str, **parameters: str | float) -> Any:
        """The JSON of a good answer."""
        answer = await self.ask(path, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    async def complaint(self, path: str, **parameters: str | float) -> str:
        """The sentence of an answer that says what the caller did wrong."""
        answer = await self.ask(path, **parameters)
        assert answer.status_code in (404, 422), answer.text
        detail = answer.json()["detail"]
        return detail if isinstance(detail, str) else detail[0]["msg"]

    async def store(self, rows: Sequence[Row]) -> None:
        """Commit rows, and show them as the gateway does."""
        async with self.world.pool.connection() as connection, connection.transaction():
            await fixes.store(connection, rows)
        for row in rows:
            self.world.live.apply(row.unit, row.source, row.fix, row.received_at)


def row(second: float, unit: str = UNIT, source: str = "gnss", **values: Any) -> Row:
    place: dict[str, Any] = {"latitude": -7.15, "longitude": 111.88}
    at = MORNING + timedelta(seconds=second)
    return Row(CENTRE, unit, source, Fix(time=at, **(place | values)), at + timedelta(seconds=1), "box", int(second))


@pytest.fixture
async def api(cleared_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The API of a gateway with the units of `UNITS`; no broker behind it."""
    async with open_pool(cleared_url, 2) as pool:
        live = LivePicture()
        live.enrol((unit, unit.title(), "ambulance") for unit in UNITS)
        sessions = {"live": True, "backlog": True}
        yield Api(FixedWorld(CENTRE, pool, live, Intake(NOW), lambda: sessions, tmp_path))


# Units and tracks


async def test_units_are_listed_with_the_server_s_time(api: Api) -> None:
    """By id, whether or not they ever sent; the age of a fix follows from the two times."""
    await api.store([row(1)])
    api.world.live.present("ambulans-02", Presence(online=False, interval_s=300.0))
    told = await api.get("units")
    assert told["server_time"] == "2026-11-21T04:04:05Z"
    assert [unit["unit"] for unit in told["units"]] == sorted(UNITS)
    first, second, third = told["units"]
    assert first["position"]["fix_time"] == "2026-11-21T03:04:06Z"
    assert first["position"]["received_at"] == "2026-11-21T03:04:07Z"
    assert (second["online"], second["stale_after_s"], second["lost_after_s"]) == (False, 610.0, 1830.0)
    assert (third["online"], third["position"], third["stale_after_s"]) == (None, None, 60.0)


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 14, 15, 16, 1000])
async def test_pages_of_a_track_hold_every_fix_once(api: Api, limit: int) -> None:
    """Following next_cursor to its end gives each fix once, rising, whatever the size of a page."""
    rows = [row(second) for second in range(10)] + [row(second, source="modem") for second in range(0, 10, 2)]
    await api.store([*rows, row(3, unit="ambulans-02")])
    parameters: dict[str, str | float] = {"limit": limit, "from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
    found: list[dict[str, Any]] = []
    while True:
        page = await api.get(f"units/{UNIT}/fixes", **parameters)
        assert len(page["fixes"]) <= limit
        found += page["fixes"]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
    keys = [(fix["fix_time"], fix["source"]) for fix in found]
    assert keys == sorted(set(keys))
    assert len(keys) == len(rows)


async def test_from_is_inclusive_and_to_is_not(api: Api) -> None:
    """So that spans laid end to end hold everything once. Any zone may be written."""
    await api.store([row(second) for second in range(5)])
    span = {"from": "2026-11-21T10:04:06+07:00", "to": "2026-11-21T03:04:08Z"}
    page = await api.get(f"units/{UNIT}/fixes", **span)
    assert [fix["seq"] for fix in page["fixes"]] == [1, 2]
    assert page["fixes"][0]["outbox"] == "box"


async def test_suspect_fixes_are_in_the_track_with_their_reasons(api: Api) -> None:
    """They are kept from the marker, not from those who look into the past."""
    await api.store([row(1, quality=Quality.NULL_ISLAND, latitude=0.0, longitude=0.0), row(2)])
    page = await api.get(f"units/{UNIT}/fixes")
    assert [fix["quality"] for fix in page["fixes"]] == [["null-island"], []]


async def test_without_a_span_the_last_day_is_shown(api: Api) -> None:
    """Counted back from now, or from ``to``."""
    await api.store([row(0), row(-24 * 3600)])
    assert len((await api.get(f"units/{UNIT}/fixes"))["fixes"]) == 1
    earlier = {"to": (MORNING + timedelta(seconds=-1)).isoformat()}
    assert len((await api.get(f"units/{UNIT}/fixes", **earlier))["fixes"]) == 1


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_the_ends_of_the_calendar_are_no_trap(api: Api, edge: str) -> None:
    """A span that begins or ends there is empty or everything, and never an error of ours."""
    for name in ("from", "to"):
        assert (await api.get(f"units/{UNIT}/fixes", **{name: edge}))["fixes"] == []


@pytest.mark.parametrize(
    ("path", "parameters", "sentence"),
    [
        (f"units/{UNIT}/fixes", {"from": "2026-11-21T03:04:05"}, "`from` has no time zone: write 2026-11-21T03:04:05Z"),
        (f"units/{UNIT}/fixes", {"to": "2026-11-21T03:04:05"}, "`to` has no time zone"),
        (f"units/{UNIT}/fixes", {"to": "0001-01-01T00:00:00+07:00"}, "`to` is outside the years 1 to 9999"),
        (f"units/{UNIT}/fixes", {"from": "9999-12-31T23:59:59-07:00"}, "`from` is outside the years 1 to 9999"),
        (f"units/{UNIT}/fixes", {"from": "yesterday"}, "datetime"),
        (f"units/{UNIT}/fixes", {"cursor": "nonsense"}, "`cursor` is not one of ours"),
        (f"units/{UNIT}/fixes", {"cursor": "é" * 10}, "`cursor` is not one of ours"),
        (f"units/{UNIT}/fixes", {"cursor": base64.urlsafe_b64encode(b"2026-11-21 gnss").decode()}, "`cursor`"),
        (f"units/{UNIT}/fixes", {"cursor": base64.urlsafe_b64encode(b"2026-11-21T03:04:05Z g\0").decode()}, "`cursor`"),
        (f"units/{UNIT}/fixes", {"limit": 0}, "greater than or equal to 1"),
        (f"units/{UNIT}/fixes", {"limit": 10_001}, "less than or equal to 10000"),
        ("units/ambulans-99/fixes", {}, "centre bojonegoro has no unit 'ambulans-99'; GET /api/v1/units lists"),
        ("units/%00/fixes", {}, "has no unit"),
        ("eta", {"unit": "ambulans-99", "lat": 0, "lon": 0}, "has no unit"),
        ("eta", {"unit": UNIT, "lat": 91, "lon": 0}, "less than or equal to 90"),
        ("eta", {"unit": UNIT, "lat": "nan", "lon": 0}, "finite"),
        ("eta", {"unit": UNIT, "lat": 0, "lon": -180.1}, "greater than or equal to -180"),
        ("eta", {"unit": UNIT, "lat": 0}, "Field required"),
    ],
)
async def test_a_wrong_question_is_answered_with_what_to_do(
    api: Api, path: str, parameters: dict[str, str | float], sentence: str
) -> None:
    """422 or 404 with a sentence for the person who asked; never 500."""
    assert sentence in await api.complaint(path, **parameters)


# Arrival times


async def test_an_arrival_time_has_an_interval_a_source_and_an_age(api: Api) -> None:
    """All of it as the contract says, in order, and of the newest fix."""
    await api.store([row(0)])
    api.world.at = MORNING + timedelta(seconds=10)
    told = await api.get("eta", unit=UNIT, lat=-7.25, lon=111.88)
    assert (told["unit"], told["source"], told["unknown_because"]) == (UNIT, "straight-line", None)
    assert (told["fix_time"], told["fix_age_s"]) == ("2026-11-21T03:04:05Z", 10.0)
    assert told["distance_m"] == pytest.approx(11_057, rel=0.006)
    eta = told["eta_s"]
    assert 0 < eta["p10"] < eta["p50"] < eta["p90"]


async def test_the_interval_widens_as_the_fix_ages_and_then_is_no_answer(api: Api) -> None:
    """At the limit there still is one; beyond it the reason stands in its place, and no number at all."""
    await api.store([row(0)])
    widths = []
    for age in (0, 30, 180):
        api.world.at = MORNING + timedelta(seconds=age)
        eta = (await api.get("eta", unit=UNIT, lat=-7.25, lon=111.88))["eta_s"]
        widths.append(eta["p90"] - eta["p10"])
    assert widths == sorted(set(widths))
    api.world.at = MORNING + timedelta(seconds=181)
    told = await api.get("eta", unit=UNIT, lat=-7.25, lon=111.88)
    assert told["eta_s"] is None
    assert told["distance_m"] is None
    assert told["unknown_because"].startswith("the last fix is 181 s old")
    assert (told["fix_age_s"], told["fix_time"]) == (181.0, "2026-11-21T03:04:05Z")


async def test_a_unit_that_reports_seldom_is_lost_later(api: Api) -> None:
    """Its own announcement says what to expect: each five minutes, lost after half an hour."""
    await api.store([row(0)])
    api.world.live.present(UNIT, Presence(online=True, interval_s=300.0))
    api.world.at = MORNING + timedelta(seconds=1800)
    assert (await api.get("eta", unit=UNIT, lat=-7.25, lon=111.88))["eta_s"] is not None


async def test_a_unit_without_a_position_has_no_arrival_time(api: Api) -> None:
    """Unknown is a legal answer, with its reason."""
    told = await api.get("eta", unit="ambulans-03", lat=-7.25, lon=111.88)
    assert (told["eta_s"], told["fix_time"], told["fix_age_s"], told["distance_m"]) == (None, None, None, None)
    assert told["unknown_because"] == "the unit has no position yet"


async def test_a_unit_on_the_spot_does_not_arrive_in_zero_seconds(api: Api) -> None:
    """Zero reads as none."""
    await api.store([row(0)])
    api.world.at = MORNING
    eta = (await api.get("eta", unit=UNIT, lat=-7.15, lon=111.88))["eta_s"]
    assert all(value > 0 and math.isfinite(value) for value in eta.values())


# Operations


async def test_intake_and_quarantine_tell_what_came_and_what_became_of_it(api: Api) -> None:
    """Counters by reason, the raw bytes in base64, the newest first."""
    acceptance = Acceptance(api.world.pool, Enrolment(CENTRE, lambda _: None), api.world.intake)
    messages = [
        Message(topic(UNIT), epoch(1, MORNING), NOW),
        Message(topic(UNIT), epoch(1, MORNING), NOW),
        Message(topic(UNIT), epoch(2, MORNING, 0.0, 0.0), NOW),
        Message(topic(UNIT), epoch(3, MORNING + timedelta(seconds=1), 0.0, 0.0), NOW),
        Message(topic(UNIT), b"\xff\xfe", NOW),
        Message(topic("stranger"), epoch(1, MORNING), NOW + timedelta(seconds=1)),
    ]
    await acceptance.accept(messages, NOW)
    told = await api.get("intake")
    assert told == {
        "since": "2026-11-21T04:04:05Z",
        "counters": {
            "received": 6, "stored": 2, "duplicate": 1, "declined": {},
            "quarantined": {"contradiction": 1, "not-nmea": 1, "not-enrolled": 1},
            "flagged": {"null-island": 1}, "reports": 0,
        },
    }  # fmt: skip
    kept = await api.get("quarantine")
    assert kept["by_reason"] == told["counters"]["quarantined"]
    assert kept["messages"][0]["reason"] == "not-enrolled"
    assert kept["messages"][0]["topic"] == topic("stranger")
    (noise,) = [each for each in kept["messages"] if each["reason"] == "not-nmea"]
    assert base64.b64decode(noise["payload"]) == b"\xff\xfe"
    assert noise["times_seen"] == 1
    assert len((await api.get("quarantine", limit=1))["messages"]) == 1


async def test_health_is_503_while_a_session_is_away(api: Api) -> None:
    """And says which part it is."""
    assert await api.get("health") == {"database": True, "live_session": True, "backlog_session": True}
    api.world.sessions()["backlog"] = False
    answer = await api.ask("health")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "live_session": True, "backlog_session": False}


async def test_without_a_board_its_place_says_how_to_build_it(api: Api) -> None:
    """And that the API is there."""
    answer = await api._client.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text


async def test_a_built_board_is_served_and_held_to_this_machine(api: Api, tmp_path: Path) -> None:
    """With a policy that forbids other hosts; its page is not cached; nothing outside of its folder is given out."""
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path.parent / "secret.txt").write_text("secret")
    built = Api(api.world)
    page = await built._client.get("/")
    assert (page.status_code, page.text) == (200, "<!doctype html>")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    assert (await built._client.get("/%2e%2e/secret.txt")).status_code == 404
    assert (await built.get("units"))["units"]


# Documentation and permissions


def _references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(_references, part.values()))
    return set().union(*map(_references, part)) if isinstance(part, list) else set()


async def test_the_openapi_document_is_valid_and_whole(api: Api) -> None:
    """It is of OpenAPI's own shape, every reference leads somewhere, and every answer has a schema with properties."""
    document = await api.get("openapi.json")
    fastapi.openapi.models.OpenAPI.model_validate(document)
    schemas = document.get("components", {}).get("schemas", {})
    assert {ref.removeprefix("#/components/schemas/") for ref in _references(document)} <= schemas.keys()
    expected = {"units", "units/{unit}/fixes", "eta", "intake", "quarantine", "health"}
    assert {f"/api/v1/{path}" for path in expected} <= document["paths"].keys()
    for path in expected:
        answer = document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]
        assert answer["content"]["application/json"]["schema"]["properties"], path
    eta = document["paths"]["/api/v1/eta"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert "$ref" not in str(eta)
    assert "p50" in str(eta["properties"]["eta_s"])


async def test_answers_have_the_properties_that_the_document_promises(api: Api) -> None:
    """All of them, at the top and in the lists."""
    await api.store([row(0)])
    document = await api.get("openapi.json")
    asked: dict[str, tuple[str, dict[str, str | float]]] = {
        "/api/v1/units": ("units", {}),
        "/api/v1/units/{unit}/fixes": (f"units/{UNIT}/fixes", {}),
        "/api/v1/eta": ("eta", {"unit": UNIT, "lat": 0, "lon": 0}),
        "/api/v1/intake": ("intake", {}),
        "/api/v1/quarantine": ("quarantine", {}),
        "/api/v1/health": ("health", {}),
    }
    for path, (ask, parameters) in asked.items():
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
        answer = await api.get(ask, **parameters)
        assert answer.keys() == schema["properties"].keys(), path
        for name, value in answer.items():
            items = schema["properties"][name].get("items", {})
            for each in value if isinstance(value, list) else []:
                assert each.keys() == items["properties"].keys(), f"{path} {name}"


async def test_who_may_not_is_told_so(api: Api) -> None:
    """403 with a sentence, on every route, and nothing of the data."""
    api.world.principal = Principal("visitor", frozenset(), frozenset({CENTRE}))
    for ask in ("units", f"units/{UNIT}/fixes", f"eta?unit={UNIT}&lat=0&lon=0", "intake", "quarantine", "health"):
        answer = await api.ask(ask)
        assert answer.status_code == 403, ask
        assert answer.json()["detail"].startswith("visitor may not ")


def test_a_principal_of_another_centre_may_nothing_here() -> None:
    """Whatever it may at home."""
    stranger = demo_principal("tuban")
    for permission in Permission:
        require(stranger, permission, Object("tuban"))
        with pytest.raises(Forbidden, match="bojonegoro"):
            require(stranger, permission, Object(CENTRE, UNIT))


async def test_the_gateway_s_own_clock_is_aware(api: Api) -> None:
    """A naive one would be local time on somebody's machine."""
    assert World.now(api.world).tzinfo is UTC
