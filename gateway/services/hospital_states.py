"""Takes in what hospitals tell of themselves: one by one, as EDXL-HAVE, as a table.

A facility is known by its id here, or by its name if that is one facility's only: hospitals write neither as we do.
What nobody can be found for is told back to the sender, and the rest of the message counts.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.services.missions import Unknown
from gateway.services.register import Register
from tracker.errors import BadInput, Reason
from tracker.register import Facility
from tracker.register.states import Told, after

MAX_ROWS = 10_000

COLUMNS = {
    "facility": ("facility", "id", "kode", "code"),
    "name": ("name", "nama"),
    "at": ("at", "waktu", "time"),
    "beds": ("beds", "kosong", "tersedia", "available"),
    "open": ("open", "menerima"),
    "because": ("because", "alasan", "diversion_because"),
    "until": ("until", "sampai", "diversion_until"),
    "handover_s": ("handover_s", "serah_terima_s"),
}
"""Headers that a field is looked for under, the first that is there."""

_Beds = Annotated[int, Meta(ge=0, le=100_000)]
_Seconds = Annotated[float, Meta(ge=0, le=7 * 86400)]
_Time = Annotated[datetime, Meta(tz=True)]
_YES, _NO = frozenset({"1", "yes", "true", "ya", "y"}), frozenset({"0", "no", "false", "tidak", "t", "n"})


class TakenIn(msgspec.Struct):
    """What came of a message."""

    told: int  # hospitals in it
    changed: list[str]  # facilities that are otherwise now
    unknown: list[str]  # what the message calls those that nobody here knows


async def take_in(register: Register, told: Iterable[Told], now: datetime) -> TakenIn:
    """Every hospital's word, each in a transaction of its own.

    Raises:
        psycopg.Error, psycopg_pool.PoolTimeout: the database is away; what came before stands.
    """
    await register.load()
    outcome = TakenIn(0, [], [])
    for each in told:
        outcome.told += 1
        found = _found(register, each)
        if found is None:
            outcome.unknown.append(each.facility or each.name)
            continue
        if await say(register, found.id, each, now) != found:
            outcome.changed.append(found.id)
    return outcome


async def say(register: Register, facility: str, told: Told, now: datetime) -> Facility:
    """One hospital's word.

    Raises:
        Unknown: there is no such facility.
    """

    def step(before: Facility | None) -> Facility:
        if before is None:
            raise Unknown(f"centre {register.centre} has no facility {facility!r}")
        return after(before, told, now)

    return await register.change_facility(facility, step)


def _found(register: Register, told: Told) -> Facility | None:
    """Whose word this is. An id may stand at the end of a longer name: ``urn:...:rsud-01``."""
    said = told.facility.casefold()
    for written in (said, said.rpartition(":")[2], said.rpartition("/")[2]):
        if written in register.facilities:
            return register.facilities[written]
    name = " ".join((told.name or told.facility).casefold().split())
    named = [each for each in register.facilities.values() if " ".join(each.name.casefold().split()) == name]
    return named[0] if len(named) == 1 else None


def read_table(payload: bytes) -> list[Told]:
    """The rows of a CSV table with a header; comma, semicolon or tab; UTF-8.

    Raises:
        BadInput: PAYLOAD, it is no such table; FIELD, a cell is not what its column holds, with the row.
    """
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(Reason.PAYLOAD, f"this is no UTF-8: {error}") from error
    if "\x00" in text:
        raise BadInput(Reason.PAYLOAD, "a zero byte, as no table has one")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadInput(Reason.PAYLOAD, f"this is no table: {error}") from error
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    places = {
        field: header.index(name)
        for field, names in COLUMNS.items()
        if (name := next((each for each in names if each in header), None)) is not None
    }
    if "facility" not in places and "name" not in places:
        raise BadInput(Reason.PAYLOAD, "no column says which hospital a row is of: `facility` or `name`")
    if len(rows) > MAX_ROWS:
        raise BadInput(Reason.OVERSIZE, f"{len(rows)} rows, and a table has {MAX_ROWS} at most")
    told = []
    for number, row in enumerate(rows[1:], start=2):
        cells = {field: row[place].strip() for field, place in places.items() if place < len(row)}
        if any(cells.values()):
            told.append(_row(number, {field: cell for field, cell in cells.items() if cell}))
    return told


def _row(number: int, cells: dict[str, str]) -> Told:
    values: dict[str, Any] = {"facility": cells.get("facility", ""), "name": cells.get("name", "")}
    try:
        if "beds" in cells:
            values["beds"] = msgspec.convert(cells["beds"], _Beds, strict=False)
        if "handover_s" in cells:
            values["handover_s"] = msgspec.convert(cells["handover_s"], _Seconds, strict=False)
        for field in ("at", "until"):
            if field in cells:
                values[field] = msgspec.convert(cells[field], _Time).astimezone(UTC)
        if "because" in cells:
            values |= {"because": cells["because"][:200], "open": False}
        if "open" in cells:
            values["open"] = _opened(cells["open"])
    except (ValueError, OverflowError) as error:
        raise BadInput(Reason.FIELD, f"row {number}: {error}") from error
    if not values["facility"] and not values["name"]:
        raise BadInput(Reason.FIELD, f"row {number} names no hospital")
    return Told(**values)


def _opened(text: str) -> bool:
    if text.casefold() not in _YES | _NO:
        raise ValueError(f"`open` is {text[:20]!r}: write yes or no, ya or tidak")
    return text.casefold() in _YES
