"""The units of a simulated fleet: each with its outbox and uplink, in and out of coverage, on and off.

The true outbox survives a power cut, as in a vehicle. The light one, in memory, is for masses of units; what it holds
at a power cut is lost, and counted.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from fieldunit.agent.unit import BareUnit, Report, Station, Unit, open_bare, open_unit
from fieldunit.outbox import MemoryOutbox, Outbox, Store, outbox_path
from fieldunit.simulator.car import Car, Seen
from fieldunit.simulator.orders import Orders
from fieldunit.simulator.roads import Roads
from fieldunit.uplink.delivery import Tally
from fieldunit.uplink.network import Network
from tracker.wire import reports


class SimulatedUnit:
    """A unit whose surroundings can be changed. One thread at a time.

    Args:
        station: what all units share.
        car: the vehicle it rides in; its name is the unit's id.
        outbox: what it keeps its fixes in; None for a bare device.
        network: the uplinks' thread.
        orders: what its crew does with commands; None: nobody listens.
        speaks: whether it publishes what its crew presses.
    """

    def __init__(
        self,
        station: Station,
        car: Car,
        outbox: Store | None,
        network: Network,
        orders: Orders | None = None,
        *,
        speaks: bool = False,
    ) -> None:
        self.name = car.name
        self.car = car
        self.outbox = outbox
        self._station = station
        self._network = network
        self._orders = orders
        self._speaks = speaks
        self._heard: deque[bytes] = deque()  # commands that nobody has looked at yet
        self._covered = self._powered = True
        self._linked = True
        self._gone_for_good = False
        self._cut = False
        self._before: list[Tally] = []  # of former lives, their waiting left out
        self._unit = self._begin()

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._unit.up

    @property
    def gateway(self) -> bool | None:
        """Whether the centre's gateway is there; None where it has said nothing."""
        return self._unit.gateway

    def report(self, report: Report) -> None:
        """Take a fix of the present."""
        self._unit.report(report)

    def report_past(self, reports: Sequence[Report]) -> None:
        """Take fixes of the past."""
        self._unit.report_past(reports)

    def silence(self) -> None:
        """Take the coverage away for good."""
        self._covered = False
        self._unit.silence()
        self._linked = False
        self._gone_for_good = True

    def surroundings(self, *, covered: bool, powered: bool) -> None:
        """Whether there is a mobile network where the vehicle is, and whether its battery gives current."""
        if powered and not self._powered:
            self._restart()
        elif self._powered and not powered:
            self._cut_power()
        self._powered = powered
        self._covered = covered and not self._gone_for_good and not self._cut
        linked = self._covered and self._powered
        if linked != self._linked:
            self._linked = linked
            if linked:
                self._unit.resume()
            else:
                self._unit.silence()

    def cut(self, *, cut: bool) -> None:
        """Take its network away, wherever it is, or give it back."""
        self._cut = cut
        self.surroundings(covered=self.car.covered, powered=self._powered)

    def mute(self, *, mute: bool) -> None:
        """Whether its crew does not look at what it is told."""
        if self._orders is not None:
            self._orders.mute = mute

    @property
    def rests(self) -> bool:
        """Whether the centre has all it has, and its crew has looked at all that came."""
        return self.up and not self._heard and (self.outbox is None or not self.outbox.depth)

    @property
    def reachable(self) -> bool:
        """Whether it has coverage and power now."""
        return self._linked

    def obey(self, now: datetime) -> None:
        """Do what the centre has commanded since this was called last."""
        while self._heard and self._powered and self._orders is not None and isinstance(self._unit, Unit):
            answered = self._orders.take(self._heard.popleft(), now)
            if answered is None:
                continue
            self._unit.reply(answered.reply)
            if answered.answer is not None:
                self.report_status(answered.answer)

    def hear(self, car: Car, seen: Sequence[Seen], now: datetime) -> None:
        """What the receivers said, and what the crew pressed."""
        for report in car.kept(seen, now):
            self._unit.report(report)
        for status in car.statuses(now):
            self.report_status(status)

    def report_status(self, said: reports.Report) -> None:
        """Take what the crew says; a bare device has no button."""
        if self._speaks and isinstance(self._unit, Unit):
            self._unit.report_status(reports.body(said), said.at)

    def tally(self) -> Tally:
        """What became of the reports, over all its lives."""
        dark = Tally(0, 0, 0 if self.outbox is None else self.outbox.depth)  # its life is among the former ones already
        now = self._unit.tally() if self._powered else dark
        return Tally(*(sum(column) for column in zip(now, *self._before, strict=True)))

    def _begin(self) -> Unit | BareUnit:
        if self.outbox is None:
            return open_bare(self._station, self.name, self._network)
        unit = open_unit(self._station, self.name, self.outbox, self._network, self.car.interval_s)
        if self._orders is not None:
            unit.on_command(self._heard.append)
        return unit

    def _cut_power(self) -> None:
        if self._linked:
            self._unit.silence()
            self._linked = False
        tally = self._unit.tally()
        lost = tally.lost
        if isinstance(self.outbox, MemoryOutbox):
            lost += self.outbox.depth
            self.outbox = MemoryOutbox()
        self._before.append(tally._replace(waiting=0, lost=lost))

    def _restart(self) -> None:
        """A new boot: the uplink has forgotten what was under way, and asks the outbox."""
        self._unit = self._begin()
        self._linked = True
        if not self._covered or self._gone_for_good:
            self._unit.silence()
            self._linked = False


@contextlib.contextmanager
def open_fleet(
    station: Station,
    cars: Sequence[Car],
    *,
    kept: str = "file",
    roads: Roads | None = None,
    speaks: bool = False,
    look: Callable[[], None] = lambda: None,
) -> Iterator[tuple[list[SimulatedUnit], Network]]:
    """Open the units of a fleet, and close them cleanly: presence offline, outboxes closed.

    Args:
        station: what they share.
        cars: the vehicles.
        kept: where fixes wait: `file` (the true outbox), `memory`, or `nowhere` (a bare device).
        roads: where crews that are sent somewhere find the place; None: nobody listens to commands.
        speaks: whether they publish what crews press.
        look: called between two openings; what it raises ends it.

    Raises:
        fieldunit.outbox.OutboxError: an outbox cannot be used.
    """
    with contextlib.ExitStack() as stack:
        outboxes: dict[str, Store | None] = {}
        for car in cars:
            match kept:
                case "file":
                    outboxes[car.name] = stack.enter_context(Outbox(outbox_path(station.state, car.name)))
                case "memory":
                    outboxes[car.name] = MemoryOutbox()
                case _:
                    outboxes[car.name] = None
        network = stack.enter_context(Network())
        units = []
        for car in cars:
            orders = None if roads is None else Orders(car.vehicle, roads)
            units.append(SimulatedUnit(station, car, outboxes[car.name], network, orders, speaks=speaks))
            look()
        yield units, network
