"""Listens to every receiver for some seconds, as the agent would."""

import queue
import time
from datetime import UTC, datetime

from fieldunit.agent.clock import DeviceClock
from fieldunit.agent.config import Config
from fieldunit.agent.source import Source
from fieldunit.doctor.finding import Finding, Level
from fieldunit.receivers.condition import State
from fieldunit.receivers.reader import Event, Reader, open_port
from tracker.wire.health import MAX_DETAIL, ReceiverHealth

LISTEN_S = 30.0
"""A speed is found in twenty seconds at most, and a fix is said each second."""

SKEW_S = 2.0
"""Of the system's clock; more, and certificates, logs and statuses without GNSS carry a wrong time."""


def examine(config: Config, seconds: float = LISTEN_S) -> tuple[list[ReceiverHealth], DeviceClock]:
    """How each receiver is, and the clock as they set it."""
    earliest = datetime.combine(config.clock.earliest, datetime.min.time(), UTC)
    clock = DeviceClock(earliest, trust_system=config.clock.trust_system)
    events: queue.Queue[Event] = queue.Queue()
    sources = {each.source: Source(each, config.sampling, clock, 0.0) for each in config.receivers}
    readers = [Reader(each, open_port(each), events.put) for each in config.receivers]
    for reader in readers:
        reader.start()
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline and not _all_known(sources, clock):
            try:
                event = events.get(timeout=0.2)
            except queue.Empty:
                continue
            source = sources[event.source]
            for sighting in source.take(event):
                if sighting.fix is not None:
                    source.condition.fix(event.at, sighting.fix.satellites)
    finally:
        for reader in readers:
            reader.stop()
    now = time.monotonic()
    return [_health(name, *source.tell(now)) for name, source in sources.items()], clock


def finding(told: ReceiverHealth) -> Finding:
    """The line about a receiver."""
    level = Level.OK if told.state == State.OK else Level.FAILED
    return Finding(f"receiver {told.source}", level, told.detail)


def clock_finding(clock: DeviceClock, system: float) -> Finding:
    """What the system's clock is worth.

    Args:
        clock: as the receivers set it.
        system: seconds since 1970.
    """
    skew = clock.skew_s
    if skew is None:
        if clock.witness(0.0, system) is None:
            return Finding(
                "clock",
                Level.WARNING,
                f"the system's clock says {datetime.fromtimestamp(system, UTC):%Y-%m-%d %H:%M} UTC, which is not "
                "believed, and no receiver has told the time: what a crew says before the first fix is misdated",
            )
        return Finding("clock", Level.OK, "no receiver has told the time yet; the system's clock can be right")
    if abs(skew) > SKEW_S:
        way = "ahead of" if skew > 0 else "behind"
        return Finding(
            "clock",
            Level.WARNING,
            f"the system's clock is {abs(skew):.0f} s {way} GNSS time: fixes carry GNSS time and do not mind, "
            "certificates do; let chrony or systemd-timesyncd set it",
        )
    return Finding("clock", Level.OK, f"the system's clock is within {abs(skew):.1f} s of GNSS time")


def _all_known(sources: dict[str, Source], clock: DeviceClock) -> bool:
    now = time.monotonic()
    return clock.skew_s is not None and all(source.tell(now)[0] is State.OK for source in sources.values())


def _health(name: str, state: State, sentence: str) -> ReceiverHealth:
    remark = "; it has not spoken in time" if state is State.STARTING else ""
    return ReceiverHealth(name, state, f"{sentence}{remark}"[:MAX_DETAIL])
