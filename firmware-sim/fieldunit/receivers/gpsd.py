"""gpsd, where it already holds the receiver: asked with ?WATCH for NMEA and for its JSON.

The receiver's own sentences are taken as gpsd passes them on (of a binary receiver gpsd makes its own). Only while none
comes that places the unit, its TPV reports are written as NMEA (`tpv`).

Protocol: https://gpsd.gitlab.io/gpsd/client-howto.html and gpsd_json(5): lines of JSON, each with its `class`.
"""

import time

import msgspec

from fieldunit.receivers import tpv
from fieldunit.receivers.condition import State
from fieldunit.receivers.port import PortError
from fieldunit.receivers.tcp import TcpPort
from tracker.errors import BadInput

WATCH = b'?WATCH={"enable":true,"json":true,"nmea":true,"scaled":true};\n'

OWN_WORDS_S = 5.0
"""So long after a sentence that placed the unit, TPV is not used: it would be the same fix twice."""

_PLACING = (b"RMC", b"GGA", b"GNS", b"GLL")
_LONGEST = 65536  # bytes without a line end: it is not gpsd


class _Object(msgspec.Struct):
    class_: str = msgspec.field(default="", name="class")
    devices: list[object] | None = None
    message: str = ""
    path: str = ""
    activated: object = None


_objects = msgspec.json.Decoder(_Object)


class GpsdPort:
    """gpsd at HOST:PORT."""

    def __init__(self, address: str) -> None:
        self._tcp = TcpPort(address)
        self._address = address
        self._rest = b""
        self._own_words: float | None = None
        self._opened = 0.0
        self._remark = ""

    @property
    def name(self) -> str:
        """Where it is, and what it says of its devices."""
        return f"gpsd at {self._address}{self._remark}"

    def open(self) -> None:
        """Connect, and ask."""
        self._rest, self._own_words, self._remark = b"", None, ""
        self._tcp.open()
        self._tcp.write(WATCH)
        self._opened = time.monotonic()

    def read(self, wait_s: float) -> bytes:
        """Sentences, each with its line end; empty where gpsd said something else."""
        data = self._rest + self._tcp.read(wait_s)
        *lines, self._rest = data.split(b"\n")
        if len(self._rest) > _LONGEST:
            raise PortError(State.NO_CONNECTION, f"what answers at {self._address} is no gpsd")
        return b"".join(line for said in lines for line in self._sentences(said.strip()))

    def judged(self, readable: bool) -> None:
        """The speed is gpsd's business."""

    def close(self) -> None:
        """Hang up."""
        self._tcp.close()

    def _sentences(self, line: bytes) -> list[bytes]:
        if line[:1] != b"{":
            if line[3:6] in _PLACING:
                self._own_words = time.monotonic()
            return [line + b"\r\n"] if line else []
        try:
            said = _objects.decode(line)
            if said.class_ == "TPV" and not self._speaks():
                return [sentence + b"\r\n" for sentence in tpv.sentences(tpv.decode(line))]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BadInput):
            return [b"\r\n"]  # something came, and it was no sentence: the condition shall say so
        if said.class_ == "DEVICES" and said.devices is not None:
            self._remark = "" if said.devices else " (which has no receiver)"
        elif said.class_ == "DEVICE" and said.path:
            self._remark = f" (which has lost {said.path})" if said.activated == 0 else ""
        elif said.class_ == "ERROR":
            self._remark = f" (which says: {said.message[:80]})"
        return []

    def _speaks(self) -> bool:
        """Whether the receiver's own words come, or may still."""
        since = self._opened if self._own_words is None else self._own_words
        return time.monotonic() - since < OWN_WORDS_S
