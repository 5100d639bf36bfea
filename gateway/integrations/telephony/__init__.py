"""A telephone exchange says that somebody calls: whose number, on which line, and where they are if it knows.

The exchange signs what it sends, with a secret that it shares with the centre (SIGAP_TELEPHONY_SECRET):

    Sigap-Timestamp: 1795312800
    Sigap-Signature: sha256=<HMAC-SHA256 of "<timestamp>.<body>", hexadecimal>

The time is part of it, so that what somebody overheard is worth nothing five minutes later. Within them the same event
again is the same call: an exchange that got no answer sends again.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.services.telephone import Ringing

HOLDS = timedelta(minutes=5)
"""How far a signature's time may lie from the gateway's clock."""


class NotSigned(Exception):
    """It is not from the exchange; the sentence says what to look at."""


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
    line: Annotated[str, Meta(max_length=32, pattern=r"^[^\x00]*$")]  # the number that was called
    caller: Annotated[str, Meta(max_length=32, pattern=r"^[^\x00]*$")] | None = None  # None: withheld
    location: Location | None = None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in ``Sigap-Signature``."""
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def verify(secret: str, timestamp: str, given: str, body: bytes, now: datetime) -> None:
    """Pass if the exchange has sent this, and just now.

    Raises:
        NotSigned: it has not, or one of the two clocks is wrong.
    """
    if not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode()):
        raise NotSigned("the signature is not of this body, this time and our secret")
    if not timestamp.isdecimal() or abs(float(timestamp) - now.timestamp()) > HOLDS.total_seconds():
        raise NotSigned(f"the signature is of another time; it is {int(now.timestamp())} here")


def ringing(event: CallEvent) -> Ringing | None:
    """The call that begins with an event; None: it tells of one that began before."""
    if event.event is not What.RINGING:
        return None
    at = event.location
    digest = hashlib.sha256(event.id.encode()).hexdigest()[:26]
    return Ringing(
        f"tel-{digest}",
        event.line,
        _number(event.caller),
        None if at is None else at.latitude,
        None if at is None else at.longitude,
    )


def _number(caller: str | None) -> str | None:
    """Digits, with a plus before them if it was there; exchanges write "anonymous" for a withheld one."""
    found = re.sub(r"[^0-9+]", "", caller or "")
    return found if re.fullmatch(r"\+?[0-9]{3,15}", found) else None
