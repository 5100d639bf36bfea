"""RoutingKit where it can be had, scipy where it cannot, and the same answers either way."""

from typing import Any

import numpy as np
import pytest

from tests.fix_map import draw
from tracker.roads import engines
from tracker.roads.engines import CchEngine, EngineMissing, GuardedEngine, ScipyEngine, best_engine
from tracker.roads.router import Router

TOWN = draw(
    """
    A----B----C
    |    |    |
    D----E----F
    """,
    {"ABC": {"highway": "primary"}, "DEF": {}, "AD": {}, "BE": {}, "CF": {}},
    step=50.0,
)
SOURCE, TARGET = TOWN.place("AB", 0.3), TOWN.place("EF", 0.6)


def answers(router: Router) -> tuple[Any, ...]:
    """A route and a matrix."""
    route = router.route(SOURCE, TARGET)
    assert route is not None
    return TOWN.path(route), route.cost, router.many_to_many([SOURCE, TARGET], [TARGET, SOURCE]).tolist()


def test_without_the_binding_routes_are_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine for which there is no wheel: told once, with the reason, and every answer is the same."""
    expected = answers(Router(TOWN.graph, engine=CchEngine(TOWN.graph)))
    monkeypatch.setattr(engines, "pyroutingkit", None)
    monkeypatch.setattr(engines, "MISSING", "RoutingKit's binding cannot be loaded: no such file")
    told: list[str] = []
    engine = best_engine(TOWN.graph, told=told.append)
    assert isinstance(engine, ScipyEngine)
    assert told == ["routes are found by scipy, slowly: RoutingKit's binding cannot be loaded: no such file"]
    assert answers(Router(TOWN.graph, engine=engine)) == expected
    with pytest.raises(EngineMissing, match="no such file"):
        CchEngine(TOWN.graph)


@pytest.mark.parametrize("broken", ["customise", "path", "matrix", "beside"])
def test_an_engine_that_fails_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """In the middle of a question, which is answered; told once; with the weights that held."""
    expected = answers(Router(TOWN.graph, engine=CchEngine(TOWN.graph)))
    told: list[str] = []
    engine = best_engine(TOWN.graph, told=told.append)
    assert isinstance(engine, GuardedEngine)
    router = Router(TOWN.graph, engine=engine)
    assert (answers(router), told) == (expected, [])

    def fails(*_: Any) -> None:
        raise MemoryError("out of memory")

    monkeypatch.setattr(CchEngine, broken, fails)
    if broken in ("customise", "beside"):
        router = router.beside(router.weights)
    assert answers(router) == expected
    assert told == ["routes are found by scipy from now on, slowly: out of memory"]
    monkeypatch.undo()
    assert answers(router) == expected


def test_what_scipy_cannot_do_either_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no third engine: the caller hears it."""
    engine = GuardedEngine(TOWN.graph, ScipyEngine(TOWN.graph))

    def fails(*_: Any) -> None:
        raise MemoryError("out of memory")

    monkeypatch.setattr(ScipyEngine, "customise", fails)
    with pytest.raises(MemoryError):
        engine.customise(np.ones(TOWN.graph.arcs, np.uint32))
