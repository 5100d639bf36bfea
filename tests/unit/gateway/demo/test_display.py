"""The line that changes while the demo runs."""

import pytest

from gateway.demo.display import live_line


def test_the_live_line_says_what_is_known() -> None:
    """And nothing of what is not."""
    assert live_line(11, 12, 1234, 73.4) == "11 of 12 live · 1,234 stored · 73 ms to the board · Ctrl-C stops"
    assert live_line(0, 12, None, None) == "0 of 12 live · Ctrl-C stops"


@pytest.mark.parametrize("units", [12, 1000])
def test_the_live_line_fits_a_terminal_of_80_columns(units: int) -> None:
    """With its spinner, after a week of a thousand ambulances and a minute's delay."""
    assert 2 + len(live_line(units, units, 604_800_000, 60_000.0)) < 80
