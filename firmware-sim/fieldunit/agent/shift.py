"""Moves recorded sentences in time, so that an old log plays as if it were driven now.

Only whole seconds: the digits after the point stay as the receiver wrote them. Every sentence that carries a time or a
date is written again with its checksum; all others, and those that cannot be read, stay as they are, so that what was
broken in the log is broken in the replay.
"""

from datetime import UTC, datetime, timedelta

from tracker.errors import BadInput
from tracker.wire import nmea_fast
from tracker.wire.checksum import xor
from tracker.wire.sentence import DAY, MICROSECONDS

_TIME_FIELD = {b"RMC": 1, b"GGA": 1, b"GNS": 1, b"GST": 1, b"ZDA": 1, b"GLL": 5}


def shift_sentence(line: bytes, by: timedelta) -> bytes:
    """The same sentence, later by so much.

    Args:
        line: one sentence without a line end.
        by: whole seconds, forward or back; a date moves with the midnights that are crossed.

    Raises:
        ValueError: `by` has a fraction of a second.
    """
    seconds, fraction = divmod(by, timedelta(seconds=1))
    if fraction:
        raise ValueError(f"{by} is not whole seconds")
    try:
        sentence = nmea_fast.read(line)
    except BadInput:
        return line
    kind = line[3:6]
    if sentence is None or sentence.time is None or kind not in _TIME_FIELD:
        return line
    body, _, _ = line[1:].rpartition(b"*")
    fields = body.split(b",")
    at = _TIME_FIELD[kind]
    moved = (sentence.time // MICROSECONDS + seconds) % (DAY // MICROSECONDS)
    fields[at] = b"%02d%02d%02d" % (moved // 3600, moved // 60 % 60, moved % 60) + fields[at][6:]
    if sentence.day is not None:
        midnight = datetime(sentence.day.year, sentence.day.month, sentence.day.day, tzinfo=UTC)
        day = midnight + timedelta(seconds=sentence.time // MICROSECONDS) + by
        if kind == b"RMC":
            fields[9] = b"%02d%02d%02d" % (day.day, day.month, day.year % 100)
        else:
            fields[2:5] = b"%02d" % day.day, b"%02d" % day.month, b"%04d" % day.year
    shifted = b",".join(fields)
    return line[:1] + shifted + b"*%02X" % xor(shifted)
