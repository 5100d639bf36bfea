"""Messages handed straight to the acceptance, as a broker without limits would: whatever they are, nothing crashes,
nothing suspect is stored as good, and each is found again with its reason."""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.rows import dict_row

from gateway.services.accept_messages import Acceptance, Accepted, Handled, Message
from gateway.services.count import Intake
from gateway.services.enrolment import Enrolment
from gateway.storage.pool import open_pool
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING, epoch, gga, rmc, sentence, topic
from tracker.fix import Quality
from tracker.wire.payload import encode_epoch
from tracker.wire.topics import MAX_PAYLOAD

NOW = MORNING + timedelta(seconds=1)
UNIT = "ambulans-01"
BOX = (UNIT, "box")


class Gate:
    """An acceptance on a database of the test's own, and a look at what it left there."""

    def __init__(self, url: str, acceptance: Acceptance, intake: Intake) -> None:
        self.url = url
        self.acceptance = acceptance
        self.intake = intake

    async def accept(self, *messages: Message) -> Accepted:
        """One batch."""
        return await self.acceptance.accept(messages, NOW)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All of a table, read over a connection of its own: only what is committed."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(f"TABLE {table}".encode()).fetchall()

    def run(self, statement: str) -> None:
        """Change the database behind the gateway's back."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture
async def gate(cleared_url: str) -> AsyncIterator[Gate]:
    """An acceptance of the centre, its units enrolled."""
    async with open_pool(cleared_url, 1) as pool:
        intake = Intake(NOW)
        yield Gate(cleared_url, Acceptance(pool, Enrolment(CENTRE, lambda _: None), intake), intake)


def message(payload: bytes, to: str = topic(UNIT)) -> Message:
    return Message(to, payload, NOW)


async def test_a_good_epoch_is_stored_counted_and_receipted(gate: Gate) -> None:
    """One row with the values of the sentences, and its number under ``stored``; nothing in quarantine."""
    accepted = await gate.accept(message(epoch(7, MORNING)))
    (row,) = gate.rows("fixes")
    assert (row["centre"], row["unit"], row["source"], row["fix_time"]) == (CENTRE, UNIT, "gnss", MORNING)
    assert (row["latitude"], row["longitude"]) == pytest.approx((-7.15, 111.88), abs=1e-9)
    assert row["speed"] == pytest.approx(0)
    assert (row["quality"], row["outbox"], row["sequence"], row["received_at"]) == (0, "box", 7, NOW)
    assert accepted.handled == {BOX: Handled(stored=[7])}
    assert (gate.intake.received, gate.intake.stored, gate.intake.duplicate) == (1, 1, 0)
    assert gate.rows("quarantine") == []


async def test_a_second_delivery_is_receipted_again_and_changes_nothing(gate: Gate) -> None:
    """The unit may have missed the first receipt: it must hear it again, and the table must not notice."""
    await gate.accept(message(epoch(7, MORNING)))
    before = gate.rows("fixes")
    accepted = await gate.accept(message(epoch(7, MORNING)), message(epoch(7, MORNING)))
    assert gate.rows("fixes") == before
    assert accepted.handled == {BOX: Handled(stored=[7, 7])}
    assert (gate.intake.stored, gate.intake.duplicate) == (1, 2)


async def test_a_contradiction_is_kept_with_its_bytes_and_receipted_as_quarantined(gate: Gate) -> None:
    """The first stays; the second is in the quarantine, whole, and the unit may forget it."""
    await gate.accept(message(epoch(7, MORNING)))
    other = epoch(8, MORNING, latitude=-7.16)
    accepted = await gate.accept(message(other))
    (row,) = gate.rows("fixes")
    assert row["latitude"] == pytest.approx(-7.15)
    (kept,) = gate.rows("quarantine")
    assert (kept["reason"], kept["payload"], kept["topic"]) == ("contradiction", other, topic(UNIT))
    assert accepted.handled == {BOX: Handled(quarantined=[8])}
    assert accepted.rows == []
    assert gate.intake.quarantined == Counter({"contradiction": 1})


class Bad(NamedTuple):
    """Something bad, and where it must be found again."""

    payload: bytes
    reason: str
    to: str = topic(UNIT)


GOOD_LINE = rmc(MORNING)
BAD = {
    "wrong checksum": Bad(GOOD_LINE[:-2] + b"00", "checksum"),
    "cut line": Bad(GOOD_LINE[:40], "truncated"),
    "binary noise": Bad(bytes(set(range(256)) - {10, 13}), "not-nmea"),
    "nothing": Bad(b"", "not-nmea"),
    "NUL bytes": Bad(b"\x00" * 300, "not-nmea"),
    "a TAG block cut": Bad(epoch(1, MORNING)[:20], "tag-block"),
    "a TAG block alone": Bad(encode_epoch("gnss", 4, MORNING, [GOOD_LINE]).split(b"$")[0], "truncated"),
    "latitude 91": Bad(sentence("GPRMC,030405,A,9100.00000,S,11152.80000,E,20.0,87.1,211126,,,A"), "out-of-range"),
    "a field of letters": Bad(sentence("GPRMC,030405,A,abcd.00000,S,11152.80000,E,20.0,87.1,211126,,,A"), "field"),
    "two places at one time": Bad(
        encode_epoch("gnss", 4, MORNING, [rmc(MORNING), gga(MORNING, latitude=-8.0)]), "disagreement"
    ),
    "1 MB": Bad(epoch(1, MORNING) * (2**20 // len(epoch(1, MORNING)) + 1), "oversize"),
    "not enrolled": Bad(epoch(1, MORNING), "not-enrolled", topic("ambulans-99")),
    "another centre": Bad(epoch(1, MORNING), "topic", topic(UNIT, centre="tuban")),
    "a unit id in capitals": Bad(epoch(1, MORNING), "unit-id", topic("AMBULANS-01")),
    "a unit id too long": Bad(epoch(1, MORNING), "unit-id", topic("a" * 33)),
    "an outbox outside the pattern": Bad(epoch(1, MORNING), "unit-id", topic(UNIT, "live/-")),
    "a topic that was no UTF-8": Bad(epoch(1, MORNING), "unit-id", topic("\\xff\\xfe")),
    "a topic with a NUL": Bad(epoch(1, MORNING), "unit-id", topic("a\x00b")),
    "a topic with half a surrogate": Bad(epoch(1, MORNING), "unit-id", topic("\ud800")),
    "a topic of nobody": Bad(epoch(1, MORNING), "topic", "sigap/v1"),
    "a channel of nobody": Bad(epoch(1, MORNING), "topic", topic(UNIT, "gossip")),
    "presence that is no JSON": Bad(b"online", "payload", topic(UNIT, "presence")),
    "presence of another shape": Bad(b'{"online":"perhaps"}', "payload", topic(UNIT, "presence")),
    "presence nested without end": Bad(b'{"online":true,"more":' + b"[" * 15_000, "payload", topic(UNIT, "presence")),
    "presence that is no UTF-8": Bad(b'{"online":true,"boot":"\xff"}', "payload", topic(UNIT, "presence")),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_read_is_found_in_quarantine_with_its_reason(gate: Gate, name: str) -> None:
    """No row, one entry with reason, sentence and the raw bytes (of an oversized one, its beginning)."""
    bad = BAD[name]
    await gate.accept(message(bad.payload, bad.to))
    assert gate.rows("fixes") == []
    (kept,) = gate.rows("quarantine")
    assert kept["reason"] == bad.reason
    assert kept["payload"] in bad.payload
    assert len(kept["payload"]) <= MAX_PAYLOAD
    assert kept["detail"]
    assert "\n" not in kept["detail"]
    assert gate.intake.quarantined == Counter({bad.reason: 1})
    assert gate.intake.received == 1


async def test_all_of_it_in_one_batch_neither_harms_the_good_nor_each_other(gate: Gate) -> None:
    """Counters and quarantine hold each of them by its reason; the good fix between them is stored and receipted."""
    bad = [message(each.payload, each.to) for each in BAD.values()]
    accepted = await gate.accept(*bad, message(epoch(9, MORNING)), *bad)
    (row,) = gate.rows("fixes")
    assert (row["sequence"], row["quality"]) == (9, 0)
    assert accepted.handled[BOX].stored == [9]
    expected = Counter(each.reason for each in BAD.values())
    assert Counter(kept["reason"] for kept in gate.rows("quarantine")) == expected
    assert {kept["times_seen"] for kept in gate.rows("quarantine")} == {2}
    assert gate.intake.quarantined == Counter({reason: 2 * count for reason, count in expected.items()})
    assert gate.intake.received == 2 * len(BAD) + 1


def ago(year: int) -> datetime:
    return datetime(year, 11, 21, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "flags"),
    [
        pytest.param(encode_epoch("gnss", 1, None, [rmc(ago(1980))]), Quality.PAST, id="1980"),
        pytest.param(
            encode_epoch("gnss", 1, None, [sentence("GPZDA,030405,21,11,2080,00,00"), gga(MORNING)]),
            Quality.FUTURE, id="2080",
        ),
        pytest.param(encode_epoch("gnss", 1, MORNING, [rmc(ago(1999))]), None, id="1999, disputed or repaired"),
        pytest.param(epoch(1, MORNING, 0.0, 0.0), Quality.NULL_ISLAND, id="0, 0"),
        pytest.param(epoch(1, MORNING + timedelta(minutes=2)), Quality.FUTURE, id="two minutes ahead"),
        pytest.param(
            encode_epoch("gnss", 1, MORNING, [gga(MORNING, quality=6)]), Quality.NOT_MEASURED, id="reckoned"
        ),
        pytest.param(encode_epoch("gnss", 1, None, [gga(MORNING)]), Quality.DATED_ON_RECEIPT, id="no date at all"),
    ],
)  # fmt: skip
async def test_what_is_suspect_is_stored_with_its_flag(gate: Gate, payload: bytes, flags: Quality | None) -> None:
    """Nothing is thrown away, nothing suspect is good: stored, receipted, and counted under the flag's name."""
    accepted = await gate.accept(message(payload))
    (row,) = gate.rows("fixes")
    assert row["quality"] != 0
    if flags is not None:
        assert Quality(row["quality"]) == flags
    assert accepted.handled == {BOX: Handled(stored=[1])}
    assert gate.intake.flagged == Counter(Quality(row["quality"]).reasons)


