"""Everything that is pushed, described: an AsyncAPI 3 document, made of the types that are sent."""

from functools import cache
from typing import Any

import msgspec
from fastapi import APIRouter, Response

from gateway.feeds.live import UnitState
from gateway.feeds.positions import UnitPosition
from gateway.http.events import GAP, POSITION, Gap
from gateway.http.world import TheWorld, answer
from gateway.services.call_taking import Taken, TakenIncident
from gateway.services.cloudevents import CONTENT_TYPE, TYPE, CloudEvent
from gateway.services.progress import IncidentState
from gateway.services.pushed import DATA
from tracker.wire import topics

router = APIRouter(prefix="/api/v1", tags=["events"])

_SCHEMAS = "#/components/schemas/{name}"
_JSON = "application/json"


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """The first frame of the live socket: every unit."""

    stream: str
    seq: int
    server_time: str
    units: list[UnitState]


class Changes(msgspec.Struct, frozen=True, tag_field="type", tag="changes"):
    """Every unit that changed after `from`, as it is now."""

    stream: str
    from_: int = msgspec.field(name="from")
    seq: int
    server_time: str
    units: list[UnitState]


class Heartbeat(msgspec.Struct, frozen=True, tag_field="type", tag="heartbeat"):
    """Nothing changed."""

    stream: str
    seq: int
    server_time: str


_FRAMES = (Snapshot, Changes, Heartbeat)


DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "AsyncAPI 3.0", "content": {_JSON: {"schema": {"type": "object"}}}}
}


@router.get("/asyncapi.json", responses=DESCRIBED)
async def asyncapi(world: TheWorld) -> Response:
    """Events, webhooks, the live socket and the broker's topics for other systems."""
    return answer(document(world.centre))


@cache
def document(centre: str) -> dict[str, Any]:
    """The document of one centre."""
    shapes = [shape for shape, _ in DATA.values()]
    shapes += [UnitPosition, Gap, IncidentState, TakenIncident, Taken, CloudEvent, *_FRAMES]
    types = list(dict.fromkeys(shapes))
    found, schemas = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    of = dict(zip(types, found, strict=True))
    messages = {kind: _event(kind, of[shape], sentence, schemas) for kind, (shape, sentence) in DATA.items()}
    messages |= {
        POSITION: _message("where a unit is; of these only the newest counts", of[UnitPosition]),
        GAP: _message("events between these numbers are not here any more: read anew what is shown", of[Gap]),
        "unit": _message("how a unit stands", of[UnitPosition]),
        "incident-state": _message("how an incident stands; empty when it is closed", of[IncidentState]),
        "intake": _message("an incident of a call-taking system", of[TakenIncident]),
        "intake-answer": _message("what became of it", of[Taken]),
    }
    messages |= {shape.__name__.lower(): _message(shape.__doc__ or "", of[shape]) for shape in _FRAMES}
    channels = _channels(centre)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "SIGAP",
            "version": "1",
            "description": f"What centre {centre} pushes to other systems, and what it hears from them.",
        },
        "defaultContentType": _JSON,
        "channels": channels,
        "operations": _operations(channels),
        "components": {"messages": messages, "schemas": schemas},
    }


def _message(summary: str, payload: dict[str, Any], content_type: str = _JSON) -> dict[str, Any]:
    return {"summary": summary, "contentType": content_type, "payload": payload}


def _event(kind: str, data: dict[str, Any], summary: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """The envelope of an event of this kind, with what it carries."""
    envelope = schemas["CloudEvent"]
    own = {"type": {"const": TYPE + kind}, "specversion": {"const": "1.0"}, "data": data}
    payload = {**envelope, "title": kind, "properties": {**envelope["properties"], **own}}
    payload["required"] = [*envelope["required"], "specversion", "datacontenttype"]
    return {**_message(summary, payload, CONTENT_TYPE.partition(";")[0]), "name": TYPE + kind}


def _channel(address: str | None, description: str, *names: str, **parameters: str) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": address,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }
    if parameters:
        channel["parameters"] = {name: {"description": text} for name, text in parameters.items()}
    return channel


def _channels(centre: str) -> dict[str, Any]:
    unit, incident = topics.live_unit(centre, "unit"), topics.incident_state(centre, "incident")
    return {
        "events": _channel(
            "/api/v1/events",
            "Server-sent events over HTTP. `id` is the event's number: a client that names the last one it saw in "
            "Last-Event-ID misses none. Positions have no number.",
            *DATA, POSITION, GAP,
        ),
        "webhooks": _channel(
            None,
            "A POST to each receiver of /api/v1/webhooks, signed as Standard Webhooks has it. At least once, those of "
            "one unit in order, with one id however often.",
            *DATA,
        ),
        "live": _channel("/api/v1/live", "A WebSocket.", *(shape.__name__.lower() for shape in _FRAMES)),
        "units": _channel(
            unit.removesuffix("unit") + "{unit}", "MQTT, retained: where a unit is.", "unit", unit="its id"
        ),
        "incidents": _channel(
            incident.replace("/incident/", "/{incident}/"),
            "MQTT, retained while it is open: who is on an incident, and when they are there.",
            "incident-state", incident="its id",
        ),
        "intake": _channel(topics.intake_incident(centre), "MQTT: a call-taking system tells of one.", "intake"),
        "intakeAnswers": _channel(topics.intake_answer(centre), "MQTT: what became of it.", "intake-answer"),
    }  # fmt: skip


def _operations(channels: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"action": "receive" if name == "intake" else "send", "channel": {"$ref": f"#/channels/{name}"}}
        for name in channels
    }
