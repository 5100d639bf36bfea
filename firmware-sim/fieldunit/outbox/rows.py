"""Items as rows of the file, and the statements that find, keep and delete them."""

from datetime import UTC, datetime, timedelta

from fieldunit.outbox import compact
from fieldunit.outbox.items import Item, ReportItem

Row = tuple[int, int, str, int | None, bytes]
"""Number, kind (see `compact`), source, device time in microseconds since 1970, lines: as the statements have them."""

INSERT = "INSERT INTO item (seq, kind, source, device_time_us, lines) VALUES (?, ?, ?, ?, ?)"

_SELECT = "SELECT seq, kind, source, device_time_us, lines FROM item"
OLDEST = f"{_SELECT} WHERE seq > ? AND kind < 2 ORDER BY seq LIMIT ?"
NEWEST = f"{_SELECT} WHERE seq < ? AND kind < 2 ORDER BY seq DESC LIMIT ?"
REPORTS = f"{_SELECT} WHERE seq > ? AND kind = 2 ORDER BY seq LIMIT ?"
OLD_TRACK = f"{_SELECT} WHERE seq > ? AND seq <= ? AND kind < 2 ORDER BY seq LIMIT ?"

# Of these numbers, a JSON list: one statement however many there are.
NUMBERED = f"{_SELECT} WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"  # noqa: S608 - our own words
DELETE_NUMBERED = "DELETE FROM item WHERE seq IN (SELECT value FROM json_each(?))"
DELETE_NUMBERED_REPORTS = f"{DELETE_NUMBERED} AND kind = 2"
PUT_ASIDE = (
    "INSERT OR REPLACE INTO aside SELECT seq, kind, source, device_time_us, lines, ? FROM item "
    "WHERE seq IN (SELECT value FROM json_each(?))"
)

DROP_ASIDE = "DELETE FROM aside WHERE seq IN (SELECT seq FROM aside WHERE kind < 2 ORDER BY seq LIMIT 64)"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def row_of(item: Item | ReportItem) -> Row:
    """An item as it lies in the file.

    Raises:
        ValueError: its device time is not aware.
    """
    if isinstance(item, ReportItem):
        return item.seq, compact.REPORT, "", _to_us(item.device_time), item.body
    kind, body = compact.pack(item.lines)
    return item.seq, kind, item.source, _to_us(item.device_time), body


def item_of(row: Row) -> Item | ReportItem:
    """An item as it was put in.

    Raises:
        ValueError: the disk has damaged its bytes.
    """
    seq, kind, source, time_us, body = row
    if kind == compact.REPORT:
        return ReportItem(seq, _from_us(time_us), body)
    return Item(seq, source, _from_us(time_us), compact.unpack(kind, body))


def _to_us(time: datetime | None) -> int | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError("a device time must be aware")
    return (time - _EPOCH) // _MICROSECOND


def _from_us(time_us: int | None) -> datetime | None:
    return None if time_us is None else _EPOCH + timedelta(microseconds=time_us)
