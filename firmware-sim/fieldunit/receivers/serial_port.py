"""A serial port, or the USB adapter that looks like one: found again when its plug moves, and its speed by itself.

- The address is a path or a pattern. Of several ports that match, the one that speaks NMEA is kept: one that does not
  is left after all speeds were tried, and a silent one after a while, and the next one opened.
- A path that goes away and comes back under another name (ttyUSB0, then ttyUSB1) is followed by the adapter's own
  name in /dev/serial/by-id, which was noted while it was there.
- The speed is changed until a sentence with a matching checksum comes, the usual ones first; one that worked is
  tried first at the next opening. A line on which nothing comes tells nothing about its speed, so it keeps it.

The port is opened exclusively: two programs on one port get half of the sentences each.
"""

import errno
import glob
import os
import select
import time
from pathlib import Path

import serial

from fieldunit.receivers.condition import State
from fieldunit.receivers.port import PortError

RATES = (9600, 4800, 115200, 38400, 57600, 19200, 230400, 460800, 921600)
"""Tried in this order: NMEA's own 4800 and what makers ship, by how often it is met."""

BY_ID = Path("/dev/serial/by-id")

_GATHER_S = 0.05
"""After the first byte: bytes trickle in one by one, and to wake up for each costs more than to read them."""

_GATHER_BYTES = 1024  # at most, far below the 4096 that the kernel holds
_CHUNK = 4096
_SILENT_S = 15.0  # from the opening, after which another port that matches is tried
_LOOK_S = 5.0  # of silence, after which it is asked whether the path still leads to what is open


class SerialPort:
    """A path or pattern, and a speed or None."""

    def __init__(self, address: str, baud: int | None, by_id: Path = BY_ID) -> None:
        self._address = address
        self._fixed = baud is not None
        self._rates = [baud] if baud is not None else list(RATES)
        self._rate = 0  # index of the speed in use
        self._tried = 0  # speeds without success since the opening
        self._turn = 0  # which of the ports that match
        self._by_id = by_id
        self._identity: Path | None = None
        self._path = address
        self._serial: serial.Serial | None = None
        self._opened_at: float | None = None  # None once something has come
        self._silent_since = 0.0

    @property
    def name(self) -> str:
        """Path and speed."""
        return f"{self._path} at {self._rates[self._rate]} baud"

    def open(self) -> None:
        """Open the port whose turn it is."""
        candidates = self._candidates()
        if not candidates:
            raise PortError(State.NO_PORT, f"{self._address} is not there: is the receiver plugged in?")
        self._path = candidates[self._turn % len(candidates)]
        try:
            self._serial = serial.Serial(self._path, self._rates[self._rate], timeout=0, exclusive=True)
        except (OSError, ValueError) as error:  # SerialException is an OSError; ValueError: not this speed
            self._turn += 1
            raise self._refused(error) from error
        self._tried = 0
        self._opened_at = self._silent_since = time.monotonic()
        self._identity = self._identify(self._path) or self._identity

    def read(self, wait_s: float) -> bytes:
        """What has come, gathered for a moment."""
        if self._serial is None:
            raise PortError(State.NO_PORT, f"{self._path} is closed")
        try:
            handle = self._serial.fileno()
            if not select.select([handle], [], [], wait_s)[0]:
                self._look_again(handle)
                return b""
            time.sleep(min(_GATHER_S, 10 * _GATHER_BYTES / self._rates[self._rate]))
            data = os.read(handle, _CHUNK)
        except BlockingIOError:
            return b""
        except (OSError, TypeError) as error:  # TypeError: pyserial, of a descriptor that is gone
            raise PortError(State.NO_PORT, f"{self._path} has gone: was the plug pulled?") from error
        if not data:
            raise PortError(State.NO_PORT, f"{self._path} has gone: was the plug pulled?")
        self._silent_since = time.monotonic()
        self._opened_at = None
        return data

    def judged(self, readable: bool) -> None:
        """Keep the speed, or try the next one; after all of them the next port, where several match."""
        if readable:
            self._tried = 0
            if self._rate:
                self._rates.insert(0, self._rates.pop(self._rate))
                self._rate = 0
            return
        self._tried += 1
        if self._tried >= len(self._rates) and len(self._candidates()) > 1:
            self._turn += 1
            self._rate = 0
            raise PortError(State.WRONG_BAUD, f"{self._path} speaks no NMEA at any usual speed; trying the next port")
        if self._fixed or self._serial is None:
            return
        self._rate = (self._rate + 1) % len(self._rates)
        try:
            self._serial.baudrate = self._rates[self._rate]
            self._serial.reset_input_buffer()
        except (OSError, ValueError) as error:
            if self._serial.is_open and isinstance(error, ValueError):
                return  # an adapter that does not know this speed: the next round passes it again
            raise PortError(State.NO_PORT, f"{self._path} has gone: was the plug pulled?") from error

    def close(self) -> None:
        """Give it free."""
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def _candidates(self) -> list[str]:
        if glob.has_magic(self._address):
            return sorted(glob.glob(self._address))  # noqa: PTH207 - an absolute pattern, which Path.glob refuses
        if not Path(self._address).exists() and self._identity is not None and self._identity.exists():
            return [str(self._identity.resolve())]
        return [self._address] if Path(self._address).exists() else []

    def _identify(self, path: str) -> Path | None:
        """The adapter's own name for a path, if it has one."""
        try:
            real = Path(path).resolve()
            return next((link for link in sorted(self._by_id.iterdir()) if link.resolve() == real), None)
        except OSError:  # there is no such folder while no adapter is plugged in
            return None

    def _look_again(self, handle: int) -> None:
        """After silence: a path that leads elsewhere now means that what we hold is a ghost."""
        now = time.monotonic()
        if now - self._silent_since < _LOOK_S:
            return
        self._silent_since = now
        try:
            same = os.fstat(handle).st_rdev == Path(self._path).stat().st_rdev
        except FileNotFoundError:
            same = False
        if not same:
            raise PortError(State.NO_PORT, f"{self._path} has gone: was the plug pulled?")
        if self._opened_at is not None and now - self._opened_at >= _SILENT_S and len(self._candidates()) > 1:
            self._turn += 1
            raise PortError(State.NO_DATA, f"nothing comes from {self._path}; trying the next port that matches")

    def _refused(self, error: OSError | ValueError) -> PortError:
        number = getattr(error, "errno", None)
        if number in (errno.EACCES, errno.EPERM):
            return PortError(
                State.PERMISSION,
                f"no right to open {self._path}: add the unit's user to the group that owns it (dialout)",
            )
        if number in (errno.EBUSY, errno.EAGAIN):
            return PortError(
                State.BUSY, f"{self._path} is in use by another program (gpsd, ModemManager?): stop that one"
            )
        if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO):
            return PortError(State.NO_PORT, f"{self._path} is not there: is the receiver plugged in?")
        return PortError(State.NO_PORT, f"{self._path} cannot be opened as a serial port ({error})")
