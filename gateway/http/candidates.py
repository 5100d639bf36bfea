"""Which unit for an incident."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from gateway.http import vocabulary
from gateway.http.world import SeesMissions, SeesUnits, TheWorld, World, answer, documented
from gateway.services.borders import Beyond
from gateway.services.candidates import Candidate, Wanted, wanted_by
from tracker.missions import Place, Urgency
from tracker.wire.topics import ID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["dispatch"])

Agency = Annotated[str | None, Query(pattern=ID_PATTERN, description="units of this one; else as the incident says")]
Capabilities = Annotated[
    list[Annotated[str, Query(pattern=ID_PATTERN)]] | None,
    Query(alias="capability", max_length=20, description="once for each that is needed; else as the incident says"),
]
Limit = Annotated[
    int, Query(ge=1, le=10_000, description="so many of all that were ranked; the first ten have a distance")
]


class Ranking(msgspec.Struct):
    """The best first."""

    server_time: datetime
    candidates: list[Candidate]


class Candidates(Ranking):
    """The best first; units of neighbouring centres where the incident lies beyond the border."""

    incident: str
    neighbours: list[Beyond]  # none where the incident lies in nobody else's area


@router.get("/incidents/{incident}/candidates", responses=documented(Candidates, "units, the best first, and why"))
async def list_candidates(
    _: SeesMissions,
    world: TheWorld,
    incident: str,
    agency: Agency = None,
    capability: Capabilities = None,
    limit: Limit = 50,
) -> Response:
    """The best units, by what they are and have, by when they are there, and by what they leave uncovered. Nobody is
    assigned by this. A unit of which nobody knows when it arrives is never before one that surely comes and may go."""
    found = await world.arrivals.missions.incident(incident)
    wanted = wanted_by(found)
    if agency is not None:
        wanted = msgspec.structs.replace(wanted, agencies=frozenset(await vocabulary.agencies(world, [agency])))
    if capability is not None:
        wanted = msgspec.structs.replace(wanted, capabilities=frozenset(await vocabulary.abilities(world, capability)))
    candidates, beyond = await asyncio.gather(_ranked(world, wanted, limit), world.borders.offers(found))
    return answer(Candidates(world.now(), candidates, found.id, beyond))


@router.get("/candidates", responses=documented(Ranking, "units, the best first, and why"))
async def list_candidates_for_a_place(
    _: SeesUnits,
    world: TheWorld,
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    urgency: Urgency = Urgency.EMERGENCY,
    agency: Agency = None,
    capability: Capabilities = None,
    limit: Limit = 10,
) -> Response:
    """The same for a place without an incident: what a neighbouring centre asks before it hands an incident over. Its
    words for abilities need not be this centre's: what no unit here is said to have, all are short of."""
    named = [] if agency is None else [agency]
    wanted = Wanted(
        place=Place(lat, lon), urgency=urgency, agencies=frozenset(await vocabulary.agencies(world, named)),
        capabilities=frozenset(capability or ()),
    )  # fmt: skip
    return answer(Ranking(world.now(), await _ranked(world, wanted, limit)))


async def _ranked(world: World, wanted: Wanted, limit: int) -> list[Candidate]:
    return await world.candidates.ranked(wanted, world.now(), limit)
