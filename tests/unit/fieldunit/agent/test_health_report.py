"""What cannot be measured is unknown, and never ends the unit."""

from pathlib import Path

import pytest

from tests.agent_settings import make_config, receiver
from tests.running_agent import RunningAgent


@pytest.mark.parametrize(
    ("written", "expected"),
    [("1312\n", 13.12), ("nan", None), ("", None), ("12 V", None), ("1e9", None), ("-5", None), (None, None)],
)
def test_the_supply_is_what_the_file_says(tmp_path: Path, written: str | None, expected: float | None) -> None:
    """In volts; a file that is absent, empty, or says what cannot be, is unknown."""
    supply = tmp_path / "in_voltage0_raw"
    if written is not None:
        supply.write_text(written)
    more = f'[health]\nsupply_file = "{supply}"\nsupply_scale = 0.01\n'
    config = make_config(tmp_path, receivers=receiver(tmp_path / "gnss"), more=more)
    running = RunningAgent(config)
    running._health.look()
    [told] = running.told()
    assert told.supply_v == (None if expected is None else pytest.approx(expected))
    assert told.signal_dbm is None
    assert told.clock_skew_s is None
    assert told.satellites is None
