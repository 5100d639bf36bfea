r"""What a crew says, and what its vehicle's inputs say: the payload of ``status/{outbox}``.

One to many lines, LF between them, each one JSON object: a *report* under its number of the outbox's one sequence, in
which epochs count as well. Each line is read by itself, so a bad one takes no other with it.

    {"n":412,"c":"2026-11-22T01:02:03.4Z","clock":"gnss","kind":"status","status":"en-route","mission":"m-17","source":"crew"}
    {"n":413,"c":"2026-11-22T01:02:09Z","clock":"system","kind":"input","name":"siren","on":true}
    {"n":414,"c":"2026-11-22T01:03:00Z","kind":"answer","mission":"m-18","accepted":false,"reason":"no driver"}
    {"n":415,"c":"2026-11-22T01:03:30Z","kind":"emergency","raised":true,"since":"2026-11-22T01:03:00Z","source":"crew"}

``n``     0 to 2^63 - 1. An outbox stores a report as its *body*, the same object without ``n``: `body`, `numbered`.
``c``     the device's best UTC at the event, RFC 3339; ``clock`` says which clock that is, absent: not known.
``since`` of an emergency: when it was raised first. It names the alarm, so that the repeats of one already acknowledged
          (they may come late, and in any order) do not raise it again.

Fields that we do not know are passed over: a newer unit must not be mute at an older gateway.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.errors import BadInput, Reason
from tracker.wire import message
from tracker.wire.payload import Unreadable
from tracker.wire.topics import ID_PATTERN, MAX_PAYLOAD

MAX_TEXT = 500
"""Characters in what a crew writes: a reason, no letter."""

MAX_SEQUENCE = 2**63 - 1

Sequence63 = Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Instant = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]


class Clock(StrEnum):
    """Which clock told the time of a report."""

    GNSS = "gnss"
    SYSTEM = "system"


class Source(StrEnum):
    """Who said it."""

    CREW = "crew"  # a button, a key, the tablet
    INPUT = "input"  # a wire in the vehicle
    RADIO = "radio"


class CrewStatus(StrEnum):
    """What a unit is doing, as its crew says it."""

    AVAILABLE = "available"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en-route"
    ON_SCENE = "on-scene"
    PATIENT_ABOARD = "patient-aboard"
    AT_HOSPITAL = "at-hospital"
    HANDED_OVER = "handed-over"
    OUT_OF_SERVICE = "out-of-service"


class _Said(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", kw_only=True):
    """What every report has."""

    at: Instant = msgspec.field(name="c")
    clock: Clock | None = None


class Status(_Said, frozen=True, tag="status", kw_only=True):
    """A status was chosen."""

    status: CrewStatus
    source: Source
    mission: Id | None = None  # as the unit knew it at that moment


class Emergency(_Said, frozen=True, tag="emergency", kw_only=True):
    """The crew is in danger (``raised``), or took it back. Repeated until a command acknowledges it."""

    raised: bool
    since: Instant  # when it was raised first; the alarm's name
    source: Source


class Answer(_Said, frozen=True, tag="answer", kw_only=True):
    """The crew takes a mission, or does not."""

    mission: Id
    accepted: bool
    reason: Words = ""
    source: Source = Source.CREW


class Input(_Said, frozen=True, tag="input", kw_only=True):
    """A named digital input of the vehicle changed: siren, beacon, door, ignition."""

    name: Id
    on: bool


Report = Status | Emergency | Answer | Input


class Numbered(msgspec.Struct, frozen=True):
    """A report, read well, under its number."""

    sequence: int
    report: Report
    raw: bytes  # the line as it came


class _Number(msgspec.Struct, frozen=True):
    n: Sequence63


_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)
_numbers = msgspec.json.Decoder(_Number)
_encoder = msgspec.json.Encoder()


def body(report: Report) -> bytes:
    """A report without its number, as an outbox keeps it.

    Raises:
        ValueError: it is one that `decode` would refuse: what cannot be delivered is not stored.
    """
    return message.readable(_encoder.encode(report), read_body)


def read_body(text: bytes) -> Report:
    """A report from its body, with or without a number in it; its times in UTC.

    Raises:
        BadInput: PAYLOAD if it is not a report, OUT_OF_RANGE if a time in it cannot be one.
    """
    report = message.parse(_reports, text, "report")
    report = msgspec.structs.replace(report, at=message.in_utc(report.at))
    if isinstance(report, Emergency):
        report = msgspec.structs.replace(report, since=message.in_utc(report.since))
    return report


def numbered(sequence: int, report_body: bytes) -> bytes:
    """The line of a body: what `encode` gives.

    Raises:
        ValueError: the number is below zero or too large, or the body is no JSON object of one line.
    """
    if not 0 <= sequence <= MAX_SEQUENCE:
        raise ValueError(f"{sequence} is no sequence number")
    if report_body[:2] != b'{"' or report_body[-1:] != b"}" or b"\n" in report_body:
        raise ValueError("a report's body is a JSON object on one line")
    return b'{"n":%d,%b' % (sequence, report_body[1:])


def encode(sequence: int, report: Report) -> bytes:
    """One report as it travels, without a line's end.

    Raises:
        ValueError: as in `body` and `numbered`.
    """
    return numbered(sequence, body(report))


def join(lines: Sequence[bytes]) -> bytes:
    """Lines of `encode` or `numbered` as one payload; at most `topics.MAX_PAYLOAD` bytes is the caller's duty."""
    return b"\n".join(lines)


def decode(payload: bytes) -> list[Numbered | Unreadable]:
    """Read one message: never raises for bad input, never returns nothing.

    A line that is no report comes out as `Unreadable`, with its number where that can be read.
    """
    if len(payload) > MAX_PAYLOAD:
        return [Unreadable(None, Reason.OVERSIZE, f"{len(payload)} bytes, {MAX_PAYLOAD} are allowed", payload)]
    found: list[Numbered | Unreadable] = []
    for line in payload.split(b"\n"):
        if not line.strip():
            continue
        try:
            number = _numbers.decode(line).n
        except message.UNREADABLE as error:
            found.append(Unreadable(None, Reason.PAYLOAD, f"no report under a number: {message.one_line(error)}", line))
            continue
        try:
            found.append(Numbered(number, read_body(line), line))
        except BadInput as error:
            found.append(Unreadable(number, error.reason, error.detail, line))
    return found or [Unreadable(None, Reason.PAYLOAD, "a payload without a report", payload)]


__all__ = [
    "MAX_SEQUENCE",
    "MAX_TEXT",
    "Answer",
    "Clock",
    "CrewStatus",
    "Emergency",
    "Input",
    "Numbered",
    "Report",
    "Source",
    "Status",
    "Unreadable",
    "body",
    "decode",
    "encode",
    "join",
    "numbered",
    "read_body",
]
