"""A call and who makes it: how it can end without anybody being sent, and what makes a caller a repeated prankster.

A mark is a word to the call-taker and nothing else. A marked caller's next call is answered like everybody's: a child
that played with the telephone may find its father on the floor.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

MARKED_AT = 3
MARKED_FOR = timedelta(days=30)
"""Who played so many pranks within so long is marked; the mark goes by itself as they grow old."""

RECENT = timedelta(hours=24)
"""For so long after a call its number and words are kept, and as long as its incident is open: for calling back."""

REMEMBERED = timedelta(days=180)
"""For so long calls are known to be of one caller; then they are only counted."""

_COUNTRY = "62"
_SHORTEST_OF_THE_COUNTRY = 9  # digits with the country's code, of a landline in the country


class CallEnd(StrEnum):
    """How a call ended without an incident."""

    INFORMATION = "information"  # somebody only asked
    PRANK = "prank"
    SILENT = "silent"  # nobody spoke; a ghost call
    WRONG_NUMBER = "wrong-number"
    TEST = "test"
    TRANSFERRED = "transferred"  # to a service that is none of ours
    ABANDONED = "abandoned"  # hung up before anything was said


class Call(msgspec.Struct, frozen=True):
    """Somebody called, or wrote."""

    id: str
    at: datetime
    line: str = ""  # by which number or way: 112, 119, app, whatsapp, ...
    number: str | None = None  # None: hidden, or forgotten by now
    said: str = ""  # what was pasted or typed of the place; forgotten with the number
    latitude: float | None = None  # where network or phone say the caller is, degrees
    longitude: float | None = None
    incident: str | None = None  # that it told of
    closed_at: datetime | None = None
    closed_as: CallEnd | None = None
    exercise: bool = False


class Caller(msgspec.Struct, frozen=True):
    """What is remembered of who calls; nothing, where the number is hidden."""

    calls: int  # the one that is being taken too
    pranks: int
    marked: bool  # a repeated prankster


def caller(calls: int, pranks: Iterable[datetime], now: datetime) -> Caller:
    """The caller with this history.

    Args:
        calls: how many are remembered.
        pranks: when they were.
        now: the time.
    """
    played = list(pranks)
    marked = sum(now - MARKED_FOR <= each <= now for each in played) >= MARKED_AT
    return Caller(calls, len(played), marked)


def one_spelling(number: str | None) -> str | None:
    """A number as it is the same however it was dialled or shown: +62..., or the digits of a short number. None where
    there is none, as with a withheld one.

    A number of this country comes as 0812..., 62812... or +62812...; one of another only with its + or 00.
    """
    if number is None:
        return None
    digits = re.sub(r"\D", "", number)
    if len(digits) < 3:
        return None
    if number.lstrip().startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    if digits.startswith("0"):
        return f"+{_COUNTRY}{digits[1:]}"
    if digits.startswith(_COUNTRY) and len(digits) >= _SHORTEST_OF_THE_COUNTRY:
        return f"+{digits}"
    if digits.startswith("8") and len(digits) >= _SHORTEST_OF_THE_COUNTRY:
        return f"+{_COUNTRY}{digits}"  # a mobile number without its 0
    return digits
