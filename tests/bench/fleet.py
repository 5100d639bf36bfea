"""A mass of simulated units from one process: does it keep its pace, and what does it take?

    python -m tests.bench.fleet [--units 5000] [--interval 5] [--seconds 60] [--parts broker gateway]

Each unit has a connection, an uplink and an outbox of its own; the outboxes are in memory. Of the parts, `broker` has
a broker and nobody behind it, `gateway` has one that stores and receipts, too. Everything shares this machine. One line
of `key=value` each:

    epochs_per_s   what the receivers said; the aim is units / interval
    sent           handed to the broker by the end of the drive
    behind_s_p99   how late a fix was handed to its uplink, against its own time
    cpu_share      of one core, of the simulator alone, while it drives
    stored_per_s   rows in the database by the end of the drive, over its seconds
    drain_s        from the end of the drive until nothing waited any more
"""

import argparse
import asyncio
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg

from gateway.demo.broker import Mosquitto
from gateway.demo.child import Child
from gateway.demo.database import EmbeddedPostgres
from gateway.storage import units as enrolled
from gateway.storage.migrations import migrate
from gateway.storage.units import Unit

CENTRE = "bench"
_READY_S = 30.0
_FILES = 20_000


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=5000)
    parser.add_argument("--interval", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--parts", nargs="+", choices=("broker", "gateway"), default=["broker"])
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    print(f"machine cores={os.cpu_count()} load={os.getloadavg()[0]:.1f}", flush=True)
    for part in options.parts:
        print(measured(options, gateway=part == "gateway"), flush=True)


def measured(options: argparse.Namespace, *, gateway: bool) -> str:
    """One run, as a line."""
    with ExitStack() as parts:
        # The servers run as accounts of their own when we are root, and must be able to enter.
        directory = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="sigap-bench-")))
        directory.chmod(0o711)
        broker = Mosquitto(directory / "mosquitto")
        broker.start()
        parts.callback(broker.stop)
        url = _centre(directory, parts, broker.port, options.units) if gateway else None
        began = time.monotonic()
        with subprocess.Popen(_fleet(options, broker.port, 120 if gateway else 0), stdout=subprocess.PIPE) as fleet:
            parts.callback(fleet.kill)
            assert fleet.stdout is not None
            figures = fleet.stdout.readline().decode().strip()
            ended = time.monotonic()
            stored = asyncio.run(_rows(url)) if url is not None else 0
            total = fleet.stdout.read().decode().splitlines()[-1]
            fleet.wait()
            drained = time.monotonic() - ended
        counts = dict(re.findall(r"(\w+)=(\d+)", total))
        line = f"{'gateway' if gateway else 'broker-only'} {figures} sent={counts['sent']}"
        line += f" connected_after_s={ended - began - options.seconds:.0f}"
        if url is not None:
            kept = asyncio.run(_rows(url))
            line += f" stored_per_s={stored / options.seconds:.0f} stored={kept} receipted={counts['receipted']}"
            line += f" waiting={counts['waiting']} drain_s={drained:.1f}"
        return line


def _fleet(options: argparse.Namespace, port: int, drain_s: float) -> list[str]:
    command = [sys.executable, "-m", "fieldunit", "simulate", "--scenario", "mass", "--outbox", "memory", "--figures"]
    command += ["--units", str(options.units), "--rate", str(1 / options.interval), "--for", str(options.seconds)]
    return [*command, "--drain", str(drain_s), "--broker", f"127.0.0.1:{port}", "--centre", CENTRE]


def _centre(directory: Path, parts: ExitStack, port: int, units: int) -> str:
    """A database in which the units are enrolled, and a gateway on it; the address of the database."""
    database = EmbeddedPostgres(directory / "postgres")
    database.start()
    parts.callback(database.stop)
    database.ensure_database(CENTRE)
    url = database.url(CENTRE)
    asyncio.run(_enrol(url, units))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SIGAP_")}
    environment = kept | {
        "SIGAP_CENTRE": CENTRE,
        "SIGAP_DATABASE_URL": url,
        "SIGAP_MQTT_PORT": str(port),
        "SIGAP_HTTP_PORT": "0",
    }
    command = [sys.executable, "-m", "gateway", "serve"]
    child = Child("gateway", command, directory / "gateway.log", environment=environment)
    parts.callback(child.stop, 15.0)
    child.wait_ready(lambda: "board=" in child.log.read_text(), _READY_S)
    return url


async def _enrol(url: str, count: int) -> None:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await migrate(connection)
        for number in range(1, count + 1):
            await enrolled.enrol(connection, CENTRE, Unit(f"ambulans-{number:02d}", f"Unit {number}", "ambulance"))
        await connection.commit()


async def _rows(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute("SELECT count(*) FROM fixes")
        (count,) = await cursor.fetchone() or (0,)
        return int(count)


if __name__ == "__main__":
    main()