async def test_an_epoch_without_a_fix_is_declined_and_receipted(gate: Gate) -> None:
    """The receiver says that it has no position: nothing to store, nothing wrong, and the unit may forget it."""
    void = sentence("GPRMC,030405,V,,,,,,,211126,,,N")
    accepted = await gate.accept(message(encode_epoch("gnss", 3, MORNING, [void])))
    assert accepted.handled == {BOX: Handled(declined=[3])}
    assert gate.rows("fixes") == []
    assert gate.rows("quarantine") == []
    assert gate.intake.declined == Counter({"no-fix": 1})


async def test_a_bad_line_does_not_take_its_epoch_along(gate: Gate) -> None:
    """The good sentences of the epoch are stored; the bad line is kept; the number is receipted."""
    payload = encode_epoch("gnss", 3, MORNING, [rmc(MORNING), gga(MORNING)[:-2] + b"00"])
    accepted = await gate.accept(message(payload))
    assert [row["sequence"] for row in gate.rows("fixes")] == [3]
    assert [kept["reason"] for kept in gate.rows("quarantine")] == ["checksum"]
    assert accepted.handled[BOX].stored == [3]


async def test_a_stranger_is_heard_as_soon_as_it_is_enrolled(gate: Gate) -> None:
    """Nobody waits ten seconds for the next look at the list."""
    await gate.accept(message(epoch(1, MORNING), topic("ambulans-99")))
    gate.run("INSERT INTO units SELECT centre, 'ambulans-99', name, kind FROM units WHERE id = 'ambulans-01'")
    await gate.accept(message(epoch(2, MORNING), topic("ambulans-99")))
    assert [row["sequence"] for row in gate.rows("fixes")] == [2]


