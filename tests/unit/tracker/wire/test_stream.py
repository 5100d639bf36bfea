"""Epochs out of a live receiver."""

from datetime import UTC, datetime, timedelta

from tests.property.sentences import sealed
from tracker.errors import Reason
from tracker.fix import Quality
from tracker.wire import payload
from tracker.wire.payload import Reading, encode_epoch
from tracker.wire.stream import EpochReader, RawEpoch


def feed(reader: EpochReader, *bodies: str) -> list[RawEpoch]:
    return [epoch for body in bodies for epoch in reader.feed(sealed(body.encode()) + b"\r\n")]


def rmc(clock: str, day: str = "311225") -> str:
    return f"GPRMC,{clock},A,0709.1234,S,11152.6789,E,0.0,90.0,{day},,"


def gga(clock: str) -> str:
    return f"GPGGA,{clock},0709.1234,S,11152.6789,E,1,09,1.0,25.3,M,,M,,"


def times(epochs: list[RawEpoch]) -> list[datetime | None]:
    return [epoch.device_time for epoch in epochs]


LAST = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_an_epoch_comes_out_with_the_next_one_or_at_the_end() -> None:
    """Its lines are as they came, without line ends; what tells nothing of the fix is left out."""
    reader = EpochReader()
    assert feed(reader, rmc("235959"), "GPGSV,1,1,00", gga("235959")) == []
    (epoch,) = feed(reader, rmc("000000", "010126"))
    assert epoch.lines == [sealed(rmc("235959").encode()), sealed(gga("235959").encode())]
    assert (epoch.time_of_day, epoch.device_time) == (86_399_000_000, LAST)
    assert times(reader.flush()) == [LAST + timedelta(seconds=1)]
    assert reader.flush() == []


def test_the_last_known_date_serves_epochs_without_one_over_midnight() -> None:
    """A receiver that sends its date once, at the start, and is driven through two midnights."""
    reader = EpochReader()
    epochs = feed(reader, rmc("235959"), *[gga(f"{hour:02}0000") for hour in [*range(24), *range(3)]])
    found = times(epochs + reader.flush())
    assert found == [LAST, *[LAST + timedelta(seconds=1, hours=hour) for hour in range(27)]]


def test_before_any_date_there_is_none_unless_the_unit_has_a_clock() -> None:
    """Nothing is made up."""
    assert times(feed(EpochReader(), gga("000000"), gga("000001"))) == [None]
    with_clock = EpochReader(start=LAST)
    assert times(feed(with_clock, gga("000000"), gga("000001"))) == [LAST + timedelta(seconds=1)]


def test_a_date_from_the_receiver_takes_the_place_of_the_clocks() -> None:
    """The clock of a unit without a battery stands in 1970."""
    reader = EpochReader(start=datetime(1970, 1, 1, tzinfo=UTC))
    assert times(feed(reader, rmc("235959"), gga("000000"), gga("000001"))) == [LAST, LAST + timedelta(seconds=1)]


def test_a_units_clock_outlives_a_week_rollover() -> None:
    """The device time stays with the clock, so that the gateway has a witness; the sentences are sent as they came."""
    clock = datetime(2026, 11, 21, 11, 59, tzinfo=UTC)
    reader = EpochReader(start=clock)
    bodies = [rmc("120000", "211126"), rmc("120001", "070407"), gga("120002"), rmc("120003", "070407")]
    epochs = feed(reader, *bodies) + reader.flush()
    assert times(epochs) == [clock + timedelta(seconds=60 + number) for number in range(4)]
    (reading,) = payload.decode(encode_epoch("gnss", 1, epochs[1].device_time, epochs[1].lines), LAST)
    assert isinstance(reading, Reading)
    assert reading.fix is not None
    assert (reading.fix.time, reading.fix.quality) == (epochs[1].device_time, Quality.ROLLOVER_REPAIRED)


def test_without_a_clock_the_receiver_is_believed() -> None:
    """It may have started 1024 weeks back and put itself right."""
    bodies = [rmc("120000", "070407"), rmc("120001", "211126")]
    reader = EpochReader()
    found = times(feed(reader, *bodies) + reader.flush())
    assert [at.year for at in found if at is not None] == [2007, 2026]


def test_a_date_before_gps_is_not_a_date() -> None:
    """Receivers start in 1970 or 1900; the epoch is left without a device time, or goes by the unit's clock."""
    cold = ["GPZDA,000000.50,01,01,1970,00,00", gga("000000.50"), gga("000001.50")]
    assert times(feed(EpochReader(), *cold)) == [None]
    assert times(feed(EpochReader(start=LAST), *cold)) == [LAST + timedelta(seconds=1.5)]


def test_lines_that_cannot_be_read_are_counted_and_left_out() -> None:
    """Noise on the wire between receiver and unit helps nobody further away."""
    reader = EpochReader()
    for line in (b"noise", sealed(rmc("1").encode()), b"$GPRMC,1*00", sealed(rmc("235959").encode())[:20]):
        assert reader.feed(line) == []
    assert reader.flush() == []
    assert reader.refused == {
        Reason.NOT_NMEA: 1,
        Reason.FIELD: 1,
        Reason.CHECKSUM: 1,
        Reason.TRUNCATED: 1,
    }


def test_a_burst_may_be_flushed_without_losing_what_was_learned() -> None:
    """The line falls quiet after each burst; the date is still known after it."""
    reader = EpochReader()
    feed(reader, rmc("235959"))
    assert times(reader.flush()) == [LAST]
    feed(reader, gga("000000"))
    assert times(reader.flush()) == [LAST + timedelta(seconds=1)]
