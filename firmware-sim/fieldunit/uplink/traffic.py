"""How many bytes a unit's connections have cost, as the operator of the mobile network counts them.

From the kernel (`TCP_INFO`, tcp(7), struct tcp_info of linux/tcp.h): what TCP sent with repetitions, what it received,
and so many headers of IPv4 and TCP as there were segments. TLS is in it, a handshake that fails is not.
"""

import socket
import struct
from typing import NamedTuple

_HEADERS = 20 + 20 + 12  # IPv4, TCP, and TCP's time stamps
_RECEIVED, _SEGMENTS, _SENT = (128, "Q"), (136, "II"), (200, "Q")  # offsets in struct tcp_info, and what lies there
_SIZE = 208


class Traffic(NamedTuple):
    """Bytes, headers included."""

    sent: int = 0
    received: int = 0

    @property
    def total(self) -> int:
        """Both ways together."""
        return self.sent + self.received

    def plus(self, other: "Traffic") -> "Traffic":
        """Both connections together."""
        return Traffic(self.sent + other.sent, self.received + other.received)


def traffic_of(connection: socket.socket) -> Traffic:
    """What one open TCP connection has cost so far; nothing, where the kernel does not tell (before Linux 4.19)."""
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)
    except OSError:  # it is no TCP connection any more
        return Traffic()
    if len(told) < _SIZE:
        return Traffic()
    (received,), (out, into), (sent,) = (
        struct.unpack_from(shape, told, at) for at, shape in (_RECEIVED, _SEGMENTS, _SENT)
    )
    return Traffic(sent + out * _HEADERS, received + into * _HEADERS)
