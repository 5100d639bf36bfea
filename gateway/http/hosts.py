"""By which names the gateway may be called.

A page whose name is pointed at 127.0.0.1 after it was loaded (DNS rebinding) makes a browser ask us in that name's
behalf, Origin and all. A gateway on loopback therefore answers to loopback's names alone; one that listens to the
network is called by names that only its operator knows.
"""

import ipaddress

from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class LoopbackNames:
    """Lets requests and sockets through that call the gateway by a name of loopback; all others get 421."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] in ("http", "websocket") and _name(scope) not in _LOOPBACK:
            await _refuse(scope, send)
        else:
            await self._app(scope, receive, send)


def _name(scope: Scope) -> str:
    for key, value in scope["headers"]:
        if key == b"host":
            host = str(value.decode("latin-1")).lower()
            return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return ""


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "called by a name that is not this machine's"})
        return
    body = b'{"detail":"this gateway listens on loopback and answers to localhost, 127.0.0.1 and [::1] only"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body})
