"""Whose page may give orders through a user's browser: ours, and no other.

A page of any site can make its visitor's browser send a POST to an address that the visitor reaches and the site does
not; it cannot read the answer, and does not need to. A browser says whose page it was in the Origin header of every
request that is not a GET or a HEAD (Fetch standard, section 3.2), so a foreign one is refused. Programs send none.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = {"detail": "a page of another site may not give orders here"}


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another host than the one asked for stands behind a request."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class OwnPages:
    """Lets orders through that come from our own pages or from programs; those of other sites get 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["method"] not in _SAFE and is_foreign(Headers(scope=scope)):
            await JSONResponse(_REFUSED, status_code=403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
