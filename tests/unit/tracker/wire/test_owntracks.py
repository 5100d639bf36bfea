"""OwnTracks' JSON."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BadInput, Reason
from tracker.fix import Quality
from tracker.wire import owntracks, phone

EXAMPLE = (
    b'{"_type":"location","acc":12,"alt":21,"batt":80,"cog":87,"lat":-7.15,"lon":111.88,"t":"t","tid":"01",'
    b'"tst":1763694245,"vel":43,"vac":3,"conn":"m","created_at":1763694250,"inregions":["pos"]}'
)


def test_a_location_is_a_fix_in_si_units() -> None:
    """tst is the time of the fix (created_at is not), km/h become m/s, the 68 % radius becomes one of 95 %."""
    fix = owntracks.decode(EXAMPLE)
    assert fix is not None
    assert fix.time == datetime(2025, 11, 21, 3, 4, 5, tzinfo=UTC)
    assert [fix.latitude, fix.longitude, fix.altitude, fix.course] == [-7.15, 111.88, 21, 87]
    assert fix.speed == pytest.approx(43 / 3.6)
    assert fix.error == pytest.approx(12 * 1.6215, rel=1e-3)
    assert fix.quality is Quality.GOOD


def test_what_a_phone_does_not_know_is_unknown() -> None:
    """Absent, or negative as the iPhone says it: None, never 0."""
    for tail in (b"", b',"vel":-1,"cog":-1,"acc":-1', b',"acc":0,"vel":null'):
        fix = owntracks.decode(b'{"_type":"location","tst":1763694245,"lat":-7.15,"lon":111.88' + tail + b"}")
        assert fix is not None
        assert (fix.speed, fix.course, fix.error, fix.altitude) == (None, None, None, None)


@pytest.mark.parametrize(
    "kind", ["lwt", "transition", "waypoint", "waypoints", "steps", "card", "cmd", "configuration"]
)
def test_other_types_are_no_position(kind: str) -> None:
    """A transition has the place of a fence, a waypoint that of a plan: neither is where the phone is."""
    assert owntracks.decode(b'{"_type":"%b","tst":1763694245,"lat":-7.15,"lon":111.88}' % kind.encode()) is None


def test_the_empty_memory_is_flagged() -> None:
    """0, 0 is kept, and says so."""
    fix = owntracks.decode(b'{"_type":"location","tst":1763694245,"lat":0,"lon":0}')
    assert fix is not None
    assert fix.quality is Quality.NULL_ISLAND


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.PAYLOAD),
        (b"[]", Reason.PAYLOAD),
        (b'{"lat":1}', Reason.PAYLOAD),
        (b'{"_type":"location","tst":1763694245,"lat":"-7","lon":111.88}', Reason.PAYLOAD),
        (b'{"_type":"location","lat":-7.15,"lon":111.88}', Reason.PAYLOAD),  # no time: not ours to guess
        (b'{"_type":"location","tst":1763694245,"lat":-97.15,"lon":111.88}', Reason.OUT_OF_RANGE),
        (b'{"_type":"location","tst":-5,"lat":-7.15,"lon":111.88}', Reason.OUT_OF_RANGE),
        (b'{"_type":"location","tst":1e300,"lat":-7.15,"lon":111.88}', Reason.OUT_OF_RANGE),
        (b'{"_type":"encrypted","data":"aGFsbG8="}', Reason.PAYLOAD),
        (b"[" * 100_000, Reason.PAYLOAD),
    ],
)
def test_what_cannot_be_read_has_a_reason(payload: bytes, reason: Reason) -> None:
    """A reason and a sentence, and no other error."""
    with pytest.raises(BadInput) as caught:
        owntracks.decode(payload)
    assert caught.value.reason is reason


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    """Nothing else happens."""
    with suppress(BadInput):
        owntracks.decode(payload)


@pytest.mark.parametrize(
    ("topic", "user"),
    [
        ("owntracks/bojonegoro.ambulans-07/phone", "bojonegoro.ambulans-07"),
        ("owntracks/a/b/event", None),
        ("owntracks//b", None),
        ("sigap/v1/x", None),
    ],
)
def test_the_topic_names_the_user(topic: str, user: str | None) -> None:
    """Its device's name is the phone's own business."""
    assert owntracks.user_of(topic) == user


def test_the_factor_to_95_percent_is_that_of_a_circular_normal_distribution() -> None:
    """The share within r of such errors is 1 - exp(-r^2 / 2)."""
    assert pytest.approx(2.44775 / 1.50959, rel=1e-4) == phone.TO_95
