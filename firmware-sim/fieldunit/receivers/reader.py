"""Keeps a port open in a thread of its own, and hands on what it says, sentence by sentence.

A thread for each source, because opening a port, a name that cannot be resolved and a receiver that hangs must hold up
nobody else. It decides nothing but when to try again and whether the bytes are sentences; everything else happens
where the events arrive, in one thread.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from fieldunit.receivers.condition import State
from fieldunit.receivers.file import FilePort
from fieldunit.receivers.gpsd import GpsdPort
from fieldunit.receivers.port import Port, PortError
from fieldunit.receivers.serial_port import SerialPort
from fieldunit.receivers.settings import Kind, ReceiverSettings
from fieldunit.receivers.tcp import TcpPort
from fieldunit.receivers.udp import UdpPort
from fieldunit.uplink.backoff import Backoff
from tracker.wire.checksum import xor
from tracker.wire.framing import SentenceFramer

RETRY_MIN_S = 0.5
RETRY_MAX_S = 5.0
"""Ceilings of the waits before a port is opened again: it is in this vehicle, and asking costs nobody anything."""

JUDGED_S = 2.2
"""Data for so long, two bursts of a receiver that talks once a second, without a sentence: the speed is wrong."""

JUDGED_BYTES = 120
"""And so many of them: one sentence and a half."""

DISTRUST_S = 6.0
"""The same for a speed that was right before."""


_LOOK_S = 0.5  # how soon a stop is noticed


class Opened(NamedTuple):
    """The port is open, or has another speed or remark now."""

    source: str
    at: float  # seconds of the monotonic clock, as in all events
    name: str
    anew: bool


class Closed(NamedTuple):
    """The port could not be opened, or has gone."""

    source: str
    at: float
    state: State
    sentence: str


class Heard(NamedTuple):
    """Bytes have come, and these sentences were in them."""

    source: str
    at: float
    system_time: float  # seconds since 1970 by the system's clock, when the bytes were there
    lines: list[bytes]


class Quiet(NamedTuple):
    """The burst of a cycle is over."""

    source: str
    at: float


Event = Opened | Closed | Heard | Quiet


class Reader:
    """One source.

    Args:
        settings: of the receiver.
        port: as `open_port` makes it.
        deliver: called from the thread with each event.
    """

    def __init__(
        self,
        settings: ReceiverSettings,
        port: Port,
        deliver: Callable[[Event], None],
        *,
        retry: Backoff | None = None,
    ) -> None:
        self._source = settings.source
        self._quiet_s = settings.quiet_s
        self._port = port
        self._deliver = deliver
        self._retry = retry or Backoff(RETRY_MIN_S, RETRY_MAX_S, random.Random())  # noqa: S311 - spreads load
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"receiver {settings.source}", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it for a moment: a thread that hangs in the kernel ends with the process."""
        self._stop.set()
        self._thread.join(2.0)

    def check(self) -> None:
        """Raise what nobody foresaw."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._open_and_read()
                self._stop.wait(self._retry.next_wait())
        except BaseException as error:  # raised in `check`, by the thread that owns the unit
            self._failure = error

    def _open_and_read(self) -> None:
        try:
            self._port.open()
            self._deliver(Opened(self._source, time.monotonic(), self._port.name, True))
            self._read()
        except PortError as error:
            self._deliver(Closed(self._source, time.monotonic(), error.state, error.sentence))
        finally:
            self._port.close()

    def _read(self) -> None:
        framer = SentenceFramer()
        name = self._port.name
        known = False  # the speed has proved right
        talked: float | None = None  # when something came last, until the pause after it
        since: float | None = None  # first data without a sentence
        count = 0
        while not self._stop.is_set():
            data = self._port.read(min(self._quiet_s, _LOOK_S))
            now = time.monotonic()
            if name != self._port.name:
                name = self._port.name
                self._deliver(Opened(self._source, now, name, False))
            if not data:
                if talked is not None and now - talked >= self._quiet_s:
                    talked = None
                    self._deliver(Quiet(self._source, now))
                continue
            system_time = time.time()
            talked = now
            lines = framer.feed(data)
            if any(_whole(line) for line in lines):
                if not known:
                    self._retry.succeeded()
                self._port.judged(True)
                known, since, count = True, None, 0
            else:
                since = now if since is None else since
                count += len(data)
                if now - since >= (DISTRUST_S if known else JUDGED_S) and count >= JUDGED_BYTES:
                    known, since, count = False, None, 0
                    framer = SentenceFramer()
                    self._port.judged(False)
            self._deliver(Heard(self._source, now, system_time, lines))


def open_port(settings: ReceiverSettings) -> Port:
    """The port that the settings name, not opened yet.

    Raises:
        fieldunit.receivers.tcp.AddressError: its address cannot be meant.
    """
    if settings.kind is Kind.SERIAL:
        return SerialPort(settings.address, settings.baud)
    if settings.kind is Kind.TCP:
        return TcpPort(settings.address)
    if settings.kind is Kind.UDP:
        return UdpPort(settings.address)
    if settings.kind is Kind.GPSD:
        return GpsdPort(settings.address)
    return FilePort(settings.address)


def _whole(line: bytes) -> bool:
    """Whether a sentence has its checksum and it matches."""
    if line[-3:-2] != b"*":
        return False
    try:
        return xor(line[1:-3]) == int(line[-2:], 16)
    except ValueError:
        return False
