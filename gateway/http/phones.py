"""What Traccar Client says over HTTP, and whose secret stands for which phone.

Nobody logs in here: the phone's own secret is the right to do exactly this. It is looked up for each request, and who
does not have one learns nothing, and nothing of what they sent is kept. Answers, as an app with a queue needs them:

    200  committed, or there is nothing to commit (off duty, no consent, no position), or kept in the quarantine: an app
         sends in order, and what it could not get rid of would hold back everything behind it
    4xx  it will never be taken: nobody's secret, or no message at all
    503  the database is away: the app keeps it and comes again
"""

import msgspec
import psycopg
from fastapi import APIRouter, HTTPException, Request, Response
from psycopg_pool import PoolTimeout

from gateway.http.world import TheWorld, World, answer
from gateway.services.accept_messages import Message
from gateway.services.enrol_phone import ROUTE
from gateway.services.phones import TRACCAR
from gateway.storage import phones
from gateway.storage.fixes import StoreProofFailed
from gateway.storage.phones import Phone
from tracker.errors import BadInput, Reason
from tracker.wire import osmand
from tracker.wire.topics import MAX_PAYLOAD

router = APIRouter(prefix=ROUTE, tags=["phones"])

MAX_BODY = 1024 * 1024
"""Bytes of one request: an app that has gathered for a day without coverage sends it at once."""


class Taken(msgspec.Struct):
    """What became of a message."""

    stored: int  # positions that are in the database now, new or not


async def phone_of(world: World, secret: str) -> Phone:
    """Whose secret it is.

    Raises:
        HTTPException: 403, nobody's.
        psycopg.OperationalError, PoolTimeout: the database is away; the application answers 503.
    """
    async with world.pool.connection() as connection:
        found = await phones.find(connection, world.centre, world.now(), secret=secret)
    if not found:
        world.intake.declined[Reason.UNKNOWN_PHONE.value] += 1
        raise HTTPException(403, "this phone is not enrolled, or was enrolled anew since: scan its code again")
    return found[0]


async def read_body(request: Request, limit: int) -> bytes:
    """The body, as far as it is not too large.

    Raises:
        HTTPException: 413.
    """
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > limit:
            raise HTTPException(413, f"more than {limit} bytes in one message")
    return read


@router.api_route("/traccar", methods=["GET", "POST"], include_in_schema=False)
async def traccar(request: Request, world: TheWorld) -> Response:
    """One message of Traccar Client."""
    body = await read_body(request, MAX_BODY)
    try:
        secret, said = osmand.split_id(request.url.query, body)
    except BadInput as error:
        world.intake.declined[error.reason.value] += 1
        raise HTTPException(400, error.detail) from None
    phone = await phone_of(world, secret)
    now = world.now()
    messages = [
        Message(f"{TRACCAR}{phone.unit}", part, now)
        for part in ([said] if len(said) <= MAX_PAYLOAD else osmand.split_locations(said) or [said])
    ]
    try:
        accepted = await world.take_in(messages, now)
    except (psycopg.Error, PoolTimeout, StoreProofFailed) as error:
        raise HTTPException(503, "the database does not take it now: keep it", {"Retry-After": "5"}) from error
    return answer(Taken(len(accepted.rows)))
