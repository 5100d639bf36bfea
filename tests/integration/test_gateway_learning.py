"""Speeds learned from finished missions: the command, what it keeps, what the gateway makes of it, and its nights."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest

from gateway.roads.region_file import region_path, save
from gateway.services.nights import Nights, following, learn_outside
from gateway.settings import Settings
from gateway.storage import fixes, missions, speed_models, sql
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, MakeGateway, until
from tests.fix_map import Drawn, draw
from tests.fix_town import TOWN, UNIT, WAYS, along, fix_row, send, tick
from tests.gateway_traffic import MORNING
from tests.integration.test_gateway_cli import sigap
from tracker.eta.finished import LeftOut
from tracker.eta.speeds import WayFactor, decode, encode, prior
from tracker.missions import By, Leg, LegKind, Mission, Place, Urgency
from tracker.roads.engines import CchEngine

Connection = psycopg.AsyncConnection[Any]
ZONE = "Asia/Jakarta"
PATHS = ("ABCD", "DCBA", "EFGH", "HGFE", "ABFG", "GCBA", "EFBC", "DHGF")
SLOW = 5.0
"""Metres per second that everybody drives here: about half of what is believed without learning."""


@pytest.fixture
async def connection(cleared_url: str) -> AsyncIterator[Connection]:
    """The database of the `centre` of the same test."""
    async with await psycopg.AsyncConnection.connect(cleared_url, autocommit=True) as made:
        yield made


@pytest.fixture
def roads_dir(tmp_path: Path, town: Drawn) -> Path:
    """A folder of regions with the town's roads as the centre's."""
    save(region_path(tmp_path / "roads", CENTRE), town.imported, CchEngine(town.graph))
    return tmp_path / "roads"


async def drove(
    connection: Connection, number: int, rows: list[Row], *, by: By = By.GPS, arrived_after: float = 0.0
) -> None:
    """A mission that these fixes came to the end of."""
    started, arrived = rows[0].fix.time - timedelta(seconds=5), rows[-1].fix.time + timedelta(seconds=arrived_after)
    goal = Place(rows[-1].fix.latitude, rows[-1].fix.longitude)
    leg = Leg(LegKind.TO_PLACE, goal, started, arrived, by)
    mission = Mission(f"m{number}", UNIT, None, Urgency.ROUTINE, started, (leg,), arrived + timedelta(minutes=1))
    async with connection.transaction():
        assert await missions.insert(connection, CENTRE, mission)
        await fixes.store(connection, rows)


async def many_drives(connection: Connection, town: Drawn, count: int = 64) -> None:
    """Slow drives all over the town, two hours apart, all before `MORNING`."""
    await connection.execute(sql.query("staging"))
    for number in range(count):
        path = PATHS[number % len(PATHS)]
        start = -2 * 3600.0 * (count - number)
        await drove(connection, number, along(town, path, start, every=5.0, pace=SLOW * (1 + 0.1 * (number % 3 - 1))))


async def test_drives_are_learned_from_and_the_gateway_believes_them(
    centre: Centre, connection: Connection, town: Drawn, roads_dir: Path, cleared_url: str
) -> None:
    """Told: how many, and the error before and after on drives not seen, which falls to less than half. A dry run keeps
    nothing. Kept, the model is in use with the next look, its version stands at every arrival time, and that is near
    what the drive takes here."""
    await many_drives(connection, town)
    settings = {"database_url": cleared_url, "roads_dir": roads_dir}
    dry = await asyncio.to_thread(sigap, "eta", "learn", "--dry-run", **settings)
    assert dry.returncode == 0, dry.stderr
    assert "a dry run: nothing is kept" in dry.stdout
    assert await speed_models.newest(connection, CENTRE) == []

    told = await asyncio.to_thread(sigap, "eta", "learn", **settings)
    assert told.returncode == 0, told.stderr
    result = dict(part.split("=") for part in told.stdout.strip().splitlines()[-1].split())
    assert (result["legs"], result["left_out"], result["kept"]) == ("64", "0", "yes")
    assert float(result["mape_before"]) > 30
    assert float(result["mape_after"]) < float(result["mape_before"]) / 2
    (kept,) = await speed_models.newest(connection, CENTRE)
    assert (kept.version, kept.legs, kept.region) == (result["model"], 64, "drawn")
    assert {kind: speeds[1] < speeds[0] for kind, speeds in kept.report["speeds"].items()} == {
        "primary": True, "tertiary": True, "residential": True,
    }  # fmt: skip
    assert kept.report["after"]["mape"] == pytest.approx(float(result["mape_after"]) / 100, abs=0.001)
    assert decode(kept.body).version == kept.version

    estimator = centre.arrivals.estimator
    estimator.load(town.graph, CchEngine(town.graph), centre.now)
    await centre.commit([fix_row(0, town.at("A", 50), 0.0)])
    await send(centre, town.at("D", -50))
    before = centre.state(UNIT).eta
    night = Nights(CENTRE, centre.world.pool, estimator, ZONE, _nothing, centre.arrivals.look_again)
    await night.turn(centre.now)
    after = await tick(centre, 1)
    assert before is not None
    assert before.eta_s is not None
    assert before.model == prior(ZONE).version
    assert after is not None
    assert after.eta_s is not None
    assert after.model == kept.version
    assert after.eta_s.p50 == pytest.approx(2900 / SLOW, rel=0.15)
    assert before.eta_s.p50 < 0.7 * after.eta_s.p50
    told_again = (await centre.ask("GET", "eta/models"))["models"]
    assert [(each["version"], each["in_use"], each["legs"]) for each in told_again] == [(kept.version, True, 64)]


async def _nothing() -> None:
    """A night without learning."""


async def test_what_is_left_out_is_told_with_its_reason(
    connection: Connection, town: Drawn, roads_dir: Path, cleared_url: str
) -> None:
    """Each kind of drive that teaches nothing, and too few others: the prior stays in use, and says so."""
    await many_drives(connection, town, 4)
    far = [fix_row(40_000 + 5 * step, town.at("A", 40.0 * step, 900 + 5 * step)) for step in range(30)]
    ring = along(town, "ABFEABFEABFEAB", 50_000, every=5.0)
    odd = {
        LeftOut.BY_HAND: ({"by": By.HAND}, along(town, "ABCD", 10_000, every=5.0)),
        LeftOut.FEW_FIXES: ({}, along(town, "ABCD", 20_000, every=60.0)),
        LeftOut.GAP: ({"arrived_after": 200.0}, along(town, "ABCD", 30_000, every=5.0)),
        LeftOut.SHORT: ({}, along(town, "AE", 45_000, every=2.0)[:14]),
        LeftOut.OFF_ROADS: ({}, far),
        LeftOut.TOUR: ({}, ring),
        LeftOut.TOO_FAST: ({}, along(town, "ABCD", 60_000, every=2.0, pace=80.0)),
    }
    for number, (more, rows) in enumerate(odd.values()):
        await drove(connection, 100 + number, rows, **more)  # type: ignore[arg-type]  # pairs of its own keywords
    told = await asyncio.to_thread(sigap, "eta", "learn", database_url=cleared_url, roads_dir=roads_dir)
    assert told.returncode == 0, told.stderr
    for reason in odd:
        assert f"left out: 1 because {reason.value}" in told.stdout
    assert "not kept: 4 drives are too few; 20 are needed" in told.stdout
    assert await speed_models.newest(connection, CENTRE) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "SIGAP_ROADS_DIR names the folder"),
        (("--since", "yesterday"), "'yesterday' is no day: write 2026-11-21"),
    ],
)
def test_what_cannot_be_learned_on_is_a_sentence(cleared_url: str, arguments: tuple[str, ...], says: str) -> None:
    """And an exit code."""
    told = sigap("eta", "learn", *arguments, database_url=cleared_url)
    assert told.returncode in (1, 2)
    assert says in told.stderr


async def test_nothing_to_learn_from_is_no_failure(cleared_url: str, roads_dir: Path) -> None:
    """A new centre: told, exit code 0."""
    told = await asyncio.to_thread(sigap, "eta", "learn", database_url=cleared_url, roads_dir=roads_dir)
    assert told.returncode == 0, told.stderr
    assert "not kept: there is no drive to learn from" in told.stdout
    assert "legs=0 left_out=0 mape_before=unknown" in told.stdout


async def test_two_do_not_learn_at_once(connection: Connection, cleared_url: str, roads_dir: Path) -> None:
    """The second is told why it does nothing."""
    assert await speed_models.take_turn(connection, CENTRE)
    told = await asyncio.to_thread(sigap, "eta", "learn", database_url=cleared_url, roads_dir=roads_dir)
    assert told.returncode == 1
    assert "another process is learning the speeds of centre bojonegoro" in told.stderr


# Models of other roads


def model_with(*ways: int) -> bytes:
    """A model that knows a factor of these ways."""
    return encode(msgspec.structs.replace(prior(ZONE), ways=tuple(WayFactor(way, True, 2.0, 60.0) for way in ways)))


async def keep(centre: Centre, body: bytes, *, version: str | None = None) -> str:
    """Store a model, and let the centre look; its version."""
    version = version or decode(body).version
    centre.now += timedelta(minutes=1)
    kept = speed_models.KeptModel(version, centre.now, "elsewhere", "another extract", 30, None, {}, body)
    async with centre.world.pool.connection() as connection:
        await speed_models.put(connection, CENTRE, kept)
    await Nights(CENTRE, centre.world.pool, centre.arrivals.estimator, ZONE, _nothing).turn(centre.now)
    return version


async def test_a_model_of_an_older_extract_goes_by_the_ways_that_are_still_there(roads: Centre, town: Drawn) -> None:
    """Way 1 is here, way 77 was taken off the map: the one counts, the other counts for nothing."""
    version = await keep(roads, model_with(1, 2, 77))
    estimator = roads.arrivals.estimator
    assert estimator.model == version
    assert estimator.network is not None
    factors = estimator.network.speeds.seconds  # by ways: forward on the high street takes twice as long
    arc, back = town.arc("AB"), town.arc("BA")
    seconds = factors(next(iter(estimator.network.routers)), roads.now)
    assert seconds[arc] > 1.5 * seconds[back]


async def test_a_model_of_other_roads_is_refused_with_a_sentence(
    roads: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    """As is one that cannot be read. What was in use stays in use."""
    before = roads.arrivals.estimator.model
    await keep(roads, model_with(1, 77, 78, 79))
    assert roads.arrivals.estimator.model == before
    assert "learned on roads of elsewhere of which 25% are in the roads of drawn" in capsys.readouterr().out
    await keep(roads, b'{"format": 99}', version="later")
    assert roads.arrivals.estimator.model == before
    assert "is of another format; learn it again" in capsys.readouterr().out
    listed = (await roads.ask("GET", "eta/models"))["models"]
    assert [each["in_use"] for each in listed] == [False, False]


# Nights


async def test_it_learns_once_a_night_at_three_in_the_centre(roads: Centre) -> None:
    """By the test's clock over three days, in steps of ten minutes: at 03:00 in Jakarta, and the missed night a quarter
    of an hour after the start."""
    learned: list[datetime] = []
    now = MORNING  # 10:04 in Jakarta; nothing was ever learned here

    async def learn() -> None:
        learned.append(now)

    night = Nights(CENTRE, roads.world.pool, roads.arrivals.estimator, ZONE, learn)
    while now < MORNING + timedelta(days=3):
        await night.turn(now)
        now += timedelta(minutes=10)
    assert [f"{each + timedelta(hours=7):%d %H:%M}" for each in learned] == [
        "21 10:24",
        "22 03:04",
        "23 03:04",
        "24 03:04",
    ]


async def test_a_night_that_was_not_missed_is_not_made_up_for(roads: Centre) -> None:
    """Learned last night, started this morning: not before the next night."""
    async with roads.world.pool.connection() as connection:
        kept = speed_models.KeptModel("v", MORNING - timedelta(hours=7), "drawn", "", 30, None, {}, model_with(1))
        await speed_models.put(connection, CENTRE, kept)
    night = Nights(CENTRE, roads.world.pool, roads.arrivals.estimator, ZONE, _nothing)
    await night.turn(MORNING)
    assert night.due == datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-29T00:30:00+00:00", "2026-03-29T01:00:00+00:00"),  # 01:30; at 02:00 it becomes 03:00
        ("2026-10-24T23:00:00+00:00", "2026-10-25T02:00:00+00:00"),  # 01:00; at 03:00 it becomes 02:00 again
        ("2026-10-25T02:00:00+00:00", "2026-10-26T02:00:00+00:00"),
    ],
)
def test_the_hour_strikes_once_where_clocks_are_changed(now: str, expected: str) -> None:
    """Not in Indonesia; a centre elsewhere has the same nights."""
    assert following(datetime.fromisoformat(now), ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(expected)


async def test_while_it_learns_nobody_waits(
    connection: Connection, town: Drawn, roads_dir: Path, cleared_url: str
) -> None:
    """The learning is another process, with many times the work of waiting for it. Meanwhile this one's event loop
    turns, as fast as the machine lets it."""
    await many_drives(connection, town)
    settings = Settings(database_url=cleared_url, roads_dir=roads_dir, centre=CENTRE)  # type: ignore[arg-type] # pydantic reads the text
    children, here = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.process_time()
    learning = asyncio.create_task(learn_outside(settings))
    longest, last = 0.0, time.monotonic()
    while not learning.done():
        await asyncio.sleep(0.02)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    await learning
    theirs, ours = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - children, time.process_time() - here
    print(f"learning_s={theirs:.2f} ours_s={ours:.2f} longest_turn_s={longest:.3f}")
    assert theirs > 5 * ours
    assert longest < 1.0, f"the loop stood for {longest:.3f} s"
    assert len(await speed_models.newest(connection, CENTRE)) == 1


@pytest.mark.slow
async def test_a_gateway_starts_with_the_newest_model(
    make_gateway: MakeGateway, cleared_url: str, mosquitto: Any, roads_dir: Path, town: Drawn
) -> None:
    """A process: what was kept is in use from its first arrival time on."""
    body = model_with(1, 2)
    async with await psycopg.AsyncConnection.connect(cleared_url, autocommit=True) as own:
        kept = speed_models.KeptModel(decode(body).version, MORNING, "drawn", "", 30, None, {}, body)
        await speed_models.put(own, CENTRE, kept)
    gateway = make_gateway(database_url=cleared_url, mqtt_port=mosquitto.port, roads_dir=roads_dir)
    await asyncio.to_thread(gateway.start)
    place = town.at("B")
    told = await asyncio.to_thread(until, lambda: gateway.get("eta", unit=UNIT, lat=place[0], lon=place[1]))
    assert told["model"] == kept.version
    assert '"event": "speed model in use"' in gateway.log


def test_the_town_is_drawn_the_same_each_time() -> None:
    """Ids of its ways are what models go by."""
    assert sorted(draw(TOWN, WAYS, step=100.0).graph.way_id.tolist()) == list(range(1, 7))
