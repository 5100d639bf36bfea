"""Signatures of what goes over HTTP between systems, ours and theirs: Standard Webhooks, symmetric
(github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).

Signed are the message's id, the time of sending and the body. Without the time in it, whoever once saw a message could
send it again for ever.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far a time of sending may be from the receiver's clock."""

_KEY_BYTES = 32


class NotSigned(Exception):
    """Whoever sent this has not shown that they know the secret; the sentence says what is wrong."""


def new_secret() -> str:
    """A secret for two to share."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def key(secret: str) -> bytes:
    """The bytes that a secret stands for.

    Raises:
        ValueError: it is no secret of this kind, or too short to be one.
    """
    try:
        read = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64") from error
    if len(read) < 24:
        raise ValueError("a secret has at least 24 bytes")
    return read


def sign(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that go with a body."""
    seconds = str(int(at.timestamp()))
    return {ID: message, TIMESTAMP: seconds, SIGNATURE: f"v1,{_digest(secret, message, seconds, body)}"}


def check(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a message whose signature holds.

    Args:
        headers: looked up in lower case.

    Raises:
        NotSigned: a header is missing, the time of sending is not now, or no signature fits.
    """
    try:
        message, seconds, given = headers[ID], headers[TIMESTAMP], headers[SIGNATURE]
    except KeyError as missing:
        raise NotSigned(f"the header {missing} is missing") from None
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 12:
        raise NotSigned(f"the header {TIMESTAMP} is not a number of seconds since 1970")
    if abs(now.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise NotSigned(f"it was sent at {seconds}, more than {TOLERANCE.total_seconds():g} s from this clock")
    right = f"v1,{_digest(secret, message, seconds, body)}".encode()
    if not any(hmac.compare_digest(right, each.encode()) for each in given.split(" ")):
        raise NotSigned("the signature does not fit secret, id, time and body")
    return message


def _digest(secret: str, message: str, seconds: str, body: bytes) -> str:
    signed = f"{message}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(key(secret), signed, hashlib.sha256)).decode()
