"""Crew reports through the gateway's intake: stored once, receipted after the commit, in whatever order they come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.services.take_in_kept import take_in_kept
from gateway.storage.pool import open_pool
from tests.fix_gateway import CENTRE, UNITS, enrol_units
from tests.gateway_traffic import MORNING, topic
from tracker.errors import Reason
from tracker.wire import reports
from tracker.wire.reports import CrewStatus, Emergency, Input, Report, Source, Status

UNIT = UNITS[0]
STATUS = topic(UNIT, "status/box")


def status(seconds: float, which: CrewStatus = CrewStatus.EN_ROUTE) -> Status:
    """A status so many seconds into the morning."""
    return Status(at=MORNING + timedelta(seconds=seconds), status=which, source=Source.CREW)


def message(*lines: bytes, on: str = STATUS, at: datetime = MORNING) -> Message:
    """One MQTT message."""
    return Message(on, b"\n".join(lines), at)


async def accept(url: str, *messages: Message) -> tuple[Accepted, Intake]:
    """One batch through an intake of its own."""
    intake = Intake(MORNING)
    async with open_pool(url, 2) as pool:
        accepted = await Acceptance(pool, Enrolment(CENTRE, lambda _: None), intake).accept(messages, MORNING)
    return accepted, intake


def rows(url: str) -> list[tuple[Any, ...]]:
    """What the table holds."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT unit, outbox, seq, kind, value, said_at FROM reports ORDER BY 1, 2, 3")
        return found.fetchall()


def kept(url: str) -> list[str]:
    """Reasons in the quarantine."""
    with psycopg.connect(url) as connection:
        return [reason for (reason,) in connection.execute("SELECT reason FROM quarantine ORDER BY id")]


async def test_a_report_is_stored_once_and_receipted_each_time(cleared_url: str) -> None:
    """A duplicate changes nothing, and the unit is told again."""
    line = reports.encode(7, status(0))
    for attempt in range(2):
        accepted, intake = await accept(cleared_url, message(line), message(line))
        assert accepted.handled[UNIT, "box"].stored == [7, 7]
        assert intake.reports == (1 if attempt == 0 else 0)
    assert [row[:5] for row in rows(cleared_url)] == [(UNIT, "box", 7, "status", "en-route")]
    assert kept(cleared_url) == []


async def test_a_number_that_stands_for_something_else_goes_to_the_quarantine(cleared_url: str) -> None:
    """Whichever came first stays; the other is kept with its reason and receipted so."""
    await accept(cleared_url, message(reports.encode(7, status(0))))
    accepted, _ = await accept(cleared_url, message(reports.encode(7, status(0, CrewStatus.ON_SCENE))))
    assert accepted.handled[UNIT, "box"].quarantined == [7]
    assert not accepted.handled[UNIT, "box"].stored
    assert not accepted.said.reports
    assert [row[4] for row in rows(cleared_url)] == ["en-route"]
    assert kept(cleared_url) == [Reason.CONTRADICTION]


async def test_what_cannot_be_read_is_kept_and_receipted_so_and_takes_no_other_with_it(cleared_url: str) -> None:
    """One bad line among good ones."""
    good, bad = reports.encode(1, status(0)), b'{"n":2,"kind":"dance","c":"2026-11-22T01:02:03Z"}'
    accepted, _ = await accept(cleared_url, message(good, bad, b"noise", reports.encode(3, status(1))))
    assert accepted.handled[UNIT, "box"].stored == [1, 3]
    assert accepted.handled[UNIT, "box"].quarantined == [2]
    assert kept(cleared_url) == [Reason.PAYLOAD, Reason.PAYLOAD]


async def test_a_stranger_is_kept_whole_and_taken_in_once_enrolled(cleared_url: str) -> None:
    """Nothing that a crew said before somebody enrolled its unit is lost."""
    stranger = topic("ambulans-77", "status/box")
    accepted, _ = await accept(cleared_url, message(reports.encode(1, status(0)), on=stranger))
    assert accepted.handled["ambulans-77", "box"].quarantined == [1]
    assert rows(cleared_url) == []
    assert kept(cleared_url) == [Reason.NOT_ENROLLED]
    await enrol_units(cleared_url, ids=("ambulans-77",))
    async with open_pool(cleared_url, 2) as pool:
        assert await take_in_kept(pool, CENTRE, "ambulans-77", MORNING) == 1
    assert [row[:4] for row in rows(cleared_url)] == [("ambulans-77", "box", 1, "status")]
    assert kept(cleared_url) == []


async def test_a_clock_that_runs_ahead_is_not_right_about_the_future(cleared_url: str) -> None:
    """Its report counts as said when it was received; its own time is kept beside it."""
    ahead = MORNING + timedelta(hours=3)
    await accept(
        cleared_url, message(reports.encode(1, Status(at=ahead, status=CrewStatus.AVAILABLE, source=Source.CREW)))
    )
    assert rows(cleared_url)[0][5] == MORNING


async def test_any_order_gives_the_same_table(cleared_url: str) -> None:
    """Rising, falling, twice, in one batch or in many."""
    said: list[Report] = [
        status(0),
        Input(at=MORNING, name="siren", on=True),
        Emergency(at=MORNING, raised=True, since=MORNING, source=Source.CREW),
        status(9, CrewStatus.ON_SCENE),
    ]
    lines = [reports.encode(number, report) for number, report in enumerate(said, 1)]
    await accept(cleared_url, message(*lines))
    wanted = rows(cleared_url)
    assert len(wanted) == 4
    for order in ([3, 2, 1, 0], [2, 0, 3, 1, 0, 3]):
        with psycopg.connect(cleared_url, autocommit=True) as connection:
            connection.execute("TRUNCATE reports")
        for number in order:
            await accept(cleared_url, message(lines[number]))
        assert rows(cleared_url) == wanted


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'{"at":"soon"}', b'{"at":"2026-11-22T01:02:03"}', b"\xff" * 20_000]
)
async def test_health_that_is_none_goes_to_the_quarantine(cleared_url: str, body: bytes) -> None:
    """And nothing else happens."""
    await accept(cleared_url, message(body, on=topic(UNIT, "health")))
    assert len(kept(cleared_url)) == 1


async def test_the_newest_health_stays(cleared_url: str) -> None:
    """An older one that comes late does not take its place."""
    for minute in (2, 1):
        at = (datetime(2026, 11, 21, 3, minute, tzinfo=UTC)).isoformat()
        await accept(
            cleared_url, message(b'{"at":"%b","outbox_depth":%d}' % (at.encode(), minute), on=topic(UNIT, "health"))
        )
    with psycopg.connect(cleared_url) as connection:
        assert [body for (body,) in connection.execute("SELECT body::json->>'outbox_depth' FROM unit_health")] == ["2"]
