"""Where a text means, over the API: what it holds itself, and what the centre knows by name. Nobody is asked."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from gateway.demo.broker import Mosquitto
from gateway.http.world import Beyond
from gateway.roads.villages import load_villages
from tests.fix_centre import Centre
from tests.fix_gateway import ServeHere
from tests.fix_map import Drawn
from tracker.regions import load

VILLAGES = """kode,nama,kecamatan,lat,lon
35.22.15.1001,Ledok Wetan,Bojonegoro,-7.1510,111.8860
35.22.21.2003,Sumberejo,Trucuk,-7.1300,111.8400
35.22.17.2001,Sumberejo,Malo,-7.0900,111.7000
"""


@pytest.fixture
def known(roads: Centre, tmp_path: Path) -> Centre:
    """A centre with a profile, villages, facilities and the streets of the synthetic town."""
    (tmp_path / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    roads.wire(load("bojonegoro"), Beyond(villages=load_villages(tmp_path / "villages.csv")))
    return roads


async def search(centre: Centre, text: str, more: str = "") -> list[dict[str, Any]]:
    """What is found."""
    places: list[dict[str, Any]] = (await centre.ask("GET", f"search?q={quote(text)}{more}"))["places"]
    return places


async def locate(centre: Centre, text: str) -> Any:
    """The places of a text and what could not be read of it."""
    return await centre.ask("GET", f"locate?text={quote(text)}")


async def test_villages_districts_and_facilities_are_found_by_name(known: Centre) -> None:
    """Each with where its name is from, what is approximate about it, and in which district it lies."""
    await known.ask(
        "PUT", "places/rsud", {"kind": "hospital", "name": "RSUD Sosodoro", "latitude": -7.16, "longitude": 111.9}
    )
    village, *_ = await search(known, "ds. Sumbrejo kec. Trucuk")
    assert (village["name"], village["kind"], village["within"], village["source"]) == (
        "Sumberejo", "village", "Trucuk", "villages",
    )  # fmt: skip
    assert village["note"] == "the middle of the village"
    district, *_ = await search(known, "Kec. Ngraho")
    assert (district["kind"], district["note"]) == ("district", "the approximate middle of the district")
    hospital, *_ = await search(known, "rumah sakit sosodoro")
    assert (hospital["name"], hospital["kind"], hospital["within"]) == ("RSUD Sosodoro", "hospital", "Bojonegoro")


async def test_a_facility_is_found_as_soon_as_it_is_there(known: Centre) -> None:
    """The list is the register's, as it is now."""
    assert await search(known, "puskesmas trucuk baru") == [] or (await search(known, "pkm kalirejo")) == []
    body = {"kind": "puskesmas", "name": "Kalirejo", "latitude": -7.15, "longitude": 111.88}
    await known.ask("PUT", "places/pkm-kalirejo", body)
    assert (await search(known, "pkm kalirejo"))[0]["name"] == "Kalirejo"


async def test_streets_of_the_map_are_found(known: Centre, town: Drawn) -> None:
    """By the names that the road network has."""
    graph = town.graph
    name = next(each for each in graph.names if each)
    found = await search(known, name.upper())
    assert (found[0]["name"], found[0]["kind"], found[0]["source"]) == (name, "street", "streets")
    assert found[0]["note"].startswith("the middle of ")


async def test_a_pasted_text_is_read_and_else_looked_up(known: Centre) -> None:
    """A link holds its point; a shortened one says so, and the words beside it are looked up."""
    pinned = await locate(known, "https://maps.google.com/?q=-7.1512,111.8866")
    assert [(each["latitude"], each["source"]) for each in pinned["places"]] == [(-7.1512, "google-maps")]
    shortened = await locate(known, "Ledok Wetan https://maps.app.goo.gl/AbCdEf")
    assert "shortened" in shortened["problems"][0]
    assert shortened["places"][0]["name"] == "Ledok Wetan"
    swapped = await locate(known, "111.8866, -7.1512")
    assert swapped["places"][0]["note"] == "read as longitude, latitude"
    code = await locate(known, "RVXJ+JP Trucuk")
    assert code["places"][0]["source"] == "plus-code"
    assert (await locate(known, "tolong cepat pak"))["places"] == []


async def test_a_call_is_told_where_its_words_mean(known: Centre) -> None:
    """And incidents near a village are offered, as far as a village's middle can be off."""
    await known.ask(
        "POST", "incidents", {"place": {"latitude": -7.151, "longitude": 111.897}, "urgency": "urgent", "id": "i1"}, 201
    )
    taken = await known.ask("POST", "calls", {"text": "kelurahan ledokwetan bojonegoro"}, 201)
    assert taken["places"][0]["name"] == "Ledok Wetan"
    assert [each["incident"] for each in taken["duplicates"]] == ["i1"]
    assert 1100 < taken["duplicates"][0]["distance_m"] < 1300
    district = await known.ask("POST", "calls", {"text": "Kecamatan Bojonegoro"}, 201)
    assert (district["places"][0]["kind"], district["duplicates"]) == ("district", [])


async def test_nobody_outside_is_asked(known: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the day the internet is gone: no name is resolved, no connection is made but to the database."""

    def refused(*arguments: object, **_: object) -> Sequence[object]:
        raise AssertionError(f"somebody asks for {arguments}")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    for text in (
        "https://maps.app.goo.gl/AbCdEf",
        "https://osm.org/go/0EEQjE--",
        "Jl. Melati Trucuk",
        "///satu.dua.tiga",
    ):
        await locate(known, text)
        await search(known, text)


async def test_questions_that_mean_nothing_are_refused(known: Centre) -> None:
    """422 with a sentence."""
    for path in (
        "search",
        "search?q=a&lat=-7",
        "search?q=a&lat=-7&lon=nan",
        "locate",
        "search?q=%00",
        "search?q=" + 201 * "a",
    ):
        assert (await known.ask("GET", path, expect=422))["detail"]


async def test_a_gateway_reads_its_villages_and_its_callers_key(
    serve_here: ServeHere, enrolled_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """From its settings; a broken file of villages is told and done without."""
    (tmp_path / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    wired = {"database_url": enrolled_url, "mqtt_port": mosquitto.port}
    async with httpx.AsyncClient() as client:
        more = {"villages_file": tmp_path / "villages.csv", "caller_key": "a key of sixteen letters"}
        async with serve_here(**wired, **more) as url:
            found = (await client.get(f"{url}/api/v1/search?q=ledokwetan")).json()["places"]
            assert found[0]["name"] == "Ledok Wetan"
            assert (await client.post(f"{url}/api/v1/calls", json={"number": "08123456789"})).status_code == 201
        (tmp_path / "villages.csv").write_text("nothing,of,it\n1,2,3\n", encoding="utf-8")
        async with serve_here(**wired, **more) as url:
            assert (await client.get(f"{url}/api/v1/search?q=ledokwetan")).json()["places"] == []
            told = (await client.get(f"{url}/api/v1/callers/08123456789")).json()
            assert told["calls"] == 1
        more = {"caller_key": "another one of sixteen letters"}
        async with serve_here(**wired, **more) as url:
            assert (await client.get(f"{url}/api/v1/callers/08123456789")).json()["calls"] == 0
