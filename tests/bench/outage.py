"""72 hours without coverage, and then it comes back: how large the outbox is, how fast it drains, how fresh the map is.

    python -m tests.bench.outage [--hours 72] [--report FILE]

The time without coverage is virtual: 259,200 fixes of one a second are appended as fast as the disk takes them. The
rest is true: the unit's own uplink, a Mosquitto, the gateway's program, a PostgreSQL, all on this machine; and while
the outbox drains, the unit goes on reporting once a second. The age of the live position is asked of the database ten
times a second: the time since the newest fix that is committed there.
"""

import argparse
import asyncio
import os
import random
import resource
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg

from fieldunit.agent.unit import Report, Station, Unit, open_units
from fieldunit.outbox import Epoch, Outbox, outbox_path
from fieldunit.uplink.broker import Broker
from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.fix_gateway import CENTRE, Gateway, enrol_units
from tests.gateway_traffic import coordinates, sentence

UNIT_ID = "ambulans-01"
_BATCH = 60
_LOOK_S = 0.1
_PATIENCE_S = 1200.0


class Outage(NamedTuple):
    """What came out."""

    fixes: int  # that were waiting
    peak_bytes: int  # of the outbox's files, while it filled
    drained_per_s: float
    live_age_p95_s: float
    live_age_worst_s: float
    stored: int  # rows in the database in the end, the live ones among them
    offered: int
    unit_cpu_share: float  # of one core, while it drained
    unit_peak_bytes: int  # resident, of the process with the unit
    traffic_bytes: int  # over the mobile network, headers among it

    def lines(self) -> list[str]:
        """As they are printed."""
        return [
            f"fixes={self.fixes}",
            f"outbox_mb={self.peak_bytes / 1e6:.1f}",
            f"drained_per_s={self.drained_per_s:.0f}",
            f"live_age_p95_s={self.live_age_p95_s:.2f}",
            f"live_age_worst_s={self.live_age_worst_s:.2f}",
            f"stored={self.stored} of {self.offered}",
            f"unit_cpu_percent={100 * self.unit_cpu_share:.1f}",
            f"unit_rss_mb={self.unit_peak_bytes / 1e6:.0f}",
            f"bytes_a_fix={self.traffic_bytes / self.fixes:.0f}",
        ]


class Drive:
    """A vehicle whose receiver gives RMC and GGA, with digits that are as random as true ones."""

    def __init__(self) -> None:
        self._chance = random.Random(72)
        self._north, self._east = -7.15, 111.88

    def report(self, at: datetime) -> Report:
        """The epoch of a second."""
        chance = self._chance
        self._north += chance.uniform(-1e-4, 1e-4)
        self._east += chance.uniform(-1e-4, 1e-4)
        clock, place = f"{at:%H%M%S}.00", coordinates(self._north, self._east)
        speed, course = f"{chance.uniform(0, 40):.2f}", f"{chance.uniform(0, 360):.1f}"
        lines = (
            sentence(f"GNRMC,{clock},A,{place},{speed},{course},{at:%d%m%y},,,A"),
            sentence(f"GNGGA,{clock},{place},1,{chance.randrange(5, 13):02d},{chance.uniform(0.6, 2):.2f},"
                     f"{chance.uniform(10, 60):.1f},M,21.3,M,,"),
        )  # fmt: skip
        return Report(Epoch("gnss", at, lines), at)


def fill(state: Path, drive: Drive, begin: datetime, seconds: int) -> int:
    """Append a fix for each second; the most bytes that the outbox's files had."""
    peak = 0
    with Outbox(outbox_path(state, UNIT_ID)) as outbox:
        for first in range(0, seconds, _BATCH):
            times = [begin + timedelta(seconds=at) for at in range(first, min(first + _BATCH, seconds))]
            outbox.append_many(drive.report(time).epoch for time in times)
            if first % (100 * _BATCH) == 0:
                peak = max(peak, outbox.statistics().bytes)
        told = outbox.statistics()
        assert (told.depth, dict(told.lost)) == (seconds, {})
        return max(peak, told.bytes)


def drain(state: Path, drive: Drive, port: int, database: str, fixes: int, peak: int) -> Outage:
    """Connect, go on reporting once a second, and measure until nothing waits."""
    station = Station(CENTRE, Broker("127.0.0.1", port), state, None, print)
    ages: list[float] = []
    stop = threading.Event()
    watching = threading.Thread(target=_watch, args=(database, ages, stop))
    offered = fixes
    with open_units(station, [UNIT_ID], 1.0) as ([unit], network):
        began, cpu = time.monotonic(), time.process_time()
        watching.start()
        drained_s = None
        while drained_s is None or len(ages) < 50:
            due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
            while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
                if unit.tally().waiting <= 2 and drained_s is None:
                    drained_s = time.monotonic() - began
                    cpu = time.process_time() - cpu
                time.sleep(min(left, 0.05))
            unit.report(drive.report(due))
            offered += 1
            network.check()
            assert time.monotonic() - began < _PATIENCE_S, unit.tally()
        stop.set()
        watching.join()
        deadline = time.monotonic() + 60
        while unit.tally().waiting and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        assert isinstance(unit, Unit)
        traffic = unit.traffic.total
    ages.sort()
    with psycopg.connect(database) as connection:
        ((stored,),) = connection.execute("SELECT count(*) FROM fixes WHERE unit = %s", (UNIT_ID,)).fetchall()
    return Outage(
        fixes, peak, fixes / drained_s, ages[int(0.95 * len(ages))], ages[-1], stored, offered, cpu / drained_s,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, traffic,
    )  # fmt: skip


def _watch(database: str, ages: list[float], stop: threading.Event) -> None:
    """Note the age of the newest fix, from the first that is of the present on."""
    newest = "SELECT fix_time FROM fixes WHERE unit = %s ORDER BY fix_time DESC LIMIT 1"
    began = datetime.now(UTC)
    with psycopg.connect(database, autocommit=True) as connection:
        while not stop.wait(_LOOK_S):
            rows = connection.execute(newest, (UNIT_ID,)).fetchall()
            now = datetime.now(UTC)
            if rows and rows[0][0] > began:
                ages.append((now - rows[0][0]).total_seconds())


def run(hours: float) -> Outage:
    """All of it, on servers of its own."""
    with ExitStack() as parts:
        directory = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="sigap-outage-")))
        directory.chmod(0o711)
        database, broker = EmbeddedPostgres(directory / "postgres"), Mosquitto(directory / "mosquitto")
        for server in (database, broker):
            server.start()
            parts.callback(server.stop)
        database.ensure_database("sigap")
        asyncio.run(enrol_units(database.url("sigap")))
        gateway = Gateway(directory, database_url=database.url("sigap"), mqtt_port=broker.port)
        gateway.start()
        parts.callback(gateway.kill)
        state = directory / "state"
        state.mkdir()
        drive, fixes = Drive(), round(hours * 3600)
        peak = fill(state, drive, datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=fixes), fixes)
        return drain(state, drive, broker.port, database.url("sigap"), fixes, peak)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when nothing was lost and the goals of the promise hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=72.0)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    outage = run(options.hours)
    text = "\n".join([f"hours={options.hours:g} cores={os.cpu_count()}", *outage.lines()])
    print(text)
    if options.report is not None:
        options.report.write_text(text + "\n")
    holds = (
        outage.stored == outage.offered
        and outage.peak_bytes <= 60_000_000
        and outage.drained_per_s >= 500
        and outage.live_age_p95_s <= 5
    )
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
