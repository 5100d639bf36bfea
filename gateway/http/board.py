"""The board's files. Nothing they load comes from another machine, and the browser is told to hold us to it."""

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'"
)


class _Board(StaticFiles):
    """Static files with the policy, and no caching of the page that names the others."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        if response.headers.get("content-type", "").startswith("text/html"):
            response.headers["Cache-Control"] = "no-cache"
        return response


def mount(app: FastAPI, web_dir: Path) -> None:
    """Serve the board at ``/``, or say how to build it."""
    if (web_dir / "index.html").is_file():
        app.mount("/", _Board(directory=web_dir, html=True))
        return

    @app.get("/", include_in_schema=False)
    async def missing() -> Response:
        return PlainTextResponse(
            f"The board is not built: there is no index.html in {web_dir}.\n"
            "`make setup` builds it; SIGAP_WEB_DIR says where it lies. The API is there: /api/v1/openapi.json\n",
            status_code=503,
        )
