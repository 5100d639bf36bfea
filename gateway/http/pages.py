"""Long lists come in pages: a cursor names the row after which the next begins, so rows may come and go."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import HTTPException, Query

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")]

_NOT_OURS = "`cursor` is not one of ours: give back `next_cursor` as it was"


def page(rows: Sequence[T], key: Callable[[T], str], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """The rows behind the cursor, and the cursor of those behind them; None on the last page.

    Args:
        rows: all, in rising order of their keys.
        key: of a row; no two have the same.
        limit: rows a page.
        cursor: as a client gave it back; None: from the start.

    Raises:
        HTTPException: 422, it is no cursor of ours.
    """
    after = None if cursor is None else read_cursor(cursor)
    rest = [row for row in rows if after is None or key(row) > after]
    return rest[:limit], write_cursor(key(rest[limit - 1])) if len(rest) > limit else None


def write_cursor(key: str) -> str:
    """Of the last row of a page."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def read_cursor(text: str) -> str:
    """The key of the last row that was shown.

    Raises:
        HTTPException: 422, it is no cursor of ours.
    """
    try:
        key = base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise HTTPException(422, _NOT_OURS) from error
    if "\x00" in key:
        raise HTTPException(422, _NOT_OURS)
    return key


def write_time_cursor(at: datetime, name: str) -> str:
    """Of the last row of a page whose rows are in the order of a time, and of a name where times are equal."""
    return write_cursor(f"{at.isoformat()} {name}")


def read_time_cursor(text: str | None) -> tuple[datetime | None, str]:
    """Time and name of the last row that was shown; (None, "") from the start.

    Raises:
        HTTPException: 422, it is no cursor of ours.
    """
    if text is None:
        return None, ""
    time, _, name = read_cursor(text).partition(" ")
    try:
        at = datetime.fromisoformat(time)
    except ValueError as error:
        raise HTTPException(422, _NOT_OURS) from error
    if at.tzinfo is None:
        raise HTTPException(422, _NOT_OURS)
    return at, name
