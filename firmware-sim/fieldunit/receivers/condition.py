"""How a receiver is, as a state and a sentence for whoever can do something about it. Pure: time is an argument.

The first that applies counts: the port is not open (and why); nothing comes; what comes is no NMEA; sentences come
and none of them places the unit; they do, and the receiver says that it has no fix; all is well. Each needs some
seconds to be sure, so a receiver that talks once a second is never called silent in between. `_kinds` names what the
receiver sends where no position is among it.
"""

from enum import StrEnum

SURE_S = 6.0
"""Data, but no sentence, for so long: it is no NMEA at this speed. Receivers talk once a second, slow ones in five."""


class State(StrEnum):
    """For machines: the health message's `state`."""

    OK = "ok"
    STARTING = "starting"  # open, and nobody can know yet
    NO_PORT = "no-port"
    PERMISSION = "permission"
    BUSY = "busy"
    NO_CONNECTION = "no-connection"
    NO_DATA = "no-data"
    WRONG_BAUD = "wrong-baud"  # or noise, or a binary protocol
    NO_POSITION = "no-position"  # sentences, but none that places the unit
    NO_FIX = "no-fix"


_PLACING = frozenset({b"RMC", b"GGA", b"GNS", b"GLL"})


class Condition:
    """Of one receiver.

    Args:
        no_data_s: seconds without a byte after which it is called silent.
    """

    def __init__(self, no_data_s: float) -> None:
        self._no_data_s = no_data_s
        self._name = ""
        self._opened: float | None = None
        self._trouble = (State.STARTING, "not opened yet")
        self._data: float | None = None
        self._sentence: float | None = None
        self._placing: float | None = None
        self._fix: float | None = None
        self._kinds: set[str] = set()
        self._satellites: int | None = None
        self._in_view: int | None = None

    def opened(self, now: float, name: str) -> None:
        """The port is open; what was known of the receiver behind the last one is not known any more."""
        self._name = name
        self._opened = now
        self._data = self._sentence = self._placing = self._fix = None
        self._kinds.clear()
        self._satellites = self._in_view = None

    def renamed(self, name: str) -> None:
        """The same port at another speed."""
        self._name = name

    def closed(self, state: State, sentence: str) -> None:
        """The port cannot be opened, or has gone."""
        self._opened = None
        self._trouble = (state, sentence)

    def data(self, now: float) -> None:
        """Bytes have come."""
        self._data = now

    def sentence(self, now: float, line: bytes) -> None:
        """A whole sentence has come, with a checksum that matches."""
        self._sentence = now
        address = line[1:6]
        kind = address[2:]
        if kind in _PLACING:
            self._placing = now
        elif kind == b"GSV":
            fields = line.split(b",", 4)
            if len(fields) > 3 and fields[3].isdigit():
                self._in_view = int(fields[3])
        if len(self._kinds) < 20:
            self._kinds.add(address.decode("ascii", "replace"))

    def fix(self, now: float, satellites: int | None) -> None:
        """The receiver has a position."""
        self._fix = now
        self._satellites = satellites

    @property
    def satellites(self) -> int | None:
        """Used in the last fix."""
        return self._satellites

    def has_fix(self, now: float, within_s: float) -> bool:
        """Whether the last fix is so young."""
        return self._opened is not None and self._fix is not None and now - self._fix <= within_s

    def tell(self, now: float) -> tuple[State, str]:
        """The state and the sentence."""
        if self._opened is None:
            return self._trouble
        if now - _last(self._data, self._opened) > self._no_data_s:
            return State.NO_DATA, f"nothing comes from {self._name}: is the receiver powered, and its cable whole?"
        if self._data is None:
            return State.STARTING, f"waiting for the first data from {self._name}"
        if self._data - _last(self._sentence, self._opened) > SURE_S:
            return State.WRONG_BAUD, (
                f"{self._name} gives data but no NMEA sentence: wrong speed, noise, or a binary protocol; "
                "set the receiver to NMEA 0183"
            )
        if self._sentence is None:
            return State.STARTING, f"waiting for the first sentence from {self._name}"
        if self._sentence - _last(self._placing, self._opened) > SURE_S:
            kinds = ", ".join(sorted(self._kinds))
            return State.NO_POSITION, f"{self._name} sends only {kinds}, no position: switch on RMC and GGA in it"
        if self._placing is None:
            return State.STARTING, f"waiting for the first position from {self._name}"
        if self._placing - _last(self._fix, self._opened) > max(SURE_S, self._no_data_s):
            seen = "" if self._in_view is None else f" ({self._in_view} satellites in view)"
            return (
                State.NO_FIX,
                f"{self._name} has no fix{seen}: it needs a clear view of the sky, at first for minutes",
            )
        if self._fix is None:
            return State.STARTING, f"waiting for the first fix from {self._name}"
        used = "" if self._satellites is None else f", {self._satellites} satellites"
        return State.OK, f"fixes from {self._name}{used}"


def _last(when: float | None, opened: float) -> float:
    """When it was last, or the opening where it never was. Each thing is compared with the last of what carries it, not
    with now: a receiver that falls silent has not become one that sends noise."""
    return opened if when is None else when
