"""Judges every fix by its neighbours: at once for the live picture, and again for what came late.

A fix that is newer than all before it of its receiver is judged as it comes, before it moves a marker. A fix that comes
late, and all that follow it within the judge's memory, are read again from the database and judged anew: so the flags
that are stored are the same in whatever order the fixes came. The database may be away: what is to be written waits.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from gateway.clock import TRUE, Clock
from gateway.services.count import Intake
from gateway.services.patience import Patience
from gateway.services.turns import keep_turning
from gateway.storage import tracks
from gateway.storage.fixes import Row, Stored
from gateway.storage.pool import type_of_pool
from gateway.storage.tracks import Flagged
from tracker.fix import TRACK_FLAGS, Fix, Quality
from tracker.track import SETTLED_S, TrackJudge

LOOK_S = 0.5
"""How often flags are written and late fixes looked for."""

PAGE = 2000
MOST_WAITING = 50_000
"""Flags that wait for a database that is away; then their tracks are judged anew instead."""

_AROUND = timedelta(seconds=SETTLED_S)

Track = tuple[str, str]
"""A unit and one of its sources."""


class _Late(msgspec.Struct):
    """The part of a track that is to be judged anew."""

    first: datetime
    last: datetime
    due: float  # by the clock's seconds

    def add(self, at: datetime) -> None:
        self.first, self.last = min(self.first, at), max(self.last, at)


class Tracks:
    """One for a centre, in one event loop. `judged` and `run` are all there is to it."""

    def __init__(self, centre: str, pool: type_of_pool, intake: Intake, clock: Clock = TRUE) -> None:
        self._centre = centre
        self._pool = pool
        self._intake = intake
        self._clock = clock
        self._judges: dict[Track, TrackJudge] = {}
        self._late: dict[Track, _Late] = {}
        self._patience = Patience[Track]()
        self._found: list[Flagged] = []

    def begin(self, newest: Iterable[Stored]) -> None:
        """Start from what is stored: the newest usable fix of each unit."""
        for stored in newest:
            self._judges[stored.unit, stored.source] = TrackJudge(stored.fix)

    def judged(self, rows: Sequence[Row]) -> list[Row]:
        """The rows, rising in time, with what their tracks say about them. Quick: it stands before the receipt."""
        told = []
        for row in sorted(rows, key=lambda each: each.fix.time):
            track = row.unit, row.source
            judge = self._judges.get(track)
            if judge is None:  # what is stored of it, if anything is, is looked at later
                judge = self._judges[track] = TrackJudge()
                self._is_late(track, row.fix.time)
            newest = judge.time
            if newest is not None and row.fix.time <= newest:
                self._is_late(track, row.fix.time)
            elif flags := judge.feed(row.fix):
                self._found.append(Flagged(*track, row.fix.time, flags))
                self._intake.flagged.update(flags.reasons)
                row = _flagged(row, flags)
            told.append(row)
        return told

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning(
            "tracks",
            self.settle,
            self._clock,
            LOOK_S,
            waiting=lambda: {"waiting": len(self._found), "late": len(self._late)},
        )

    async def settle(self, *, all_of_them: bool = False) -> None:
        """Write what was found, and judge anew what is due (or all that is late).

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; nothing is forgotten.
        """
        self._bound()
        if found := list(self._found):
            await self._write(found)
            del self._found[: len(found)]
        now = self._clock.seconds()
        for track, late in list(self._late.items()):
            if all_of_them or late.due <= now:
                del self._late[track]
                try:
                    await self._judge_anew(track, late)
                except BaseException:  # also where the fault is ours: others' turn comes before it is tried again
                    self._is_late(track, late.first)
                    self._is_late(track, late.last)
                    raise

    def _is_late(self, track: Track, at: datetime) -> None:
        if track not in self._late:
            self._late[track] = _Late(at, at, self._patience.due(track, self._clock.seconds()))
        self._late[track].add(at)

    def _bound(self) -> None:
        """Do not let what waits grow without end: of what is too much, remember only that it is to be judged."""
        for each in self._found[MOST_WAITING:]:
            self._is_late((each.unit, each.source), each.fix_time)
        del self._found[MOST_WAITING:]

    async def _judge_anew(self, track: Track, late: _Late) -> None:
        judge = TrackJudge()
        after, until = late.first - _AROUND, late.last + _AROUND
        while True:
            async with self._pool.connection() as connection:
                fixes = await tracks.read(connection, self._centre, *track, after, until, PAGE)
            changed = []
            for fix in fixes:
                flags = judge.feed(fix)
                if fix.time >= late.first and flags != fix.quality & TRACK_FLAGS:
                    changed.append(Flagged(*track, fix.time, flags))
                    self._intake.flagged.update((flags & ~fix.quality).reasons)
            await self._write(changed)
            if len(fixes) < PAGE:
                return
            after = fixes[-1].time

    async def _write(self, found: Sequence[Flagged]) -> None:
        if found:
            async with self._pool.connection() as connection, connection.transaction():
                await tracks.flag(connection, self._centre, found)


def _flagged(row: Row, flags: Quality) -> Row:
    fix: Fix = msgspec.structs.replace(row.fix, quality=row.fix.quality | flags)
    return msgspec.structs.replace(row, fix=fix)
