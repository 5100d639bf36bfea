"""NMEA over UDP: phones and routers that send each sentence as a datagram to a port of ours."""

import socket

from fieldunit.receivers.condition import State
from fieldunit.receivers.port import PortError
from fieldunit.receivers.tcp import host_and_port

_LARGEST = 65535


class UdpPort:
    """Listens on HOST:PORT; an empty host is every interface."""

    def __init__(self, address: str) -> None:
        self._host, self._port = host_and_port(address)
        self.name = f"UDP port {address}"
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Listen."""
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(
                self._host or None, self._port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )[0]
            opened = socket.socket(family, kind, protocol)
        except OSError as error:
            raise PortError(State.NO_PORT, f"{self.name} cannot be opened ({error.strerror or error})") from error
        try:
            opened.bind(where)
        except PermissionError as error:
            opened.close()
            raise PortError(State.PERMISSION, f"no right to {self.name}: take one above 1023") from error
        except OSError as error:
            opened.close()
            raise PortError(
                State.BUSY, f"{self.name} cannot be opened ({error.strerror}): does another program listen there?"
            ) from error
        self._socket = opened

    def read(self, wait_s: float) -> bytes:
        """One datagram, ended by a line end: whatever it holds, the next one begins a line."""
        if self._socket is None:
            raise PortError(State.NO_PORT, f"{self.name} is closed")
        self._socket.settimeout(wait_s)
        try:
            data = self._socket.recv(_LARGEST)
        except TimeoutError:
            return b""
        except OSError as error:
            raise PortError(State.NO_PORT, f"{self.name} broke ({error.strerror or error})") from error
        return data + b"\r\n" if data else b""

    def judged(self, readable: bool) -> None:
        """There is no speed to set."""

    def close(self) -> None:
        """Listen no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
