"""From the bytes of the port to the outbox: each message under its radio's name, each new status code once.

What is put down here is who spoke and what was said; whose radio that is, is looked up when it is sent, so that a
correction of the table also reaches what still waits.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from fieldunit.outbox import Store
from fieldunit.radio.table import EMERGENCY, EMERGENCY_OVER, Table
from tracker.errors import BadInput
from tracker.wire import radio, reports
from tracker.wire.kenwood import Heard
from tracker.wire.radio import Frame, RadioFramer
from tracker.wire.reports import Clock, CrewStatus, Emergency, Report, Source, Status

BUILT = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock that stands before this has not been set since the power came: it dates nothing."""


class Spoken(msgspec.Struct, frozen=True):
    """A report in the outbox, with whose it is."""

    radio: str
    report: msgspec.Raw  # the body: an object of `tracker.wire.reports` without its number


class Bridge:
    """Hears one port. Used by one thread.

    Args:
        store: the outbox; what `hear` has put there is safe.
        table: gives the table as it is now.
        codes: file that keeps each radio's last status code over a restart.
        appended: told the number of each item as it is safe.
        tell: told in a sentence what whoever runs the bridge should know.
    """

    def __init__(
        self,
        store: Store,
        table: Callable[[], Table],
        codes: Path,
        appended: Callable[[int], None],
        tell: Callable[[str], None],
    ) -> None:
        self._store = store
        self._table = table
        self._codes = codes
        self._appended = appended
        self._tell = tell
        self._framer = RadioFramer()
        self._last = _read_codes(codes)
        self._alarms: dict[str, datetime] = {}  # radio -> when it raised the emergency that holds
        self._strangers: set[str] = set()
        self._unmapped: set[str] = set()
        self._nobody = False
        self.heard = 0
        """Positions and new statuses put into the outbox."""
        self.no_fix = 0
        """Messages of radios that had no position; they are not sent."""
        self.refused: Counter[str] = Counter()
        """Messages that cannot be read, by reason: damaged on the air or on the wire."""

    def hear(self, data: bytes, now: datetime) -> None:
        """Take what has come from the port; all of it is safe when this returns.

        Args:
            now: the bridge's clock, aware.

        Raises:
            fieldunit.outbox.OutboxError: the disk and the memory take nothing.
        """
        for frame in self._framer.feed(data):
            try:
                heard = radio.read(frame.line)
            except BadInput as error:
                self.refused[error.reason.value] += 1
                continue
            if heard is not None:
                self._take(frame, heard, now if now >= BUILT else None)

    def _take(self, frame: Frame, heard: Heard, now: datetime | None) -> None:
        name = radio.radio_of(frame, heard)
        if name is None:
            if not self._nobody:
                self._nobody = True
                self._tell("NMEA without an id before it comes from the port: nobody can tell whose it is; not sent")
            return
        table = self._table()
        if name not in table.radios and name not in self._strangers:
            self._strangers.add(name)
            self._tell(f"radio {name} is not in the table: what it says waits at the centre until it is enrolled there")
        if heard.sentence is not None:
            if heard.sentence.valid:
                self._keep(self._store.append(name, now, [frame.line]))
            else:
                self.no_fix += 1
        if heard.status is not None and now is not None:
            self._take_code(table, name, heard.status, now)

    def _take_code(self, table: Table, name: str, code: int, now: datetime) -> None:
        """A code that a radio repeats with each position is said once."""
        if self._last.get(name) == code:
            return
        key = f"{name.partition('-')[0]}-{code}"
        meaning = table.statuses.get(key)
        if meaning is not None:
            body = reports.body(self._report(name, meaning, now))
            spoken = msgspec.json.encode(Spoken(name, msgspec.Raw(body)))
            self._keep(self._store.append_report(spoken, now))
        elif key not in self._unmapped:
            self._unmapped.add(key)
            self._tell(f"status code {key} of radio {name} is not in the table: it is not sent")
        self._last[name] = code
        self._write_codes()

    def _report(self, name: str, meaning: str, now: datetime) -> Report:
        if meaning == EMERGENCY:
            self._alarms[name] = now
            return Emergency(at=now, clock=Clock.SYSTEM, raised=True, since=now, source=Source.RADIO)
        if meaning == EMERGENCY_OVER:  # it names the alarm that it ends; after a restart it ends whatever was before it
            since = self._alarms.pop(name, now)
            return Emergency(at=now, clock=Clock.SYSTEM, raised=False, since=since, source=Source.RADIO)
        return Status(at=now, clock=Clock.SYSTEM, status=CrewStatus(meaning), source=Source.RADIO)

    def _keep(self, seq: int) -> None:
        self.heard += 1
        self._appended(seq)

    def _write_codes(self) -> None:
        """Beside the outbox, whole or not at all. Lost, a code is said once more: no reason to stop."""
        beside = self._codes.with_suffix(".new")
        try:
            beside.write_text(json.dumps(self._last), encoding="utf-8")
            beside.replace(self._codes)
        except OSError as error:
            self._tell(f"{self._codes} cannot be written ({error.strerror}); after a restart status codes come twice")


def _read_codes(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.MsgspecError):  # new, or damaged by a power cut: the codes come once more
        return {}
