"""How a centre works, over the API: begun with its profile, changed by its people, kept over a restart."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from gateway.services.centre import Centre as Rules
from gateway.storage.pool import open_pool
from tests.fix_centre import Centre
from tests.gateway_traffic import MORNING
from tracker.missions.statuses import Status
from tracker.regions import load

pytestmark = pytest.mark.asyncio


@pytest.fixture
async def ppu(centre: Centre) -> Centre:
    """The centre of Penajam Paser Utara."""
    centre.world.centre_rules = Rules(centre.world.centre, centre.world.pool, load("ppu"))
    async with centre.world.pool.connection() as connection:
        await centre.world.centre_rules.load(connection, MORNING)
    return centre


async def again(centre: Centre, url: str) -> Rules:
    """As another process finds it."""
    rules = Rules(centre.world.centre, centre.world.pool, load("ppu"))
    async with open_pool(url, 1) as pool, pool.connection() as connection:
        await rules.load(connection, MORNING + timedelta(days=1))
    return rules


async def test_it_begins_with_the_profile_and_keeps_its_own_changes_over_a_restart(
    ppu: Centre, cleared_url: str
) -> None:
    """Ladder and words are changed; the profile does not come back."""
    shown = await ppu.ask("GET", "centre")
    assert shown["name"] == "Siaga 112 Penajam Paser Utara"
    assert shown["time_zone"] == "Asia/Makassar"
    assert shown["labels"]["patient-aboard"] == "Membawa pasien"
    assert shown["escalation"]["next_unit_by_itself"] is False
    change = {
        "version": shown["version"], "labels": {"available": "Siap jalan"},
        "escalation": {"next_unit_s": 45.0, "next_unit_by_itself": True},
    }  # fmt: skip
    changed = await ppu.ask("PATCH", "centre", change)
    assert changed["version"] == shown["version"] + 1
    assert changed["labels"] == shown["labels"] | {"available": "Siap jalan"}
    assert changed["escalation"] == shown["escalation"] | change["escalation"]
    await ppu.ask("PATCH", "centre", change, expect=412)  # seen before it was changed
    same: list[Any] = [{}, {"labels": None}, {"labels": {"available": "Siap jalan"}}, {"escalation": {}}]
    for nothing in same:
        assert await ppu.ask("PATCH", "centre", nothing) == changed
    await ppu.ask("PATCH", "centre", {"version": shown["version"], "labels": None}, expect=412)
    rules = await again(ppu, cleared_url)
    assert rules.label(Status.AVAILABLE) == "Siap jalan"
    assert (rules.ladder.again_s, rules.ladder.next_unit_s, rules.next_unit_by_itself) == (30.0, 45.0, True)


async def test_nonsense_is_refused_and_changes_nothing(ppu: Centre) -> None:
    """Steps that do not rise, statuses that do not exist, empty words, unknown agencies."""
    before = await ppu.ask("GET", "centre")
    for nonsense in (
        {"escalation": {"again_s": 90.0}},
        {"escalation": {"again_s": 0}},
        {"labels": {"asleep": "Tidur"}},
        {"labels": {"available": "  "}},
        {"colour": "red"},
    ):
        await ppu.ask("PATCH", "centre", nonsense, expect=422)
    await ppu.ask("PUT", "sops/kebakaran", {"name": "Kebakaran", "agencies": ["nasa"]}, expect=422)
    await ppu.ask("PUT", "sops/kebakaran", {"name": "Kebakaran", "agencies": []}, expect=422)
    assert await ppu.ask("GET", "centre") == before


async def test_the_table_of_procedures_is_the_centres_to_edit(ppu: Centre, cleared_url: str) -> None:
    """The profile's seven kinds; one changed, one added, one taken out; nobody overwrites what they have not seen."""
    sops = {sop["kind"]: sop for sop in (await ppu.ask("GET", "sops"))["sops"]}
    assert len(sops) == 7
    assert sops["bencana-alam"]["agencies"] == ["bpbd", "damkar", "pupr", "dinsos", "rsud"]
    fire = {"name": "Kebakaran", "agencies": ["damkar"], "sop": "SOP 7/2026", "urgency": "emergency"}
    put = await ppu.ask("PUT", "sops/kebakaran", fire | {"version": sops["kebakaran"]["version"]})
    assert put == fire | {"kind": "kebakaran", "version": 2}
    await ppu.ask("PUT", "sops/kebakaran", fire | {"name": "Api", "version": 1}, expect=412)
    made = await ppu.ask("PUT", "sops/banjir", {"name": "Banjir", "agencies": ["bpbd", "pupr", "bpbd"], "version": 0})
    assert made["agencies"] == ["bpbd", "pupr"]
    await ppu.ask("PUT", "sops/banjir", {"name": "Banjir", "agencies": ["bpbd"], "version": 0}, expect=412)
    gone = await ppu.client.delete("/api/v1/sops/kerusuhan")
    assert gone.status_code == 204
    await ppu.ask("DELETE", "sops/kerusuhan", expect=404)
    found = (await again(ppu, cleared_url)).sops
    assert set(found) == set(sops) - {"kerusuhan"} | {"banjir"}
    assert found["kebakaran"].agencies == ("damkar",)


