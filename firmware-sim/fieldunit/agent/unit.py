"""One vehicle's way from an epoch to the wire: first durable, then in the ledger, then on its way.

`Unit` has an outbox; `BareUnit` is a third party's device without one. They are used alike.
"""

import contextlib
import importlib.metadata
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from fieldunit.agent.ledger import Ledger
from fieldunit.outbox import Epoch, Item, Outbox, Store, is_safe, outbox_path
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.bare import UNDER_WAY, BareDelivery
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.delivery import Delivery, Tally
from fieldunit.uplink.network import Network
from fieldunit.uplink.traffic import Traffic
from tracker.wire.receipt import Range

_ACKNOWLEDGE_S = 30.0
_LOOK_EVERY_S = 0.002


class Report(NamedTuple):
    """An epoch, and the time of its fix: aware, UTC; None where the centre will find none in it (a contradiction)."""

    epoch: Epoch
    fix_time: datetime | None


class Station(NamedTuple):
    """What all units of one process share."""

    centre: str
    broker: Broker
    state: Path  # folder of the outboxes
    ledger: Ledger | None
    trouble: Callable[[str], None]  # told in a sentence what whoever runs the units should know
    reconnect_min_s: float = 1.0


class ReportingUnit(Protocol):
    """What a source of epochs needs of a unit."""

    name: str

    @property
    def up(self) -> bool:
        """Whether there is a connection."""

    @property
    def gateway(self) -> bool | None:
        """Whether the centre's gateway is there; None where it has said nothing, or the device cannot hear it."""

    def report(self, report: Report) -> None:
        """Take a fix of the present."""

    def report_past(self, reports: Sequence[Report]) -> None:
        """Take fixes of the past, which need not go first."""

    def silence(self) -> None:
        """Take the coverage away; what is reported from now on waits in the outbox."""

    def tally(self) -> Tally:
        """What became of the reports."""


class Unit:
    """A unit with an outbox. Any thread may call any method; each returns at once but for the disk.

    What a program above it wires up: `report` for fixes, `report_status` for what the crew says, `on_command` and
    `reply` for what the centre wants, `publish_health`, `announce`, and for those who show what has arrived
    `on_receipt`, `is_waiting` and `gateway` (whether the centre is there).
    """

    def __init__(self, name: str, outbox: Store, delivery: Delivery, network: Network, ledger: Ledger | None) -> None:
        self.name = name
        self.outbox = outbox
        self._delivery = delivery
        self._network = network
        self._ledger = ledger

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._delivery.up

    @property
    def gateway(self) -> bool | None:
        """Whether the centre's gateway is there; None where it has said nothing."""
        return self._delivery.gateway

    def report(self, report: Report) -> None:
        """Take a fix of the present; it is durable when this returns."""
        seq = self.outbox.append(*report.epoch)
        self._enter(seq, report)
        self._network.call(self._delivery.appended, Item(seq, *report.epoch))

    def report_past(self, reports: Sequence[Report]) -> None:
        """Take fixes of the past in one transaction; all are durable when this returns."""
        given = self.outbox.append_many(report.epoch for report in reports)
        for seq, report in zip(given, reports, strict=True):
            self._enter(seq, report)
        if given:
            self._network.call(self._delivery.history_appended, given[0])

    def report_status(self, body: bytes, device_time: datetime | None) -> int:
        """Take a report of the crew or of an input: it goes before everything else, at once.

        Args:
            body: of `tracker.wire.reports.body`.
            device_time: aware, UTC: when it happened, by the best clock there is.

        Returns:
            Its number. `fieldunit.outbox.is_safe` tells whether it is on the disk; if not, it is in memory.
        """
        seq = self.outbox.append_report(body, device_time)
        self._network.call(self._delivery.reported, seq)
        return seq

    def is_waiting(self, seq: int) -> bool:
        """Whether the centre has not yet confirmed what has this number."""
        return bool(self.outbox.get([seq]))

    def on_command(self, callback: Callable[[bytes], None]) -> None:
        """Who hears the payloads of `command`: each message once, one after the other, in a thread that may wait for
        the disk. The centre repeats a command until it has a final reply, so what is executed only once is remembered
        by its id, and answered again.
        """
        self._network.call(self._delivery.on_command, callback)

    def on_receipt(self, callback: Callable[[tuple[Range, ...]], None]) -> None:
        """Who hears what the centre has: ranges of numbers that have left the outbox. Called in the uplink's thread:
        it must be quick.
        """
        self._network.call(self._delivery.on_receipt, callback)

    def reply(self, payload: bytes) -> None:
        """Publish on `command/reply`; kept in memory until there is a connection."""
        self._network.call(self._delivery.reply, payload)

    def publish_health(self, payload: bytes) -> None:
        """Publish on `health`, if there is a connection."""
        self._network.call(self._delivery.publish_health, payload)

    def announce(self, interval_s: float | None) -> None:
        """Say how often the unit means to report from now on: freshness is judged by it."""
        self._network.call(self._delivery.announce, interval_s)

    def hold(self, seconds: float) -> None:
        """Let fixes wait so long for each other, to share a message and cost less data; 0: each goes at once, which is
        the state at the start. A report lets go at once what waits, so an emergency does not wait.
        """
        self._network.call(self._delivery.hold, seconds)

    @property
    def boot(self) -> str:
        """As presence tells it: another one after each start of the program."""
        return self._delivery.boot

    @property
    def traffic(self) -> Traffic:
        """Bytes that the connections have cost since the start of the program."""
        return self._delivery.traffic

    @property
    def unanswered(self) -> int:
        """Messages without the broker's acknowledgement."""
        return self._delivery.unanswered

    def silence(self) -> None:
        """Take the coverage away."""
        self._network.cut(self._delivery)

    def resume(self) -> None:
        """Give the coverage back."""
        self._network.add(lambda: self._delivery)

    def tally(self) -> Tally:
        """What became of the reports, and of what a former run had left."""
        return self._delivery.tally()

    def _enter(self, seq: int, report: Report) -> None:
        if self._ledger is not None and report.fix_time is not None and is_safe(seq):
            self._ledger.write(self.name, report.epoch.source, self.outbox.id, seq, report.fix_time, time.time_ns())


