"""What is said to a GSM modem on a serial port, and understood of its answers: TS 27.005 and 27.007, and their quirks.

Modems echo until they are told not to, say things that nobody asked for in between, take their time, and forget all of
it when they lose power. So: what does not belong to a command is noted and passed over; what is not answered is an
error with a name; and whoever uses this opens it anew after any error of the port.
"""

import re
import time
from collections.abc import Callable
from typing import NamedTuple

import serial

from gateway.integrations.reach.pdu import Delivery, Submit, delivery

ANSWER_S = 5.0
SEND_S = 45.0
"""A network may take so long to take a message."""

PAUSES_S = (1.0, 3.0)
"""Before a message is tried again that the network could not take just then."""

_MOST_LINES, _MOST_BYTES = 200, 4096
"""That are taken at once of a modem that does not stop to talk."""

_ERROR = re.compile(r"\+CM([ES]) ERROR: *(.+)").fullmatch
_REGISTERED = re.compile(r"\+CREG: *\d+, *(\d+)").match

_WORDS = {
    "E10": "there is no SIM card in it",
    "E11": "its SIM card wants a PIN: set SIGAP_GSM_PIN",
    "E12": "its SIM card is locked and wants a PUK",
    "E13": "its SIM card has failed",
    "E16": "its SIM card refuses the PIN: it is not tried again, for three wrong ones lock the card",
    "S1": "the number is nobody's",
    "S21": "the network rejects the message",
    "S28": "the network does not know the number",
    "S30": "the network does not know this SIM card",
    "S38": "the network is out of order",
    "S41": "the network has a passing fault",
    "S42": "the network is congested",
    "S304": "the modem does not understand the message",
    "S310": "there is no SIM card in it",
    "S331": "there is no network",
    "S332": "the network does not answer",
}
_FINAL = frozenset({"E10", "E11", "E12", "E13", "E16", "S1", "S21", "S28", "S30", "S304", "S310"})


class ModemError(Exception):
    """The modem does not do it; the sentence says why.

    Args:
        code: E or S and the number of its error; "" if it gave none.
        why: for people.
    """

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or _WORDS.get(code) or f"the modem says {'CME' if code[:1] == 'E' else 'CMS'} {code[1:]}")
        self.code = code

    @property
    def final(self) -> bool:
        """Whether trying again is of no use."""
        return self.code in _FINAL


class Condition(NamedTuple):
    """How a modem stands."""

    signal_dbm: int | None  # None: it does not know
    registered: bool
    operator: str


