"""Where a telephone exchange says that somebody calls. Its signature is the right to do exactly this."""

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from gateway.http.phones import read_body
from gateway.http.world import TheWorld, answer, documented, documented_body
from gateway.integrations.telephony import CallEvent, ringing
from gateway.signing import NotSigned, check

router = APIRouter(prefix="/api/v1", tags=["neighbours"])

MAX_BODY = 16 * 1024


class CallTaken(msgspec.Struct):
    """The call that it is; null where the event opens none."""

    call: str | None


@router.post(
    "/telephony/events",
    responses={
        **documented(CallTaken, "taken; the same event again is the same call"),
        403: {"description": "the signature is not good, or this centre has no exchange"},
    },
    openapi_extra=documented_body(CallEvent),
)
async def take_event(world: TheWorld, request: Request) -> Response:
    """An event of the exchange, signed by Standard Webhooks."""
    secret = world.neighbours.telephony_secret
    if secret is None:
        raise HTTPException(403, "this centre has no exchange: SIGAP_TELEPHONY_SECRET is not set")
    body = await read_body(request, MAX_BODY)
    try:
        check(secret, request.headers, body, world.now())
    except NotSigned as error:
        raise HTTPException(403, str(error)) from None
    try:
        event = msgspec.json.decode(body, type=CallEvent)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(422, f"the body cannot be read: {error}") from error
    call = ringing(event, world.now())
    return answer(CallTaken(None if call is None else (await world.calls.take(call)).call.id))
