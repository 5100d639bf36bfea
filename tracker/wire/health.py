r"""How a unit is doing, each minute: the payload of ``health``.

    {"at":"2026-11-22T01:02:00Z","boot":"3f9a01bc","supply_v":13.1,"satellites":9,"signal_dbm":-71,"outbox_depth":3,
     "outbox_bytes":1200,"lost":{"disk-full":2},"disk_free_bytes":812000000,"clock_skew_s":0.31,
     "receivers":[{"source":"gnss","state":"ok","detail":"9 satellites, a fix each second from /dev/ttyUSB0"}],
     "data_bytes_today":181224,"data_budget_bytes":20000000,"sampling":"on-call","interval_s":5.0}

What the unit cannot measure is null or absent, never 0. ``at`` is the unit's best UTC. The newest message is all that
counts: it is not numbered, not kept in the outbox and not receipted. Fields that we do not know are passed over.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.wire import message
from tracker.wire.topics import ID_PATTERN

MAX_DETAIL = 300
"""Characters of a receiver's sentence."""

_COUNT = Meta(ge=0, le=2**63 - 1)
Count = Annotated[int, _COUNT]
Name = Annotated[str, Meta(pattern=ID_PATTERN)]
Words = Annotated[str, Meta(max_length=MAX_DETAIL, pattern=r"^[^\x00]*$")]


class ReceiverHealth(msgspec.Struct, frozen=True):
    """One source of positions."""

    source: Name  # as in the TAG block: gnss, modem, phone
    state: Name  # ok, no-port, permission, busy, no-connection, no-data, wrong-baud, no-position, no-fix
    detail: Words = ""  # a sentence for whoever can do something about it


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit knows of itself."""

    at: Annotated[datetime, Meta(tz=True)]
    boot: Annotated[str, Meta(max_length=32)] | None = None  # as in presence
    supply_v: Annotated[float, Meta(ge=0, le=1000)] | None = None  # volts
    satellites: Annotated[int, Meta(ge=0, le=500)] | None = None  # used in the last fix
    signal_dbm: Annotated[float, Meta(ge=-200, le=100)] | None = None  # of the mobile network
    outbox_depth: Count | None = None  # items without a receipt
    outbox_bytes: Count | None = None  # on the disk
    lost: dict[Words, Count] = {}  # items gone without a receipt since the start, by reason
    disk_free_bytes: Count | None = None
    clock_skew_s: Annotated[float, Meta(ge=-1e10, le=1e10)] | None = None  # system clock minus GNSS; null: no GNSS time
    receivers: Annotated[tuple[ReceiverHealth, ...], Meta(max_length=20)] = ()
    data_bytes_today: Count | None = None  # sent and received since midnight UTC
    data_budget_bytes: Count | None = None  # a day; null: no limit
    sampling: Words = ""  # what the unit thinks it is doing: lights, on-call, driving, parked
    interval_s: Annotated[float, Meta(gt=0, lt=86400)] | None = None  # announced report interval


_decoder = msgspec.json.Decoder(Health)
_encoder = msgspec.json.Encoder()


def encode(health: Health) -> bytes:
    """The message as it travels.

    Raises:
        ValueError: it is one that `decode` would refuse.
    """
    return message.readable(_encoder.encode(health), decode)


def decode(payload: bytes) -> Health:
    """Read a health message, its time in UTC.

    Raises:
        BadInput: PAYLOAD if it is not one, OVERSIZE, or OUT_OF_RANGE if its time cannot be one.
    """
    health = message.read(_decoder, payload, "health message")
    return msgspec.structs.replace(health, at=message.in_utc(health.at))
