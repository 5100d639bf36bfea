"""Webhooks: who is told of events over HTTP, and what has reached them."""

import secrets
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import UNSET, Meta, UnsetType

from gateway.http.requests import Id, Time
from gateway.http.world import ManagesWebhooks, TheWorld, World, answer, aware, body, documented, documented_body
from gateway.services.webhooks import NotAllowed
from gateway.storage.events import KINDS
from gateway.storage.webhooks import Delivery, Webhook

router = APIRouter(prefix="/api/v1", tags=["webhooks"])

Url = Annotated[str, Meta(max_length=2000, pattern="^https?://", description="http or https; no user name in it")]
Kind = Annotated[str, Meta(extra_json_schema={"enum": list(KINDS)})]
Kinds = Annotated[tuple[Kind, ...], Meta(max_length=50, description="of events; none named: all")]
Label = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]


class NewWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """A receiver."""

    url: Url
    id: Id | None = None
    name: Label = ""
    kinds: Kinds = ()
    exercises: bool = False  # whether it wants events of exercises too; each says whether it is one


class WebhookChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is not named stays. An inactive receiver hears of nothing that happens meanwhile; what waits, waits on."""

    url: Url | UnsetType = UNSET
    name: Label | UnsetType = UNSET
    kinds: Kinds | UnsetType = UNSET
    exercises: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """From when on."""

    since: Time


class WithSecret(msgspec.Struct):
    """A receiver and its secret, which is shown this once."""

    webhook: Webhook
    secret: str


class WebhookList(msgspec.Struct):
    """By id."""

    webhooks: list[Webhook]


class Deliveries(msgspec.Struct):
    """Newest event first."""

    deliveries: list[Delivery]
    next_cursor: str | None


class Replayed(msgspec.Struct):
    """How many events wait now to be sent once more."""

    events: int


GONE: dict[int | str, dict[str, Any]] = {404: {"description": "there is no webhook of that id"}}
REFUSED: dict[int | str, dict[str, Any]] = {422: {"description": "the body cannot be read, or we send nothing there"}}


def _kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise HTTPException(422, f"there is no kind {', '.join(unknown)}: {', '.join(KINDS)}")
    return kinds


async def _allowed(world: World, url: str) -> str:
    try:
        await world.allow_receiver(url)
    except NotAllowed as error:
        raise HTTPException(422, str(error)) from error
    return url


@router.post(
    "/webhooks",
    status_code=201,
    responses={
        201: {**documented(WithSecret, "added; it hears of what happens from now on")[200]},
        409: {"description": "the id is taken"},
        **REFUSED,
    },
    openapi_extra=documented_body(NewWebhook),
)
async def add_webhook(_: ManagesWebhooks, world: TheWorld, request: Request) -> Response:
    """Add a receiver. Its secret is shown in this answer and never again."""
    new = await body(request, NewWebhook)
    webhook = Webhook(
        id=new.id or secrets.token_hex(6),
        name=new.name,
        url=await _allowed(world, new.url),
        kinds=_kinds(new.kinds),
        exercises=new.exercises,
        active=True,
        created_at=world.now(),
    )
    return answer(WithSecret(webhook, await world.webhooks.add(webhook)), 201)


@router.get("/webhooks", responses=documented(WebhookList, "by id"))
async def list_webhooks(_: ManagesWebhooks, world: TheWorld) -> Response:
    """All receivers, and how many events wait for each."""
    return answer(WebhookList(await world.webhooks.all()))


@router.get("/webhooks/{webhook}", responses={**documented(Webhook, "the receiver"), **GONE})
async def show_webhook(_: ManagesWebhooks, world: TheWorld, webhook: str) -> Response:
    """One receiver."""
    return answer(await world.webhooks.one(webhook))


@router.patch(
    "/webhooks/{webhook}",
    responses={**documented(Webhook, "as it is now"), **GONE, **REFUSED},
    openapi_extra=documented_body(WebhookChange),
)
async def change_webhook(_: ManagesWebhooks, world: TheWorld, request: Request, webhook: str) -> Response:
    """Change a receiver. What waits is tried at once."""
    change = await body(request, WebhookChange)
    changes = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    if change.url is not UNSET:
        await _allowed(world, change.url)
    if change.kinds is not UNSET:
        _kinds(change.kinds)
    await world.webhooks.change(msgspec.structs.replace(await world.webhooks.one(webhook), **changes))
    return answer(await world.webhooks.one(webhook))


@router.post("/webhooks/{webhook}/secret", responses={**documented(WithSecret, "with its new secret"), **GONE})
async def renew_secret(_: ManagesWebhooks, world: TheWorld, webhook: str) -> Response:
    """Another secret for a receiver, shown this once: what is sent from now on is signed with it."""
    found = await world.webhooks.one(webhook)
    secret = await world.webhooks.change(found, renew=True)
    if secret is None:
        raise AssertionError("a secret that is renewed is there")
    return answer(WithSecret(found, secret))


@router.delete("/webhooks/{webhook}", status_code=204, responses={204: {"description": "it is gone"}, **GONE})
async def drop_webhook(_: ManagesWebhooks, world: TheWorld, webhook: str) -> Response:
    """Forget a receiver, and all that waits for it."""
    await world.webhooks.drop(webhook)
    return Response(status_code=204)


@router.get("/webhooks/{webhook}/deliveries", responses={**documented(Deliveries, "newest event first"), **GONE})
async def list_deliveries(
    _: ManagesWebhooks,
    world: TheWorld,
    webhook: str,
    state: Literal["waiting", "delivered", "dead"] | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,18}$")] = None,
) -> Response:
    """What became of each event at a receiver. `state=dead` were given up: mend the receiver, and replay."""
    before = None if cursor is None else int(cursor)
    found = await world.webhooks.deliveries(webhook, state=state, before=before, limit=limit)
    return answer(Deliveries(found, str(found[-1].event) if len(found) == limit else None))


@router.post(
    "/webhooks/{webhook}/replay",
    responses={**documented(Replayed, "they are on their way"), **GONE},
    openapi_extra=documented_body(Replay),
)
async def replay(_: ManagesWebhooks, world: TheWorld, request: Request, webhook: str) -> Response:
    """Send all that happened from a moment on once more, in order and with the ids it had."""
    since = aware("since", (await body(request, Replay)).since)
    if since is None:
        raise AssertionError("a body that was read has a time")
    return answer(Replayed(await world.webhooks.replay(webhook, since)))
