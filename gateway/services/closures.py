"""Closed and slow roads of one centre: entered, changed, ended, each stored before it is true.

What holds now or will is in memory and on the network; routes and arrival times follow in the next turn.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.services.estimate import Estimator
from gateway.services.missions import Clash, Unknown, new_id
from gateway.storage import closures
from gateway.storage.closures import KeptClosure
from gateway.storage.pool import type_of_pool
from tracker.missions import NotPossible
from tracker.roads.closures import BrokenClosure, Closure

MOST_STREETS = 30
"""Names that an effect lists."""


class Effect(msgspec.Struct, frozen=True):
    """What a closure does to the roads that are loaded."""

    edges: int  # pieces of road between two junctions
    length_m: float  # of all of them
    streets: list[str]  # their names, most metres first; without those that have none


class ClosedRoads:
    """One for a centre, in one event loop."""

    def __init__(
        self, centre: str, pool: type_of_pool, estimator: Estimator, changed: Callable[[], None] = lambda: None
    ) -> None:
        """
        Args:
            changed: called when routes are other ones from now on.
        """
        self.centre = centre
        self._pool = pool
        self._estimator = estimator
        self._changed = changed
        self._lock = asyncio.Lock()

    def begin(self, kept: Iterable[KeptClosure], now: datetime) -> None:
        """Put what the database holds on the network."""
        network = self._estimator.network
        if network is None:
            return
        for each in kept:
            if not each.is_over(now):
                network.closures.put(each.closure)
        self._estimator.reweigh(now)

    async def closures(self, *, now: datetime | None, limit: int) -> list[KeptClosure]:
        """Those that are not over now, or with None all; latest start first."""
        async with self._pool.connection() as connection:
            return await closures.find(connection, self.centre, now=now, limit=limit)

    async def closure(self, closure_id: str) -> KeptClosure:
        """One closure.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            found = await closures.find(connection, self.centre, closure=closure_id)
        if not found:
            raise Unknown(f"centre {self.centre} has no closure {closure_id!r}; GET /api/v1/closures lists them")
        return found[0]

    async def make(self, closure: Closure, now: datetime, *, from_now: bool) -> tuple[KeptClosure, bool]:
        """Close or slow roads; the second value is False if this very closure was there before.

        Args:
            closure: an empty id gets one of ours.
            now: the gateway's time.
            from_now: nobody named its start: the same closure that was made before still is the same.
        Raises:
            BrokenClosure: none of these roads is here.
            Clash: the id is another closure's.
        """
        closure = msgspec.structs.replace(closure, id=closure.id or new_id())
        self._check(closure)
        kept = KeptClosure(closure, now)
        async with self._lock:
            async with self._pool.connection() as connection:
                made = await closures.insert(connection, self.centre, kept)
            if not made:
                kept = await self.closure(closure.id)
                start = kept.closure.start if from_now else closure.start
                if msgspec.structs.replace(closure, start=start) != kept.closure:
                    raise Clash(f"closure {closure.id!r} exists with other roads, times or factor; PATCH changes it")
                return kept, False
            self._apply(kept, now)
        return kept, True

    async def change(self, closure_id: str, step: Callable[[Closure], Closure], now: datetime) -> KeptClosure:
        """Change a closure.

        Raises:
            Unknown: there is none of that id.
            NotPossible: it was ended.
            BrokenClosure: ``step`` refuses, or none of these roads is here.
        """
        async with self._lock:
            before = await self.closure(closure_id)
            if before.ended_at is not None:
                raise NotPossible(
                    f"closure {closure_id} was ended at {before.ended_at.isoformat()}; make another one with POST"
                )
            closure = step(before.closure)
            self._check(closure)
            return await self._store(msgspec.structs.replace(before, closure=closure), now)

    async def end(self, closure_id: str, now: datetime) -> KeptClosure:
        """End a closure now, or take it back before it begins. Ending it twice changes nothing.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._lock:
            before = await self.closure(closure_id)
            if before.ended_at is not None:
                return before
            return await self._store(msgspec.structs.replace(before, ended_at=now), now)

    def effect(self, closure: Closure) -> Effect | None:
        """What it does to the roads that are loaded; None where none are."""
        network = self._estimator.network
        if network is None:
            return None
        edges = network.closures.touching(closure)
        graph = network.graph
        metres: dict[str, float] = {}
        for edge in edges.tolist():
            name = graph.names[int(graph.way_name[graph.edge_way[edge]])]
            metres[name] = metres.get(name, 0.0) + float(graph.edge_length[edge])
        streets = sorted((name for name in metres if name), key=lambda name: -metres[name])
        return Effect(len(edges), round(sum(metres.values()), 1), streets[:MOST_STREETS])

    def shape(self, closure: Closure) -> list[NDArray[np.float64]]:
        """The pieces of road that it touches, each as [points, 2] longitude and latitude; none without roads."""
        network = self._estimator.network
        if network is None:
            return []
        graph = network.graph
        points = np.stack((graph.shape_longitude, graph.shape_latitude), axis=1)
        edges = network.closures.touching(closure).tolist()
        return [points[graph.edge_first[edge] : graph.edge_first[edge + 1]] for edge in edges]

    async def _store(self, kept: KeptClosure, now: datetime) -> KeptClosure:
        async with self._pool.connection() as connection:
            await closures.update(connection, self.centre, kept)
        self._apply(kept, now)
        return kept

    def _apply(self, kept: KeptClosure, now: datetime) -> None:
        network = self._estimator.network
        if network is None:
            return
        network.closures.forget(now)
        if kept.is_over(now):
            network.closures.remove(kept.closure.id)
        else:
            network.closures.put(kept.closure)
        self._estimator.reweigh(now)
        self._changed()

    def _check(self, closure: Closure) -> None:
        network = self._estimator.network
        if network is None:
            return
        region = network.graph.region
        if unknown := network.closures.unknown_ways(closure):
            named = ", ".join(map(str, unknown[:5])) + (" and others" if len(unknown) > 5 else "")
            raise BrokenClosure(f"the roads of {region} have no way {named}; `ways` are ids of OpenStreetMap")
        if not len(network.closures.touching(closure)):
            raise BrokenClosure(f"no road of {region} lies there: nothing would be closed")
