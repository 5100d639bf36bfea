"""No fix is lost: the ledger of the units against the table, after everything has been killed and cut.

``SIGAP_TEST_SEED`` sets the seed of the faults, ``pytest -s`` shows them.
"""

import os
import random
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.faults import nemesis
from tests.faults.stage import Stage

SEED = "SIGAP_TEST_SEED"


@pytest.fixture
def seed() -> int:
    """From the environment, or another one each time; printed, so that a failure can be played again."""
    chosen = int(os.environ.get(SEED) or random.SystemRandom().randrange(10**6))
    print(f"\n{SEED}={chosen}")
    return chosen


@pytest.mark.slow
def test_nothing_is_lost_duplicated_or_invented_while_all_is_killed_and_cut(
    seed: int, server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """50 units, 5 fixes a second, one minute: each of the 15,000 fixes is in the table once, and nothing else is."""
    with Stage(server_dir, postgres, mosquitto, units=50, rate=5) as stage:
        stage.drive(60, seed)
        nemesis.play(stage, nemesis.everything(seed), 60)
        heal_s = stage.wait_for_units()
        verdict = stage.judge()
        print(stage.summary(verdict, heal_s))
        assert verdict.fixes == 15_000
        assert not verdict.lost
        assert not verdict.duplicated
        assert not verdict.invented
        assert stage.quarantined() == []
