"""Recorded receivers, as four units, through a real broker into the database: each fix once, and again nothing.

What must be there is computed from the files by the decoder alone, without outbox, uplink, broker, gateway or SQL.
"""

import asyncio
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from gateway.demo.broker import Mosquitto
from tests.fix_gateway import CENTRE, Gateway, MakeGateway, enrol_units
from tracker.fix import Fix
from tracker.wire import payload
from tracker.wire.framing import SentenceFramer
from tracker.wire.payload import Reading
from tracker.wire.stream import EpochReader

DATA = Path(__file__).parents[3] / "shared" / "data" / "nmea"

LOGS = {
    "aerorust": DATA / "aerorust_nmea1.log",  # 2017, a fix a second
    "zed-f9p": DATA / "gpsd" / "ublox-zed-f9p_hpg1.11.log",  # 2019, several talkers
    "firefly": DATA / "gpsd" / "firefly-II.log",  # 2010, every other line with a wrong checksum
    "humminbird": DATA / "gpsd" / "humminbird-M37.log",  # 2006, nine instants told twice, with different positions
}
REPLAY_S = 60.0
NOWHERE = datetime(1990, 1, 1, tzinfo=UTC)  # for fixes that need the day of receipt; these logs must have none

pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in LOGS.values()), reason=f"the recorded logs are not in {DATA}"
)


class Expected(NamedTuple):
    """What the decoder finds in one log."""

    fixes: dict[datetime, list[Fix]]  # by fix time; more than one where the log tells an instant twice

    @property
    def repeated(self) -> int:
        """Fixes beyond the first of their instant."""
        return sum(len(found) - 1 for found in self.fixes.values())


def expected_of(log: Path) -> Expected:
    """Read a log sentence by sentence and decode each epoch as if it came over the wire."""
    framer, reader = SentenceFramer(), EpochReader()
    epochs = [
        epoch for line in (*framer.feed(log.read_bytes()), *framer.flush()) for epoch in reader.feed(line)
    ] + reader.flush()
    fixes = defaultdict(list)
    for epoch in epochs:
        message = payload.encode_epoch("gnss", 1, epoch.device_time, epoch.lines)
        for item in payload.decode(message, NOWHERE):
            if isinstance(item, Reading) and item.fix is not None:
                fixes[item.fix.time].append(item.fix)
    return Expected(dict(fixes))


@pytest.fixture(scope="module")
def expected() -> dict[str, Expected]:
    """By unit."""
    return {unit: expected_of(path) for unit, path in LOGS.items()}


@pytest.fixture
def running(make_gateway: MakeGateway, database_url: str, mosquitto: Mosquitto) -> Gateway:
    """`sigap serve` with the four units enrolled."""
    asyncio.run(enrol_units(database_url, ids=tuple(LOGS)))
    gateway = make_gateway(database_url=database_url, mqtt_port=mosquitto.port)
    gateway.start()
    return gateway


def replay(state: Path, broker: Mosquitto) -> subprocess.CompletedProcess[str]:
    """Run `sigap-unit replay` to its end: exit code 4, because the centre keeps some of one log apart."""
    units = [word for unit in LOGS for word in ("--unit", unit)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "fieldunit", "replay", *map(str, LOGS.values()), *units),
            *("--centre", CENTRE, "--broker", f"127.0.0.1:{broker.port}", "--state", str(state)),
            *("--speed", "max", "--drain", str(REPLAY_S)),
        ],
        capture_output=True,
        text=True,
        timeout=REPLAY_S + 30,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    return done


def table(url: str) -> list[dict[str, Any]]:
    """Every stored fix with all its columns, in the order of its key."""
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        return connection.execute("SELECT * FROM fixes ORDER BY unit, source, fix_time").fetchall()


def test_replayed_logs_are_stored_fix_by_fix_and_a_second_replay_adds_nothing(
    expected: dict[str, Expected], running: Gateway, database_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Rows = distinct fixes in the logs; then everything is sent again, by units that remember nothing."""
    distinct = {unit: len(log.fixes) for unit, log in expected.items()}
    assert distinct == {"aerorust": 993, "zed-f9p": 655, "firefly": 23, "humminbird": 24}
    assert {unit: log.repeated for unit, log in expected.items() if log.repeated} == {"humminbird": 9}

    said = replay(tmp_path / "first", mosquitto)
    assert said.stdout.splitlines()[-1] == "units=4 sent=1704 receipted=1704 waiting=0 quarantined=9 declined=0"
    assert "9 fixes lie in the centre's quarantine and not in its tracks" in said.stderr
    assert "enrol" not in said.stderr, "its other fixes were taken, so the unit is enrolled"

    stored = table(database_url)
    keys = {(row["unit"], row["source"], row["fix_time"]) for row in stored}
    assert len(stored) == sum(distinct.values()) == 1695
    assert keys == {(unit, "gnss", time) for unit, log in expected.items() for time in log.fixes}
    for row in stored:
        candidates = expected[row["unit"]].fixes[row["fix_time"]]
        assert (row["latitude"], row["longitude"]) in {(fix.latitude, fix.longitude) for fix in candidates}

    # The nine second positions of one instant are not stored over the first ones: they are kept, and counted.
    counters = running.get("intake")["counters"]
    assert counters["stored"] == 1695
    assert set(counters["quarantined"]) == {"contradiction"}
    assert counters["quarantined"]["contradiction"] >= 9  # a receipt that is late makes the unit say it again
    kept = running.get("quarantine")["messages"]
    assert {(message["reason"], "/humminbird/" in message["topic"]) for message in kept} == {("contradiction", True)}

    replay(tmp_path / "second", mosquitto)
    assert table(database_url) == stored
    assert running.get("intake")["counters"]["stored"] == 1695