class BareUnit:
    """A third party's device."""

    def __init__(self, name: str, delivery: BareDelivery, network: Network, ledger: Ledger | None) -> None:
        self._handed = 0
        self.name = name
        self._delivery = delivery
        self._network = network
        self._ledger = ledger

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._delivery.up

    @property
    def gateway(self) -> bool | None:
        """Such a device only talks."""
        return None

    def report(self, report: Report) -> None:
        """Publish a fix, or lose it."""
        at_ns = time.time_ns()
        self._handed += 1

        def acknowledged() -> None:
            if self._ledger is not None and report.fix_time is not None:
                self._ledger.write(self.name, report.epoch.source, None, None, report.fix_time, at_ns)

        self._network.call(self._delivery.publish, report.epoch.lines, acknowledged)

    def report_past(self, reports: Sequence[Report]) -> None:
        """Publish fixes one by one, as fast as the broker acknowledges them: such a device knows no past."""
        for report in reports:
            deadline = time.monotonic() + _ACKNOWLEDGE_S
            while self._handed - self._delivery.settled >= UNDER_WAY // 2 and time.monotonic() < deadline:
                time.sleep(_LOOK_EVERY_S)
            self.report(report)

    def silence(self) -> None:
        """Take the coverage away."""
        self._network.cut(self._delivery)

    def resume(self) -> None:
        """Give the coverage back."""
        self._network.add(lambda: self._delivery)

    def tally(self) -> Tally:
        """What became of the reports; those that are still on their way to the uplink's thread wait, too."""
        return self._delivery.tally()._replace(waiting=self._handed - self._delivery.settled)


@contextlib.contextmanager
def open_units(
    station: Station, names: Sequence[str], interval_s: float | None, *, bare: bool = False
) -> Iterator[tuple[list[ReportingUnit], Network]]:
    """Open outboxes and uplinks of several units, and close them cleanly: presence offline, outboxes closed.

    Raises:
        fieldunit.outbox.OutboxError: an outbox cannot be used.
    """
    with contextlib.ExitStack() as stack:
        outboxes = {
            name: stack.enter_context(Outbox(outbox_path(station.state, name), trouble=station.trouble))
            for name in names
            if not bare
        }
        network = stack.enter_context(Network())
        units: list[ReportingUnit] = [
            open_bare(station, name, network) if bare else open_unit(station, name, outboxes[name], network, interval_s)
            for name in names
        ]
        yield units, network


def open_unit(station: Station, name: str, outbox: Store, network: Network, interval_s: float | None) -> Unit:
    """A unit with this outbox, its uplink running."""

    def make() -> Delivery:
        return Delivery(
            station.centre,
            name,
            outbox,
            station.broker,
            firmware=f"sigap-unit {importlib.metadata.version('sigap')}",
            interval_s=interval_s,
            trouble=lambda sentence: station.trouble(f"{name}: {sentence}"),
            backoff=Backoff(minimum=station.reconnect_min_s),
        )

    return Unit(name, outbox, network.add(make), network, station.ledger)


def open_bare(station: Station, name: str, network: Network) -> BareUnit:
    """A device without an outbox, its uplink running."""

    def make() -> BareDelivery:
        return BareDelivery(
            station.centre,
            name,
            station.broker,
            trouble=lambda sentence: station.trouble(f"{name}: {sentence}"),
            backoff=Backoff(minimum=station.reconnect_min_s),
        )

    return BareUnit(name, network.add(make), network, station.ledger)
