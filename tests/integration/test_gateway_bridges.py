"""Radios at the gateway: who may speak for whom, in which track, and what a stranger's radio said before."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import pytest

from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.services.take_in_kept import take_in
from gateway.storage import bridges, quarantine
from gateway.storage.pool import Pool, open_pool
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import rmc
from tests.integration.test_gateway_cli import sigap
from tests.unit.tracker.wire.test_kenwood import pklds, signed
from tracker.wire import reports
from tracker.wire.payload import encode_epoch
from tracker.wire.reports import CrewStatus, Source, Status

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
NOW = AT + timedelta(seconds=2)
UNIT = "ambulans-01"


class Gate:
    """An acceptance, its pool, and a look into its tables."""

    def __init__(self, pool: Pool, acceptance: Acceptance) -> None:
        self.pool = pool
        self.acceptance = acceptance

    async def accept(self, path: str, payload: bytes, *, bridge: str = "induk", now: datetime = NOW) -> Accepted:
        """One message of a bridge."""
        message = Message(f"sigap/v1/{CENTRE}/bridges/{bridge}/{path}", payload, NOW)
        return await self.acceptance.accept([message], now)

    async def rows(self, what: LiteralString) -> list[Any]:
        """What a query gives."""
        async with self.pool.connection() as connection:
            return await (await connection.execute(what)).fetchall()


@pytest.fixture
async def gate(enrolled_url: str) -> AsyncIterator[Gate]:
    """A database of one's own, in which the bridge `induk` may speak for one unit."""
    async with open_pool(enrolled_url, 2) as pool:
        async with pool.connection() as connection:
            await bridges.allow(connection, CENTRE, "induk", UNIT)
        yield Gate(pool, Acceptance(pool, Enrolment(CENTRE, lambda _: None), Intake(NOW)))


def radio_line(number: int = 1, second: int = 5, *, line: bytes | None = None) -> bytes:
    """A FleetSync position as the bridge sends it."""
    return encode_epoch("radio", number, NOW, [line or pklds(time=f"0304{second:02}", day="211126")])


FIXES = "SELECT unit, source, fix_time, outbox, sequence, quality FROM fixes ORDER BY fix_time"
KEPT = "SELECT reason, detail FROM quarantine"


async def test_a_radios_fix_is_the_units_on_a_track_of_its_own(gate: Gate) -> None:
    """Source radio, dated by its sentence, receipted under the bridge's outbox; again it changes nothing."""
    for _ in range(2):
        accepted = await gate.accept(f"units/{UNIT}/live/abc", radio_line())
        assert accepted.handled[UNIT, "induk/abc"].stored == [1]
    assert await gate.rows(FIXES) == [(UNIT, "radio", AT, "induk/abc", 1, 0)]


async def test_every_language_of_a_radio_is_read(gate: Gate) -> None:
    """Kenwood, TAIP and plain NMEA, on both lanes and without receipts."""
    taip = b">RPV11046-0715000+1118800001512612;ID=7<"
    await gate.accept(f"units/{UNIT}/backlog/abc", radio_line(2, line=taip))
    await gate.accept(f"units/{UNIT}/nmea", rmc(AT + timedelta(seconds=2)) + b"\r\n")
    found = await gate.rows(FIXES)
    assert [(row[1], row[2]) for row in found] == [
        ("radio", AT + timedelta(seconds=1)),
        ("radio", AT + timedelta(seconds=2)),
    ]


