"""What a patient's condition asks of a hospital: the rows that every centre begins with (`conditions.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from tracker.wire.topics import checked_id


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table."""

    id: str
    name: str  # what people call it
    capabilities: tuple[str, ...]  # all that a hospital must have


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    conditions: tuple[Condition, ...]


@cache
def shipped() -> Mapping[str, Condition]:
    """The table of this program, by id.

    Raises:
        BadInput: an id in it is none.
        ValueError: it cannot be read, or has a row twice.
    """
    return read(resources.files(__package__).joinpath("conditions.toml").read_text(encoding="utf-8"))


def read(text: str) -> Mapping[str, Condition]:
    """The rows of such a text, by id; errors as of `shipped`."""
    rows = msgspec.convert(tomllib.loads(text), _Table).conditions
    table = {checked_id(row.id): row for row in rows}
    if len(table) < len(rows):
        raise ValueError("a condition stands in the table twice")
    for row in rows:
        for capability in row.capabilities:
            checked_id(capability)
    return table
