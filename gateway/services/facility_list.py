"""Reads a list of facilities as somebody sends it: a CSV file whose columns have the names that its author gave them.

What cannot be read is told with the number of its row, as a spreadsheet counts them, and the rest is read on.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from tracker.errors import TrackerError
from tracker.wire.topics import ID_PATTERN

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "code", "kode", "kode_faskes"),
    "name": ("name", "nama", "nama_faskes"),
    "kind": ("kind", "type", "jenis", "jenis_faskes"),
    "latitude": ("latitude", "lat", "lintang"),
    "longitude": ("longitude", "lon", "lng", "long", "bujur"),
    "district": ("district", "kecamatan", "kec_kode", "kode_kecamatan", "kab"),
    "grade": ("grade", "class", "klass", "kelas"),
    "capacity": ("capacity", "beds", "tempat_tidur", "jumlah_tt"),
    "capabilities": ("capabilities", "layanan", "kemampuan"),
}
"""Headers that a field is looked for under, the first that is there; `--column` names another."""

MAX_BYTES = 50 * 1024 * 1024

_KIND = re.compile("[a-z][a-z-]{0,31}").fullmatch
_ID = re.compile(ID_PATTERN).fullmatch
_GRADE = re.compile("[A-Z][A-Z0-9 ]{0,19}").fullmatch
_KINDS = dict.fromkeys(("rs", "rumah-sakit", "rsu", "rsud", "rsia"), "hospital") | {"pkm": "puskesmas"}
"""Words of lists for what is `hospital` and `puskesmas` here."""

_NO_GRADE = frozenset({"", "-", "BELUM DITETAPKAN"})
"""What lists write where a hospital has no class yet."""

_SPELLINGS = (
    (re.compile(r"\b(rumah sakit|rs) umum daerah\b"), "rsud"),
    (re.compile(r"\b(rumah sakit|rs) umum\b"), "rsu"),
    (re.compile(r"\b(rumah sakit|rs) ibu (dan )?anak\b"), "rsia"),
    (re.compile(r"\brumah sakit\b"), "rs"),
    (re.compile(r"\b(uptd?|blud) (?=puskesmas|pkm)"), ""),
    (re.compile(r"\b(puskesmas|pkm)\b"), ""),
)


class ListUnusable(TrackerError):
    """No row of this file can be read; the sentence says why."""


class Row(msgspec.Struct, frozen=True):
    """A facility as the list has it. None: it does not say."""

    number: int  # of the row, as a spreadsheet counts: the header is 1
    id: str | None
    name: str
    kind: str
    latitude: float | None  # as written, whatever it means
    longitude: float | None
    decimals: int  # of the finer coordinate; trailing zeros are none
    district: str | None
    grade: str | None
    capacity: int | None
    capabilities: tuple[str, ...]


class Refused(msgspec.Struct, frozen=True):
    """A row that cannot be used."""

    number: int
    because: str


class Read(msgspec.Struct):
    """What a file holds."""

    rows: list[Row]
    refused: list[Refused]


def read(
    path: Path, columns: Mapping[str, str], only: Mapping[str, str], kind: str | None, *, by_name: bool = False
) -> Read:
    """The rows of a CSV file with a header; comma, semicolon or tab; UTF-8.

    Args:
        path: of the file.
        columns: header of a field that is not among `COLUMNS`.
        only: rows that have this value under this header; others are passed over.
        kind: of facilities whose row does not say.
        by_name: pass over the ids of the list, for they are of another registry.

    Raises:
        ListUnusable: it is none, or lacks a column without which nothing can be said.
    """
    records = _records(path)
    header = next(records, (1, []))[1]
    names = [each.strip().casefold() for each in header]
    places = _places(path, names, columns)
    if by_name:
        places.pop("id", None)
    filters = [(_index(path, names, header_name), value) for header_name, value in only.items()]
    if "kind" not in places and kind is None:
        raise ListUnusable(f"{path}: no column says what kind each facility is: --kind hospital, or --column kind=…")
    found = Read([], [])
    seen: dict[str, int] = {}
    for number, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        cells += [""] * (len(names) - len(cells))
        if any(cells[at].strip() != value for at, value in filters):
            continue
        try:
            row = _row(number, {field: cells[at].strip() for field, at in places.items()}, kind)
        except ValueError as error:
            found.refused.append(Refused(number, str(error)))
            continue
        if row.id is not None and seen.setdefault(row.id, number) != number:
            found.refused.append(Refused(number, f"id {row.id!r} stands in row {seen[row.id]} already"))
        else:
            found.rows.append(row)
    return found


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number.

    Raises:
        ListUnusable: the file is none.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ListUnusable(f"{path}: a list has {MAX_BYTES // 2**20} MiB at most")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ListUnusable(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ListUnusable(f"{path}: row {line} is not UTF-8: save the list as CSV UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)

    def numbered() -> Iterator[tuple[int, list[str]]]:  # a row that spans lines has the number of its first one
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        number = 1
        try:
            for cells in reader:
                yield number, cells
                number = reader.line_num + 1
        except csv.Error as error:
            raise ListUnusable(f"{path}: row {number}: {error}") from error

    return numbered()


def _places(path: Path, names: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Where each field stands."""
    if unknown := sorted(columns.keys() - COLUMNS.keys()):
        raise ListUnusable(f"there is no field {unknown[0]!r}; there is: {', '.join(COLUMNS)}")
    places = {field: _index(path, names, header) for field, header in columns.items()}
    for field, headers in COLUMNS.items():
        if field not in places and (header := next((each for each in headers if each in names), None)):
            places[field] = names.index(header)
    if missing := [field for field in ("name", "latitude", "longitude") if field not in places]:
        raise ListUnusable(
            f"{path}: no column for {', '.join(missing)}; it has {', '.join(names) or 'none'}: "
            f"--column {missing[0]}=HEADER names it"
        )
    return places


