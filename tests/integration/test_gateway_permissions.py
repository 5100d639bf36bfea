"""Every route passes one `require`: found by walking the routes, so that a new one cannot forget it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Mount, Route

from gateway.feeds.live import LivePicture
from gateway.http import api, live, operations, units
from gateway.http.world import Permit, World
from gateway.services.count import Intake
from tests.gateway_traffic import MORNING

OPEN = {
    "/api/v1/intake/incidents": "a call-taking system signs what it sends",
    "/": "the board's files, the same for everybody",
    "/api/v1/openapi.json": "what the API looks like",
    "/api/v1/asyncapi.json": "what is pushed looks like",
    "/phones/v1/traccar": "a phone shows its own secret",
    "/phones/v1/driver/{secret}": "likewise, and so do the next three",
    "/phones/v1/driver/{secret}/consent": "",
    "/phones/v1/driver/{secret}/withdraw": "",
    "/phones/v1/driver/{secret}/duty": "",
    "/api/v1/telephony/events": "the exchange signs what it sends",
    "/api/v1/shared/{token}": "what a share shows, its token shows; likewise the next four",
    "/api/v1/shared/{token}/incidents": "",
    "/api/v1/shared/{token}/units": "",
    "/api/v1/shared/{token}/map.geojson": "",
    "/api/v1/shared/{token}/duty": "",
}
"""Routes before which no Permit stands, each with the reason why nobody else is asked."""


def _application(web_dir: Path) -> FastAPI:
    """The web application; nothing behind it is asked for anything."""
    pool: Any = None
    return api.create(World("bojonegoro", pool, LivePicture(), Intake(MORNING), dict, web_dir))


def _dependencies(dependant: Dependant) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _dependencies(each)


def _flat(routes: Any) -> Iterator[Any]:
    """Every route; FastAPI may keep those of a router behind an object of its own."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _flat(inner.routes)
        else:
            yield route


def unguarded(app: FastAPI) -> list[str]:
    """Paths of the routes that no Permit stands before, of whatever kind."""
    found = []
    for route in _flat(app.routes):
        if isinstance(route, APIRoute | APIWebSocketRoute):
            guards = [call for call in _dependencies(route.dependant) if isinstance(call, Permit)]
            if len(guards) != 1:
                found.append(route.path)
        elif isinstance(route, Mount | Route):
            found.append(route.path or "/")
        else:
            found.append(repr(route))
    return found


@pytest.mark.parametrize("built", [False, True])
def test_one_permit_stands_before_every_route(tmp_path: Path, *, built: bool) -> None:
    """REST and WebSocket alike, with and without a board. What is open is named here with its reason."""
    if built:
        (tmp_path / "index.html").write_text("<!doctype html>")
    assert set(unguarded(_application(tmp_path))) == OPEN.keys()


def test_all_our_routers_are_walked(tmp_path: Path) -> None:
    """The walk sees every route of every module: it would be quiet about those it does not find."""
    walked = {getattr(route, "path", None) for route in _flat(_application(tmp_path).routes)}
    for module in (units, operations, live):
        ours = {route.path for route in module.router.routes if isinstance(route, APIRoute | APIWebSocketRoute)}
        assert ours
        assert {path if path.startswith("/api/v1") else f"/api/v1{path}" for path in ours} <= {
            path if path is None or path.startswith("/api/v1") else f"/api/v1{path}" for path in walked
        }


def test_a_route_that_forgot_it_is_seen(tmp_path: Path) -> None:
    """The walk bites: on a plain route, a socket, and one of a router."""
    app = _application(tmp_path)
    router = APIRouter(prefix="/api/v1")

    @app.get("/api/v1/plain")
    @router.get("/behind-a-router")
    async def plain() -> None: ...

    @app.websocket("/api/v1/socket")
    async def socket() -> None: ...

    app.include_router(router)
    assert len(set(unguarded(app)) - OPEN.keys()) == 3
