"""SIGTERM ends the gateway in time, whatever hangs around it."""

import signal
import time
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.faults.account import read_ledger
from tests.faults.stage import Stage
from tests.fix_gateway import STOP_S, until


@pytest.mark.slow
@pytest.mark.parametrize(("way", "fault"), [("database", "hold"), ("gateway", "hole")])
def test_a_gateway_stops_in_time_while_nobody_answers_it_and_loses_nothing(
    way: str, fault: str, server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """Batches are under way that cannot be stored, or acknowledged: they come again to the next gateway."""
    with Stage(server_dir, postgres, mosquitto, units=20, rate=5) as stage:
        stage.drive(10, seed=1)
        until(stage.rows, what="a first fix in the table")
        stage.harm(way, fault)
        until(lambda: len(read_ledger(stage.ledger)) > len(stage.rows()) + 50, what="something that hangs")
        began = time.monotonic()
        assert stage.gateway.stop(signal.SIGTERM) == 0
        stage.say(f"stopped after {time.monotonic() - began:.1f} s")
        stage.open_way(way)
        stage.start_gateway()
        stage.wait_for_units()
        verdict = stage.judge()
        assert (verdict.fixes, verdict.lost, verdict.duplicated, verdict.invented) == (1000, [], [], [])
        assert time.monotonic() - began < STOP_S + 60
