"""Where a text means: for the intake form, while somebody is still speaking."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response

from gateway.http.world import SeesMissions, TheWorld, answer, documented
from tracker.locate import Located

router = APIRouter(prefix="/api/v1", tags=["calls"])

Words = Annotated[str, Query(max_length=2000, pattern=r"^[^\x00]*$")]


class Places(msgspec.Struct):
    """The best first."""

    places: list[Located]
    problems: list[str] = []  # what could not be read, in words for whoever pasted it


@router.get("/locate", responses=documented(Places, "where it may be, the best first"))
async def locate(_: SeesMissions, world: TheWorld, text: Words) -> Response:
    """The places of a pasted text: links of map services, coordinates, codes; where it has none, those of its words."""
    found = await world.locator.read(text)
    return answer(Places(list(found.places), list(found.problems)))


@router.get("/search", responses=documented(Places, "the best first"))
async def search(
    _: SeesMissions,
    world: TheWorld,
    q: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="a name, or an address with commas")],
    lat: Annotated[float | None, Query(ge=-90, le=90, description="where the asker is looking")] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
) -> Response:
    """Facilities, streets, villages and districts of the centre, as people spell them. Nobody outside is asked."""
    if (lat is None) != (lon is None):
        raise HTTPException(422, "`lat` and `lon` go together")
    near = None if lat is None or lon is None else (lat, lon)
    return answer(Places(await world.locator.search(q, near)))
