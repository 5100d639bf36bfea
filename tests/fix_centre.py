"""A centre for tests: the API and what follows its missions over a real database; no broker, and the test's clock."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.clock import TrueClock
from gateway.feeds.live import LivePicture, UnitState
from gateway.http import api as web
from gateway.http.world import NOTHING, Beyond, World
from gateway.services.arrivals import Arrivals
from gateway.services.centre import Centre as Rules
from gateway.services.count import Intake
from gateway.services.estimate import Estimator
from gateway.services.missions import Missions
from gateway.storage import fixes
from gateway.storage.fixes import Row
from gateway.storage.pool import open_pool, type_of_pool
from tests.fix_gateway import CENTRE, UNITS
from tests.gateway_traffic import MORNING
from tracker.eta.speeds import prior
from tracker.regions import Profile


class ToldClock(TrueClock):
    """A clock of which the test tells the time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._told = now

    def now(self) -> datetime:
        """The test's time."""
        return self._told()


class FixedWorld(World):
    """A gateway whose clock the test sets."""

    at: datetime = MORNING

    def __init__(
        self,
        pool: type_of_pool,
        live: LivePicture,
        web_dir: Path,
        arrivals: Arrivals,
        rules: Rules | None = None,
        beyond: Beyond = NOTHING,
    ) -> None:
        clock, sessions = ToldClock(lambda: self.at), {"live": True, "backlog": True}
        super().__init__(
            CENTRE, pool, live, Intake(MORNING), lambda: sessions, web_dir, arrivals, None, clock, rules, beyond
        )


def _client(world: World) -> httpx.AsyncClient:
    served = httpx.ASGITransport(web.create(world), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=served, base_url="http://gateway")


class Centre:
    """The API of a centre without a broker, whose fixes the test commits."""

    def __init__(self, pool: type_of_pool, web_dir: Path) -> None:
        live = LivePicture()
        live.enrol((unit, unit.title(), "ambulance") for unit in UNITS)
        clock = ToldClock(lambda: self.now)
        self.arrivals = Arrivals(pool, live, Missions(CENTRE, pool, clock), Estimator(prior("Asia/Jakarta")), clock)
        self.world = FixedWorld(pool, live, web_dir, self.arrivals)
        self.client = _client(self.world)

    def wire(self, profile: Profile, beyond: Beyond = NOTHING) -> None:
        """Make the world anew, with a region and with what it has to do with others."""
        old = self.world
        rules = Rules(CENTRE, old.pool, profile)
        self.world = FixedWorld(old.pool, old.live, old.web_dir, self.arrivals, rules, beyond)
        self.client = _client(self.world)

    @property
    def now(self) -> datetime:
        """The gateway's clock."""
        return self.world.at

    @now.setter
    def now(self, value: datetime) -> None:
        self.world.at = value

    async def ask(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """The JSON of an answer of this status."""
        answer = await self.client.request(method, f"/api/v1/{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def commit(self, rows: Sequence[Row], *, batch: int = 1000) -> None:
        """Store rows in batches of this size, and hand each on as the link does."""
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            async with self.world.pool.connection() as connection, connection.transaction():
                await fixes.store(connection, part)
            for row in part:
                self.world.live.apply(row.unit, row.source, row.fix, row.received_at)
            self.now = max(self.now, *(row.received_at for row in part))
            self.arrivals.committed(part)
            await self.arrivals.turn(self.now)

    async def settle(self) -> None:
        """What `Arrivals.run` does with late fixes, without its waiting."""
        for mission_id in list(self.arrivals._late):
            del self.arrivals._late[mission_id]
            await self.arrivals.settle(await self.arrivals.missions.mission(mission_id), self.now)
        await self.arrivals.turn(self.now)
        await self.arrivals.save()

    def state(self, unit: str) -> UnitState:
        """How the feeds show a unit."""
        found = self.world.live.state(unit)
        assert found is not None
        return found

    async def times(self, mission: str) -> list[tuple[Any, ...]]:
        """Arrival and leaving of each leg."""
        told = await self.ask("GET", f"missions/{mission}")
        return [(leg["arrived_at"], leg["left_at"]) for leg in told["legs"]]


@pytest.fixture
async def centre(cleared_url: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """A centre with the units of `UNITS`."""
    async with open_pool(cleared_url, 3) as pool:
        yield Centre(pool, tmp_path)
