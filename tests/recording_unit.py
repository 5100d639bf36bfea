"""A unit that goes nowhere: it remembers what the agent gives it."""

import threading
from collections.abc import Callable
from datetime import datetime

from fieldunit.agent.unit import Report
from fieldunit.outbox import Statistics
from fieldunit.uplink.traffic import Traffic
from tracker.fix import Fix
from tracker.wire.payload import Reading, decode, encode_epoch

_RECEIVED = datetime(2001, 1, 1).astimezone()


class _Outbox:
    def statistics(self) -> Statistics:
        return Statistics(0, None, None, 0, 0, 0, 0, 0, {}, None)


class RecordingUnit:
    """In place of `fieldunit.agent.unit.Unit`."""

    name = "ambulans-01"
    up = True
    boot = "b007"
    traffic = Traffic()

    def __init__(self) -> None:
        self.outbox = _Outbox()
        self.lock = threading.Lock()
        self.reports: list[Report] = []
        self.bodies: list[bytes] = []
        self.health: list[bytes] = []
        self.announced: list[float | None] = []
        self.replies: list[bytes] = []
        self.command: Callable[[bytes], None] | None = None

    def report(self, report: Report) -> None:
        """A fix."""
        with self.lock:
            self.reports.append(report)

    def report_status(self, body: bytes, device_time: datetime | None) -> int:
        """A report; `device_time` stands in it, too."""
        assert device_time is None or device_time.tzinfo is not None
        self.bodies.append(body)
        return len(self.bodies)

    def publish_health(self, payload: bytes) -> None:
        """A health message."""
        self.health.append(payload)

    def announce(self, interval_s: float | None) -> None:
        """On presence."""
        self.announced.append(interval_s)

    def on_command(self, callback: Callable[[bytes], None]) -> None:
        """Who hears commands."""
        self.command = callback

    def reply(self, payload: bytes) -> None:
        """To a command."""
        self.replies.append(payload)

    def fixes(self) -> list[Fix]:
        """What the centre would find in the reports."""
        with self.lock:
            return [fix for report in self.reports for fix in fixes_of(report)]


def fixes_of(report: Report) -> list[Fix]:
    """What the centre would find in one report."""
    epoch = report.epoch
    payload = encode_epoch(epoch.source, 1, epoch.device_time, epoch.lines)
    return [item.fix for item in decode(payload, _RECEIVED) if isinstance(item, Reading) and item.fix is not None]
