"""Topics are built and read in one place; what is not exactly one of ours is refused."""

import pytest

from tracker.errors import BadInput, Reason
from tracker.wire.topics import Channel, UnitTopic, every_unit, read_bridge_topic, read_unit_topic

_OUTBOX = "k3f9q2mzx7ap"


@pytest.mark.parametrize("channel", list(Channel))
def test_a_topic_that_is_built_is_read_back(channel: Channel) -> None:
    """Every channel survives the way to text and back, with its outbox exactly where it has one."""
    with_outbox = every_unit("bojonegoro", channel).endswith("/+")
    topic = UnitTopic("bojonegoro", "ambulans-01", channel, _OUTBOX if with_outbox else None)
    assert read_unit_topic(str(topic)) == topic


@pytest.mark.parametrize(
    "topic",
    [
        "sigap/v1/bojonegoro/units/ambulans-01/command/other",
        "sigap/v1/bojonegoro/units/ambulans-01/health/reply",
        "sigap/v1/bojonegoro/units/ambulans-01/reply",
        "sigap/v1/bojonegoro/units/ambulans-01/status",
        "sigap/v1/bojonegoro/units/ambulans-01/nmea/k3f9",
        "sigap/v1/bojonegoro/units/ambulans-01",
        "sigap/v2/bojonegoro/units/ambulans-01/nmea",
        "sigap/v1/bojonegoro/bridges/ambulans-01/nmea",
    ],
)
def test_what_is_not_a_units_topic_is_refused(topic: str) -> None:
    """Too short, too long, another word: TOPIC, and no guess."""
    with pytest.raises(BadInput) as refused:
        read_unit_topic(topic)
    assert refused.value.reason is Reason.TOPIC


def test_ids_are_checked_on_the_way_in() -> None:
    """A wildcard or an upper-case letter never passes as an id."""
    for unit in ("+", "#", "Ambulans-01", "-a", "a" * 33):
        with pytest.raises(BadInput) as refused:
            read_unit_topic(f"sigap/v1/bojonegoro/units/{unit}/nmea")
        assert refused.value.reason is Reason.UNIT_ID


@pytest.mark.parametrize(
    "topic",
    [
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/live/abc",
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/backlog/abc",
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/status/abc",
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/nmea",
        "sigap/v1/bojonegoro/bridges/base-1/radios/fs-100-1001/live/abc",
        "sigap/v1/bojonegoro/bridges/base-1/radios/taip/nmea",
    ],
)
def test_a_bridges_topic_is_read_as_it_is_written(topic: str) -> None:
    """For a unit it knows or a radio it does not; and no unit's topic is taken for one."""
    read = read_bridge_topic(topic)
    assert str(read) == topic
    with pytest.raises(BadInput):
        read_unit_topic(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/live",  # no outbox
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/nmea/abc",
        "sigap/v1/bojonegoro/bridges/base-1/units/ambulans-01/command/abc",
        "sigap/v1/bojonegoro/bridges/base-1/cars/ambulans-01/live/abc",
        "sigap/v1/bojonegoro/bridges/base-1/receipt/abc",
        "sigap/v1/bojonegoro/bridges/Base/units/ambulans-01/nmea",
        "sigap/v2/bojonegoro/bridges/base-1/units/ambulans-01/nmea",
    ],
)
def test_what_is_no_bridges_topic_is_refused(topic: str) -> None:
    """Each part is looked at."""
    with pytest.raises(BadInput):
        read_bridge_topic(topic)


def test_a_units_topic_is_no_bridges() -> None:
    """None, and no error: it is for another reader."""
    assert read_bridge_topic("sigap/v1/bojonegoro/units/ambulans-01/nmea") is None
