"""How long from each of many places to each of many others, without the ways: what a ranking asks.

All costs are found in one question to the network, where a way each takes a question of its own. The seconds are those
of `Network.way`; a test compares.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.services.network import Ends, Network, access
from tracker.eta.speeds import Driving
from tracker.roads.closures import Closure
from tracker.roads.router import Router

Floats = NDArray[np.float64]


class Times(NamedTuple):
    """Seconds between the ends of drives."""

    seconds: Floats  # [starts, goals]; NaN where there is no way
    through: dict[tuple[int, int], tuple[Closure, ...]]  # what is closed, and yet crept through


def drive_times(network: Network, starts: Sequence[Ends], goals: Sequence[Ends], driving: Driving) -> Times:
    """The times of all drives, by the weights of now."""
    seconds = _costs(network.routers[driving], starts, goals)
    through = _creep(network, starts, goals, driving, seconds)
    leaving = np.array([access(ends) if ends else np.nan for ends in starts])
    coming = np.array([network.approach(ends) if ends else np.nan for ends in goals])
    return Times(seconds + leaving[:, None] + coming[None, :], through)


def _costs(router: Router, starts: Sequence[Ends], goals: Sequence[Ends]) -> Floats:
    """[starts, goals] seconds on the network, between the best pair of ends of each."""
    found = np.full((len(starts), len(goals)), np.nan)
    rows = [row for row, ends in enumerate(starts) if ends]
    columns = [column for column, ends in enumerate(goals) if ends]
    if not rows or not columns:
        return found
    costs = router.many_to_many(
        [end for row in rows for end in starts[row]], [end for column in columns for end in goals[column]]
    )
    costs = np.fmin.reduceat(costs, _begins([starts[row] for row in rows]), axis=0)
    costs = np.fmin.reduceat(costs, _begins([goals[column] for column in columns]), axis=1)
    found[np.ix_(rows, columns)] = costs / 1000
    return found


def _begins(many: Sequence[Ends]) -> NDArray[np.int64]:
    """Where the ends of each begin, of all one after the other."""
    return np.cumsum([0, *(len(ends) for ends in many[:-1])])


def _creep(
    network: Network, starts: Sequence[Ends], goals: Sequence[Ends], driving: Driving, seconds: Floats
) -> dict[tuple[int, int], tuple[Closure, ...]]:
    """Fill in the drives that no open road allows because an end lies in what is closed; what each creeps through."""
    if not np.isnan(seconds).any() or not network.closures.holding_at(network.weighed_at):
        return {}
    lacking: dict[frozenset[str], list[tuple[int, int]]] = {}
    closed: dict[str, Closure] = {}
    around = {id(ends): network.closing(ends) for ends in (*starts, *goals) if ends}
    for row, column in np.argwhere(np.isnan(seconds)).tolist():
        if starts[row] and goals[column]:
            inside = {each.id: each for each in (*around[id(starts[row])], *around[id(goals[column])])}
            if inside:
                closed |= inside
                lacking.setdefault(frozenset(inside), []).append((row, column))
    through: dict[tuple[int, int], tuple[Closure, ...]] = {}
    for names, cells in lacking.items():
        rows, columns = ({each: at for at, each in enumerate(sorted(set(side)))} for side in zip(*cells, strict=True))
        some, others = [starts[row] for row in rows], [goals[column] for column in columns]
        corners = network.corners([*some, *others], driving)
        found = _costs(network.routers[driving], corners[: len(some)], corners[len(some) :])
        for row, column in cells:
            seconds[row, column] = found[rows[row], columns[column]]
        cells = [cell for cell in cells if np.isnan(seconds[cell])]
        if cells:
            inside_of = tuple(closed[name] for name in sorted(names))
            found = _costs(network.relaxed_by(driving, inside_of), some, others)
            for row, column in cells:
                seconds[row, column] = found[rows[row], columns[column]]
                through[row, column] = inside_of
    return through
