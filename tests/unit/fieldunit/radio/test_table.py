"""The table of radios: read strictly, read again on change, and kept where an edit is broken."""

from pathlib import Path

import pytest

from fieldunit.radio.table import TableError, TableFile, read_table

GOOD = """
[radios]
fs-100-1001 = "ambulans-01"
nx-2 = "ambulans-02"
taip = "ambulans-03"
"nmea-17" = "ambulans-04"

[statuses]
fs-12 = "en-route"
nx-207 = "emergency"
"""


def test_radios_and_codes_are_read() -> None:
    """All four languages."""
    table = read_table(GOOD, "induk.toml")
    assert table.radios["nmea-17"] == "ambulans-04"
    assert len(table.radios) == 4
    assert table.statuses == {"fs-12": "en-route", "nx-207": "emergency"}
    assert read_table("", "induk.toml").radios == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('"ambulans-02"', '"Ambulans 02"', 4, "not an id"),
        ("nx-2 ", "nx-02 ", 4, "no radio"),
        ("fs-100-1001", "100-1001", 3, "no radio"),
        ('fs-12 = "en-route"', 'fs-12 = "on-the-way"', 9, "none of available"),
        ("nx-207", "207", 10, "no status code"),
        ('"ambulans-03"', "3", 5, "quotes"),
        ('nx-2 = "ambulans-02"', 'nx-2 = "ambulans-02', 4, "line 4"),
        ('taip = "ambulans-03"', 'nx-2 = "ambulans-03"', 5, "line 5"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(old: str, new: str, line: int, word: str) -> None:
    """Whoever edits it at night finds the place."""
    with pytest.raises(TableError) as caught:
        read_table(GOOD.replace(old, new), "induk.toml")
    assert f"line {line}" in str(caught.value)
    assert word in str(caught.value)


def test_an_edit_is_taken_and_a_broken_one_is_not(tmp_path: Path) -> None:
    """The table before it stays in force, the line is told, and the repair is taken."""
    file = tmp_path / "induk.toml"
    file.write_text(GOOD)
    told: list[str] = []
    table = TableFile(file, told.append)
    assert not table.look()

    file.write_text(GOOD.replace("ambulans-01", "ambulans-11"))
    assert table.look()
    assert table.table.radios["fs-100-1001"] == "ambulans-11"

    file.write_text(GOOD.replace('"ambulans-02"', "ambulans-02"))
    assert not table.look()
    assert not table.look()  # told once
    assert table.table.radios["fs-100-1001"] == "ambulans-11"
    assert len(told) == 2
    assert "line 4" in told[1]
    assert "stays as it was" in told[1]

    file.unlink()  # as some editors do for a moment
    assert not table.look()
    beside = tmp_path / "new"
    beside.write_text(GOOD)
    beside.replace(file)
    assert table.look()
    assert table.table.radios["fs-100-1001"] == "ambulans-01"


def test_without_a_table_nothing_begins(tmp_path: Path) -> None:
    """There is nothing else to go by yet."""
    file = tmp_path / "induk.toml"
    file.write_text("[radios")
    with pytest.raises(TableError):
        TableFile(file, print)
