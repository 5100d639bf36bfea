"""Where the gateway's web side listens, and how it is served."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp

from gateway.http.hosts import LoopbackNames, is_loopback
from gateway.http.sockets import DroppingProtocol
from tracker.errors import TrackerError

STOP_GRACE_S = 5
SEND_BUFFER = 128 * 1024
"""Bytes that the kernel holds for one client. Left alone it takes 4 MiB, and a slow board would see all these old
positions before the next new one."""


class CannotListenError(TrackerError):
    """The web side's address cannot be had; the message says which, why, and what says where to listen."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that the address is known, and printed, before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # accepted sockets inherit it
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListenError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "SIGAP_HTTP_HOST and SIGAP_HTTP_PORT say where to listen, 0 takes a free port"
        ) from error
    return listener


def server_of(web: ASGIApp, host: str) -> uvicorn.Server:
    """The server of this application, for those who may ask it by this address."""
    return uvicorn.Server(
        uvicorn.Config(
            LoopbackNames(web) if is_loopback(host) else web,
            ws=DroppingProtocol,
            ws_max_size=64 * 1024,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=STOP_GRACE_S,
        )
    )


async def serve_http(server: uvicorn.Server, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until told to stop. uvicorn's own signal handlers are left out: the process has one owner."""
    host, port = listener.getsockname()[:2]
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    print(f"board=http://{f'[{host}]' if ':' in host else host}:{port}/", flush=True)
    await stop.wait()
    server.should_exit = True
    await server.shutdown(sockets=[listener])
