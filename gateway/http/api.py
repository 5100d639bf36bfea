"""Puts the routes together."""

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse
from psycopg import DataError, OperationalError
from psycopg_pool import PoolTimeout

from gateway.http import (
    agencies,
    alarms,
    asyncapi,
    board,
    borders,
    calls,
    candidates,
    centre,
    closures,
    contacts,
    crews,
    driver,
    eta,
    events,
    facilities,
    feeds,
    geofences,
    hospital_states,
    hospitals,
    incidents,
    intake,
    live,
    locate,
    missions,
    operations,
    owners,
    phones,
    referrals,
    region,
    scores,
    shares,
    speakers,
    statuses,
    telephony,
    units,
    webhooks,
)
from gateway.http.access import Forbidden
from gateway.http.idempotency import OnceOnly
from gateway.http.limits import BodyLimit
from gateway.http.openapi import document
from gateway.http.origins import OwnPages
from gateway.http.world import World
from gateway.services.centre import Outdated
from gateway.services.missions import Clash, Unknown
from gateway.services.register import NotSo
from tracker.missions import NotPossible
from tracker.roads.closures import BrokenClosure


def create(world: World) -> FastAPI:
    """The web application of one gateway."""
    app = FastAPI(title="SIGAP", version="1", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    app.state.world = world
    app.add_middleware(OnceOnly, world=world)
    app.add_middleware(BodyLimit)
    app.add_middleware(OwnPages)
    for module in (
        units,
        crews,
        agencies,
        facilities,
        geofences,
        incidents,
        calls,
        locate,
        missions,
        candidates,
        hospitals,
        hospital_states,
        borders,
        eta,
        scores,
        closures,
        centre,
        operations,
        live,
        region,
        phones,
        driver,
        speakers,
        referrals,
        shares,
        owners,
        telephony,
        contacts,
        events,
        webhooks,
        statuses,
        feeds,
        intake,
        asyncapi,
        alarms,
    ):
        app.include_router(module.router)
    board.mount(app, world.web_dir)
    document(app)

    @app.exception_handler(Forbidden)
    async def forbidden(_: Request | WebSocket, error: Exception) -> JSONResponse:
        """Of a socket that is not accepted yet this is the answer to its handshake."""
        return JSONResponse({"detail": str(error)}, status_code=403)

    @app.exception_handler(Unknown)
    async def not_here(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=404)

    @app.exception_handler(Clash)
    @app.exception_handler(NotPossible)
    async def not_so(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=409)

    @app.exception_handler(Outdated)
    async def changed_meanwhile(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=412)

    @app.exception_handler(BrokenClosure)
    @app.exception_handler(NotSo)
    async def nowhere(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=422)

    @app.exception_handler(DataError)
    async def no_such_value(_: Request, error: Exception) -> JSONResponse:
        """A zero byte in a path, a number beyond all numbers: nothing here can have that value."""
        return JSONResponse({"detail": f"the database cannot hold such a value: {error}"}, status_code=422)

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeout)
    async def database_away(_: Request, error: Exception) -> JSONResponse:  # noqa: ARG001, the log has it; the answer says what to do
        return JSONResponse(
            {"detail": "the database does not answer; live positions go on, history comes back with it"},
            status_code=503,
            headers={"Retry-After": "5"},
        )

    return app
