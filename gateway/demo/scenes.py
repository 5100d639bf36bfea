"""Where the demo's calls come from and its patients go: points on the roads that were invented for it. None is a real
place, and no list of places was read."""

import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.geodesy import Floats, distance, distances
from tracker.regions import Profile
from tracker.regions.profile import District
from tracker.roads.graph import RoadGraph
from tracker.roads.stored import decode

HOSPITALS = 8  # so that a patient is brought there while somebody watches


class Scene(NamedTuple):
    """A point that somebody can drive to."""

    latitude: float
    longitude: float
    name: str


class Scenes:
    """The places of one region.

    Args:
        graph: its roads.
        profile: its districts.
    """

    def __init__(self, graph: RoadGraph, profile: Profile) -> None:
        self._latitude, self._longitude = graph.node_latitude, graph.node_longitude
        self._profile = profile

    @classmethod
    def read(cls, file: Path, profile: Profile) -> "Scenes":
        """Of the file of a region; its hierarchy is not needed here."""
        return cls(decode(file.read_bytes()).graph, profile)

    def near(self, latitude: float, longitude: float, low_m: float, high_m: float, chance: random.Random) -> Scene:
        """A crossing so far away, in a straight line; the nearest one where there is none."""
        metres = self._metres(latitude, longitude)
        (fit,) = np.nonzero((metres >= low_m) & (metres <= high_m))
        node = int(fit[chance.randrange(len(fit))]) if len(fit) else int(metres.argmin())
        return self._scene(node)

    def hospitals(self) -> list[Scene]:
        """One in the middle of the district where most units wait, and of some such districts far from each other."""
        homes = Counter(unit.home for unit in self._profile.units)
        towns = [each for each in self._profile.districts if each.name in homes] or list(self._profile.districts)
        chosen = [max(towns, key=lambda each: homes[each.name])]
        while len(chosen) < min(HOSPITALS, len(towns)):
            chosen.append(max(towns, key=lambda each: min(_apart(each, other) for other in chosen)))
        return [
            self._scene(int(self._metres(town.latitude, town.longitude).argmin()))._replace(name=f"RS Demo {town.name}")
            for town in chosen
        ]

    def _scene(self, node: int) -> Scene:
        latitude, longitude = float(self._latitude[node]), float(self._longitude[node])
        here = min(
            self._profile.districts, key=lambda each: distance(latitude, longitude, each.latitude, each.longitude)
        )
        return Scene(latitude, longitude, f"Kec. {here.name}")

    def _metres(self, latitude: float, longitude: float) -> Floats:
        """To each crossing."""
        return distances(np.array(latitude), np.array(longitude), self._latitude, self._longitude)


def _apart(one: District, other: District) -> float:
    return distance(one.latitude, one.longitude, other.latitude, other.longitude)