def _index(path: Path, names: Sequence[str], header: str) -> int:
    key = header.strip().casefold()
    if key not in names:
        raise ListUnusable(f"{path}: there is no column {header!r}; it has {', '.join(names) or 'none'}")
    return names.index(key)


def _row(number: int, cells: Mapping[str, str], kind: str | None) -> Row:
    """One row.

    Raises:
        ValueError: something in it is not what it should be.
    """
    name = " ".join(cells["name"].split())
    if not name or len(name) > 200 or not name.isprintable():
        raise ValueError("a name has 1 to 200 printable characters")
    said = "-".join((cells.get("kind", "") or kind or "").casefold().split())
    said = _KINDS.get(said, said)
    if not _KIND(said):
        raise ValueError(f"{said!r} is no kind: letters and hyphens, like hospital or puskesmas")
    identity = cells.get("id", "").casefold() or None
    if identity is not None and not _ID(identity):
        raise ValueError(f"{identity!r} is no id: up to 32 letters, digits and hyphens")
    grade = None if cells.get("grade", "").upper() in _NO_GRADE else cells["grade"].upper()
    if grade is not None and not _GRADE(grade):
        raise ValueError(f"{grade!r} is no class: up to 20 letters and digits")
    capacity = cells.get("capacity", "") or None
    if capacity is not None and not re.fullmatch(r"\d{1,5}", capacity):
        raise ValueError(f"{capacity!r} is no number of beds")
    able = [each.strip().casefold() for each in re.split("[;|,]", cells.get("capabilities", "")) if each.strip()]
    if wrong := [each for each in able if not _ID(each)]:
        raise ValueError(f"{wrong[0]!r} is no capability: letters, digits and hyphens")
    latitude, longitude = cells["latitude"], cells["longitude"]
    if (latitude == "") != (longitude == ""):
        raise ValueError("it has one half of a point")
    north, north_decimals = _degrees("latitude", latitude)
    east, east_decimals = _degrees("longitude", longitude)
    if (north, east) == (0.0, 0.0):  # an empty cell of somebody's program
        north = east = None
    return Row(
        number, identity, name, said, north, east, max(north_decimals, east_decimals), cells.get("district") or None,
        grade, None if capacity is None else int(capacity), tuple(dict.fromkeys(able)),
    )  # fmt: skip


def _degrees(what: str, text: str) -> tuple[float | None, int]:
    """Degrees and how many decimals they have; a comma is a point in half of the world."""
    match = re.fullmatch(r"([+-]?\d{1,3})(?:[.,](\d*))?", text.replace("\u2212", "-"))
    if text and match is None:
        raise ValueError(f"{what} {text!r} is no number of degrees, like -7.150975")
    if match is None:
        return None, 0
    decimals = (match[2] or "").rstrip("0")
    return float(f"{match[1]}.{match[2] or 0}"), len(decimals)


def plain(name: str) -> str:
    """A name without what spellings differ in: how a list without ids is compared with another one."""
    text = re.sub(r"[^a-z0-9]+", " ", name.casefold())
    for pattern, replacement in _SPELLINGS:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def slug(kind: str, name: str) -> str:
    """An id for a facility whose list has none."""
    return f"{kind}-{plain(name).replace(' ', '-')}"[:32].strip("-")
