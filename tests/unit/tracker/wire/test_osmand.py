"""What Traccar Client sends: parameters and JSON."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BadInput
from tracker.fix import Fix, Quality, Solution
from tracker.measures import KNOT
from tracker.wire import osmand
from tracker.wire.payload import Unreadable

NOW = datetime(2026, 11, 21, 3, 4, 9, tzinfo=UTC)
AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
QUERY = "id=s3cret&timestamp=1795230245&lat=-7.15&lon=111.88&speed=23.2&bearing=87&altitude=21&accuracy=12&batt=80"
BODY = (
    b'{"location":{"timestamp":"2026-11-21T03:04:05.000Z","coords":{"latitude":-7.15,"longitude":111.88,"accuracy":12,'
    b'"speed":11.9,"heading":87,"altitude":21},"is_moving":true,"odometer":120.5,"event":"motionchange",'
    b'"battery":{"level":0.8,"is_charging":false},"activity":{"type":"in_vehicle"},"extras":{},'
    b'"_":"&id=s3cret&lat=-7.15&lon=111.88&timestamp=2026-11-21T03:04:05.000Z&"},"device_id":"s3cret"}'
)


def one(payload: bytes) -> Fix:
    """The one fix of a message."""
    (fix,) = osmand.decode(payload, NOW)
    assert isinstance(fix, Fix), fix
    return fix


@pytest.mark.parametrize(("query", "body"), [(QUERY, b""), ("", QUERY.encode()), ("", BODY)])
def test_both_languages_say_the_same(query: str, body: bytes) -> None:
    """In the address, in the body, as JSON: the same place and time; knots and m/s each as what they are."""
    name, rest = osmand.split_id(query, body)
    assert name == "s3cret"
    fix = one(rest)
    assert fix.time == AT
    assert [fix.latitude, fix.longitude, fix.course] == [-7.15, 111.88, 87]
    assert fix.speed == pytest.approx(23.2 * KNOT if b"{" not in body else 11.9)
    assert fix.error == pytest.approx(12 * 1.6215, rel=1e-3)
    assert (fix.altitude, fix.quality) == (None, Quality.GOOD)


@pytest.mark.parametrize(("query", "body"), [(QUERY, b""), ("", QUERY.encode()), ("", BODY)])
def test_the_secret_is_in_nothing_that_is_kept(query: str, body: bytes) -> None:
    """Not in the copy that the newer app puts into each location, either."""
    assert b"s3cret" not in osmand.split_id(query, body)[1]


@pytest.mark.parametrize("stamp", ["1795230245", "1795230245000", "2026-11-21T03:04:05Z", "2026-11-21T10:04:05+07:00"])
def test_times_in_all_their_forms(stamp: str) -> None:
    """Seconds, milliseconds, and ISO 8601 with a zone."""
    assert one(urlencode({"timestamp": stamp, "lat": -7.15, "lon": 111.88}).encode()).time == AT


def test_without_a_time_it_is_dated_on_receipt_and_says_so() -> None:
    """At least once, as with any device that tells no date."""
    fix = one(b"lat=-7.15&lon=111.88")
    assert (fix.time, fix.quality) == (NOW, Quality.DATED_ON_RECEIPT)


def test_several_locations_in_one_body_are_each_read_by_themselves() -> None:
    """A bad one takes no other with it."""
    good = msgspec.json.decode(BODY)["location"]
    payload = msgspec.json.encode({"location": [good, {"coords": {"latitude": "x"}}, good]})
    kinds = [type(each) for each in osmand.decode(payload, NOW)]
    assert kinds == [Fix, Unreadable, Fix]


def test_an_invented_place_says_so() -> None:
    """A phone with an app that simulates positions."""
    fix = one(b"lat=-7.15&lon=111.88&timestamp=1795230245&mock=true")
    assert (fix.solution, fix.quality) == (Solution.SIMULATED, Quality.NOT_MEASURED)


def test_no_position_is_nothing_to_store() -> None:
    """A heartbeat with a battery level."""
    assert osmand.decode(b"timestamp=1795230245&batt=80", NOW) == []
    assert osmand.decode(b'{"battery":{"level":1}}', NOW) == []


@pytest.mark.parametrize(
    "payload",
    [
        b"lat=-7.15",
        b"lat=x&lon=1",
        b"lat=nan&lon=1",
        b"lat=-97&lon=1",
        b"location=1",
        b"lat=-7.15&lon=111.88&timestamp=2026-11-21T03:04:05",  # whose hour?
        b"lat=-7.15&lon=111.88&timestamp=yesterday",
        b"lat=-7.15&lon=111.88&timestamp=9999999999999999",
        b'{"location":{"coords":{"latitude":-7.15}}}',
        b'{"location":"here"}',
    ],
)
def test_what_cannot_be_read_is_unreadable_and_no_zero(payload: bytes) -> None:
    """With a reason each."""
    (found,) = osmand.decode(payload, NOW)
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize(
    ("query", "body"), [("", b""), ("lat=1&lon=2", b""), ("id=&lat=1", b""), ("", b"{"), ("", b"\xff")]
)
def test_nobodys_message_is_refused(query: str, body: bytes) -> None:
    """Without an id there is no phone to speak of."""
    with pytest.raises(BadInput):
        osmand.split_id(query, body)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda data: b"{" + data)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Neither half raises anything else."""
    osmand.decode(data, NOW)
    try:
        name, _ = osmand.split_id("", data)
    except BadInput:
        return
    assert name
