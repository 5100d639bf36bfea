"""What Traccar Client sends over HTTP: the OsmAnd protocol's parameters, or (newer apps) a JSON body.

    id=SECRET&timestamp=1763750000&lat=-7.15&lon=111.88&speed=23.2&bearing=87&altitude=21&accuracy=12&batt=80

    {"device_id":"SECRET","location":{"timestamp":"2026-11-21T03:04:05.000Z","coords":{"latitude":-7.15,
     "longitude":111.88,"accuracy":12,"speed":11.9,"heading":87,"altitude":21},"battery":{"level":0.8}}}

``timestamp`` is UNIX time in seconds or milliseconds, or ISO 8601 with a zone; without one the fix is dated on receipt
and flagged so. ``speed`` is in knots among the parameters and in m/s in the body; -1 says unknown. The altitude is
above the ellipsoid on most phones and above the sea on others, and nothing tells which: it is not taken.

The id is who speaks, and at the same time the only secret that such an app can have. `split_id` takes it away first, so
that what may be kept of a message never holds it.

Sources: https://www.traccar.org/osmand/ ; Traccar Client, lib/preferences.dart (location template).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from tracker.errors import BadInput, Reason
from tracker.fix import Fix, Quality
from tracker.measures import KNOT
from tracker.wire import phone
from tracker.wire.payload import Unreadable

IDS = ("id", "deviceid", "device_id")
MOST_LOCATIONS = 1000
"""In one body; apps send one, or what they have gathered."""


_number = re.compile(r"[0-9]{1,16}(?:\.[0-9]{0,9})?").fullmatch


class _Coords(msgspec.Struct):
    latitude: float
    longitude: float
    accuracy: float | None = None
    speed: float | None = None  # m/s
    heading: float | None = None


class _Location(msgspec.Struct):
    coords: _Coords
    timestamp: str | float | None = None
    mock: bool = False


class _Parameters(msgspec.Struct):
    lat: float | None = None
    lon: float | None = None
    location: str | None = None  # "lat,lon" in one
    timestamp: str | None = None
    speed: float | None = None  # knots
    bearing: float | None = None
    heading: float | None = None
    accuracy: float | None = None
    hdop: float | None = None
    mock: bool = False


def split_id(query: str, body: bytes) -> tuple[str, bytes]:
    """Who speaks, and the rest of what was said, without the id: JSON as it came, parameters in their order.

    Args:
        query: of the address.
        body: of the request; parameters in a body are read where the query has none.

    Raises:
        BadInput: PAYLOAD, if nobody is named in it, or it cannot be read at all.
    """
    if body.lstrip()[:1] == b"{":
        return _split_json(query, body)
    try:
        pairs = parse_qsl(
            query or body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=100
        )
    except ValueError as error:  # UnicodeDecodeError is one, too
        raise BadInput(Reason.PAYLOAD, f"neither parameters nor JSON: {str(error)[:100]}") from None
    named = [value for key, value in pairs if key in IDS]
    if not named or not named[0]:
        raise BadInput(Reason.PAYLOAD, "no `id` among the parameters")
    return named[0], urlencode([pair for pair in pairs if pair[0] not in IDS]).encode()


def _split_json(query: str, body: bytes) -> tuple[str, bytes]:
    try:
        said: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(Reason.PAYLOAD, f"no JSON object: {' '.join(str(error).split())[:200]}") from None
    name = next((said[key] for key in IDS if isinstance(said.get(key), str)), None)
    name = name or next((value for key, value in parse_qsl(query) if key in IDS), None)
    if not name:
        raise BadInput(Reason.PAYLOAD, "no `device_id` in the body")
    rest = {key: _without_id(value) for key, value in said.items() if key not in IDS}
    return name, msgspec.json.encode(rest)


def _without_id(value: Any) -> Any:
    """Apps repeat the id in a field ``_`` of each location, for servers that read no JSON."""
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key != "_" and key not in IDS}
    if isinstance(value, list):
        return [_without_id(each) for each in value]
    return value


def decode(payload: bytes, received_at: datetime) -> list[Fix | Unreadable]:
    """Read what `split_id` left: never raises for bad input; empty where there is no position in it (a bare heartbeat).

    Args:
        received_at: aware; dates a position that tells no time, which is flagged.
    """
    if payload[:1] == b"{":
        return _decode_json(payload, received_at)
    try:
        given = msgspec.convert(dict(parse_qsl(payload.decode())), _Parameters, strict=False)
        return _read_parameters(given, received_at)
    except (msgspec.ValidationError, ValueError) as error:
        return [Unreadable(None, Reason.FIELD, " ".join(str(error).split())[:200], payload)]
    except BadInput as error:
        return [Unreadable(None, error.reason, error.detail, payload)]


def split_locations(payload: bytes) -> list[bytes]:
    """A message with many locations as messages with one each; empty where it is none such."""
    try:
        held = msgspec.json.decode(payload, type=dict[str, Any]).get("location")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []
    return [msgspec.json.encode({"location": each}) for each in held] if isinstance(held, list) else []


def _read_parameters(given: _Parameters, received_at: datetime) -> list[Fix | Unreadable]:
    latitude, longitude = given.lat, given.lon
    if given.location is not None:
        south, _, east = given.location.partition(",")
        latitude, longitude = float(south), float(east)
    if latitude is None and longitude is None:
        return []
    if latitude is None or longitude is None:
        raise BadInput(Reason.FIELD, "half a position: `lat` and `lon` go together")
    at, quality = _time(given.timestamp, received_at)
    return [
        phone.fix(
            at,
            latitude,
            longitude,
            accuracy=given.accuracy,
            speed=None if given.speed is None else given.speed * KNOT,
            course=given.heading if given.bearing is None else given.bearing,
            hdop=given.hdop,
            simulated=given.mock,
            quality=quality,
        )
    ]


def _decode_json(payload: bytes, received_at: datetime) -> list[Fix | Unreadable]:
    try:
        held = msgspec.json.decode(payload, type=dict[str, Any]).get("location", [])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return [Unreadable(None, Reason.PAYLOAD, " ".join(str(error).split())[:200], payload)]
    locations: Sequence[Any] = held if isinstance(held, list) else [held]
    if len(locations) > MOST_LOCATIONS:
        return [Unreadable(None, Reason.OVERSIZE, f"{len(locations)} locations in one message", payload)]
    found: list[Fix | Unreadable] = []
    for each in locations:
        try:
            found.append(_read_location(msgspec.convert(each, _Location), received_at))
        except msgspec.ValidationError as error:
            found.append(Unreadable(None, Reason.FIELD, " ".join(str(error).split())[:200], msgspec.json.encode(each)))
        except BadInput as error:
            found.append(Unreadable(None, error.reason, error.detail, msgspec.json.encode(each)))
    return found


def _read_location(given: _Location, received_at: datetime) -> Fix:
    at, quality = _time(given.timestamp, received_at)
    return phone.fix(
        at,
        given.coords.latitude,
        given.coords.longitude,
        accuracy=given.coords.accuracy,
        speed=given.coords.speed,
        course=given.coords.heading,
        simulated=given.mock,
        quality=quality,
    )


def _time(said: str | float | None, received_at: datetime) -> tuple[datetime, Quality]:
    if said is None or said == "":
        return received_at, Quality.DATED_ON_RECEIPT
    if not isinstance(said, str) or _number(said):
        return phone.instant(float(said)), Quality.GOOD
    try:
        at = datetime.fromisoformat(said)
        if at.tzinfo is None:
            raise BadInput(Reason.FIELD, f"the time {said[:40]!r} names no zone")
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(Reason.FIELD, f"{said[:40]!r} is no time") from None
    return phone.instant(at.timestamp()), Quality.GOOD
