"""Whether somebody who carries the tracker is on duty at an instant: pure, time and zone are arguments.

Two things decide. A *schedule* of weekly windows in the centre's wall-clock time, and *changes* that the driver or the
centre makes on the day: on duty until, off duty, back to the schedule. The newest change before the instant wins while
it lasts. Both are histories, so that a fix which arrives late is judged by what held when it was made.

A window begins with its first minute and ends before its last: 18:00 is off duty where the window ends at 18:00.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

SHIFT = timedelta(hours=12)
"""How long "on duty" lasts where nobody says how long."""

LONGEST_ON = timedelta(hours=24)
"""A change to "on duty" lasts this long at the most: forgetting to end it must not track somebody's weekend."""

_entry = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +(\d\d):(\d\d)-(\d\d):(\d\d)").fullmatch


class State(StrEnum):
    """What a change says."""

    ON = "on"
    OFF = "off"
    SCHEDULE = "schedule"


class Window(msgspec.Struct, frozen=True):
    """Part of every week, in minutes since Monday 00:00 local time; over Sunday midnight ``end`` is below ``start``."""

    start: int
    end: int  # exclusive

    def holds(self, minute: float) -> bool:
        """Whether a moment of the week lies in it."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Schedule(msgspec.Struct, frozen=True):
    """Weekly windows, from an instant on until the next schedule begins. None at all: never on duty by schedule."""

    since: datetime  # aware
    windows: tuple[Window, ...]


class Change(msgspec.Struct, frozen=True):
    """Somebody went on or off duty, or back to the schedule."""

    at: datetime  # aware
    state: State
    until: datetime | None = None  # aware; None: until the next change


class BadWindows(ValueError):
    """The text names no weekly windows; the sentence says how they look."""


def read_windows(text: str) -> tuple[Window, ...]:
    """Weekly windows from ``mon-fri 06:00-18:00, sat 20:00-02:00``; an empty text is none.

    A time at or before the first one is of the next day; 24:00 is midnight.

    Raises:
        BadWindows: it is none such.
    """
    windows = []
    for part in filter(None, (each.strip().lower() for each in text.split(","))):
        match = _entry(part)
        if match is None or match[1] not in DAYS or (match[2] or match[1]) not in DAYS:
            raise BadWindows(f"{part!r} is no window: write them like mon-fri 06:00-18:00, sat 20:00-02:00")
        begin, end = _minute(match[3], match[4], part), _minute(match[5], match[6], part)
        if begin == MINUTES_A_DAY:
            raise BadWindows(f"{part!r} begins at 24:00: that is 00:00 of the next day")
        first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
        for day in range(first, last + 1 if last >= first else last + 8):
            start = day % 7 * MINUTES_A_DAY + begin
            length = end - begin if end > begin else end - begin + MINUTES_A_DAY
            windows.append(Window(start, (start + length) % MINUTES_A_WEEK))
    return tuple(windows)


def _minute(hour: str, minute: str, part: str) -> int:
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > MINUTES_A_DAY:
        raise BadWindows(f"{part!r}: there is no {hour}:{minute}")
    return found


def minute_of_week(at: datetime, zone: ZoneInfo) -> float:
    """Minutes since Monday 00:00 of the wall clock there, with the seconds as a fraction."""
    local = at.astimezone(zone)
    seconds = local.second + local.microsecond / 1e6
    return local.weekday() * MINUTES_A_DAY + local.hour * 60 + local.minute + seconds / 60


def on_duty(at: datetime, zone: ZoneInfo, schedules: Sequence[Schedule], changes: Sequence[Change]) -> bool:
    """Whether this instant is on duty; with neither schedule nor change it is not.

    Args:
        at: aware.
        zone: of the centre.
        schedules, changes: in any order.
    """
    change = max((each for each in changes if each.at <= at), key=lambda each: each.at, default=None)
    if change is not None and change.state is not State.SCHEDULE and (change.until is None or at < change.until):
        return change.state is State.ON
    schedule = max((each for each in schedules if each.since <= at), key=lambda each: each.since, default=None)
    if schedule is None:
        return False
    minute = minute_of_week(at, zone)
    return any(window.holds(minute) for window in schedule.windows)
