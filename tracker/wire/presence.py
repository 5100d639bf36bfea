"""Presence, retained: whether a unit or the gateway is there, and how often the unit means to report.

The last will says offline; the announced interval is what freshness is judged by.
"""

import msgspec

from tracker.errors import BadInput, Reason


class Presence(msgspec.Struct, frozen=True, omit_defaults=True):
    """JSON: ``{"online":true,"boot":"k3f9","firmware":"sigap-unit 0.1.0","interval_s":1.0}``; more may follow."""

    online: bool
    boot: str | None = None  # random, new at each start of the program
    firmware: str | None = None
    interval_s: float | None = None  # announced report interval, seconds


_decoder = msgspec.json.Decoder(Presence)
_encoder = msgspec.json.Encoder()


def encode(presence: Presence) -> bytes:
    """The presence as it travels."""
    return _encoder.encode(presence)


def decode(payload: bytes) -> Presence:
    """Read a presence.

    Raises:
        BadInput: PAYLOAD, if it is not one, or the interval is not a positive number of seconds below a day.
    """
    try:
        presence = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(Reason.PAYLOAD, f"not a presence: {error}") from None
    if presence.interval_s is not None and not 0 < presence.interval_s < 86400:
        raise BadInput(Reason.PAYLOAD, f"not a presence: an interval of {presence.interval_s} s")
    return presence
