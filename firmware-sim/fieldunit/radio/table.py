"""Whose a radio is and what its status codes mean: a part of the bridge's one TOML file that is read again when it
changes.

    [radios]
    fs-100-1001 = "ambulans-01"      # FleetSync, fleet 100, unit 1001
    nx-2 = "ambulans-02"             # NEXEDGE or DMR, U00002
    taip-1234 = "ambulans-03"        # TAIP with ;ID=1234
    nmea-17 = "ambulans-04"          # plain NMEA behind the id 17

    [statuses]
    fs-12 = "en-route"               # FleetSync code 12
    nx-207 = "emergency"             # and "emergency-over" takes it back

A radio that is not in it is no mistake: what it says waits at the centre until somebody enrols it. An edit that cannot
be read keeps the table as it was, and the line is told.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tracker.errors import BadInput
from tracker.wire.kenwood import FLEETSYNC, NEXEDGE
from tracker.wire.reports import CrewStatus
from tracker.wire.topics import checked_id

EMERGENCY, EMERGENCY_OVER = "emergency", "emergency-over"
MEANINGS = (*(status.value for status in CrewStatus), EMERGENCY, EMERGENCY_OVER)

_radio_name = re.compile(
    rf"{FLEETSYNC}-\d{{3}}-\d{{4}}|{NEXEDGE}-[1-9]\d{{0,7}}|taip(?:-[0-9a-z]{{1,16}})?|nmea-[0-9a-z]{{1,16}}"
)
_code_name = re.compile(rf"(?:{FLEETSYNC}|{NEXEDGE})-(?:0|[1-9]\d{{0,3}})")


class TableError(ValueError):
    """The table cannot be meant; the sentence names the file, the line and what should stand there."""


class Table(NamedTuple):
    """Whose each radio is, and what each code means."""

    radios: dict[str, str]  # radio -> unit
    statuses: dict[str, str]  # fs-12 -> one of MEANINGS


def read_table(text: str, name: str) -> Table:
    """Read the table out of the whole file.

    Args:
        name: of the file, for the sentence.

    Raises:
        TableError: it is no TOML, or an entry cannot be meant.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # "... (at line 3, column 7)"
        raise TableError(f"{name}: {error}") from None
    radios = _entries(said, "radios", text, name)
    statuses = _entries(said, "statuses", text, name)
    for radio, unit in radios.items():
        if _radio_name.fullmatch(radio) is None:
            forms = f"{FLEETSYNC}-100-1001, {NEXEDGE}-2, taip-1234 or nmea-17"
            raise TableError(f"{_where(text, name, radio)}: {radio!r} is no radio: write {forms}")
        try:
            checked_id(unit)
        except BadInput as error:
            raise TableError(f"{_where(text, name, radio)}: the unit {error.detail}") from None
    for code, meaning in statuses.items():
        if _code_name.fullmatch(code) is None:
            raise TableError(f"{_where(text, name, code)}: {code!r} is no status code: write fs-12 or nx-207")
        if meaning not in MEANINGS:
            raise TableError(f"{_where(text, name, code)}: {meaning!r} is none of {', '.join(MEANINGS)}")
    return Table(radios, statuses)


def _entries(said: dict[str, Any], section: str, text: str, name: str) -> dict[str, str]:
    found = said.get(section, {})
    if not isinstance(found, dict):
        raise TableError(f"{_where(text, name, section)}: [{section}] is no table")
    for key, value in found.items():
        if not isinstance(value, str):
            raise TableError(f"{_where(text, name, key)}: the value of {key!r} belongs in quotes")
    return found


def _where(text: str, name: str, key: str) -> str:
    """File and line of a key; a key is written once, or tomllib had refused it."""
    pattern = re.compile(rf"""\s*\[?["']?{re.escape(key)}["']?\s*[=\]]""")
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            return f"{name}, line {number}"
    return name


class TableFile:
    """The table, as the file has it now.

    Args:
        path: of the file.
        tell: told in a sentence what became of an edit.

    Raises:
        TableError: at the beginning there is nothing else to go by.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._seen = self._signature()
        self.table = read_table(path.read_text(encoding="utf-8"), path.name)

    def look(self) -> bool:
        """Read it again if it changed; whether there is another table now."""
        signature = self._signature()
        if signature is None or signature == self._seen:
            return False  # while an editor replaces it, it is not there for a moment
        self._seen = signature
        try:
            table = read_table(self._path.read_text(encoding="utf-8"), self._path.name)
        except (TableError, OSError, UnicodeDecodeError) as error:
            self._tell(f"{error}; the table stays as it was before this edit")
            return False
        changed = table != self.table
        self.table = table
        if changed:
            self._tell(
                f"{self._path.name} was read again: {len(table.radios)} radios, {len(table.statuses)} status codes"
            )
        return changed

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
