"""Reads one section of a unit's file, or of a `configuration` command, into its struct, and explains every mistake.

A section is a `msgspec.Struct` whose fields are `Annotated` with a `Meta`: its bounds, and in `description` what the
line means, in words that whoever edits the file can use. Whoever owns a section defines its struct beside the code that
it steers; this module needs to know none of them.
"""

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec


class SettingError(Exception):
    """A setting cannot be meant; the sentence names the line, what it means, and what would do."""


S = TypeVar("S", bound=msgspec.Struct)

_at_field = re.compile(r"^(?P<reason>.*?) - at `\$\.(?P<field>\w+)(?P<within>\S*)`$").fullmatch
_unknown = re.compile(r"^Object contains unknown field `(?P<field>[^`]*)`").match
_missing = re.compile(r"^Object missing required field `(?P<field>[^`]*)`").match


def read_section(where: str, table: object, shape: type[S]) -> S:
    """The section as its struct.

    Args:
        where: for the sentence: "unit.toml, [sampling]".
        table: as TOML or JSON gave it.
        shape: the struct, with `forbid_unknown_fields`.

    Raises:
        SettingError: a line is unknown, missing, or its value cannot be meant.
    """
    if not isinstance(table, Mapping):
        raise SettingError(f"{where} is no section: write its lines below a [header]")
    try:
        return msgspec.convert(dict(table), shape)
    except msgspec.ValidationError as error:
        raise SettingError(f"{where}: {_explain(str(error), table, shape)}") from None


def meanings(shape: type[msgspec.Struct]) -> dict[str, str]:
    """What each line of a section means."""
    found = {}
    for name, hint in get_type_hints(shape, include_extras=True).items():
        if name.startswith("__") or name not in shape.__struct_fields__:
            continue
        found[name] = next((meaning for meaning in _descriptions(hint) if meaning), "")
    return found


def changed(before: S, where: str, table: object) -> S:
    """The struct with some of its values changed, all of them checked.

    Raises:
        SettingError: as in `read_section`; then nothing is changed.
    """
    if not isinstance(table, Mapping):
        raise SettingError(f"{where} is no section: give its settings as an object")
    merged: dict[str, Any] = {**msgspec.structs.asdict(before), **table}
    return read_section(where, merged, type(before))


def _explain(reason: str, table: Mapping[str, object], shape: type[msgspec.Struct]) -> str:
    known = meanings(shape)
    if match := _unknown(reason):
        near = difflib.get_close_matches(match["field"], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it may hold {', '.join(known)}"
        return f"there is no line {match['field']!r} here; {hint}"
    if match := _missing(reason):
        return f"the line {match['field']} is missing: {known.get(match['field'], '')}"
    if match := _at_field(reason):
        field = match["field"]
        value = table.get(field)
        return f"{field} = {_short(value)} cannot be meant ({_plain(match['reason'])}); it is: {known.get(field, '')}"
    return _plain(reason)


def _descriptions(hint: Any) -> list[str]:
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        own = [note.description for note in notes if isinstance(note, msgspec.Meta) and note.description]
        return own or _descriptions(inner)
    return [text for part in get_args(hint) for text in _descriptions(part)]


def _plain(reason: str) -> str:
    """msgspec's words without its marks."""
    return reason.replace("`", "").replace("Expected ", "needed: ", 1)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
