"""A POST that comes again is not done again: with an Idempotency-Key it gets the answer of the first time.

A network that breaks between request and answer leaves a client that does not know whether it was heard; it asks again
with the same key. The answer is kept for a day. The same key with other words is a mistake of the client's, and 422.
What failed on our side (5xx) is not kept: coming again is what it is for.

Where the gateway is killed between doing and keeping, the request is done again when it comes again: those that make
something take an id of the client's own besides, and make it once.
"""

import hashlib

import structlog
from psycopg import Error, OperationalError
from psycopg_pool import PoolTimeout
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.world import World
from gateway.storage import answers

log = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
API = "/api/v1/"

MAX_KEY = 200

_KEPT_HEADERS = ("content-type", "etag", "location", "retry-after")


class OnceOnly:
    """Answers a POST that comes again as it was answered."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        key = None
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(API):
            key = Headers(scope=scope).get(HEADER)
        if key is None:
            await self._app(scope, receive, send)
        elif not _is_key(key):
            await _says(422, f"`{HEADER}` has 1 to {MAX_KEY} visible ASCII characters")(scope, receive, send)
        else:
            await self._once(key, scope, receive, send)

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        digest = _digest(self._world.principal.name, scope, body)
        try:
            async with self._world.pool.connection() as connection:
                known = await answers.begin(connection, self._world.centre, key, digest)
        except (OperationalError, PoolTimeout):
            refused = _says(503, "the database does not answer, so nobody knows whether this was done before")
            refused.headers["Retry-After"] = "5"
            await refused(scope, receive, send)
            return
        if known is not None:
            await _again(known, digest)(scope, receive, send)
            return
        heard = _Heard(body, receive)
        said = _Said(send)
        try:
            await self._app(scope, heard, said)
        finally:
            await self._keep(key, digest, said)

    async def _keep(self, key: str, digest: bytes, said: "_Said") -> None:
        try:
            async with self._world.pool.connection() as connection:
                if said.whole and said.status < 500:
                    kept = {name: said.headers[name] for name in _KEPT_HEADERS if name in said.headers}
                    await answers.keep(
                        connection, self._world.centre, key, digest, said.status, kept, bytes(said.body)
                    )  # fmt: skip
                else:
                    await answers.forget(connection, self._world.centre, key)
        except (Error, PoolTimeout) as error:  # it was answered; whoever asks again within the minute is told to wait
            log.warning("an answer was not kept", error=str(error))


class _Heard:
    """Gives the body to the application, and then whatever the client does next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Said:
    """Sends the answer on, and remembers it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500
        self.headers = Headers()
        self.body = bytearray()
        self.whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = Headers(raw=list(message.get("headers", ())))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)
        await self._send(message)


def _is_key(text: str) -> bool:
    return 1 <= len(text) <= MAX_KEY and all("!" <= each <= "~" for each in text)


async def _body(receive: Receive) -> bytes:
    """All of it; `gateway.http.limits` says how long it may be."""
    found = bytearray()
    while True:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(found)


def _digest(who: str, scope: Scope, body: bytes) -> bytes:
    """What makes two requests the same: who asks, what for, with which words."""
    parts = [who.encode(), scope["path"].encode(), scope["query_string"], body]
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()


def _again(known: answers.Answered, digest: bytes) -> Response:
    if known.digest != digest:
        return _says(422, f"this `{HEADER}` was another request's: take a new one")
    if known.status is None:
        busy = _says(409, "the first request with this key is being worked on: ask again in a moment")
        busy.headers["Retry-After"] = "1"
        return busy
    return Response(known.body, known.status, {**(known.headers or {}), REPLAYED: "true"})


def _says(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"detail": sentence}, status_code=status)
