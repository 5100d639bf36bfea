"""Loads the .sql files: one query a file, numbered migrations in a folder of their own."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, LiteralString, cast

_HERE = files("gateway.storage")


def _shipped(file: Traversable) -> LiteralString:
    """Text that ships with the program and holds nobody's values: as good as a literal."""
    text: Any = file.read_text(encoding="utf-8")
    return cast("LiteralString", text)


@cache
def query(name: str) -> LiteralString:
    """The text of ``queries/{name}.sql``."""
    return _shipped(_HERE / "queries" / f"{name}.sql")


def query_names() -> list[str]:
    """Every query there is, by name."""
    return sorted(f.name.removesuffix(".sql") for f in (_HERE / "queries").iterdir() if f.name.endswith(".sql"))


def migrations() -> list[tuple[int, str, LiteralString]]:
    """Every migration as (number, name, text), in order."""
    found = []
    for file in (_HERE / "migrations").iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            found.append((int(number), name, _shipped(file)))
    return sorted(found)