async def test_the_quarantine_keeps_each_message_once_and_counts(gate: Gate) -> None:
    """A device that sends the same rubbish all day does not fill the disk; first and last time tell how long."""
    for second in range(3):
        later = NOW + timedelta(seconds=second)
        await gate.acceptance.accept([Message(topic(UNIT), b"rubbish", later)], later)
    (kept,) = gate.rows("quarantine")
    assert (kept["times_seen"], kept["first_seen"], kept["last_seen"]) == (3, NOW, NOW + timedelta(seconds=2))
    assert kept["payload"] == b"rubbish"


async def test_a_payload_full_of_equal_rubbish_is_no_weapon(gate: Gate) -> None:
    """Eight thousand equal bad lines in one message are one entry, and take no more than a moment."""
    lines = b"x\n" * (MAX_PAYLOAD // 2)
    began = datetime.now(UTC)
    await gate.accept(*[message(lines)] * 4)
    assert datetime.now(UTC) - began < timedelta(seconds=5)
    (kept,) = gate.rows("quarantine")
    assert (kept["payload"], kept["times_seen"]) == (b"x", 4 * (MAX_PAYLOAD // 2))


REFUSES = """
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence = 13 THEN {what}; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON fixes FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@pytest.fixture
def refusing(gate: Gate) -> Iterator[Callable[[str], None]]:
    """Makes the database object to sequence number 13, in the way that is given."""
    yield lambda what: gate.run(REFUSES.format(what=what))
    gate.run("DROP TRIGGER refuse ON fixes")


@pytest.mark.parametrize(
    "what",
    ["RAISE EXCEPTION 'no thirteens'", "RAISE check_violation", "PERFORM 1 / 0", "RAISE invalid_text_representation"],
)
async def test_a_message_that_the_database_refuses_does_not_block_the_others(
    gate: Gate, refusing: Callable[[str], None], what: str
) -> None:
    """It is kept in quarantine with what the database said, and receipted so; the rest of its batch is stored."""
    refusing(what)
    messages = [message(epoch(n, MORNING + timedelta(seconds=n))) for n in range(10, 16)]
    accepted = await gate.accept(*messages)
    assert sorted(row["sequence"] for row in gate.rows("fixes")) == [10, 11, 12, 14, 15]
    assert accepted.handled == {BOX: Handled(stored=[10, 11, 12, 14, 15], quarantined=[13])}
    (kept,) = gate.rows("quarantine")
    assert (kept["reason"], kept["payload"]) == ("storage", messages[3].payload)
    assert gate.intake.stored == 5
    assert gate.intake.quarantined == Counter({"storage": 1})
    assert len(accepted.rows) == 5


async def test_nothing_of_a_batch_stands_when_its_commit_fails(gate: Gate, refusing: Callable[[str], None]) -> None:
    """No counter, no receipt, no row: the whole batch is tried again."""
    refusing("RAISE deadlock_detected")
    with pytest.raises(psycopg.OperationalError):
        await gate.accept(*[message(epoch(n, MORNING + timedelta(seconds=n))) for n in range(10, 16)])
    assert gate.rows("fixes") == []
    assert (gate.intake.received, gate.intake.stored) == (0, 0)


async def test_payloads_travel_through_the_quarantine_unchanged(gate: Gate) -> None:
    """Every byte value, so that whoever looks into it sees what was sent."""
    payload = bytes(range(1, 10)) + bytes(range(11, 13)) + bytes(range(14, 256))
    await gate.accept(message(payload))
    kept: Sequence[dict[str, Any]] = gate.rows("quarantine")
    assert base64.b64encode(b"".join(each["payload"] for each in kept)) == base64.b64encode(payload)
