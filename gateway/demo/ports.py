"""Free ports on loopback."""

import errno
import os
import socket

from gateway.demo.errors import PortError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A TCP port that nobody on loopback uses now. Between this and its use another program may take it."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    return _obstacle(port) is None


def check_free(port: int) -> None:
    """Make sure that a server could listen there now.

    Raises:
        PortError: with the reason.
    """
    obstacle = _obstacle(port)
    if obstacle is not None:
        taken = obstacle == errno.EADDRINUSE
        raise PortError(port, "is taken by another program" if taken else f"cannot be used: {os.strerror(obstacle)}")


def usual_or_free(usual: int) -> int:
    """The usual port of a service if nobody has it, so that addresses written down stay right; else any free one."""
    return usual if is_free(usual) else free_port()


def _obstacle(port: int) -> int | None:
    """The errno that keeps a server from listening there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno
    return None


def accepts(port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True
