"""A GSM modem for tests on a pseudo-terminal, with the manners of real ones: it echoes, says what nobody asked for,
takes its time, refuses, and can be pulled out in the middle of a sentence and plugged in again.
"""

import contextlib
import os
import select
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def report(reference: int, status: int = 0) -> str:
    """What a network says of a message's delivery: status 0, the telephone has it."""
    times = "62112290304022" * 2
    return f"07912618010000F006{reference:02X}0D91261800000000F0{times}{status:02X}"


class ModemDouble:
    """A modem behind a name that stays.

    Args:
        link: the name.
        sim: what it answers to CPIN: READY, SIM PIN, or an error's number.
        pin: that unlocks the card.
    """

    def __init__(self, link: Path, *, sim: str = "READY", pin: str = "1234") -> None:
        self.link = link
        self.sim, self._pin = sim, pin
        self.taken: list[str] = []  # PDUs that the network has
        self.commands: list[str] = []
        self.refusals: list[str] = []  # errors that the next messages are answered with
        self.deliveries: list[int] | None = [0] * 100  # statuses of what is reported by itself; None: nothing is
        self.slow_s = 0.0  # between a message and its answer
        self.hang = False  # it stops to answer
        self.pull_at_prompt = False
        self._echo = True
        self._master: int | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._reference = 250  # it counts to 255 and begins again

    def plug(self) -> None:
        """A modem that has just got power."""
        if self._thread is not None:  # one that was pulled out may be on its way out yet
            self._thread.join()
        self._master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.close(slave)
        beside = self.link.with_name(f"{self.link.name}.new")
        beside.symlink_to(name)
        beside.replace(self.link)
        self._echo = True
        self._stop.clear()
        self._thread = threading.Thread(target=self._work, args=(self._master,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Out."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if self._master is not None:
            self.link.unlink(missing_ok=True)
            os.close(self._master)
            self._master = None

    def say(self, text: str) -> None:
        """Whatever nobody asked for."""
        if self._master is not None:
            with contextlib.suppress(OSError):
                os.write(self._master, f"\r\n{text}\r\n".encode())

    def _work(self, master: int) -> None:
        heard, message = b"", False
        self.say("^BOOT:27710117,0,0,0,75")
        while not self._stop.is_set():
            if not select.select([master], [], [], 0.02)[0]:
                continue
            try:
                new = os.read(master, 4096)
            except OSError:  # nobody has it open
                time.sleep(0.02)
                continue
            if self.hang:
                continue
            if self._echo:
                os.write(master, new)
            heard += new
            if b"\x1b" in heard:
                heard, message = heard.rpartition(b"\x1b")[2], False
            if message and b"\x1a" in heard:
                pdu, _, heard = heard.partition(b"\x1a")
                message = False
                self._take(pdu.decode().strip())
            while not message and b"\r" in heard:
                line, _, heard = heard.partition(b"\r")
                message = self._answer(line.decode().strip())
                if message and self.pull_at_prompt:
                    self.pull_at_prompt = False
                    self._stop.set()
                    self._master = None
                    self.link.unlink(missing_ok=True)
                    os.close(master)
                    return

    def _answer(self, line: str) -> bool:
        """Whether a message follows."""
        self.commands.append(line)
        self.say("^RSSI: 17")
        if line == "ATE0":
            self._echo = False
        if line == "AT+CPIN?":
            self.say(f"+CME ERROR: {self.sim}" if self.sim.isdigit() else f"+CPIN: {self.sim}")
            if self.sim.isdigit():
                return False
        elif line.startswith("AT+CPIN="):
            if line != f'AT+CPIN="{self._pin}"':
                self.say("+CME ERROR: 16")
                return False
            self.sim = "READY"
        elif line == "AT+CSQ":
            self.say("+CSQ: 17,99")
        elif line == "AT+CREG?":
            self.say("+CREG: 1")  # by itself, in the middle of an answer
            self.say("+CREG: 0,1")
        elif line == "AT+COPS?":
            self.say('+COPS: 0,0,"TELKOMSEL",2')
        elif line.startswith("AT+CNMI=2"):
            self.say("+CMS ERROR: 303")
            return False
        elif line.startswith("AT+CMGS="):
            assert self._master is not None
            self.say("RING")
            os.write(self._master, b"\r\n> ")
            return True
        elif not line.startswith("AT"):
            return False
        self.say("OK")
        return False

    def _take(self, pdu: str) -> None:
        time.sleep(self.slow_s)
        if self.refusals:
            self.say(f"+CMS ERROR: {self.refusals.pop(0)}")
            return
        self._reference = (self._reference + 1) % 256
        self.taken.append(pdu)
        self.say("+CMT: ,24")
        self.say("07912618010000F0040D91261800000000F00000621122903040220AE8329BFD4697D9EC37")
        self.say(f"+CMGS: {self._reference}")
        self.say("OK")
        if self.deliveries:
            self.say(f"+CDS: 31\r\n{report(self._reference, self.deliveries.pop(0))}")


@contextmanager
def plugged(link: Path, *, sim: str = "READY") -> Iterator[ModemDouble]:
    """A modem, for the length of the block."""
    modem = ModemDouble(link, sim=sim)
    modem.plug()
    try:
        yield modem
    finally:
        modem.unplug()
