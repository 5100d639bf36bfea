"""What the routes are given: the values and services of one gateway, wired in ``gateway.app``."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Response
from starlette.requests import HTTPConnection

from gateway.feeds.live import LivePicture
from gateway.http.access import Object, Permission, Principal, demo_principal, require
from gateway.services.count import Intake
from gateway.storage.pool import type_of_pool


class World:
    """One gateway, as its web side sees it."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        intake: Intake,
        sessions: Callable[[], dict[str, bool]],
        web_dir: Path,
    ) -> None:
        self.centre = centre
        self.pool = pool
        self.live = live
        self.intake = intake
        self.sessions = sessions  # name of each broker session -> connected
        self.web_dir = web_dir
        self.principal = demo_principal(centre)

    def now(self) -> datetime:
        """The gateway's clock."""
        return datetime.now(UTC)


def of(connection: HTTPConnection) -> World:
    """The world of the application that serves this request or socket."""
    world: World = connection.app.state.world
    return world


class Permit:
    """The right to go on, given by ``require`` before the route's body runs."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, connection: HTTPConnection) -> Principal:
        """A FastAPI dependency: for HTTP and for WebSockets alike."""
        world = of(connection)
        unit = connection.path_params.get("unit") or connection.query_params.get("unit")
        require(world.principal, self.permission, Object(world.centre, unit))
        return world.principal


SeesUnits = Annotated[Principal, Depends(Permit(Permission.SEE_UNITS))]
SeesIntake = Annotated[Principal, Depends(Permit(Permission.SEE_INTAKE))]
SeesHealth = Annotated[Principal, Depends(Permit(Permission.SEE_HEALTH))]
TheWorld = Annotated[World, Depends(of)]

_encode = msgspec.json.Encoder().encode


def answer(value: Any, status: int = 200) -> Response:
    """A value as JSON: msgspec writes the same text for REST as for the feeds."""
    return Response(_encode(value), status_code=status, media_type="application/json")


def documented(shape: type, description: str) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of an answer of this shape."""
    schema = msgspec.json.schema(shape)
    defs = schema.pop("$defs", {})
    return {200: {"description": description, "content": {"application/json": {"schema": _inlined(schema, defs)}}}}


def _inlined(schema: Any, defs: dict[str, Any]) -> Any:
    """The schema with its references replaced: OpenAPI has another place for definitions."""
    if isinstance(schema, dict):
        name = schema.get("$ref", "").removeprefix("#/$defs/")
        if name:
            return _inlined(defs[name], defs)
        return {key: _inlined(value, defs) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, defs) for item in schema]
    return schema