class Modem:
    """An open modem, ready to send. Everything blocks; use it from one thread.

    Args:
        path: of the serial port.
        pin: of the SIM card, if it wants one.
        reported: told of deliveries, whenever they come up.

    Raises:
        OSError: the port cannot be opened, or goes away (`serial.SerialException` is one).
        ModemError: it does not answer, or has no SIM card that works.
    """

    def __init__(self, path: str, pin: str | None, reported: Callable[[Delivery], None]) -> None:
        self._reported = reported
        self._buffer = b""
        self._sent = ""
        self._next: Callable[[str], None] | None = None  # takes the line that belongs to the one before it
        self._port = serial.Serial(path, 115200, timeout=0.05, write_timeout=ANSWER_S, exclusive=True)
        try:
            self._begin(pin)
        except BaseException:
            self._port.close()
            raise

    def close(self) -> None:
        """Let the port go."""
        self._port.close()

    def _begin(self, pin: str | None) -> None:
        self._port.write(b"\x1b")  # it may still wait for a message of whoever used it before
        for last in (False, False, True):
            try:
                self.command("AT", wait_s=2.0)
                break
            except ModemError:
                if last:
                    raise
        self.command("ATE0")
        self.command("AT+CMEE=1")
        state = " ".join(self.command("AT+CPIN?", "+CPIN:"))
        if "SIM PIN" in state:
            if pin is None:
                raise ModemError("E11")
            self.command(f'AT+CPIN="{pin}"', wait_s=20.0)
        elif "READY" not in state:
            raise ModemError("E12") if "PUK" in state else ModemError("", f"its SIM card says {state!r}")
        self.command("AT+CMGF=0")
        try:
            self.command("AT+CNMI=2,0,0,1,0")  # reports of delivery come by themselves
        except ModemError:
            self.command("AT+CNMI=1,0,0,1,0")  # of those that know no buffering

    def condition(self) -> Condition:
        """Signal and network."""
        said = " ".join(self.command("AT+CSQ", "+CSQ:"))
        found = re.search(r"(\d+),", said)
        level = 99 if found is None else int(found[1])
        registered = [match[1] for line in self.command("AT+CREG?", "+CREG:") if (match := _REGISTERED(line))]
        operator = re.search(r'"(.*)"', " ".join(self.command("AT+COPS?", "+COPS:", wait_s=10.0)))
        return Condition(
            None if level > 31 else 2 * level - 113, registered[-1:] in (["1"], ["5"]), operator[1] if operator else ""
        )

    def send(self, message: Submit) -> int:
        """Have a message taken by the network; the reference under which its delivery is reported.

        Raises:
            ModemError: it was not taken.
        """
        for pause in (*PAUSES_S, None):
            try:
                return self._send(message)
            except ModemError as error:
                if pause is None or error.final:
                    raise
            self.listen(pause)
        raise AssertionError("the last try returns or raises")

    def _send(self, message: Submit) -> int:
        self._write(f"AT+CMGS={message.length}\r")
        self._sent = f"AT+CMGS={message.length}"
        deadline = time.monotonic() + ANSWER_S
        while not self._buffer.lstrip(b"\r\n").startswith(b">"):
            line = self._line(deadline, prompt=True)
            if line is None:
                if self._buffer.lstrip(b"\r\n").startswith(b">"):
                    break
                self._write("\x1b")
                raise ModemError("", "the modem does not ask for the message")
            self._check(line)
        self._buffer = b""
        self._write(f"{message.pdu}\x1a")
        self._sent = message.pdu
        answers = self._answers("+CMGS:", time.monotonic() + SEND_S)
        found = re.search(r"(\d+)", " ".join(answers))
        if found is None:
            raise ModemError("", "the modem took the message without a word")
        return int(found[1])

    def command(self, text: str, prefix: str | None = None, wait_s: float = ANSWER_S) -> list[str]:
        """What it answers before its OK, of the lines that begin so.

        Raises:
            ModemError: it answers with an error, or not in time.
        """
        self._write(f"{text}\r")
        self._sent = text
        return self._answers(prefix, time.monotonic() + wait_s)

    def listen(self, seconds: float) -> None:
        """Take what it says by itself for so long."""
        deadline = time.monotonic() + seconds
        for _ in range(_MOST_LINES):
            line = self._line(deadline)
            if line is None:
                return
            self._unasked(line)

    def _answers(self, prefix: str | None, deadline: float) -> list[str]:
        found: list[str] = []
        while True:
            line = self._line(deadline)
            if line is None or time.monotonic() > deadline + ANSWER_S:
                raise ModemError("", "the modem does not answer")
            if line == "OK":
                return found
            self._check(line, prefix)
            if prefix is not None and line.startswith(prefix):
                found.append(line)

    def _check(self, line: str, prefix: str | None = None) -> None:
        """Raise what is an error; take what nobody asked for."""
        match = _ERROR(line)
        if match is not None:
            raise ModemError(match[1] + match[2])
        if line in ("ERROR", "COMMAND NOT SUPPORT"):
            raise ModemError("", "the modem does not know what is asked of it")
        if prefix is None or not line.startswith(prefix):
            self._unasked(line)

    def _unasked(self, line: str) -> None:
        taking, self._next = self._next, None
        if taking is not None:
            taking(line)
        elif line.startswith("+CDS:"):
            self._next = self._report
        elif line.startswith("+CMT:"):  # a message to us: its text is on the next line, and none of our business
            self._next = _ignored

    def _report(self, line: str) -> None:
        found = delivery(line)
        if found is not None:
            self._reported(found)

    def _line(self, deadline: float, *, prompt: bool = False) -> str | None:
        """The next line that is not empty and no echo; None: there is none in time, or a prompt came instead."""
        while True:
            while (end := re.search(rb"[\r\n]", self._buffer)) is not None:
                line, self._buffer = self._buffer[: end.start()], self._buffer[end.end() :]
                text = line.decode("ascii", "replace").strip("\x00 ")
                if text and text != self._sent:
                    return text
            if prompt and self._buffer.startswith(b">"):
                return None
            late = time.monotonic() >= deadline
            new = self._port.read(max(1, self._port.in_waiting))
            self._buffer = (self._buffer + new)[-_MOST_BYTES:]
            if late and not re.search(rb"[\r\n]", new):
                return None

    def _write(self, text: str) -> None:
        self._port.write(text.encode("ascii"))


def _ignored(_: str) -> None:
    return None
