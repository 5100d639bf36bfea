"""How long a body may be: one limit for all that is sent to us, counted as it comes.

Who may ask at all may send a gigabyte, and each body is held in memory before it is read. A length that is announced is
refused before the first byte; one that is not, when it has passed the limit. Routes may be stricter.
"""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.register.have import MAX_BYTES

MOST = 1024 * 1024
"""Bytes of a body. The longest that anybody means, a polygon of 2,000 corners or 10,000 units, has a third of it."""

LISTS = {"/api/v1/facilities/have": MAX_BYTES, "/api/v1/facilities/beds": MAX_BYTES}
"""By path: where the facilities of a whole province come at once."""


class BodyLimit:
    """Lets requests through whose body is not too long; the others get 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = LISTS.get(scope["path"], MOST)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > most:
            await _too_long(most)(scope, receive, send)
            return
        answering = False

        async def sent(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._app(scope, _Counted(receive, most), sent)
        except _TooLong:
            if answering:
                raise
            await _too_long(most)(scope, receive, send)


class _TooLong(Exception):
    """More has come than is taken."""


class _Counted:
    """Receives, and counts."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLong
        return message


def _too_long(most: int) -> JSONResponse:
    detail = f"the body has more than {most:,} bytes, which nothing that is sent here needs: send less at a time"
    return JSONResponse({"detail": detail}, status_code=413)
