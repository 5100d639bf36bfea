"""What every port has in common, and how one that cannot be opened or has gone says so."""

from typing import Protocol

from fieldunit.receivers.condition import State


class PortError(Exception):
    """The port cannot be opened, or has gone.

    Args:
        state: for the health message.
        sentence: what is the matter, and what to do.
    """

    def __init__(self, state: State, sentence: str) -> None:
        super().__init__(sentence)
        self.state = state
        self.sentence = sentence


class Port(Protocol):
    """Carries bytes. Used by one thread."""

    @property
    def name(self) -> str:
        """What is open, in the words of whoever looks for it: `/dev/ttyUSB1 at 9600 baud`."""

    def open(self) -> None:
        """Open it, or raise PortError."""

    def read(self, wait_s: float) -> bytes:
        """What has come, after waiting for so long at most; empty if nothing has. Raises PortError when it is gone."""

    def judged(self, readable: bool) -> None:
        """What was read last held a whole sentence (or the data of the last seconds held none)."""

    def close(self) -> None:
        """Close it; closing twice is no mistake."""
