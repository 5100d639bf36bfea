r"""A base radio's serial port: messages out of its noise, and what a bridge made of them on the wire.

Three languages come over such a port, also mixed: Kenwood's ``$PK...*hh`` (`kenwood`), TAIP's ``>...<`` (`taip`), and
plain NMEA with the radio's id before it on the same line (``1234 $GPRMC,...*hh``, ``ID=1234;$GPRMC,...``). Frames may
be wrapped in STX and ETX. Between them there is anything: caller ids of the radio itself, halves of messages, static.

Each of the marks ``$``, ``!``, ``>`` begins a message, and none of them, nor ``<``, can stand inside one of ours: so
whatever noise comes before a whole message, the message is found. An id before NMEA counts only at the head of its
line, because noise in front of it would make another id of it.

On the wire a bridge sends each message as it came (an id before NMEA is in the topic then), under a TAG block: ``s``
radio, ``n`` its number in the bridge's outbox, ``c`` the bridge's UTC when it was heard.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from tracker.errors import BadInput, Reason
from tracker.fix import Mode
from tracker.wire import kenwood, nmea_fast, taip
from tracker.wire.epoch import assemble
from tracker.wire.kenwood import Heard
from tracker.wire.payload import Group, Reading, Unreadable, split_groups
from tracker.wire.sentence import Sentence
from tracker.wire.topics import MAX_PAYLOAD

SOURCE = "radio"
"""The source of every fix that came over a radio; a track of its own."""

NMEA = "nmea"
"""First part of the name of a radio that puts its id before plain NMEA: nmea-1234."""

MAX_MESSAGE = 256
"""Bytes an unfinished message is waited for; the longest of ours has a hundred."""

_LONGEST_ID = 20
_text = rb"[\x20\x22\x23\x25-\x29\x2b-\x3b\x3d\x3f-\x7e]"  # printable without $ ! * < >
_message = re.compile(
    rb"([\x20\x22\x23\x25-\x3b\x3d\x3f-\x7e]{0,%d})(?:" % _LONGEST_ID
    + rb"(\$" + _text + rb"+\*[0-9A-Fa-f]{2})"  # whole
    + rb"|(>[\x20\x22\x23\x25-\x3b\x3d\x3f-\x7e]+<)"  # TAIP may hold an asterisk
    + rb"|(\$(?:PK|[A-Z]{2}[A-Z]{3},)" + _text + rb"*(?:\*[0-9A-Fa-f]?)?(?=[^\x20-\x7e]|[$!<>]))"  # cut
    + rb")"
)  # fmt: skip
_id = re.compile(rb"(?:ID=)?([0-9A-Za-z]{1,16})[ ,:;]").fullmatch


class Frame(msgspec.Struct, frozen=True):
    """A message as it came."""

    line: bytes  # from its mark to its end
    prefix: str | None = None  # the id before it on its line, lower case


class RadioFramer:
    """Feed it bytes as they come; it gives the messages that are complete, and those that were cut short."""

    def __init__(self) -> None:
        self._rest = b""
        self._at_head = True  # whether the rest begins at the head of a line

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes, any number; returns the messages they complete, in order."""
        return self._take(self._rest + data)

    def flush(self) -> list[Frame]:
        """The end of the stream: what is unfinished was cut."""
        found = self._take(self._rest + b"\n")
        self._rest, self._at_head = b"", True
        return found

    def _take(self, data: bytes) -> list[Frame]:
        found = []
        end = 0
        head = self._at_head
        for match in _message.finditer(data):
            start = match.start()
            if start > end:
                head = data[start - 1] < 0x20
            prefix = _id(match[1]) if head else None
            found.append(Frame(data[match.end(1) : match.end()], prefix[1].decode().lower() if prefix else None))
            end, head = match.end(), True
        open_mark = max(data.rfind(mark, end) for mark in (b"$", b"!", b">"))
        if open_mark < 0 or len(data) - open_mark > MAX_MESSAGE:
            open_mark = len(data)
        keep = max(end, open_mark - _LONGEST_ID)
        if keep > end:
            head = data[keep - 1] < 0x20
        self._rest, self._at_head = data[keep:], head
        return found


def read(line: bytes) -> Heard | None:
    """Read one message; None for a well-formed one that neither places a radio nor tells a status.

    Raises:
        BadInput: as its own reader says.
    """
    if line[:1] == b">":
        return taip.read(line)
    if kenwood.is_kenwood(line):
        return kenwood.read(line)
    sentence = nmea_fast.read(line)
    return None if sentence is None else Heard(None, sentence)


def radio_of(frame: Frame, heard: Heard) -> str | None:
    """The name of who spoke: told by the message, or by the id before it; None where nothing tells."""
    if heard.radio is not None:
        return heard.radio
    return None if frame.prefix is None else f"{NMEA}-{frame.prefix}"


def decode(payload: bytes, received_at: datetime, radio: str | None = None) -> list[Reading | Unreadable]:
    """Read what a bridge sent for one radio: never raises for bad input, never returns nothing.

    Args:
        payload: as it came.
        received_at: aware; dates a message only where neither it nor its TAG block tells a date.
        radio: the name that the topic gives; a message of another radio is unreadable under it.
    """
    if len(payload) > MAX_PAYLOAD:
        return [Unreadable(None, Reason.OVERSIZE, f"{len(payload)} bytes, {MAX_PAYLOAD} are allowed", payload)]
    found: list[Reading | Unreadable] = []
    for group in split_groups(payload):
        if group.lost is not None:
            found.append(Unreadable(None, group.lost.reason, group.lost.detail, b"\r\n".join(group.lines)))
        elif not group.lines:
            sequence = group.block.sequence
            found.append(Unreadable(sequence, Reason.TRUNCATED, "a TAG block with no message after it", b""))
        else:
            found += (_read_line(group, line, received_at, radio) for line in group.lines)
    return found or [Unreadable(None, Reason.NOT_NMEA, "a payload without a line", payload)]


def _read_line(group: Group, line: bytes, received_at: datetime, radio: str | None) -> Reading | Unreadable:
    block = group.block
    try:
        heard = read(line.rstrip(b"\r\n "))
        _check_speaker(heard, radio, line)
        fix = None if heard is None else assemble(_sentences(heard), block.device_time, received_at)
    except BadInput as error:
        return Unreadable(block.sequence, error.reason, error.detail, line)
    return Reading(block.sequence, SOURCE, fix, Reason.NO_FIX if fix is None else None, block.device_time)


def _check_speaker(heard: Heard | None, radio: str | None, line: bytes) -> None:
    if heard is not None and radio is not None and heard.radio not in (None, radio):
        raise BadInput(Reason.DISAGREEMENT, f"{line[:80]!r} is of {heard.radio}, not of {radio}")


def _sentences(heard: Heard) -> Sequence[Sentence]:
    if heard.sentence is None:
        return ()
    if heard.three_d is None:
        return (heard.sentence,)
    return (heard.sentence, Sentence("GSA", "TA", mode=Mode.THREE_D if heard.three_d else Mode.TWO_D))