@pytest.mark.parametrize(
    ("bridge", "path", "reason", "word"),
    [
        ("induk", "units/ambulans-02/live/abc", "not-allowed", "sigap bridge allow induk ambulans-02"),
        ("liar", f"units/{UNIT}/live/abc", "not-allowed", "sigap bridge allow liar ambulans-01"),
        ("induk", "units/ambulans-99/live/abc", "not-enrolled", "ambulans-99"),
        ("induk", "radios/fs-100-1001/live/abc", "not-enrolled", "--radio fs-100-1001 --bridge induk"),
    ],
)
async def test_a_bridge_speaks_for_those_it_may_and_nobody_else(
    gate: Gate, bridge: str, path: str, reason: str, word: str
) -> None:
    """What it says of others lies in the quarantine, is receipted there, and the words say what to do."""
    accepted = await gate.accept(path, radio_line(7), bridge=bridge)
    (handled,) = accepted.handled.values()
    assert (handled.stored, handled.quarantined) == ([], [7])
    assert await gate.rows(FIXES) == []
    ((kept, detail),) = await gate.rows(KEPT)
    assert kept == reason
    assert word in detail


async def test_a_unit_cannot_name_a_bridges_outbox(gate: Gate) -> None:
    """A unit that publishes under the bridge's outbox id gets receipts of its own, not the bridge's."""
    await gate.accept(f"units/{UNIT}/live/abc", radio_line(1))
    message = Message(f"sigap/v1/{CENTRE}/units/{UNIT}/live/abc", radio_line(5, 9), NOW)
    accepted = await gate.acceptance.accept([message], NOW)
    assert set(accepted.handled) == {(UNIT, "abc")}


async def test_a_strangers_radio_is_enrolled_once_and_all_it_said_is_taken_in(gate: Gate) -> None:
    """Kept while nobody knew it; then enrolled, then its later fixes come straight through."""
    path = "radios/fs-100-1001/live/abc"
    for second in range(3):
        await gate.accept(path, radio_line(second, second))
    await gate.accept("radios/fs-100-1002/live/abc", radio_line(9, 9, line=signed("PKLID,00,100,1002,80,00,")))
    async with gate.pool.connection() as connection:
        await bridges.enrol_radio(connection, CENTRE, "induk", "fs-100-1001", UNIT)
    assert await take_in(gate.pool, CENTRE, quarantine.of_radio(CENTRE, "induk", "fs-100-1001"), NOW) == 3
    await gate.accept(path, radio_line(4, 4))  # known at once: a stranger is looked up again
    found = await gate.rows(FIXES)
    assert [row[4] for row in found] == [0, 1, 2, 4]
    assert [kept[0] for kept in await gate.rows(KEPT)] == ["not-enrolled"]  # the other radio's stays


async def test_another_radio_under_a_radios_topic_is_not_believed(gate: Gate) -> None:
    """The sentence names its radio: a mixed-up topic is unreadable."""
    async with gate.pool.connection() as connection:
        await bridges.enrol_radio(connection, CENTRE, "induk", "fs-100-1002", UNIT)
    accepted = await gate.accept("radios/fs-100-1002/live/abc", radio_line(3))
    assert accepted.handled[UNIT, "induk/abc"].quarantined == [3]
    assert [kept[0] for kept in await gate.rows(KEPT)] == ["disagreement"]


async def test_what_was_taken_back_holds_at_the_latest_after_a_refresh(gate: Gate) -> None:
    """A bridge that may speak no more is refused once the list has been read again."""
    await gate.accept(f"units/{UNIT}/live/abc", radio_line(1))
    async with gate.pool.connection() as connection:
        assert await bridges.forbid(connection, CENTRE, "induk", UNIT)
    accepted = await gate.accept(f"units/{UNIT}/live/abc", radio_line(2, 9), now=NOW + timedelta(seconds=11))
    assert accepted.handled[UNIT, "induk/abc"].quarantined == [2]


async def test_status_codes_come_as_reports_of_the_unit(gate: Gate) -> None:
    """Stored once under the bridge's outbox; for a radio nobody knows they are kept."""
    line = reports.encode(4, Status(at=AT, status=CrewStatus.EN_ROUTE, source=Source.RADIO))
    for _ in range(2):
        accepted = await gate.accept(f"units/{UNIT}/status/abc", line)
        assert accepted.handled[UNIT, "induk/abc"].stored == [4]
    assert await gate.rows("SELECT unit, outbox, seq, value, source FROM reports") == [
        (UNIT, "induk/abc", 4, "en-route", "radio")
    ]
    accepted = await gate.accept("radios/nx-2/status/abc", line)
    (handled,) = accepted.handled.values()
    assert handled.quarantined == [4]


