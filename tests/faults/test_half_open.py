"""Connections that are dead and look well: the path swallowed them and told nobody, as a lost NAT entry does.

No process is killed here, so nothing but the time limits of both sides can notice it.
"""

import random
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.faults import nemesis
from tests.faults.stage import WAYS, Stage

SECONDS = 12


@pytest.mark.slow
def test_connections_that_are_dead_and_look_well_are_noticed_and_replaced(
    server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """All three ways swallow what is open, for 2 s; it never passes again, and what was under way arrives all the same.

    Receipts for everything do not prove it: a unit whose fix is stuck on live sends it again on the backlog. So at the
    end a mark must pass through each of the gateway's two lanes.
    """
    with Stage(server_dir, postgres, mosquitto, units=20, rate=5) as stage:
        stage.drive(SECONDS, random.SystemRandom().randrange(10**6))
        holes = [deed for way in WAYS for deed in nemesis.harmed(way, "hole", at_s=5, for_s=2)]
        nemesis.play(stage, sorted(holes, key=lambda deed: deed.at_s), SECONDS)
        heal_s = stage.wait_for_units()
        stage.settle()
        verdict = stage.judge()
        print(stage.summary(verdict, heal_s))
        assert verdict.fixes == 20 * 5 * SECONDS
        assert not verdict.lost
        assert not verdict.duplicated
        assert not verdict.invented
