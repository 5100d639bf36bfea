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
from fieldunit.outbox import Epoch, Item, Outbox, outbox_path
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.bare import UNDER_WAY, BareDelivery
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.delivery import Delivery, Tally
from fieldunit.uplink.network import Network

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
        """Take the coverage away for good; what is reported from now on waits in the outbox."""

    def tally(self) -> Tally:
        """What became of the reports."""


class Unit:
    """A unit with an outbox."""

    def __init__(self, name: str, outbox: Outbox, delivery: Delivery, network: Network, ledger: Ledger | None) -> None:
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
        for seq, report in zip(self.outbox.append_many(report.epoch for report in reports), reports, strict=True):
            self._enter(seq, report)
        self._network.call(self._delivery.history_appended)

    @property
    def unanswered(self) -> int:
        """Messages without the broker's acknowledgement."""
        return self._delivery.unanswered

    def silence(self) -> None:
        """Take the coverage away for good."""
        self._network.cut(self._delivery)

    def tally(self) -> Tally:
        """What became of the reports, and of what a former run had left."""
        return self._delivery.tally()

    def _enter(self, seq: int, report: Report) -> None:
        if self._ledger is not None and report.fix_time is not None:
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
        """Take the coverage away for good."""
        self._network.cut(self._delivery)

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
        outboxes = {name: stack.enter_context(Outbox(outbox_path(station.state, name))) for name in names if not bare}
        network = stack.enter_context(Network())
        units: list[ReportingUnit] = [
            _open_bare(station, name, network) if bare else _open(station, name, outboxes[name], network, interval_s)
            for name in names
        ]
        yield units, network


def _open(station: Station, name: str, outbox: Outbox, network: Network, interval_s: float | None) -> Unit:
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


def _open_bare(station: Station, name: str, network: Network) -> BareUnit:
    def make() -> BareDelivery:
        return BareDelivery(
            station.centre,
            name,
            station.broker,
            trouble=lambda sentence: station.trouble(f"{name}: {sentence}"),
            backoff=Backoff(minimum=station.reconnect_min_s),
        )

    return BareUnit(name, network.add(make), network, station.ledger)
