"""How well arrival times were foretold, and the speed models that made them."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.http.world import SeesMissions, TheWorld, answer, aware, documented
from gateway.services import score
from gateway.storage import speed_models
from gateway.storage.etas import Score

router = APIRouter(prefix="/api/v1", tags=["eta"])


class Scores(msgspec.Struct):
    """Arrival times that were told in a span, against what happened."""

    since: datetime
    until: datetime
    scores: list[Score]


class ModelView(msgspec.Struct):
    """A speed model that was learned."""

    version: str
    in_use: bool
    made_at: datetime
    region: str  # whose roads it was learned on
    legs: int  # drives that it was learned from
    until: datetime | None  # when the youngest of them began
    report: dict[str, Any]  # what was used, what was left out and why, errors before and after


class Models(msgspec.Struct):
    """Newest first."""

    in_use: str  # version of what makes arrival times now; none of these where nothing was learned
    models: list[ModelView]


@router.get("/eta/score", responses=documented(Scores, "how arrival times fared, in groups"))
async def show_scores(
    _: SeesMissions,
    world: TheWorld,
    start: Annotated[
        datetime | None, Query(alias="from", description="RFC 3339; 30 days before `to` if absent")
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="RFC 3339, exclusive; now if absent")] = None,
) -> Response:
    """Every arrival time that was told in a span and whose unit has arrived, scored: all together, and by lead time,
    hour, urgency, source, leg and the district of the destination. Where no areas of districts are loaded
    (SIGAP_DISTRICTS_FILE) the district is unknown."""
    until = aware("to", end) or world.now()
    since = aware("from", start) or max(until, datetime.min.replace(tzinfo=UTC) + score.SPAN) - score.SPAN
    return answer(Scores(since, until, await score.scores(world.pool, world.centre, since, until, world.districts)))


@router.get("/eta/models", responses=documented(Models, "newest first"))
async def list_models(_: SeesMissions, world: TheWorld, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Response:
    """The speed models that were learned here. Every arrival time names the version that made it."""
    async with world.pool.connection() as connection:
        kept = await speed_models.newest(connection, world.centre, limit)
    in_use = world.arrivals.estimator.model
    models = [
        ModelView(each.version, each.version == in_use, each.made_at, each.region, each.legs, each.until, each.report)
        for each in kept
    ]
    return answer(Models(in_use, models))
