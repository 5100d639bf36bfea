"""A receiver for tests: a pseudo-terminal behind a name that stays, as a USB adapter has one in /dev/serial/by-id."""

import contextlib
import fcntl
import os
import struct
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker.wire.checksum import xor

_SPEEDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdigit()}


def sentence(body: str) -> bytes:
    """With its checksum and line end."""
    return b"$%s*%02X\r\n" % (body.encode(), xor(body.encode()))


def cycle(second: int, *, latitude: float = 7.15, day: str = "221126", fix: bool = True, knots: float = 20.0) -> bytes:
    """What a receiver says in one second: RMC, GGA and a GSV. South and east; `second` of the day."""
    clock = f"{second // 3600 % 24:02d}{second // 60 % 60:02d}{second % 60:02d}.00"
    place = f"{int(latitude):02d}{latitude % 1 * 60:08.5f},S,11153.00000,E" if fix else ",,,"
    return (
        sentence(
            f"GPRMC,{clock},{'A' if fix else 'V'},{place},{knots if fix else ''},0.0,{day},,,{'A' if fix else 'N'}"
        )
        + sentence(f"GPGGA,{clock},{place},{int(fix)},{'08' if fix else '00'},1.0,{'30.0' if fix else ''},M,,M,,")
        + gsv()
    )


def gsv() -> bytes:
    """Satellites in view, and nothing else."""
    return sentence("GPGSV,1,1,04,01,40,083,46,02,17,308,41,12,07,344,39,14,22,228,45")


class ReceiverDouble:
    """A pseudo-terminal that can be pulled out and plugged in again.

    Args:
        link: the name under which it is found.
        needs: the only speed at which it talks sense; None: any.
    """

    def __init__(self, link: Path, needs: int | None = None) -> None:
        self.link = link
        self._needs = needs
        self._master: int | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.told: list[int] = []
        """Seconds of the day that were said at the right speed."""

    @property
    def speed(self) -> int:
        """As whoever opened the port has set it."""
        assert self._master is not None
        return _SPEEDS[termios.tcgetattr(self._master)[5]]

    def plug(self) -> None:
        """A new terminal under the old name."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        beside = self.link.with_name(f"{self.link.name}.new")
        beside.symlink_to(name)
        beside.replace(self.link)

    def unplug(self) -> None:
        """The terminal hangs up, and the name is gone."""
        if self._master is not None:
            self.link.unlink(missing_ok=True)
            os.close(self._master)
            self._master = None

    def write(self, data: bytes, seconds: float = 60.0) -> None:
        """Say it all, as fast as it is taken."""
        deadline = time.monotonic() + seconds
        while data and self._master is not None:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                assert time.monotonic() < deadline, "nobody takes what the receiver says"
                time.sleep(0.002)

    def drain(self, seconds: float = 20.0) -> None:
        """Wait until everything that was said has been taken."""
        assert self._master is not None
        deadline = time.monotonic() + seconds
        slave = os.open(self.link, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            while struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, bytes(4)))[0]:
                assert time.monotonic() < deadline, "nobody takes what the receiver says"
                time.sleep(0.005)
        finally:
            os.close(slave)

    def say(self, second: int, words: bytes) -> None:
        """One second's words; garbage at the wrong speed. What nobody takes is lost, as on a wire."""
        if self._master is None:
            return
        if self._needs is not None and self.speed != self._needs:
            words = bytes((byte * 167 + 91) % 256 | 128 for byte in words)
        else:
            self.told.append(second)
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, words)

    def talk(self, words: "list[bytes] | None" = None, every_s: float = 0.2, begin: int = 3600) -> None:
        """Say a second's cycle again and again, quicker than the clock, until `hush` or the end."""

        def talking() -> None:
            second = begin
            while not self._stop.wait(every_s):
                said = cycle(second, latitude=7.15 + second % 3600 * 1e-4) if words is None else b"".join(words)
                self.say(second, said)
                second += 1

        self._begin(talking)

    def tell_the_time(self) -> None:
        """Say the true time each second, a tenth of a second late."""

        def telling() -> None:
            while not self._stop.wait(1.1 - time.time() % 1.0):
                now = time.gmtime()
                second = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec
                moved = 7.15 + second % 3600 * 1e-4
                self.say(second, cycle(second, latitude=moved, day=time.strftime("%d%m%y", now)))

        self._begin(telling)

    def _begin(self, work: Callable[[], None]) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=work)
        self._thread.start()

    def hush(self) -> None:
        """Stop talking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hush()
        self.unplug()