async def test_no_fix_is_declined_and_noise_is_kept(gate: Gate) -> None:
    """A void position, and a line that is no message at all."""
    accepted = await gate.accept(
        f"units/{UNIT}/live/abc", radio_line(1, line=pklds(status="V")) + b"\\s:radio,n:2*54\\x\r\n"
    )
    assert accepted.handled[UNIT, "induk/abc"].declined == [1]
    assert len(await gate.rows(KEPT)) == 1


@pytest.mark.parametrize(
    "tail", ["", "/", "bridges", "bridges/x", "bridges/induk/units", "bridges/induk/units/a/live/b/c"]
)
async def test_any_topic_of_a_bridge_is_survived(gate: Gate, tail: str) -> None:
    """Refused with a reason."""
    await gate.acceptance.accept([Message(f"sigap/v1/{CENTRE}/{tail}", b"x", NOW)], NOW)
    assert [kept[0] for kept in await gate.rows(KEPT)] == ["topic"]


def run(url: str, *words: str) -> str:
    """What the console program says to this."""
    told = sigap(*words, database_url=url, centre=CENTRE)
    assert told.returncode == 0, told.stderr
    return told.stdout


async def test_allowing_takes_in_what_was_refused_before(gate: Gate, enrolled_url: str) -> None:
    """One command: what the bridge said of a unit it might not speak for is in the track then; and it can be undone."""
    await gate.accept("units/ambulans-02/live/abc", radio_line(7))
    assert "1 messages from before are taken in" in run(enrolled_url, "bridge", "allow", "induk", "ambulans-02")
    assert [row[0] for row in await gate.rows(FIXES)] == ["ambulans-02"]
    assert await gate.rows(KEPT) == []
    assert "ambulans-01, ambulans-02" in run(enrolled_url, "bridge", "list")
    assert "speaks no more for ambulans-02" in run(enrolled_url, "bridge", "forbid", "induk", "ambulans-02")
    assert "did not speak for ambulans-02" in run(enrolled_url, "bridge", "forbid", "induk", "ambulans-02")


async def test_enrolling_a_unit_takes_in_what_its_bridge_said_of_it(gate: Gate, enrolled_url: str) -> None:
    """Allowed first, enrolled later: either order loses nothing, and nothing that may not pass is thrown away."""
    await gate.accept("units/ambulans-77/live/abc", radio_line(7))
    told = run(enrolled_url, "bridge", "allow", "induk", "ambulans-77")
    assert "not enrolled yet" in told
    assert len(await gate.rows(KEPT)) == 1
    assert "1 messages from before are taken in" in run(enrolled_url, "enrol", "ambulans-77")
    assert [row[0] for row in await gate.rows(FIXES)] == ["ambulans-77"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("enrol", UNIT, "--radio", "fs-100-1001"), "both --radio and --bridge"),
        (("enrol", UNIT, "--radio", "FS 1", "--bridge", "induk"), "is not an id"),
        (("enrol", "--profile", CENTRE, "--phone"), "name the unit"),
        (("enrol", UNIT, "--service"), "belong to --phone"),
        (("enrol", UNIT, "--phone", "--windows", "always"), "write them like mon-fri"),
        (("bridge", "allow", "induk"), "required: UNIT"),
    ],
)
def test_what_cannot_be_meant_is_explained(words: tuple[str, ...], sentence: str) -> None:
    """Before the database is asked anything."""
    told = sigap(*words, database_url="postgresql://127.0.0.1:1/none", centre=CENTRE)
    assert told.returncode == 2
    assert sentence in told.stderr
