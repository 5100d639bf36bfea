"""NMEA over TCP: a receiver with a network, a multiplexer, a router with GNSS. We connect; it talks."""

import socket

from fieldunit.receivers.condition import State
from fieldunit.receivers.port import PortError

CONNECT_S = 10.0

_CHUNK = 4096


class AddressError(ValueError):
    """An address cannot be meant."""


def host_and_port(address: str) -> tuple[str, int]:
    """Take HOST:PORT apart; an IPv6 address stands in brackets, an empty host is every interface.

    Raises:
        AddressError: it is not one.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise AddressError(f"{address!r} is no address: write HOST:PORT, like 192.168.1.1:2947")
    return host.removeprefix("[").removesuffix("]"), int(port)


class TcpPort:
    """A connection to HOST:PORT."""

    def __init__(self, address: str) -> None:
        self._address = host_and_port(address)
        self.name = address
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Connect."""
        try:
            self._socket = socket.create_connection(self._address, timeout=CONNECT_S)
        except OSError as error:
            raise PortError(
                State.NO_CONNECTION, f"no connection to {self.name} ({_why(error)}): is it on, and the address right?"
            ) from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def read(self, wait_s: float) -> bytes:
        """What has come."""
        if self._socket is None:
            raise PortError(State.NO_CONNECTION, f"no connection to {self.name}")
        self._socket.settimeout(wait_s)
        try:
            data = self._socket.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise PortError(State.NO_CONNECTION, f"the connection to {self.name} broke ({_why(error)})") from error
        if not data:
            raise PortError(State.NO_CONNECTION, f"{self.name} ended the connection")
        return data

    def write(self, data: bytes) -> None:
        """Say something; gpsd wants to be asked."""
        if self._socket is not None:
            try:
                self._socket.sendall(data)
            except OSError as error:
                raise PortError(State.NO_CONNECTION, f"the connection to {self.name} broke ({_why(error)})") from error

    def judged(self, readable: bool) -> None:
        """There is no speed to set."""

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _why(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
