"""What a gateway reads before it begins: its database, however long that takes to come, and files of its own.

A file that cannot be used is told and done without: positions are worth more than what it holds.
"""

import asyncio
import contextlib
import gc
from datetime import datetime
from typing import NamedTuple

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from gateway.clock import Clock
from gateway.feeds.live import LivePicture
from gateway.roads.districts import Districts, DistrictsUnusable, load_districts
from gateway.roads.region_file import RegionFileUnusable, region_path
from gateway.roads.region_file import load as load_region
from gateway.roads.villages import VillagesUnusable, load_villages
from gateway.services.centre import Centre
from gateway.services.crews import Crews
from gateway.services.enrolment import Enrolment
from gateway.services.estimate import Estimator
from gateway.services.judge_tracks import Tracks
from gateway.settings import Settings
from gateway.storage import closures, fixes, speed_models
from gateway.storage.closures import KeptClosure
from gateway.storage.migrations import migrate
from gateway.storage.pool import CONNECT_TIMEOUT_S, type_of_pool
from gateway.storage.speed_models import KeptModel
from gateway.storage.units import time_zone
from tracker.locate.gazetteer import Entry

log = structlog.get_logger()

COLLECTIONS = (10_000, 20, 20)
"""Python's own are (700, 10, 10): a ranking of 500 units makes thousands of values, and leaves no cycle behind."""


class Found(NamedTuple):
    """What the database holds as we start."""

    zone: str  # the centre's, an IANA name
    closures: list[KeptClosure]  # that are not over
    models: list[KeptModel]  # the newest speed model, if there is one


async def prepare(
    url: str,
    pool: type_of_pool,
    enrolment: Enrolment,
    live: LivePicture,
    tracks: Tracks,
    crews: Crews,
    centre: Centre,
    stop: asyncio.Event,
    clock: Clock,
) -> Found | None:
    """Migrate and load the picture, however long the database takes to come; what else it holds, or None if we were
    told to stop before.

    Migrations have a connection of their own: the pool's limits are for batches, and a large table takes its time.
    """
    delay = 0.1
    while not stop.is_set():
        try:
            async with await psycopg.AsyncConnection.connect(
                url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
            ) as own:
                log.info("schema ready", applied=await migrate(own))
            async with pool.connection() as connection:
                await enrolment.refresh(connection, clock.now())
                newest = await fixes.latest(connection, enrolment.centre)
                for found in newest:
                    live.apply(found.unit, found.source, found.fix, found.received_at)
                tracks.begin(newest)
                await crews.load(connection)
                await centre.load(connection, clock.now())
                return Found(
                    await time_zone(connection, enrolment.centre),
                    await closures.find(connection, enrolment.centre, now=clock.now()),
                    await speed_models.newest(connection, enrolment.centre),
                )
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("waiting for the database", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay)
            delay = min(2.0, delay * 2)
    return None


def load_roads(settings: Settings, estimator: Estimator, now: datetime) -> None:
    """Route over the region of the centre's name, if it was built."""
    if settings.roads_dir is None:
        return
    path = region_path(settings.roads_dir, settings.centre)
    if not path.exists():
        log.warning("no roads for this centre: arrival times are by straight line", file=str(path))
        return
    try:
        region = load_region(path)
    except RegionFileUnusable as error:
        log.warning("roads not loaded: arrival times are by straight line", error=str(error))
        return
    engine = region.engine(lambda why: log.warning("routing engine lost", why=why))
    estimator.load(region.graph, engine, now)
    log.info("roads loaded", region=region.graph.region, arcs=region.graph.arcs)


def districts_of(settings: Settings) -> Districts | None:
    """Areas to score arrival times by, and to see borders by."""
    if settings.districts_file is None:
        return None
    try:
        districts = load_districts(settings.districts_file)
    except DistrictsUnusable as error:
        log.warning("districts not loaded: arrival times are scored without them", error=str(error))
        return None
    log.info("districts loaded", districts=len(districts.names))
    return districts


def villages_of(settings: Settings) -> list[Entry]:
    """What callers' words are looked up in besides the centre's own."""
    try:
        return [] if settings.villages_file is None else load_villages(settings.villages_file)
    except VillagesUnusable as error:
        log.warning("villages not loaded: callers' words are looked up without them", error=str(error))
        return []


def settle() -> None:
    """What is loaded by now stays as long as the process: the garbage collector need not look at it again and again,
    nor after every few hundred values of one answer. Both held up the requests of that moment by tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
