"""What is shared with others: the centre's side, and what whoever has a token sees.

The token stands in the address, as in any link that is passed on; so the answers tell browsers and proxies to keep
nothing, and to pass the address to nobody.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta

from gateway.http.requests import Id, Time
from gateway.http.world import (
    SeesSharing,
    SharesViews,
    TheWorld,
    World,
    answer,
    body,
    documented,
    documented_body,
)
from gateway.integrations import police
from gateway.integrations.pmi import DutySaid, DutyTaken, say_duty
from gateway.services.shares import Seen, SharedIncident, SharedUnit
from gateway.storage.shares import Access, Share

router = APIRouter(prefix="/api/v1", tags=["sharing"])

Ids = Annotated[list[Id], Meta(max_length=1000)]


class NewShare(msgspec.Struct, forbid_unknown_fields=True):
    """Who sees what, and until when. What is not named is not shown."""

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]  # with whom
    until: Time
    incidents: Ids = []
    kinds: Ids = []  # incidents of these kinds, while they are open
    units: Ids = []
    crews: bool = False  # the units on missions to those incidents, too
    owner: Id | None = None  # the units that this owner lends, and what they do


class ShareView(msgspec.Struct):
    """A share without its token, which nobody can read again."""

    id: str
    name: str
    incidents: tuple[str, ...]
    kinds: tuple[str, ...]
    units: tuple[str, ...]
    crews: bool
    owner: str | None
    begins_at: datetime
    ends_at: datetime
    made_by: str
    revoked_at: datetime | None


class MadeShare(msgspec.Struct):
    """A share and its token, this once."""

    share: ShareView
    token: str


class ShareList(msgspec.Struct):
    """The newest first."""

    shares: list[ShareView]


class Accesses(msgspec.Struct):
    """The newest first."""

    accesses: list[Access]


class SharedIncidents(msgspec.Struct):
    """What is shared of incidents."""

    server_time: datetime
    incidents: tuple[SharedIncident, ...]


class SharedUnits(msgspec.Struct):
    """What is shared of units."""

    server_time: datetime
    units: tuple[SharedUnit, ...]


class Terms(msgspec.Struct):
    """What a token is good for."""

    name: str
    ends_at: datetime


def _view(share: Share) -> ShareView:
    return ShareView(**msgspec.structs.asdict(share))


@router.post(
    "/shares",
    status_code=201,
    responses={201: documented(MadeShare, "the share, and its token for this once")[200]},
    openapi_extra=documented_body(NewShare),
)
async def begin_share(principal: SharesViews, world: TheWorld, request: Request) -> Response:
    """Share incidents and units with somebody. The token is shown now and never again."""
    new = await body(request, NewShare)
    share, token = await world.neighbours.shares.begin(
        new.name, new.until, principal.name, incidents=new.incidents, kinds=new.kinds, units=new.units,
        crews=new.crews, owner=new.owner,
    )  # fmt: skip
    return answer(MadeShare(_view(share), token), 201)


@router.get("/shares", responses=documented(ShareList, "the newest first, those that are over too"))
async def list_shares(_: SeesSharing, world: TheWorld) -> Response:
    """With whom what is shared."""
    return answer(ShareList([_view(share) for share in await world.neighbours.shares.all()]))


@router.delete("/shares/{share}", responses=documented(ShareView, "it shows nothing any more"))
async def revoke_share(_: SharesViews, world: TheWorld, share: str) -> Response:
    """End a share at once."""
    return answer(_view(await world.neighbours.shares.revoke(share)))


@router.get("/shares/{share}/accesses", responses=documented(Accesses, "the newest first"))
async def list_accesses(
    _: SeesSharing, world: TheWorld, share: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    """Who looked when, from where, and what they were shown."""
    return answer(Accesses(await world.neighbours.shares.accesses(share, limit)))


# For whoever has a token


def _private(value: Any, kind: str = "application/json") -> Response:
    response = answer(value)
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Type": kind})
    return response


async def _look(world: World, request: Request, token: str, what: str) -> tuple[Share, Seen]:
    return await world.neighbours.shares.look(token, _address(request), what)


def _address(request: Request) -> str:
    return "unknown" if request.client is None else request.client.host


@router.get("/shared/{token}", responses=documented(Terms, "what the token is good for"))
async def shared_terms(world: TheWorld, request: Request, token: str) -> Response:
    """With whom this is shared, and until when."""
    share, _ = await _look(world, request, token, "terms")
    return _private(Terms(share.name, share.ends_at))


@router.get("/shared/{token}/incidents", responses=documented(SharedIncidents, "those shared, while they are open"))
async def shared_incidents(world: TheWorld, request: Request, token: str) -> Response:
    """Incidents as far as they are shared."""
    _, seen = await _look(world, request, token, "incidents")
    return _private(SharedIncidents(seen.server_time, seen.incidents))


@router.get("/shared/{token}/units", responses=documented(SharedUnits, "those shared, with their arrival"))
async def shared_units(world: TheWorld, request: Request, token: str) -> Response:
    """Units as far as they are shared; to an owner, with what they do for the centre."""
    _, seen = await _look(world, request, token, "units")
    return _private(SharedUnits(seen.server_time, seen.units))


@router.get(
    "/shared/{token}/map.geojson",
    responses={200: {"description": "GeoJSON, RFC 7946", "content": {"application/geo+json": {}}}},
)
async def shared_map(world: TheWorld, request: Request, token: str) -> Response:
    """Both as one map, as the police's own draws it."""
    _, seen = await _look(world, request, token, "map")
    return _private(police.geojson(seen), "application/geo+json")


@router.post(
    "/shared/{token}/duty",
    responses=documented(DutyTaken, "what holds from now on"),
    openapi_extra=documented_body(DutySaid),
)
async def shared_duty(world: TheWorld, request: Request, token: str) -> Response:
    """An owner says that one of its units is on or off duty."""
    said = await body(request, DutySaid)
    owner = await world.neighbours.shares.owner_of(token, _address(request), f"duty {said.state.value} {said.unit}")
    return _private(await say_duty(world.neighbours.owners, owner, said))
