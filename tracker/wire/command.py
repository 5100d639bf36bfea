r"""What the centre wants of a unit, and what became of it: the payloads of ``command`` and ``command/reply``.

    {"id":"c-81","n":81,"kind":"assignment","issued_at":"…Z","expires_at":null,"card":{"mission":"m-17","urgency":"emergency",
     "stops":[{"leg":"to-scene","latitude":-7.15,"longitude":111.88,"name":"Jl. Veteran 12"}],"notes":"2 patients"}}
    {"id":"c-82","n":82,"kind":"update-mission","issued_at":"…Z","expires_at":"…Z","mission":"m-17",
     "eta":{"p10":240,"p50":300,"p90":420,"at":"…Z","source":"road"}}
    {"id":"c-83","n":83,"kind":"update-mission",…,"mission":"m-17","ended":true}
    {"id":"c-84","n":84,"kind":"rate",…,"interval_s":1.0,"until":"…Z"}   null: by the unit's own policy
    {"id":"c-85","n":85,"kind":"message",…,"text":"Bensin di SPBU Kalitidu","urgent":false}
    {"id":"c-86","n":86,"kind":"configuration",…,"settings":{"sampling":{"parked_s":120}}}
    {"id":"c-87","n":87,"kind":"ping",…}
    {"id":"c-88","n":88,"kind":"emergency-ack",…,"since":"…Z"}

    {"id":"c-81","outcome":"done","at":"…Z","detail":""}

The gateway keeps a command and sends it again until an outcome other than ``received`` comes, or it expires. The unit
executes an id once and answers a repetition with the same reply. ``n`` rises with each command of a centre: what
is said twice of one thing (a mission's card, the rate) holds as the higher number says, in whatever order they come.

``received`` says: it is here, and somebody has still to do something (a message that nobody has read yet). ``done`` of
an assignment says that the crew can see it; whether they take it is a report of theirs (`tracker.wire.reports.Answer`).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tracker.errors import BadInput, Reason
from tracker.wire import message
from tracker.wire.topics import ID_PATTERN

MAX_TEXT = 1000
"""Characters of notes and messages."""

MAX_INTERVAL_S = 3600.0

LONGEST_S = 7 * 86400.0
"""Until an arrival; what takes longer is nobody's to wait for."""

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]


class Stop(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a leg of a mission leads."""

    leg: Annotated[str, Meta(pattern=ID_PATTERN)]  # to-scene, to-hospital, to-place
    latitude: Annotated[float, Meta(ge=-90, le=90)]  # degrees, WGS 84
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: Name = ""


class Arrival(msgspec.Struct, frozen=True, omit_defaults=True):
    """When the unit arrives at its next stop, in seconds after ``at``."""

    p10: Seconds
    p50: Seconds
    p90: Seconds
    at: Instant
    source: Name = ""  # road, straight-line, last-known
    leg: str = ""  # of the stop it is for


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mission as a crew needs it."""

    mission: Id
    urgency: Name
    stops: Annotated[tuple[Stop, ...], Meta(min_length=1, max_length=10)]
    notes: Text = ""
    assigned_at: Instant | None = None
    eta: Arrival | None = None
    state: Name = ""  # assigned, at-scene, transporting, arrived


class _Ordered(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", kw_only=True):
    """What every command has."""

    id: Id
    n: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    issued_at: Instant
    expires_at: Instant | None = None  # from then on it is not executed any more


class Assignment(_Ordered, frozen=True, tag="assignment", kw_only=True):
    """Drive there. Takes the place of whatever the unit was sent to before."""

    card: Card


class UpdateMission(_Ordered, frozen=True, tag="update-mission", kw_only=True):
    """Something about a mission is another. What is absent stays."""

    mission: Id
    stops: Annotated[tuple[Stop, ...], Meta(min_length=1, max_length=10)] | None = None
    urgency: Name | None = None
    notes: Text | None = None
    eta: Arrival | None = None
    eta_unknown: bool = False  # it is not known any more; what was told before is void
    state: Name | None = None  # assigned, at-scene, transporting, arrived
    ended: bool = False


class Rate(_Ordered, frozen=True, tag="rate", kw_only=True):
    """Report so often."""

    interval_s: Annotated[float, Meta(gt=0, le=MAX_INTERVAL_S)] | None
    until: Instant | None = None


class TextMessage(_Ordered, frozen=True, tag="message", kw_only=True):
    """Words to the crew. ``done`` once somebody has read them."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
    urgent: bool = False


class Configuration(_Ordered, frozen=True, tag="configuration", kw_only=True):
    """Other settings, by section; the unit says in its reply what it refuses."""

    settings: dict[str, Any]


class Ping(_Ordered, frozen=True, tag="ping", kw_only=True):
    """Are you there?"""


class EmergencyAck(_Ordered, frozen=True, tag="emergency-ack", kw_only=True):
    """The centre has seen the emergency that was raised at ``since``: stop repeating it."""

    since: Instant


Command = Assignment | UpdateMission | Rate | TextMessage | Configuration | Ping | EmergencyAck


class Outcome(StrEnum):
    """What became of a command."""

    RECEIVED = "received"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The unit's word on one command."""

    id: Id
    outcome: Outcome
    at: Instant
    detail: Text = ""


_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_replies = msgspec.json.Decoder(Reply)
_encoder = msgspec.json.Encoder()


def encode(command: Command) -> bytes:
    """A command as it travels.

    Raises:
        ValueError: it is one that `decode` would refuse.
    """
    return message.readable(_encoder.encode(command), decode)


def decode(payload: bytes) -> Command:
    """Read a command, its own times in UTC.

    Raises:
        BadInput: PAYLOAD if it is not one, OVERSIZE, or OUT_OF_RANGE if a time in it cannot be one.
    """
    command = message.read(_commands, payload, "command")
    changes: dict[str, Any] = {"issued_at": message.in_utc(command.issued_at)}
    if command.expires_at is not None:
        changes["expires_at"] = message.in_utc(command.expires_at)
    if isinstance(command, EmergencyAck):
        changes["since"] = message.in_utc(command.since)
    elif isinstance(command, Rate) and command.until is not None:
        changes["until"] = message.in_utc(command.until)
    elif isinstance(command, UpdateMission) and command.eta is not None:
        changes["eta"] = _arrival(command.eta)
    elif isinstance(command, Assignment):
        card = command.card
        assigned = None if card.assigned_at is None else message.in_utc(card.assigned_at)
        eta = None if card.eta is None else _arrival(card.eta)
        changes["card"] = msgspec.structs.replace(card, assigned_at=assigned, eta=eta)
    return msgspec.structs.replace(command, **changes)


def encode_reply(reply: Reply) -> bytes:
    """A reply as it travels.

    Raises:
        ValueError: it is one that `decode_reply` would refuse.
    """
    return message.readable(_encoder.encode(reply), decode_reply)


def decode_reply(payload: bytes) -> Reply:
    """Read a reply, its time in UTC; errors as in `decode`."""
    reply = message.read(_replies, payload, "reply")
    return msgspec.structs.replace(reply, at=message.in_utc(reply.at))


def _arrival(eta: Arrival) -> Arrival:
    if not eta.p10 <= eta.p50 <= eta.p90:
        raise BadInput(Reason.OUT_OF_RANGE, "an arrival's interval runs backwards")
    return msgspec.structs.replace(eta, at=message.in_utc(eta.at))
