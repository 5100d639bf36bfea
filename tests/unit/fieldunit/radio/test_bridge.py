"""From the port's bytes to the outbox."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from fieldunit.outbox import MemoryOutbox
from fieldunit.radio.bridge import Bridge, Spoken
from fieldunit.radio.table import Table
from tests.unit.tracker.wire.test_kenwood import PKLDS, pklds, signed
from tests.unit.tracker.wire.test_taip import EXAMPLE
from tracker.wire import reports
from tracker.wire.reports import CrewStatus, Emergency, Status

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
TABLE = Table({"fs-100-1001": "ambulans-01"}, {"fs-80": "en-route", "fs-12": "emergency", "fs-13": "emergency-over"})


class Room:
    """A bridge with an outbox in memory, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryOutbox()
        self.told: list[str] = []
        self.seqs: list[int] = []
        self.start()

    def start(self) -> None:
        """As after a restart, with the same outbox."""
        self.bridge = Bridge(self.store, lambda: TABLE, self.folder / "induk.codes", self.seqs.append, self.told.append)

    @property
    def reports(self) -> list[tuple[str, reports.Report]]:
        """The reports that wait, each with its radio."""
        spoken = [msgspec.json.decode(item.body, type=Spoken) for item in self.store.reports(100)]
        return [(each.radio, reports.read_body(bytes(each.report))) for each in spoken]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A new one."""
    return Room(tmp_path)


def test_a_message_is_kept_under_its_radio_as_it_came(room: Room) -> None:
    """Known or not; with the bridge's time beside it; whoever is unknown is told once."""
    unknown = signed("PKNSH,0709.0000,S,11152.8000,E,122434,A,U00007,")
    room.bridge.hear(b"\x02" + PKLDS + b"\x03" + unknown + unknown + EXAMPLE, NOW)
    kept = [(item.source, item.device_time, item.lines) for item in room.store.oldest(10)]
    assert kept == [
        ("fs-100-1001", NOW, (PKLDS,)),
        ("nx-7", NOW, (unknown,)),
        ("nx-7", NOW, (unknown,)),
        ("taip-1234", NOW, (EXAMPLE,)),
    ]
    assert len(room.seqs) == room.bridge.heard == 5  # and one report: 80 is en-route
    assert sum("nx-7" in sentence for sentence in room.told) == 1


def test_a_status_code_is_said_once_until_another_comes(room: Room) -> None:
    """A radio repeats its code with each position; a restart of the bridge does not say it again either."""
    room.bridge.hear(pklds() + pklds(), NOW)
    room.start()
    room.bridge.hear(pklds() + signed("PKLID,00,100,1001,12,00,") + signed("PKLID,00,100,1001,13,00,") + pklds(), NOW)
    assert [
        report.status if isinstance(report, Status) else isinstance(report, Emergency) and report.raised
        for _, report in room.reports
    ] == [CrewStatus.EN_ROUTE, True, False, CrewStatus.EN_ROUTE]
    assert {name for name, _ in room.reports} == {"fs-100-1001"}


def test_the_end_of_an_emergency_names_the_one_it_ends(room: Room) -> None:
    """By when it was raised, as a vehicle does; its own time is its own."""
    room.bridge.hear(signed("PKLID,00,100,1001,12,00,"), NOW)
    room.bridge.hear(signed("PKLID,00,100,1001,13,00,"), NOW + timedelta(minutes=5))
    (_, raised), (_, over) = room.reports
    assert isinstance(raised, Emergency)
    assert isinstance(over, Emergency)
    assert (raised.raised, over.raised) == (True, False)
    assert raised.since == over.since == NOW
    assert over.at == NOW + timedelta(minutes=5)


def test_a_code_that_is_not_in_the_table_is_told_and_the_position_kept(room: Room) -> None:
    """Once."""
    for _ in range(2):
        room.bridge.hear(signed("PKLID,00,100,1001,44,00,") + signed("PKLID,00,100,1001,45,00,"), NOW)
    assert room.reports == []
    assert sum("fs-44" in sentence for sentence in room.told) == 1


def test_void_positions_and_damaged_messages_are_counted(room: Room) -> None:
    """They are not sent; noise is not counted at all."""
    room.bridge.hear(pklds(status="V") + PKLDS[:-1] + b"1\r\n" + b"\xff\x00#'" + PKLDS[:30] + b"\r\n", NOW)
    assert room.store.depth == 1  # the report of code 80
    assert (room.bridge.no_fix, dict(room.bridge.refused)) == (1, {"checksum": 1, "truncated": 1})


def test_a_clock_that_was_never_set_dates_nothing(room: Room) -> None:
    """In 1970: the sentence's own date stands alone, and no status is said with a wrong time."""
    room.bridge.hear(PKLDS, datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    assert [item.device_time for item in room.store.oldest(10)] == [None]
    assert room.reports == []


def test_nmea_without_an_id_is_nobodys(room: Room) -> None:
    """Told once, not sent; with an id it is that radio's."""
    rmc = b"$GPRMC,081836,A,3751.65,S,14507.36,E,000.0,360.0,130998,011.3,E*62\r\n"
    room.bridge.hear(rmc + rmc + b"17 " + rmc, NOW)
    assert [item.source for item in room.store.oldest(10)] == ["nmea-17"]
    assert sum("whose" in sentence for sentence in room.told) == 1
