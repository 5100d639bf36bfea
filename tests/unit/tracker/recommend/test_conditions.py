"""The table of conditions is read as a whole, or refused."""

import pytest

from tracker.errors import BadInput
from tracker.recommend.conditions import read, shipped

ROW = '{ id = "stroke", name = "Stroke", capabilities = ["ct"] }'


def test_the_table_that_ships_is_sound() -> None:
    """Every row has a name; the ids are those that incidents carry."""
    table = shipped()
    assert table["stroke"].capabilities == ("emergency", "ct", "stroke")
    assert table["minor"].capabilities == ()
    assert all(row.name and row.id == key for key, row in table.items())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"conditions = [{ROW}, {ROW}]", ValueError),
        ('conditions = [{ id = "No Id", name = "x", capabilities = [] }]', BadInput),
        ('conditions = [{ id = "x", name = "x", capabilities = ["No Id"] }]', BadInput),
        ('conditions = [{ id = "x", name = "x" }]', ValueError),
        ("conditions = ", ValueError),
    ],
)
def test_a_broken_table_is_refused(text: str, error: type[Exception]) -> None:
    """A row twice, no id, a missing field, no TOML."""
    with pytest.raises(error):
        read(text)
