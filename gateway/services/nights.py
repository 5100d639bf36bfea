"""Each night the gateway learns speeds from the drives of the day, and takes up whatever model is the newest.

Learning is `sigap eta learn` in a process of its own, below this one in priority: ingest does not notice. What it
keeps, and what somebody learned by hand, is found in the database within a minute.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from gateway.clock import TRUE, Clock
from gateway.services.estimate import Estimator
from gateway.services.models import adopt
from gateway.services.turns import keep_turning
from gateway.settings import Settings
from gateway.storage import speed_models
from gateway.storage.pool import type_of_pool

log = structlog.get_logger()

HOUR = time(3, 0)
"""Local time of the centre: when least is driven."""

LOOK_S = 60.0
"""How often is looked whether there is a newer model, or whether it is time to learn one."""

CATCH_UP = timedelta(minutes=15)
"""After the start, where the last night was missed: a computer that is switched off at night would never learn."""

LONGEST_S = 2 * 3600.0
"""Of one learning; then it is ended."""


class Nights:
    """One for a centre, in one event loop."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        estimator: Estimator,
        zone: str,
        learn: Callable[[], Awaitable[None]],
        changed: Callable[[], None] = lambda: None,
        clock: Clock = TRUE,
    ) -> None:
        """
        Args:
            zone: the centre's, an IANA name.
            learn: learns and keeps what comes of it, outside of this process.
            changed: called when another model is in use from now on.
        """
        self._centre, self._pool, self._estimator, self._zone = centre, pool, estimator, ZoneInfo(zone)
        self._learn, self._changed, self._clock = learn, changed, clock
        self._looked_at: str | None = None  # version that was tried last: one that cannot be used is told once
        self.due: datetime | None = None
        """When is learned next; None before the first look."""

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("speed models", lambda: self.turn(self._clock.now()), self._clock, LOOK_S)

    async def turn(self, now: datetime) -> None:
        """Look once: learn if it is time, and take up the newest model.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; the next look makes up for it.
        """
        if self._estimator.network is None:
            return
        if self.due is None:
            self.due = await self._first(now)
        if now >= self.due:
            self.due = following(now, self._zone)
            await self._learn()
        await self._take_up(now)

    async def _first(self, now: datetime) -> datetime:
        async with self._pool.connection() as connection:
            newest = await speed_models.newest(connection, self._centre)
        last_night = following(now - timedelta(days=1), self._zone)
        missed = not newest or newest[0].made_at < last_night
        return min(now + CATCH_UP, following(now, self._zone)) if missed else following(now, self._zone)

    async def _take_up(self, now: datetime) -> None:
        async with self._pool.connection() as connection:
            version = await speed_models.newest_version(connection, self._centre)
            if version is None or version == self._looked_at:
                return
            (kept,) = await speed_models.newest(connection, self._centre)
        self._looked_at = kept.version
        if adopt(self._estimator, kept, now):
            self._changed()


def following(now: datetime, zone: ZoneInfo) -> datetime:
    """The next time that the hour of learning strikes, after now; in UTC.

    Where clocks are changed in that night it strikes once: the first time, or, if the hour is left out, an hour later.
    """
    day = now.astimezone(zone).date()
    for ahead in range(3):
        strikes = datetime.combine(day + timedelta(days=ahead), HOUR, zone).astimezone(UTC)
        if strikes > now:
            return strikes
    raise AssertionError("a day has more than 48 hours")


async def learn_outside(settings: Settings) -> None:
    """Run `sigap eta learn` as a process with these settings, and wait for its end."""
    given = {
        "SIGAP_CENTRE": settings.centre,
        "SIGAP_DATABASE_URL": settings.database_url.get_secret_value(),
        "SIGAP_ROADS_DIR": str(settings.roads_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "eta", "learn",
        env=os.environ | given, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONGEST_S):
            said, complained = await process.communicate()
    except TimeoutError:
        log.warning("learning speeds took too long and was ended", seconds=LONGEST_S)
        return
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        log.warning("speeds not learned", why=_last_line(complained), code=process.returncode)
    else:
        log.info("speeds learned", result=_last_line(said))


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