async def test_command_is_handed_over_once_and_its_history_is_kept(ppu: Centre, cleared_url: str) -> None:
    """From Diskominfo to BPBD, by name and time; not to whoever holds it, and to no stranger."""
    assert (await ppu.ask("GET", "command"))["holder"] == "diskominfo"
    ppu.now = MORNING + timedelta(minutes=5)
    held = await ppu.ask("POST", "command/handover", {"to": "bpbd", "by": "kepala piket"})
    assert held == {"holder": "bpbd", "since": "2026-11-21T03:09:05Z", "said_by": "kepala piket"}
    await ppu.ask("POST", "command/handover", {"to": "bpbd"}, expect=409)
    await ppu.ask("POST", "command/handover", {"to": "nasa"}, expect=422)
    command = await ppu.ask("GET", "command")
    assert [each["holder"] for each in command["history"]] == ["bpbd", "diskominfo"]
    assert (await again(ppu, cleared_url)).command is not None
    assert "commands" in (await ppu.ask("DELETE", "agencies/bpbd", expect=409))["detail"]
    assert "kebakaran" in (await ppu.ask("DELETE", "agencies/damkar", expect=409))["detail"]
    async with await psycopg.AsyncConnection.connect(cleared_url) as connection:
        rows = await (await connection.execute("SELECT kind FROM events WHERE kind = 'command.handed-over'")).fetchall()
    assert len(rows) == 1


async def test_one_exercise_runs_at_a_time_and_outlives_a_restart(ppu: Centre, cleared_url: str) -> None:
    """Begun, not begun twice, found again, ended, and then there is none to end."""
    assert (await ppu.ask("GET", "exercises"))["current"] is None
    begun = await ppu.ask("POST", "exercises", {"name": "Gladi banjir"}, expect=201)
    await ppu.ask("POST", "exercises", {"name": "Lain"}, expect=409)
    found = (await again(ppu, cleared_url)).exercise
    assert found is not None
    assert found.id == begun["id"]
    ended = await ppu.ask("DELETE", "exercises/current")
    assert ended["ended_at"] is not None
    await ppu.ask("DELETE", "exercises/current", expect=404)
    assert [each["name"] for each in (await ppu.ask("GET", "exercises"))["exercises"]] == ["Gladi banjir"]


async def test_a_province_finds_its_member_by_either_registrys_code(centre: Centre) -> None:
    """Five areas of South Sumatra have other digits in one registry than in the other: each finds its member."""
    profile = load("sumsel")
    centre.world.centre_rules = Rules(centre.world.centre, centre.world.pool, profile)
    differing = [each for each in profile.members if each.code.replace(".", "") != each.bps]
    assert len(differing) == 5
    for each in profile.members:
        for code in (each.code, f"{each.code}.01", each.bps, f"{each.bps}010"):
            found = (await centre.ask("GET", f"members?code={code}"))["members"]
            assert [member["id"] for member in found] == [each.id], code
    assert len((await centre.ask("GET", "members"))["members"]) == 17
    assert (await centre.ask("GET", "members?code=99.99"))["members"] == []
    home = profile.districts[0]
    assert centre.world.centre_rules.member_of(home.latitude, home.longitude) == home.member


async def test_a_centre_without_a_profile_has_the_defaults(centre: Centre) -> None:
    """It has no words, no procedures and no command, and says so."""
    shown = await centre.ask("GET", "centre")
    assert (shown["name"], shown["command"], shown["exercise"]) == (None, None, None)
    assert shown["labels"]["en-route"] == "en-route"
    assert (await centre.ask("GET", "sops"))["sops"] == []
    assert centre.world.centre_rules.member_of(0.0, 0.0) is None
