"""NMEA from a file: a recorded log, one that grows, a named pipe, or the kernel's own /dev/gnss0.

A regular file is read to its end and then followed, as `tail -F` does; when it is replaced or shortened it is begun
again. A pipe or device is waited for.
"""

import os
import select
import stat
import time
from pathlib import Path

from fieldunit.receivers.condition import State
from fieldunit.receivers.port import PortError

_CHUNK = 4096


class FilePort:
    """A path."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.name = path
        self._handle: int | None = None
        self._regular = False
        self._ended = False

    def open(self) -> None:
        """Open it; a pipe is opened for both directions, so that it does not end with each of its writers."""
        try:
            pipe = stat.S_ISFIFO(self._path.stat().st_mode)
            flags = (os.O_RDWR if pipe else os.O_RDONLY) | os.O_NONBLOCK | os.O_NOCTTY
            self._handle = os.open(self._path, flags)
            self._regular = stat.S_ISREG(os.fstat(self._handle).st_mode)
        except FileNotFoundError as error:
            raise PortError(State.NO_PORT, f"{self.name} is not there") from error
        except PermissionError as error:
            raise PortError(State.PERMISSION, f"{self.name} may not be read: give this user the right to") from error
        except OSError as error:
            raise PortError(State.NO_PORT, f"{self.name} cannot be opened ({error.strerror})") from error

    def read(self, wait_s: float) -> bytes:
        """What has come."""
        if self._handle is None:
            raise PortError(State.NO_PORT, f"{self.name} is closed")
        try:
            if not self._regular and not select.select([self._handle], [], [], wait_s)[0]:
                return b""
            data = os.read(self._handle, _CHUNK)
            if not data:
                if not self._regular:
                    raise PortError(State.NO_PORT, f"{self.name} has ended")
                self._look_again()
                time.sleep(wait_s)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortError(State.NO_PORT, f"{self.name} broke ({error.strerror})") from error
        return data

    def judged(self, readable: bool) -> None:
        """There is no speed to set."""

    def close(self) -> None:
        """Close it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _look_again(self) -> None:
        """At the end: is it still the file of that name, and no shorter?"""
        if self._handle is None:
            return
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return
        held = os.fstat(self._handle)
        if (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino):
            raise PortError(State.NO_PORT, f"{self.name} is another file now")
        if held.st_size < os.lseek(self._handle, 0, os.SEEK_CUR):
            os.lseek(self._handle, 0, os.SEEK_SET)
