"""What it costs to ask who could be sent: the candidates of an incident among 500 units.

    python -m tests.bench.candidates [--roads FILE.osm.pbf] [--units 500] [--requests 300] [--runs 3] [--report FILE]

A PostgreSQL of its own, the web side of the gateway on a port of loopback, and a client in a process of its own that
asks over one connection, as a board does, and takes the time from its question to the whole answer: the incident from
the database, all drives over the roads, coverage, ranking, reasons, the ten first ways in metres, the best fifty as
JSON. Meanwhile every unit reports once a second (three in five drive, the others stand and their receivers wander), and
one in eight is on a mission that is followed. Incidents are as many places as requests. Each run begins with nothing
remembered, and its first answer counts. Last line: medians over the runs as ``units=... p99_ms=... ...``; the exit
code is 0 if p99 is at most 50 ms by the clock.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
import uvicorn

from gateway.demo.database import EmbeddedPostgres
from gateway.demo.ports import free_port
from gateway.feeds.live import LivePicture
from gateway.http import api
from gateway.http.world import World
from gateway.loading import settle
from gateway.services.arrivals import Arrivals
from gateway.services.count import Intake
from gateway.services.estimate import Estimator
from gateway.services.missions import Missions
from gateway.storage import incidents, register, units
from gateway.storage.migrations import migrate
from gateway.storage.pool import open_pool, type_of_pool
from gateway.storage.units import Unit
from tests.bench.live_eta import roads
from tracker.eta.speeds import prior
from tracker.fix import Fix
from tracker.missions import Incident, Place, Urgency, sent_to
from tracker.register import Agency, UnitDetails
from tracker.roads.engines import CchEngine
from tracker.roads.graph import RoadGraph

CENTRE = "bench"
LIMIT_MS = 50.0
CAPABILITIES = ("als", "stretcher", "obstetric", "oxygen")
AGENCIES = ("dinkes", "pmi", "rsud")
HISTORY = 600
"""Incidents of the last weeks, that coverage learns from."""

SECONDS, BATCHES = 30, 5
"""That are drawn of the fleet; in so many parts a second do its fixes come, as the gateway takes them."""

EVERY_S = 0.1
"""From an answer to the next question."""


class Fleet:
    """Units that report every second, at random places of the network and along its edges; drawn before anything is
    measured, and told again from the start when they come to an end."""

    def __init__(self, graph: RoadGraph, count: int, chance: random.Random) -> None:
        self.names = [f"unit-{number:04d}" for number in range(count)]
        nodes = [chance.randrange(graph.nodes) for _ in self.names]
        places = (graph.node_latitude, graph.node_longitude)
        self._seconds: list[list[tuple[float, float, float | None, float]]] = []
        for _ in range(SECONDS):
            told = []
            for number, node in enumerate(nodes):
                drives = number % 5 < 3
                if drives and chance.random() < 0.1:  # about as often as one passes a junction
                    arcs = (graph.arc_tail == node).nonzero()[0].tolist()
                    node = nodes[number] = int(graph.arc_head[chance.choice(arcs)]) if arcs else node
                latitude, longitude = (float(values[node]) + chance.gauss(0, 5e-5) for values in places)
                told.append((latitude, longitude, chance.uniform(0, 360) if drives else None, 12.0 if drives else 0.0))
            self._seconds.append(told)

    def fixes(self, batch: int, at: datetime) -> list[tuple[str, Fix]]:
        """Of a fifth of the units."""
        second, part = divmod(batch, BATCHES)
        told = self._seconds[second % SECONDS]
        return [
            (self.names[unit], Fix(time=at, latitude=north, longitude=east, course=course, speed=speed))
            for unit in range(part, len(self.names), BATCHES)
            for north, east, course, speed in [told[unit]]
        ]


async def fill(url: str, fleet: Fleet, graph: RoadGraph, requests: int, chance: random.Random) -> None:
    """Units with all that is known of them, a history, and the incidents to ask about."""
    now = datetime.now(UTC)

    def anywhere() -> Place:
        node = chance.randrange(graph.nodes)
        return Place(float(graph.node_latitude[node]), float(graph.node_longitude[node]))

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await migrate(connection)
        for agency in AGENCIES:
            await register.put_agency(connection, CENTRE, Agency(agency, agency, "dinkes"), None)
        async with connection.transaction():
            for name in fleet.names:
                await units.enrol(connection, CENTRE, Unit(name, name, chance.choice(["ambulance", "motorcycle"])))
                details = UnitDetails(
                    name, agency=chance.choice(AGENCIES), capabilities=tuple(chance.sample(CAPABILITIES, 3)),
                    crew_until=now + timedelta(hours=chance.uniform(0, 12)), turnout_s=chance.choice([30.0, 90.0]),
                    shifts=chance.choice([None, "mon-sun 00:00-24:00", "mon-sun 06:00-14:00"]),
                )  # fmt: skip
                await register.put_unit_details(connection, CENTRE, details, None)
            for number in range(HISTORY):
                at = now - timedelta(days=chance.uniform(1, 60))
                past = Incident(f"past-{number}", anywhere(), Urgency.URGENT, None, at, at)
                await incidents.insert(connection, CENTRE, past)
            for number in range(requests):
                wanted = tuple(chance.sample(CAPABILITIES, chance.randrange(3)))
                new = Incident(f"i-{number}", anywhere(), Urgency.EMERGENCY, None, now, capabilities=wanted)
                await incidents.insert(connection, CENTRE, new)


def timed(application: Any, spent: list[float]) -> Callable[..., Awaitable[None]]:
    """The application, and what the processor worked between each request and its answer; for others as well."""

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        begin = time.process_time()
        await application(scope, receive, send)
        if scope["type"] == "http":
            spent.append(1000 * (time.process_time() - begin))

    return answered


async def run(url: str, graph: RoadGraph, fleet: Fleet, requests: int) -> dict[str, float]:
    """One run; milliseconds."""
    async with open_pool(url, 4) as pool:
        return await served(pool, graph, fleet, requests)


async def served(pool: type_of_pool, graph: RoadGraph, fleet: Fleet, requests: int) -> dict[str, float]:
    """The gateway's web side, its fleet, and a client that asks."""
    live, estimator = LivePicture(), Estimator(prior("Asia/Jakarta"))
    estimator.load(graph, CchEngine(graph), datetime.now(UTC))
    async with pool.connection() as connection:
        live.enrol((unit.id, unit.name, unit.kind) for unit in await units.enrolled(connection, CENTRE))
    missions = Missions(CENTRE, pool)
    arrivals = Arrivals(pool, live, missions, estimator)
    goals = random.Random(7)
    for name in fleet.names[::8]:
        node = goals.randrange(graph.nodes)
        place = Place(float(graph.node_latitude[node]), float(graph.node_longitude[node]))
        missions.told(sent_to(name, name, place, Urgency.EMERGENCY, datetime.now(UTC)))
        missions.on_change(name)
    world = World(CENTRE, pool, live, Intake(datetime.now(UTC)), dict, Path("nowhere"), arrivals)
    await world.register.load()

    async def report() -> None:
        for batch in itertools.count():
            at = datetime.now(UTC)
            for name, fix in fleet.fixes(batch, at):
                live.apply(name, "gnss", fix, at)
            await arrivals.turn(at, everybody=batch % BATCHES == 0)
            await asyncio.sleep(1 / BATCHES)

    spent: list[float] = []
    port = free_port()
    config = uvicorn.Config(
        timed(api.create(world), spent), port=port, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    settle()  # as `sigap serve` does
    tasks = [asyncio.create_task(report()), asyncio.create_task(server.serve())]
    while not server.started:  # noqa: ASYNC110, uvicorn tells it in no other way
        await asyncio.sleep(0.05)
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.candidates", "--ask", str(port), "--requests", str(requests),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await client.communicate()
    server.should_exit = True
    await tasks[1]
    tasks[0].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[0]
    answers = json.loads(told)
    assert answers["units"] == min(50, len(fleet.names)), "not as many candidates as there should be"
    taken = answers["ms"]
    return {
        "first_ms": taken[0], "p50_ms": quantile(taken, 0.5), "p99_ms": quantile(taken, 0.99), "max_ms": max(taken),
        "cpu_p50_ms": quantile(spent, 0.5), "cpu_p99_ms": quantile(spent, 0.99), "bytes": answers["bytes"],
    }  # fmt: skip


def quantile(values: list[float], part: float) -> float:
    """The value that this part of all does not exceed."""
    return sorted(values)[max(0, -int(-part * len(values) // 1) - 1)]


def ask(port: int, requests: int) -> None:
    """The client: milliseconds of each answer, as JSON."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    taken, body = [], b""
    for number in range(requests):
        time.sleep(EVERY_S)
        begin = time.perf_counter()
        connection.request("GET", f"/api/v1/incidents/i-{number}/candidates")
        answer = connection.getresponse()
        body = answer.read()
        taken.append(1000 * (time.perf_counter() - begin))
        assert answer.status == 200, body
    print(json.dumps({"ms": taken, "units": len(json.loads(body)["candidates"]), "bytes": len(body)}))


def measure(args: argparse.Namespace) -> dict[str, float]:
    """All runs, and the median of each figure."""
    graph = roads(args.roads)
    runs: list[dict[str, float]] = []
    fleet = Fleet(graph, args.units, random.Random(1))
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="sigap-bench-")))
        folder.chmod(0o711)  # the database's account has to reach what it has in there
        database = EmbeddedPostgres(folder / "postgres")
        database.start()
        parts.callback(database.stop)
        database.ensure_database(CENTRE)
        url = database.url(CENTRE)
        asyncio.run(fill(url, fleet, graph, args.requests, random.Random(2)))
        for _ in range(args.runs):
            runs.append(asyncio.run(run(url, graph, fleet, args.requests)))
            print(line(runs[-1]), file=sys.stderr)
    medians = {name: statistics.median(each[name] for each in runs) for name in runs[0]}
    return {"units": args.units, "arcs": graph.arcs, "requests": args.requests, "runs": args.runs, **medians}


def line(figures: dict[str, float]) -> str:
    """As it is printed."""
    return " ".join(
        f"{name}={value:.1f}" if name.endswith("ms") else f"{name}={value:g}" for name, value in figures.items()
    )


def main() -> int:
    """Run it and print."""
    parser = argparse.ArgumentParser(description="The cost of the candidates of an incident.")
    parser.add_argument("--roads", type=Path, help="an OpenStreetMap extract")
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--report", type=Path, help="keep the last line in this file")
    parser.add_argument("--ask", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask is not None:
        ask(args.ask, args.requests)
        return 0
    figures = measure(args)
    print(line(figures))
    if args.report is not None:
        args.report.write_text(line(figures) + "\n")
    return 0 if figures["p99_ms"] <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
