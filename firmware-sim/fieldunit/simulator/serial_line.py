"""A receiver at the end of a real pseudo-terminal: what reads it takes the same way as from a serial port.

`sigap-unit agent` with the link as its port reads sentences as they come from a cable: in pieces, epochs without a fix
among them. The receiver has its power from the vehicle, so a power cut unplugs it: the link is gone, as the device of a
USB receiver is, and comes back under the same name.
"""

import contextlib
import os
import termios
import tty
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fieldunit.simulator.car import Car, Seen


class SerialLineError(Exception):
    """The pseudo-terminal cannot be made; the sentence says what to give."""


class SerialLine:
    """The receiver's end of a pseudo-terminal, whose other end stands under a name. Plugged in from the start.

    Args:
        link: where the other end is to be found; must not be there, or be a link as an earlier run left it.

    Raises:
        SerialLineError: the link cannot be made.
    """

    def __init__(self, link: Path) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None
        if link.exists() and not link.is_symlink():
            raise SerialLineError(f"{link} is there already and no link; give another name for the port")
        self.plug()

    @property
    def plugged(self) -> bool:
        """Whether the other end is there."""
        return self._ends is not None

    def plug(self) -> None:
        """Make the other end appear."""
        if self._ends is not None:
            return
        ours, theirs = os.openpty()
        self._ends = ours, theirs  # theirs stays open here, too: a reader may come and go
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        try:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(theirs))
        except OSError as error:
            self.unplug()
            raise SerialLineError(f"{self._link} cannot be made ({error.strerror}); give another name") from error

    def unplug(self) -> None:
        """Make the other end vanish; who reads it hears the end of the line."""
        if self._ends is None:
            return
        ends, self._ends = self._ends, None
        with contextlib.suppress(FileNotFoundError):
            if self._link.is_symlink() and os.readlink(self._link) == os.ttyname(ends[1]):  # noqa: PTH115 - as it is
                self._link.unlink()
        for end in ends:
            os.close(end)

    def say(self, lines: Sequence[bytes]) -> None:
        """Write sentences. What nobody reads is overwritten by what is newer, as in a port's buffer."""
        if self._ends is None or not lines:
            return
        ours, theirs = self._ends
        data = b"".join(line + b"\r\n" for line in lines)
        try:
            written = os.write(ours, data)
        except BlockingIOError:
            written = 0
        if written < len(data):
            termios.tcflush(theirs, termios.TCIFLUSH)
            with contextlib.suppress(BlockingIOError):
                os.write(ours, data)

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()


class SerialUnit:
    """A vehicle whose first receiver is heard on a serial line, and whose unit is somebody else's program."""

    def __init__(self, car: Car, line: SerialLine) -> None:
        self.name = car.name
        self._source = car.sources[0]
        self._line = line

    def obey(self, now: datetime) -> None:
        """Whom the centre commands is the program at the other end."""

    def surroundings(self, *, covered: bool, powered: bool) -> None:  # noqa: ARG002 - as every rider is told
        """Coverage is that of the program at the other end; power is the receiver's."""
        if powered:
            self._line.plug()
        else:
            self._line.unplug()

    def hear(self, car: Car, seen: Sequence[Seen], now: datetime) -> None:  # noqa: ARG002 - as every rider is told
        """What the receivers said."""
        car.vehicle.take_events()
        for each in seen:
            if each.source == self._source:
                self._line.say(each.lines)

    def silence(self) -> None:
        """There is no connection here that could break."""
