"""`sigap-unit simulate`: a fleet that does not exist, by a scenario or by a few options."""

import argparse
import contextlib
import resource
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from fieldunit.agent.centre_watch import CentreWatch
from fieldunit.agent.ledger import Ledger
from fieldunit.agent.progress import Progress
from fieldunit.agent.unit import Station
from fieldunit.cli import arguments
from fieldunit.cli.arguments import UsageError
from fieldunit.cli.commands import CONNECT_S, DONE, await_connections, finish, look_after, station_of
from fieldunit.cli.stopping import stopping_on_signals
from fieldunit.simulator.build import cars_for, roads_for
from fieldunit.simulator.car import Car
from fieldunit.simulator.figures import figures
from fieldunit.simulator.fleet import Rider, drive
from fieldunit.simulator.roads import Roads
from fieldunit.simulator.scenario import Scenario, load, shipped
from fieldunit.simulator.serial_line import SerialLine, SerialLineError, SerialUnit
from fieldunit.simulator.steps import Steps
from fieldunit.simulator.units import SimulatedUnit, open_fleet
from fieldunit.uplink.network import Network
from tracker import regions

_CONNECTIONS_A_SECOND = 200  # that a busy machine makes; for how long a mass is waited for


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the options of the command; those that are not given are the scenario's."""
    command.add_argument(
        "--scenario",
        metavar="FILE",
        help=f"what happens to the fleet; a TOML file, or an example: {', '.join(shipped())}",
    )
    command.add_argument("--profile", help=f"region: {', '.join(regions.names())} (default: bojonegoro)")
    command.add_argument(
        "--roads", type=Path, metavar="FILE", help="drive the roads of this region, as `sigap roads build` wrote it"
    )
    command.add_argument("--units", type=arguments.count, metavar="N", help="vehicles (default: 12)")
    command.add_argument("--rate", type=arguments.rate, metavar="HZ", help="fixes a second and vehicle (default: 1)")
    command.add_argument(
        "--seed", type=arguments.whole, metavar="N", help="the same seed, the same drives (default: 1)"
    )
    command.add_argument(
        "--silence",
        type=arguments.silence,
        action="append",
        default=[],
        metavar="UNIT:START_S",
        help="take this unit's coverage away for good, so many seconds after the start",
    )
    command.add_argument(
        "--stepped",
        action="store_true",
        help="take lines of JSON from standard input that say how far time goes and what befalls the fleet, and answer "
        "each when all is at rest; vehicles go only where the centre sends them",
    )
    command.add_argument("--figures", action="store_true", help="print a line on how fast it went and what it took")
    command.add_argument(
        "--pty",
        type=arguments.port,
        action="append",
        default=[],
        metavar="UNIT:LINK",
        help="put this unit's receiver on a pseudo-terminal of this name, for `sigap-unit agent` to read, and send "
        "nothing for it",
    )
    command.add_argument(
        "--outbox",
        choices=("file", "memory"),
        default="file",
        help="where fixes wait: the true outbox, or memory, for thousands of units (default: file)",
    )


def simulate(options: argparse.Namespace) -> int:
    """`sigap-unit simulate`; returns the exit code."""
    scenario = _scenario(options)
    options.centre = options.centre or scenario.profile
    in_memory = options.outbox == "memory"
    roads = roads_for(scenario)
    cars = cars_for(scenario, roads)
    silences = _silences(options, cars)
    ports = _ports(options, cars)
    sending = [car for car in cars if car.name not in ports]
    station = station_of(options, stateless=options.bare or in_memory or not sending, alone=not sending)
    with _fleet(options, station, sending, roads, scenario.statuses) as opened, _plugged(cars, ports) as plugged:
        units, network, stop = opened
        if options.stepped:
            return _stepped(cars, units, network)
        watch = CentreWatch(station.centre, () if options.bare else units[:100])
        with Progress("driving", units[:100], None) as progress:
            riders: list[Rider] = [*units, *plugged]
            shift = drive(
                cars,
                {rider.name: rider for rider in riders},
                stop,
                for_s=options.for_s if options.for_s is not None else scenario.duration_s,
                silences=silences,
                say=progress.say,
                look=lambda: look_after(progress, network, watch),
                threads=1 if in_memory else None,
            )
        interrupted = stop.is_set()
        if options.figures:
            print(figures(len(cars), shift), flush=True)
        away = tuple(unit.name for unit in units if not unit.reachable)
        code = finish(options, units, network, watch, stop, silenced=away, keeps=not in_memory)
        return DONE if interrupted else code


