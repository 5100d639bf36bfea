"""Incidents of other systems, by webhook."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from gateway import signing
from gateway.http.phones import read_body
from gateway.http.world import SeesMissions, TheWorld, answer, documented, documented_body
from gateway.services.call_taking import Refused, Taken, TakenIncident, decode
from gateway.services.progress import IncidentState

router = APIRouter(prefix="/api/v1", tags=["intake"])

MAX_BODY = 64 * 1024

SIGNED: dict[int | str, dict[str, Any]] = {
    201: {**documented(Taken, "opened now")[200]},
    403: {"description": "the signature does not hold, or this centre takes no incidents so"},
    413: {"description": "the body is longer than 64 KiB"},
    422: {"description": "it cannot be taken; the sentence says why"},
}
HEADERS = [
    {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": text}
    for name, text in (
        (signing.ID, "of the message"),
        (signing.TIMESTAMP, "when it was sent, in seconds since 1970"),
        (signing.SIGNATURE, "v1, and the HMAC-SHA256 of id, time and body in base64"),
    )
]


@router.post(
    "/intake/incidents",
    responses={**documented(Taken, "its reference was known; it is now as it was told"), **SIGNED},
    openapi_extra={**documented_body(TakenIncident), "parameters": HEADERS},
)
async def take_incident(world: TheWorld, request: Request) -> Response:
    """An incident of a call-taking system: opened once by its reference, changed when it comes again. Its signature, by
    Standard Webhooks with SIGAP_INTAKE_SECRET, is the right to do exactly this."""
    secret = world.intake_secret
    if secret is None:
        raise HTTPException(403, "this centre takes no incidents from other systems: SIGAP_INTAKE_SECRET is not set")
    sent = await read_body(request, MAX_BODY)
    try:
        signing.check(secret, request.headers, sent, world.now())
    except signing.NotSigned as error:
        raise HTTPException(403, str(error)) from error
    try:
        taken = await world.call_taking.take(decode(sent), world.now())
    except Refused as error:
        raise HTTPException(422, str(error)) from error
    return answer(taken, 201 if taken.made else 200)


@router.get("/incidents/{incident}/state", responses=documented(IncidentState, "as it stands now"))
async def incident_state(_: SeesMissions, world: TheWorld, incident: str) -> Response:
    """Who is on an incident, doing what, and there when: what its call-taking system is told."""
    return answer(await world.progress.state(incident))
