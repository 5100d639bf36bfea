"""Taking calls: what is known as one comes in, and what becomes of it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from msgspec import Meta

from gateway.http.incidents import CREATED, incident_of
from gateway.http.requests import Destination as To
from gateway.http.requests import Id, Ids, Kind, Latitude, Longitude, NewIncident, Notes, Point, Reference
from gateway.http.world import TakesCalls, TheWorld, answer, body, documented, documented_body
from gateway.services.calls import History
from gateway.services.missions import new_id
from tracker.locate import Located
from tracker.missions import Incident, Urgency
from tracker.missions.calls import Call, CallEnd, Caller, one_spelling
from tracker.missions.duplicates import Duplicate

router = APIRouter(prefix="/api/v1", tags=["calls"])

Number = Annotated[str, Meta(max_length=40, pattern=r"^[^\x00]*$", description="as it is shown; none: it is withheld")]
Text = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]
Line = Annotated[str, Meta(pattern="^([a-z0-9][a-z0-9-]{0,31})?$", description="112, 119, app, whatsapp, ...")]


class NewCall(msgspec.Struct, forbid_unknown_fields=True):
    """A call. With an id of the client's own the request may be repeated: it is one call."""

    number: Number | None = None
    line: Line = ""
    text: Text = ""  # what was pasted or typed of the place: a link, coordinates, a name
    latitude: Latitude | None = None  # where network or phone say the caller is
    longitude: Longitude | None = None
    id: Id | None = None
    exercise: bool = False


class TakenCall(msgspec.Struct):
    """What is known as a call comes in. The mark of a repeated prankster warns; nobody is blocked."""

    call: Call
    caller: Caller | None  # None: the number is withheld
    places: list[Located]  # where it may be, the best first
    duplicates: list[Duplicate]  # incidents that it may be about already, the likeliest first
    problems: list[str]  # what of the text could not be read, in words


class Calls(msgspec.Struct):
    """Newest first."""

    calls: list[Call]


class CallClosing(msgspec.Struct, forbid_unknown_fields=True, rename={"end": "as"}):
    """Nobody is sent, and why."""

    end: CallEnd


class CallIncident(msgspec.Struct, forbid_unknown_fields=True):
    """Either ``join``, the incident that the call is about already, or a new incident. Its place is where network or
    phone say the caller is, if no other is given."""

    join: Id | None = None
    place: Point | None = None
    urgency: Urgency | None = None
    id: Id | None = None
    destination: To | None = None
    kind: Kind = ""
    agencies: Ids | None = None
    capabilities: Ids = []
    notes: Notes = ""
    exercise: bool = False
    reference: Reference = ""
    condition: Kind = ""


class CallAndIncident(msgspec.Struct):
    """The call, and what it tells of."""

    call: Call
    incident: Incident


@router.post(
    "/calls",
    responses={**documented(TakenCall, "this very one was taken before"), **CREATED},
    openapi_extra=documented_body(NewCall),
)
async def take_call(_: TakesCalls, world: TheWorld, request: Request) -> Response:
    """Take a call: who calls, where it may be, and which incident it may be about already."""
    new = await body(request, NewCall)
    if (new.latitude is None) != (new.longitude is None):
        raise HTTPException(422, "`latitude` and `longitude` go together")
    call = Call(
        new.id or new_id(), world.now(), new.line, new.number, new.text, new.latitude, new.longitude,
        exercise=new.exercise,
    )  # fmt: skip
    taken = await world.calls.take(call)
    shown = TakenCall(taken.call, taken.caller, list(taken.places), list(taken.duplicates), list(taken.problems))
    return answer(shown, 201 if taken.made else 200)


@router.get("/calls", responses=documented(Calls, "newest first"))
async def list_calls(
    _: TakesCalls,
    world: TheWorld,
    open_only: Annotated[bool, Query(alias="open", description="only those that still wait for somebody")] = False,
    incident: Annotated[str | None, Query(max_length=32, pattern="^[a-z0-9-]+$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Calls: all, those that wait, or those that told of one incident."""
    return answer(Calls(await world.calls.find(incident=incident, open_only=open_only, limit=limit)))


@router.get("/calls/{call}", responses=documented(Call, "the call"))
async def show_call(_: TakesCalls, world: TheWorld, call: str) -> Response:
    """One call. Its number is there as long as somebody may have to call back."""
    return answer(await world.calls.call(call))


@router.post(
    "/calls/{call}/close",
    responses={
        **documented(Call, "as it is now"),
        409: {"description": "an incident was made of it, or it is closed as something else"},
    },
    openapi_extra=documented_body(CallClosing),
)
async def close_call(_: TakesCalls, world: TheWorld, request: Request, call: str) -> Response:
    """Close a call without sending anybody. The same again changes nothing; as something else it is closed once
    somebody has taken it up again."""
    closing = await body(request, CallClosing)
    return answer(await world.calls.close(call, closing.end, world.now()))


@router.post("/calls/{call}/reopen", responses=documented(Call, "somebody is on it again"))
async def reopen_call(_: TakesCalls, world: TheWorld, call: str) -> Response:
    """Take a call up again that was closed."""
    return answer(await world.calls.reopen(call))


@router.post(
    "/calls/{call}/incident",
    responses={**documented(CallAndIncident, "it tells of this one; made before, or joined"), **CREATED},
    openapi_extra=documented_body(CallIncident),
)
async def make_incident(_: TakesCalls, world: TheWorld, request: Request, call: str) -> Response:
    """Make an incident of a call, or join it to the one that it is about already."""
    wanted = await body(request, CallIncident)
    told = await world.calls.waiting(call)
    if wanted.join is not None:
        if msgspec.structs.replace(wanted, join=None) != CallIncident():
            raise HTTPException(422, "`join` goes alone: PATCH the incident to say more of it")
        return answer(CallAndIncident(*await world.calls.join(call, wanted.join)))
    named = {name: value for name, value in msgspec.structs.asdict(wanted).items() if name != "join"}
    if wanted.place is None:
        if told.latitude is None or told.longitude is None:
            raise HTTPException(422, "say a `place`: the call has no position of its own")
        named["place"] = Point(told.latitude, told.longitude)
    new = await incident_of(world, NewIncident(**named))
    tied, incident, made = await world.calls.open_incident(call, new)
    return answer(CallAndIncident(tied, incident), 201 if made else 200)


@router.get("/callers/{number}", responses=documented(History, "what is remembered"))
async def show_caller(_: TakesCalls, world: TheWorld, number: str) -> Response:
    """The calls from a number, as far as they are remembered, and whether it is a repeated prankster's."""
    if len(number) > 40 or one_spelling(number) is None:
        raise HTTPException(422, "a number has three digits at least")
    return answer(await world.calls.history(number, world.now()))


__all__ = ["router"]
