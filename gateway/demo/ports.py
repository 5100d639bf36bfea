"""Free ports on loopback."""

import errno
import os
import random
import socket
from pathlib import Path

from gateway.demo.errors import PortError

LOOPBACK = "127.0.0.1"


_FIRST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given: set[int] = set()


def free_port() -> int:
    """A TCP port that nobody on loopback uses now, another one at each call.

    It lies below those that the kernel gives to connections (ip(7), ip_local_port_range): one of these may be a
    connection's between this and its use, and on a busy machine it was. Another program may still take it.
    """
    try:
        last = int(_RANGE.read_text().split()[0])
    except OSError:  # no Linux
        last = 32_768
    if last < _FIRST + 1000:  # somebody has left hardly any room
        last = 65_536
    while True:
        port = random.randrange(_FIRST, last)  # noqa: S311 - to be another one than others choose, not secret
        if port not in _given and is_free(port):
            _given.add(port)
            return port


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


class Claims:
    """Which usual ports this process has promised to its servers.

    Between a look at a port and the moment when a server listens there, seconds pass, and another demo that started at
    the same time looks, too. So a port is claimed first, by a name that one process of the machine can have at a time.
    The kernel gives it back when the process ends, however that happens.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def usual_or_free(self, usual: int) -> int:
        """The usual port of a service if nobody has it, so that what was written down stays right; else a free one."""
        return usual if self._claimed(usual) and is_free(usual) else free_port()

    def _claimed(self, port: int) -> bool:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0sigap-demo-port-{port}")  # an abstract name: no file, and of the same network as the port
        except OSError as error:
            claim.close()
            return error.errno != errno.EADDRINUSE  # where there are no such names, a look has to do
        self._held.append(claim)
        return True

    def release(self) -> None:
        """Give all of them back."""
        while self._held:
            self._held.pop().close()


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
