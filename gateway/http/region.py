"""What the board draws under the units, until real roads are imported: the districts of the centre's profile."""

from fastapi import APIRouter, HTTPException, Response

from gateway.http.world import SeesUnits, TheWorld, answer
from tracker import regions

router = APIRouter(prefix="/api/v1", tags=["units"])


@router.get(
    "/region",
    responses={
        200: {"description": "GeoJSON: districts as points, roads as lines", "content": {"application/json": {}}}
    },
)
async def show_region(_: SeesUnits, world: TheWorld) -> Response:
    """Districts (approximate centres) and synthetic roads of the centre's profile, as GeoJSON."""
    if world.centre not in regions.names():
        raise HTTPException(404, f"there is no profile of the region {world.centre!r}; the board goes without")
    return answer(regions.feature_collection(regions.network_of(regions.load(world.centre))))