def _stepped(cars: Sequence[Car], units: Sequence[SimulatedUnit], network: Network) -> int:
    """Go as far as each line says, until there are no more."""
    steps = Steps(cars, units, network.check)
    for line in iter(sys.stdin.buffer.readline, b""):
        sys.stdout.buffer.write(steps.take(line))
        sys.stdout.buffer.flush()
    return DONE


def _scenario(options: argparse.Namespace) -> Scenario:
    """The scenario, with what the command line says otherwise."""
    if options.profile is not None:
        regions.load(options.profile)
    scenario = Scenario() if options.scenario is None else load(options.scenario)
    told = {
        "profile": options.profile,
        "roads": None if options.roads is None else str(options.roads),
        "units": options.units,
        "interval_s": None if options.rate is None else 1 / options.rate,
        "seed": options.seed,
    }
    if options.stepped:
        told["day"] = msgspec.structs.replace(scenario.day, own_calls=False)
    return msgspec.structs.replace(scenario, **{name: value for name, value in told.items() if value is not None})


def _silences(options: argparse.Namespace, cars: Sequence[Car]) -> Mapping[str, float]:
    silences: dict[str, float] = dict(options.silence)
    names = [car.name for car in cars]
    for name in silences:
        if name not in names:
            raise UsageError(f"--silence: there is no {name}; the units are {names[0]} to {names[-1]}")
    return silences


def _ports(options: argparse.Namespace, cars: Sequence[Car]) -> dict[str, Path]:
    ports: dict[str, Path] = dict(options.pty)
    names = {car.name for car in cars}
    for name in ports:
        if name not in names:
            raise UsageError(f"--pty: there is no {name}; the units are {cars[0].name} to {cars[-1].name}")
    return ports


@contextlib.contextmanager
def _plugged(cars: Sequence[Car], ports: Mapping[str, Path]) -> Iterator[list[SerialUnit]]:
    """The units that others play, each receiver on its line."""
    with contextlib.ExitStack() as stack:
        units = []
        for car in cars:
            if car.name in ports:
                try:
                    line = SerialLine(ports[car.name])
                except SerialLineError as error:
                    raise UsageError(f"--pty: {error}") from error
                stack.callback(line.close)
                units.append(SerialUnit(car, line))
                print(f"{car.name} speaks on {ports[car.name]}", flush=True)
        yield units


@contextlib.contextmanager
def _fleet(
    options: argparse.Namespace, station: Station, cars: Sequence[Car], roads: Roads, speaks: bool
) -> Iterator[tuple[list[SimulatedUnit], Network, threading.Event]]:
    """Open the units; the event is set by the first SIGINT or SIGTERM."""
    kept = "nowhere" if options.bare else options.outbox
    _allow_open_files((8 if kept == "file" else 1) * len(cars) + 64)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(stopping_on_signals())
        if options.ledger is not None:
            station = station._replace(ledger=stack.enter_context(Ledger(options.ledger)))
        units, network = stack.enter_context(open_fleet(station, cars, kept=kept, roads=roads, speaks=speaks))
        if kept != "file":  # a mass that connects while it drives would only measure its connecting
            await_connections(units, network, stop, CONNECT_S + len(cars) / _CONNECTIONS_A_SECOND)
        yield units, network, stop


def _allow_open_files(wanted: int) -> None:
    """A unit holds an outbox (five files) and a connection open; the usual limit of 1024 is soon reached.

    Raises:
        UsageError: the system does not allow so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft < wanted:
        raise UsageError(
            f"so many units need {wanted} open files and this system allows {soft}: raise the hard limit "
            "(`ulimit -Hn`), or give --outbox memory, or fewer --units"
        )
