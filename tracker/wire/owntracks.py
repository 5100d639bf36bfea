"""OwnTracks' JSON over MQTT, as its app publishes it on ``owntracks/{user}/{device}``.

    {"_type":"location","tst":1763750000,"lat":-7.15,"lon":111.88,"acc":12,"vel":43,"cog":87,"alt":21,"batt":80}

``tst`` is the time of the fix, whole seconds of UNIX time; ``acc`` metres, ``vel`` km/h, ``cog`` degrees, ``alt``
metres above sea level, ``batt`` percent. Other types (lwt, transition, waypoint, steps, ...) carry no position of the
phone of their own: they are named and passed over. ``encrypted`` cannot be read, since only the user knows the key.

An app sends again until the broker's PUBACK and knows no receipts.

Source: OwnTracks Booklet, "JSON"; https://owntracks.org/booklet/tech/json/
"""

import msgspec

from tracker.errors import BadInput, Reason
from tracker.fix import Fix
from tracker.measures import KILOMETRE_PER_HOUR
from tracker.wire import phone

PREFIX = "owntracks"
EVERY_PHONE = f"{PREFIX}/+/+"
"""The subscription filter for positions of all users."""


class _Typed(msgspec.Struct, rename={"kind": "_type"}):
    kind: str


class _Location(msgspec.Struct):
    lat: float
    lon: float
    tst: float
    acc: float | None = None
    vel: float | None = None
    cog: float | None = None
    alt: float | None = None


_types = msgspec.json.Decoder(_Typed)
_locations = msgspec.json.Decoder(_Location)


def user_of(topic: str) -> str | None:
    """The user of a phone's topic; None for a topic of another kind."""
    parts = topic.split("/")
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX and parts[1] and parts[2] else None


def decode(payload: bytes) -> Fix | None:
    """The fix of a location; None for a message of another type.

    Raises:
        BadInput: PAYLOAD, if it is no OwnTracks message that can be read; OUT_OF_RANGE, if a value cannot be.
    """
    try:
        kind = _types.decode(payload).kind
        if kind == "encrypted":
            raise BadInput(Reason.PAYLOAD, "encrypted by the app: switch its encryption key off, TLS protects the way")
        if kind != "location":
            return None
        found = _locations.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(Reason.PAYLOAD, f"no message of OwnTracks: {' '.join(str(error).split())[:200]}") from None
    return phone.fix(
        phone.instant(found.tst),
        found.lat,
        found.lon,
        accuracy=found.acc,
        speed=None if found.vel is None else found.vel * KILOMETRE_PER_HOUR,
        course=found.cog,
        altitude=found.alt,
    )
