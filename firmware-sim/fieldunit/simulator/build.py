"""From a scenario to its vehicles."""

import math
from pathlib import Path

from fieldunit.simulator.car import Car, DeviceClock, Gauge, Outage
from fieldunit.simulator.fleet import Homes, vehicle_of
from fieldunit.simulator.names import unit_names
from fieldunit.simulator.places import Skies
from fieldunit.simulator.roads import Roads, roads_of
from fieldunit.simulator.scenario import OfUnit, Scenario
from tracker import regions


def roads_for(scenario: Scenario) -> Roads:
    """The roads of a scenario, with its closures.

    Raises:
        RoadsError: the file of the region cannot be read, or a closure touches no road.
    """
    path = None if scenario.roads is None else Path(scenario.roads)
    return roads_of(regions.load(scenario.profile), path, scenario.closures)


def cars_for(scenario: Scenario, roads: Roads) -> list[Car]:
    """The vehicles of a scenario: the profile's units begin at home, further ones in the districts in turn."""
    profile = regions.load(scenario.profile)
    homes = Homes(profile, roads)
    return [_car(scenario, roads, homes, name, at) for at, name in enumerate(unit_names(scenario.units, profile))]


def _car(scenario: Scenario, roads: Roads, homes: Homes, name: str, at: int) -> Car:
    special = scenario.of_unit(name)
    home = homes.of(name, at)
    vehicle = vehicle_of(name, home, homes, roads, scenario.seed, scenario.day.habits, scenario.begins)
    return Car(
        name,
        vehicle,
        scenario.seed,
        scenario.interval_s,
        gauges=_gauges(scenario, special),
        skies=Skies([(each.zone, each.sky) for each in scenario.sky]),
        holes=[each.zone for each in scenario.hole],
        outages=[Outage(cut.at_s, cut.for_s) for cut in special.power_cut],
        clock=DeviceClock(special.clock_skew_s, special.clock_drift_ppm),
    )


def _gauges(scenario: Scenario, special: OfUnit) -> list[Gauge]:
    """The receivers; a modem speaks seldom, the first one has the faults."""
    gauges = []
    for number, model in enumerate(special.models):
        every = scenario.modem_every if model.source == "modem" else 1
        faults = special.fault if number == 0 else ()
        gauges.append(Gauge(model, math.ceil(every), special.receiver_start, faults))
    return gauges
