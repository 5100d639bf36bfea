"""What becomes of a simulated unit's fixes when its power goes, told in its counts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldunit.agent.unit import Station
from fieldunit.outbox import MemoryOutbox, Outbox, Store, outbox_path
from fieldunit.simulator.car import Car
from fieldunit.simulator.fleet import fleet_of
from fieldunit.simulator.units import SimulatedUnit, open_fleet
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.network import Network
from tracker.regions import load

BEGAN = datetime(2026, 11, 23, 3, tzinfo=UTC)
NOBODY = Broker("127.0.0.1", 1)  # a port on which nothing listens


@pytest.fixture
def car() -> Car:
    return fleet_of(load("bojonegoro"), 1, 1.0, 1)[0]


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


def station(folder: Path) -> Station:
    return Station("bojonegoro", NOBODY, folder, None, lambda sentence: None)  # noqa: ARG005 - that nobody is there


def hear(unit: SimulatedUnit, car: Car, seconds: int) -> None:
    for _ in range(seconds):
        now = BEGAN + timedelta(seconds=round(car.vehicle.elapsed) + 1)
        unit.hear(car, car.see(now), now)


@pytest.mark.parametrize("kept", ["file", "memory"])
def test_a_power_cut_keeps_what_the_disk_has_and_loses_what_memory_had(
    kept: str, car: Car, network: Network, tmp_path: Path
) -> None:
    """Each fix is counted once: waiting, or lost."""
    outbox: Store = Outbox(outbox_path(tmp_path, car.name)) if kept == "file" else MemoryOutbox()
    unit = SimulatedUnit(station(tmp_path), car, outbox, network)
    hear(unit, car, 3)
    assert (unit.tally().waiting, unit.tally().lost) == (3, 0)
    unit.surroundings(covered=True, powered=False)
    survives = 3 if kept == "file" else 0
    for _ in range(2):
        assert (unit.tally().waiting, unit.tally().lost) == (survives, 3 - survives)
        assert not unit.reachable
    unit.surroundings(covered=False, powered=True)
    assert not unit.reachable
    hear(unit, car, 2)
    assert (unit.tally().waiting, unit.tally().lost) == (survives + 2, 3 - survives)
    unit.surroundings(covered=True, powered=True)
    assert unit.reachable
    unit.silence()
    unit.surroundings(covered=True, powered=True)
    assert not unit.reachable, "coverage that is gone for good does not come back"
    outbox.close()


def test_a_fleet_has_the_outboxes_that_were_asked_for(car: Car, tmp_path: Path) -> None:
    """The true ones in files, light ones in memory, none for bare devices."""
    for kept, kind in (("file", Outbox), ("memory", MemoryOutbox), ("nowhere", type(None))):
        with open_fleet(station(tmp_path), [car], kept=kept) as ([unit], _):
            assert isinstance(unit.outbox, kind)
    assert outbox_path(tmp_path, car.name).exists()
