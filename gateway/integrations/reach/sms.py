"""SMS: a modem in a thread of its own, opened again whenever it was unplugged or has lost its mind."""

import asyncio
import contextlib
import errno
import queue
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

import serial
import structlog

from gateway.integrations.reach.modem import Condition, Modem, ModemError
from gateway.integrations.reach.pdu import Delivery, submits
from gateway.services.reach import NotReached, Words

log = structlog.get_logger()

REOPEN_S = 5.0
_LISTEN_S = 0.2


class _Job(NamedTuple):
    future: "Future[object]"
    act: Callable[[Modem], object]


Delivered = Callable[[str, bool], None]


class Sms:
    """Of one modem.

    Args:
        path: of the serial port; one from /dev/serial/by-id stays the same when the plug moves.
        pin: of the SIM card.
        delivered: called in the event loop with the key of what was sent, and whether it reached the telephone.
    """

    kind = "sms"

    def __init__(self, path: str, pin: str | None = None, delivered: Delivered = lambda _key, _well: None) -> None:
        self._path = path
        self._pin = pin
        self._wrong_pin = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._expected: dict[int, str] = {}  # message reference: key of the words it is part of
        self._left: dict[str, int] = {}  # parts of them that are not reported yet
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.delivered = delivered

    def start(self) -> None:
        """Begin to work, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="gsm-modem", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Let the modem go."""
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join, 5.0)

    async def send(self, address: str, words: Words, key: str) -> str:
        """Have the network take a text.

        Raises:
            NotReached: it was not taken, or nobody knows.
        """
        try:
            parts = submits(address, words.short, secrets.randbelow(256))
        except ValueError as error:
            raise NotReached(str(error), again=False) from error

        def act(modem: Modem) -> int:
            self._left = {each: left for each, left in self._left.items() if each in self._expected.values()}
            self._left[key] = len(parts)
            for part in parts:
                self._expected[modem.send(part)] = key  # as a modem counts on, what was never reported is forgotten
            return len(parts)

        sent = await self._do(act)
        return f"taken by the network, {sent} part{'s' if sent != 1 else ''}"

    async def condition(self) -> Condition:
        """Signal and network.

        Raises:
            NotReached: the modem does not say.
        """
        found = await self._do(lambda modem: modem.condition())
        if not isinstance(found, Condition):
            raise TypeError(f"a condition is wanted, not {found!r}")
        return found

    async def _do(self, act: Callable[[Modem], object]) -> object:
        job = _Job(Future(), act)
        self._jobs.put(job)
        return await asyncio.wrap_future(job.future)

    # In the thread

    def _work(self) -> None:
        modem: Modem | None = None
        tried = 0.0
        told = ""
        while True:
            job: _Job | None = None
            with contextlib.suppress(queue.Empty):
                job = self._jobs.get(timeout=_LISTEN_S)
                if job is None:
                    break
            if job is None and modem is None and time.monotonic() < tried + REOPEN_S:
                continue
            try:
                if modem is None:
                    tried = time.monotonic()
                    modem = self._open()
                    log.info("the modem is there", port=self._path)
                    told = ""
                if job is None:
                    modem.listen(0.0)
                else:
                    job.future.set_result(job.act(modem))
            except ModemError as error:
                if error.code == "" or modem is None:  # it is confused, or not ready: begin anew
                    self._closed(modem)
                    modem = None
                told = self._fail(job, str(error), told, again=not error.final)
            except (OSError, serial.SerialException) as error:
                self._closed(modem)
                modem = None
                why = f"there is no modem at {self._path}: {error.strerror or 'it does not answer'}"
                if error.errno == errno.EAGAIN:
                    why = (
                        f"the modem at {self._path} is in use, by the gateway if it runs: POST /api/v1/contacts/ID/test"
                    )
                told = self._fail(job, why, told, again=True)
        self._closed(modem)

    def _open(self) -> Modem:
        if self._wrong_pin:
            raise ModemError("E16")
        try:
            return Modem(self._path, self._pin, self._report)
        except ModemError as error:
            self._wrong_pin = error.code == "E16"
            raise

    def _closed(self, modem: Modem | None) -> None:
        """Let it go, however it is."""
        if modem is not None:
            with contextlib.suppress(OSError):
                modem.close()

    def _fail(self, job: _Job | None, why: str, told: str, *, again: bool) -> str:
        """Tell whoever waits, and the log once."""
        if job is not None:
            job.future.set_exception(NotReached(why, again=again))
        if why != told:
            log.warning("no SMS can be sent now", why=why)
        return why

    def _report(self, report: Delivery) -> None:
        if not report.done or self._loop is None:
            return
        key = self._expected.pop(report.reference, None)
        if key is None or key not in self._left:  # of somebody else's, or a part of what was lost already
            return
        self._left[key] -= 1
        if not report.delivered or self._left[key] == 0:
            del self._left[key]
            self._loop.call_soon_threadsafe(self.delivered, key, report.delivered)
