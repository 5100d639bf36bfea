"""Both ends of a drive, where more than one road may be the one.

A receiver is off by some metres, and beside the nearest road there is often another: the other carriageway, the street
behind the corner. To take the nearest without question makes routes round the block; on taxi trips it costs half a
point of the mean error. So all that are about as near count, and the best route between any of them is the route.
"""

from collections.abc import Sequence

import numpy as np

from tracker.roads.router import Route, Router
from tracker.roads.snap import TOLERANCE, Snap, Snapper

DOUBT = 10.0
"""Metres by which a road may be farther away than the nearest and still be the one: about the noise of a receiver."""

MOST = 3
"""Roads that count at one end."""


def places(
    snapper: Snapper,
    latitude: float,
    longitude: float,
    course: float | None = None,
    speed: float | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[Snap, ...]:
    """Where on the network a position may be, the likeliest first, each road once; none if no road is near.

    Args:
        latitude: degrees.
        longitude: degrees.
        course: degrees from true north, of a moving unit.
        speed: metres per second.
        tolerance: metres.
    """
    found: dict[tuple[float, float], Snap] = {}
    for snap in snapper.candidates(latitude, longitude, course, speed, tolerance):
        found.setdefault((snap.latitude, snap.longitude), snap)
    likely = list(found.values())
    nearest = min((snap.distance for snap in likely), default=0.0)
    return tuple([snap for snap in likely if snap.distance <= nearest + DOUBT][:MOST])


def places_many(snapper: Snapper, latitudes: Sequence[float], longitudes: Sequence[float]) -> list[tuple[Snap, ...]]:
    """`places` for many positions without a course."""
    answers = []
    for snaps in snapper.nearest_many(latitudes, longitudes, DOUBT):
        found: dict[tuple[float, float], Snap] = {}
        for snap in snaps:
            found.setdefault((snap.latitude, snap.longitude), snap)
        answers.append(tuple(found.values())[:MOST])
    return answers


def best_route(router: Router, sources: Sequence[Snap], targets: Sequence[Snap]) -> Route | None:
    """The cheapest route from any of the first places to any of the second, or None if there is none."""
    costs = router.many_to_many(sources, targets)
    if costs.size == 0 or bool(np.isnan(costs).all()):
        return None
    source, target = np.unravel_index(int(np.nanargmin(costs)), costs.shape)
    return router.route(sources[int(source)], targets[int(target)])
