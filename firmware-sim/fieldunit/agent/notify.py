"""A few words to systemd, if it started us: ready, alive, stopping (sd_notify(3); a datagram to $NOTIFY_SOCKET)."""

import contextlib
import os
import socket


class Notifier:
    """Says nothing where nobody listens.

    Args:
        address: of the socket; None: that of the environment.
    """

    def __init__(self, address: str | None = None) -> None:
        address = os.environ.get("NOTIFY_SOCKET") if address is None else address
        self._socket: socket.socket | None = None
        if address and address[0] in "/@":
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
            self._address = "\0" + address[1:] if address[0] == "@" else address

    def ready(self) -> None:
        """The program has begun its work."""
        self._say("READY=1")

    def alive(self, status: str) -> None:
        """The watchdog may go back to sleep; `status` is what `systemctl status` shows."""
        line = " ".join(status.split())
        self._say(f"WATCHDOG=1\nSTATUS={line}")

    def stopping(self) -> None:
        """The program ends on purpose."""
        self._say("STOPPING=1")

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, words: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # systemd restarts itself; then nobody listens for a moment
                self._socket.sendto(words.encode(), self._address)
