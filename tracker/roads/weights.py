"""From speeds to the weights that the router takes: whole milliseconds for each arc.

The speeds here are of an empty road, enough to route by before anything is learned; the speed model has its own.
"""

import numpy as np
from numpy.typing import NDArray

from tracker.measures import KILOMETRE_PER_HOUR
from tracker.roads.engines import INFINITE, Weights
from tracker.roads.graph import Profile, RoadClass, RoadGraph

FREE_FLOW = {
    RoadClass.MOTORWAY: 90, RoadClass.MOTORWAY_LINK: 45, RoadClass.TRUNK: 60, RoadClass.TRUNK_LINK: 40,
    RoadClass.PRIMARY: 50, RoadClass.PRIMARY_LINK: 35, RoadClass.SECONDARY: 42, RoadClass.SECONDARY_LINK: 30,
    RoadClass.TERTIARY: 36, RoadClass.TERTIARY_LINK: 28, RoadClass.UNCLASSIFIED: 30, RoadClass.RESIDENTIAL: 25,
    RoadClass.LIVING_STREET: 18, RoadClass.SERVICE: 15, RoadClass.BUSWAY: 35, RoadClass.ROAD: 25,
    RoadClass.TRACK: 20, RoadClass.ROUGH_TRACK: 10, RoadClass.PATH: 10, RoadClass.FERRY: 10,
}  # fmt: skip
"""Kilometres per hour on an empty road of each class: plain guesses, for want of anything learned."""


def weights_of(graph: RoadGraph, speed: NDArray[np.floating], profile: Profile) -> Weights:
    """Weights uint32[m] in milliseconds for speeds float[m] in metres per second.

    Arcs closed to the profile, and those whose speed is not above zero, are `INFINITE`. Ferries take their fixed time,
    whatever the speed.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = np.where(speed > 0, graph.arc_length / speed, np.inf)
    seconds = np.where(np.isnan(graph.arc_fixed_time), seconds, graph.arc_fixed_time)
    return weights_of_seconds(graph, seconds, profile)


def weights_of_seconds(graph: RoadGraph, seconds: NDArray[np.floating], profile: Profile) -> Weights:
    """Weights uint32[m] in milliseconds for times float[m] in seconds; at least 1, `INFINITE` where closed."""
    milliseconds = np.where(graph.open_to(profile), np.rint(np.asarray(seconds, np.float64) * 1000), np.inf)
    bounded = np.clip(np.nan_to_num(milliseconds, nan=INFINITE, posinf=INFINITE), 1, INFINITE)
    return np.asarray(bounded, np.uint32)


def free_flow(graph: RoadGraph, profile: Profile = Profile.CAR) -> Weights:
    """Weights of empty roads: the class's speed, or the tagged maximum where that is lower."""
    by_class = np.array([FREE_FLOW[kind] for kind in RoadClass]) * KILOMETRE_PER_HOUR
    speed = np.fmin(by_class[graph.arc_class], graph.way_speed[graph.arc_way])
    return weights_of(graph, speed, profile)
