"""Crews of a centre without a broker: what they say is stored as a batch's transaction does it, and judged."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.app import watch_of
from gateway.services import accept_reports
from gateway.services.accept_reports import Said
from gateway.services.alarms import Alarms
from gateway.services.candidates import Candidates
from gateway.services.missions import Missions
from gateway.services.standings import Standings
from gateway.storage import reports
from gateway.storage.alarms import Alarm
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, UNITS
from tests.gateway_traffic import MORNING
from tracker.fix import Fix
from tracker.regions import Escalation
from tracker.wire.reports import Answer, CrewStatus, Emergency, Numbered, Report, Source, Status, encode

SCENE = {"latitude": -7.15, "longitude": 111.90, "name": "pasar"}
HOSPITAL = {"latitude": -7.15, "longitude": 111.95, "name": "RSUD"}


class Crew:
    """What the crews of a centre's units say; the test's clock is the centre's."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self._numbers = itertools.count(1)
        self.watch = watch_of(centre.world)
        centre.arrivals.missions.loaded = True

    async def say(self, unit: str, *said: Report) -> None:
        """Reports arrive now, and are stored."""
        rows = [
            reports.row(unit, "box", Numbered(number, each, encode(number, each)), self.centre.now)
            for number, each in zip(self._numbers, said, strict=False)
        ]
        batch = Said(rows)
        async with self.centre.world.pool.connection() as connection, connection.transaction():
            await accept_reports.store(connection, CENTRE, batch)
        self.centre.arrivals.reported(batch.reports)
        await self.settle()

    async def press(
        self, status: CrewStatus, mission: str | None = None, at: datetime | None = None, unit: str = UNITS[0]
    ) -> None:
        """A button, pressed now or earlier."""
        await self.say(unit, Status(at=at or self.centre.now, status=status, source=Source.CREW, mission=mission))

    async def answer(self, mission: str, *, accepted: bool, reason: str = "", unit: str = UNITS[0]) -> None:
        """The crew takes a mission, or does not."""
        await self.say(unit, Answer(at=self.centre.now, mission=mission, accepted=accepted, reason=reason))

    async def emergency(self, *, raised: bool, since: datetime, unit: str = UNITS[0]) -> None:
        """The red button."""
        await self.say(unit, Emergency(at=self.centre.now, raised=raised, since=since, source=Source.CREW))

    async def settle(self) -> None:
        """Everything that was said and seen is taken into account."""
        await self.centre.settle()
        await self.centre.world.standings.turn()

    async def look(self, seconds: float = 0.0) -> list[Alarm]:
        """Time passes, and the gateway looks once: what is open then."""
        self.centre.now += timedelta(seconds=seconds)
        await self.settle()
        await self.watch.turn(self.centre.now)
        await self.settle()
        return self.centre.world.alarms.open()

    async def restart(self) -> None:
        """As a new process: nothing is known but what the database holds."""
        world = self.centre.world
        self.centre.arrivals.missions = world.arrivals.missions = Missions(CENTRE, world.pool, world.clock)
        await world.arrivals.missions.load(self.centre.now)
        world.standings = Standings(world.pool, world.live, world.arrivals.missions, world.centre_rules, world.clock)
        world.alarms = Alarms(CENTRE, world.pool)
        world.candidates = Candidates(
            world.live, world.arrivals.estimator, world.arrivals.missions, world.register, world.candidates.coverage
        )
        self.watch = watch_of(world)

    async def ladder(self, *, next_unit_by_itself: bool = False) -> None:
        """The centre's own: 30 s, 60 s, 120 s."""
        rules = self.centre.world.centre_rules
        async with self.centre.world.pool.connection() as connection:
            await rules.load(connection, self.centre.now)
        await rules.change(None, Escalation(next_unit_by_itself=next_unit_by_itself), None, self.centre.now)

    async def at_post(self, unit: str, longitude: float, latitude: float = -7.15) -> None:
        """A unit stands there, as its receiver says now."""
        now = self.centre.now
        fix = Fix(time=now, latitude=latitude, longitude=longitude, speed=0.0)
        await self.centre.commit([Row(CENTRE, unit, "gnss", fix, now, "box", int(now.timestamp() * 1000))])

    async def incident(self, *, hospital: bool = True, name: str = "i1") -> str:
        """Something happens."""
        body: dict[str, Any] = {"place": SCENE, "urgency": "emergency", "id": name}
        body |= {"destination": HOSPITAL} if hospital else {}
        await self.centre.ask("POST", "incidents", body, 201)
        return name

    async def assign(self, incident: str = "i1", unit: str = UNITS[0], name: str = "m1") -> str:
        """A dispatcher sends a unit."""
        await self.centre.ask("POST", "missions", {"unit": unit, "incident": incident, "id": name}, 201)
        await self.settle()
        return name

    async def mission(self, *, hospital: bool = True, unit: str = UNITS[0]) -> str:
        """Something happens, and a unit is sent."""
        return await self.assign(await self.incident(hospital=hospital), unit)

    async def standing(self, unit: str = UNITS[0]) -> dict[str, Any]:
        """As the API tells it."""
        told: dict[str, Any] = await self.centre.ask("GET", f"units/{unit}/standing")
        return told

    def status(self, unit: str = UNITS[0]) -> str:
        """As the live feed shows it."""
        shown = self.centre.state(unit).standing
        assert shown is not None
        return shown.status

    async def events(self, *kinds: str) -> list[tuple[str, str | None, Any]]:
        """What was told of, as (kind, unit, data), in the order of writing."""
        async with self.centre.world.pool.connection() as connection:
            cursor = await connection.execute("SELECT kind, unit, data FROM events ORDER BY id < 0, abs(id)")
            return [row for row in await cursor.fetchall() if not kinds or row[0] in kinds]


def statuses(told: Sequence[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    """(status, by, why it was refused) of stamps, oldest first."""
    return [(each["status"], each["by"], each["refused_because"]) for each in reversed(told)]


@pytest.fixture
async def crew(centre: Centre) -> Crew:
    """The crews of a centre at `MORNING`."""
    centre.now = MORNING
    await centre.world.standings.turn()
    return Crew(centre)
