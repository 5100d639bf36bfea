"""What the crew's side remembers: one SQLite file, `{state}/crew.sqlite`.

Commands with their replies, so that each is executed once; presses until the centre has them, so that none is lost
between the finger and the outbox; the mission's card, messages and the emergency. What one command changes is on the
disk with its reply, in one transaction, or neither is.

A disk that takes nothing must not take the buttons away: all of it lives in memory as well, and `kept` says whether the
last change is on the disk.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tracker.wire.command import Arrival, Outcome, Reply, Stop

KEEP_COMMANDS = 2000
"""Ids remembered. The centre repeats what has no answer for a month at the longest, and not so many."""

KEEP_PRESSES = 200
KEEP_MESSAGES = 50

S = TypeVar("S", bound=msgspec.Struct)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS command (
    id TEXT PRIMARY KEY, n INTEGER NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS press (
    id TEXT PRIMARY KEY, ordinal INTEGER NOT NULL, value TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS thing (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class Press(msgspec.Struct):
    """Something that the crew said."""

    id: str
    ordinal: int  # rising
    kind: str  # status, answer, emergency
    value: str  # the status; accepted, refused; raised, taken-back
    at: datetime
    body: str  # of the report
    outbox: str | None = None  # None: it is not in an outbox yet
    seq: int | None = None
    received: bool = False  # the centre has it


class MissionCard(msgspec.Struct):
    """The mission as the crew sees it."""

    mission: str
    n: int  # of the command that told it last
    urgency: str
    stops: tuple[Stop, ...]
    notes: str = ""
    assigned_at: datetime | None = None
    state: str = ""
    eta: Arrival | None = None
    eta_n: int = -1
    answer: str = ""  # accepted, refused, finished: what the crew said; the centre has the last word
    ended: bool = False


class Message(msgspec.Struct):
    """Words of the centre."""

    id: str
    at: datetime
    text: str
    urgent: bool = False
    read: bool = False


class EmergencyState(msgspec.Struct):
    """An emergency that was raised."""

    since: datetime
    source: str
    last_press: str  # its report that was made last
    said_at: datetime
    acknowledged: bool = False


class Memory(msgspec.Struct):
    """All that is no command and no press."""

    card: MissionCard | None = None
    messages: list[Message] = msgspec.field(default_factory=list)
    emergency: EmergencyState | None = None
    tablets: list[str] = msgspec.field(default_factory=list)  # hashes of what tablets show instead of the PIN


class Store:
    """One thread at a time may call.

    Args:
        path: the file.
        trouble: told in a sentence what went wrong.
    """

    def __init__(self, path: Path, trouble: Callable[[str], None]) -> None:
        self._path = path
        self._trouble = trouble
        self._told = ""
        self.kept = True
        self._file: sqlite3.Connection | None = None
        self.memory = Memory()
        self.presses: dict[str, Press] = {}
        self.commands: dict[str, Reply] = {}
        self._open()

    def _open(self) -> None:
        try:
            file = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = FULL")
            file.executescript(_SCHEMA)
            self._read(file)
            self._file = file
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._tell(f"{self._path} cannot be used ({error}); after a restart this unit will not know its mission")
            self.kept = False

    def _read(self, file: sqlite3.Connection) -> None:
        for (value,) in file.execute("SELECT value FROM thing WHERE name = 'memory'"):
            self.memory = msgspec.json.decode(value, type=Memory)
        for (value,) in file.execute("SELECT value FROM press ORDER BY ordinal"):
            press = msgspec.json.decode(value, type=Press)
            self.presses[press.id] = press
        for name, at, outcome, detail in file.execute("SELECT id, at, outcome, detail FROM command ORDER BY rowid"):
            self.commands[name] = Reply(name, Outcome(outcome), datetime.fromisoformat(at).astimezone(UTC), detail)

    @contextmanager
    def change(self, *, memory: bool = False) -> Iterator["Changing"]:
        """One transaction. It holds in memory whatever the disk says.

        Args:
            memory: `memory` was changed, even if nothing else was.
        """
        changing = Changing()
        yield changing
        if changing.statements or memory:
            self._write(changing.statements)

    def _write(self, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
        if self._file is None:
            self._open()
        if self._file is None:
            return
        try:
            self._file.execute("BEGIN IMMEDIATE")
            for statement, values in [*statements, self._whole_memory()]:
                self._file.execute(statement, values)
            self._file.execute("COMMIT")
            if not self.kept:
                self._write_all()
            self.kept = True
            self._told = ""
        except sqlite3.Error as error:
            self.kept = False
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            self._tell(f"{self._path} takes nothing ({error}); after a restart this unit will not know its mission")

    def _whole_memory(self) -> tuple[str, tuple[Any, ...]]:
        return ("INSERT OR REPLACE INTO thing VALUES ('memory', ?)", (msgspec.json.encode(self.memory).decode(),))

    def _write_all(self) -> None:
        """The disk takes again: what it missed."""
        if self._file is None:
            return
        self._file.execute("BEGIN IMMEDIATE")
        for press in self.presses.values():
            self._file.execute(*put_press(press))
        for n, reply in enumerate(self.commands.values()):
            self._file.execute(*put_command(reply, n))
        self._file.execute("COMMIT")

    def press(self, changing: "Changing", press: Press) -> None:
        """Remember a press, and forget old ones that the centre has."""
        self.presses[press.id] = press
        changing.statements.append(put_press(press))
        done = [each for each in self.presses.values() if each.received]
        for old in done[: max(0, len(self.presses) - KEEP_PRESSES)]:
            del self.presses[old.id]
            changing.statements.append(("DELETE FROM press WHERE id = ?", (old.id,)))

    def command(self, changing: "Changing", reply: Reply, n: int) -> None:
        """Remember what a command was answered."""
        self.commands.pop(reply.id, None)
        self.commands[reply.id] = reply
        changing.statements.append(put_command(reply, n))
        for old in list(self.commands)[: max(0, len(self.commands) - KEEP_COMMANDS)]:
            del self.commands[old]
            changing.statements.append(("DELETE FROM command WHERE id = ?", (old,)))

    def close(self) -> None:
        """Give the file free."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tell(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._trouble(sentence)


class Changing:
    """What goes to the disk together."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, tuple[Any, ...]]] = []


def put_press(press: Press) -> tuple[str, tuple[Any, ...]]:
    """The statement that keeps a press."""
    return (
        "INSERT OR REPLACE INTO press VALUES (?, ?, ?)",
        (press.id, press.ordinal, msgspec.json.encode(press).decode()),
    )


def put_command(reply: Reply, n: int) -> tuple[str, tuple[Any, ...]]:
    """The statement that keeps a command's reply."""
    return (
        "INSERT OR REPLACE INTO command VALUES (?, ?, ?, ?, ?)",
        (reply.id, n, reply.at.isoformat(), reply.outcome.value, reply.detail),
    )
