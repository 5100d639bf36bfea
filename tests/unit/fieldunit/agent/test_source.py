"""One receiver's events become dated sightings; and its date is never taken from a clock that then confirms itself."""

from datetime import UTC, datetime, timedelta

from fieldunit.agent.clock import BUILT, DeviceClock
from fieldunit.agent.epochs import Sighting
from fieldunit.agent.source import Source
from fieldunit.receivers.condition import State
from fieldunit.receivers.reader import Closed, Heard, Opened, Quiet
from fieldunit.receivers.settings import Kind, ReceiverSettings
from fieldunit.sampling.settings import SamplingSettings
from tests.receiver_double import cycle, sentence

NOW = datetime(2026, 11, 22, 1, 0, 0, tzinfo=UTC)
EARLIEST = datetime(BUILT.year, BUILT.month, BUILT.day, tzinfo=UTC)


class Bench:
    """A source, and both clocks."""

    def __init__(self, *, trust_system: bool = True, patience_s: float = 10.0) -> None:
        self.clock = DeviceClock(EARLIEST, trust_system=trust_system)
        settings = ReceiverSettings(kind=Kind.FILE, address="gnss")
        self.source = Source(settings, SamplingSettings(), self.clock, patience_s)
        self.monotonic, self.system = 100.0, NOW.timestamp()
        self.source.take(Opened("gnss", self.monotonic, "gnss", True))

    def hear(self, words: bytes, seconds: float = 1.0) -> list[Sighting]:
        """A burst, a pause, and so much later the next."""
        heard = self.source.take(Heard("gnss", self.monotonic, self.system, words.split(b"\r\n")[:-1]))
        heard += self.source.take(Quiet("gnss", self.monotonic + 0.3))
        self.monotonic += seconds
        self.system += seconds
        return heard


def gga(second: int) -> bytes:
    """A position with no date."""
    return sentence(f"GPGGA,0100{second:02d}.00,0709.00000,S,11153.00000,E,1,08,1.0,30.0,M,,M,,")


def test_a_burst_is_a_sighting_and_tells_the_time() -> None:
    """As soon as it is over, not with the next one."""
    bench = Bench()
    for second in range(3):
        [sighting] = bench.hear(cycle(3600 + second))
        assert sighting.fix is not None
        assert sighting.report.epoch.device_time == sighting.fix.time == NOW + timedelta(seconds=second)
    assert bench.clock.skew_s == 0.0


def test_a_wrong_date_is_not_confirmed_by_the_clock_that_contradicts_it() -> None:
    """The centre is told what the unit thinks; the unit learns nothing from it."""
    bench = Bench()
    for second in range(5):
        [sighting] = bench.hear(cycle(3600 + second, day="050317"))
        assert sighting.report.epoch.device_time is not None
        assert sighting.report.epoch.device_time.year == 2026
    assert bench.clock.skew_s is None


def test_a_rolled_over_date_is_put_right_and_tells_the_time() -> None:
    """1,024 weeks before."""
    bench = Bench(trust_system=False)
    for second in range(3):
        [sighting] = bench.hear(cycle(3600 + second, day="080407"))
        assert sighting.report.epoch.device_time == NOW + timedelta(seconds=second)
    assert bench.clock.skew_s == 0.0


def test_fixes_before_the_first_date_wait_for_it() -> None:
    """And then are of the day that they were of."""
    bench = Bench(trust_system=False)
    assert bench.hear(gga(0)) == []
    assert bench.hear(gga(1)) == []
    found = bench.hear(cycle(3602))
    assert [s.fix.time for s in found if s.fix is not None] == [NOW + timedelta(seconds=second) for second in range(3)]


def test_a_receiver_without_a_date_is_dated_by_the_system_after_a_while() -> None:
    """If that can be believed; else the centre is left to date them on receipt."""
    for trust, expected in ((True, NOW), (False, None)):
        bench = Bench(trust_system=trust, patience_s=2.0)
        assert bench.hear(gga(0)) == []
        assert bench.source.tick(bench.monotonic + 1.5, bench.system + 1.5)
        bench.monotonic += 5
        bench.system += 5
        [sighting] = bench.hear(gga(6))
        told = sighting.report.epoch.device_time
        assert told == (None if expected is None else expected + timedelta(seconds=6))
        assert bench.clock.skew_s is None


def test_a_port_that_goes_in_the_middle_of_a_burst_loses_nothing() -> None:
    """What had come is a sighting."""
    bench = Bench()
    bench.source.take(Heard("gnss", bench.monotonic, bench.system, cycle(3600).split(b"\r\n")[:-1]))
    [sighting] = bench.source.take(Closed("gnss", bench.monotonic, State.NO_PORT, "gone"))
    assert sighting.fix is not None
