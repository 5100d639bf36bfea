"""A telephone exchange says that somebody calls: whose number, on which line, and where they are if it knows.

It signs what it sends as everybody does who sends to us (`gateway/signing.py`), with the secret of
SIGAP_TELEPHONY_SECRET: what somebody overheard is worth nothing five minutes later. Within them the same event again is
the same call, for an exchange that got no answer sends again.
"""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.missions.calls import Call
from tracker.wire.topics import ID_PATTERN


class What(StrEnum):
    """What happens to a call. All but `RINGING` is taken and changes nothing: people close calls."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Location(msgspec.Struct, frozen=True):
    """Where the network or the phone says the caller is (AML, or the cell's own)."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    radius_m: Annotated[float, Meta(ge=0)] | None = None


class CallEvent(msgspec.Struct, frozen=True):
    """What an exchange sends. What else it says is not read."""

    id: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]  # of the call, as the exchange has it
    event: What
    line: Annotated[str, Meta(pattern=ID_PATTERN)]  # the number that was called
    caller: Annotated[str, Meta(max_length=32, pattern=r"^[^\x00]*$")] | None = None  # None: withheld
    location: Location | None = None


def ringing(event: CallEvent, now: datetime) -> Call | None:
    """The call that begins with an event; None: it tells of one that began before."""
    if event.event is not What.RINGING:
        return None
    at = event.location
    return Call(
        f"tel-{hashlib.sha256(event.id.encode()).hexdigest()[:26]}",
        now,
        event.line,
        _number(event.caller),
        latitude=None if at is None else at.latitude,
        longitude=None if at is None else at.longitude,
    )


def _number(caller: str | None) -> str | None:
    """Digits, with a plus before them if it was there; exchanges write "anonymous" for a withheld one."""
    found = re.sub(r"[^0-9+]", "", caller or "")
    return found if re.fullmatch(r"\+?[0-9]{3,15}", found) else None
