"""The ledger test bites: with one promise of the product broken it loses, and with the other still kept it does not.

                                gateway acknowledges after the commit   on arrival
unit deletes on a receipt       (test_ledger.py) loses nothing          loses nothing
unit deletes on PUBACK          loses, if the broker forgets            loses
bare device, no outbox          loses nothing while the broker stands   loses
"""

import random
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.faults import nemesis
from tests.faults.account import Verdict
from tests.faults.stage import Stage

pytestmark = pytest.mark.slow

ON_ARRIVAL = ("tests.faults.mutants.gateway_acknowledging_on_arrival",)
ON_PUBACK = ("tests.faults.mutants.unit_deleting_on_puback",)

UNITS, RATE, SECONDS = 20, 5, 20
EVERY_S = 5.0
"""A strike so often: three of them in the time."""


def play(stage: Stage, deeds: list[nemesis.Deed]) -> Verdict:
    """Drive, strike, and judge when the gateway has stored whatever the broker still holds for it."""
    seed = random.SystemRandom().randrange(10**6)
    stage.drive(SECONDS, seed)
    nemesis.play(stage, deeds, SECONDS)
    heal_s = stage.wait_for_units()
    stage.settle()
    verdict = stage.judge()
    print(stage.summary(verdict, heal_s))
    assert verdict.fixes > UNITS * RATE * SECONDS / 2
    assert not verdict.duplicated
    return verdict


def strikes_on_the_gateway() -> list[nemesis.Deed]:
    return nemesis.strikes(Stage.kill_gateway, Stage.start_gateway, EVERY_S, SECONDS)


def test_deletion_on_puback_loses_with_a_gateway_that_acknowledges_on_arrival(
    server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """What was in the killed gateway's memory is nowhere else."""
    with Stage(server_dir, postgres, mosquitto, units=UNITS, rate=RATE, gateway=ON_ARRIVAL, unit=ON_PUBACK) as stage:
        assert play(stage, strikes_on_the_gateway()).lost


def test_deletion_on_puback_loses_with_a_broker_that_keeps_nothing_on_disk(
    server_dir: Path, postgres: EmbeddedPostgres, forgetful_mosquitto: Mosquitto
) -> None:
    """What was in the killed broker's memory is nowhere else, though the gateway acknowledges after the commit."""
    with Stage(server_dir, postgres, forgetful_mosquitto, units=UNITS, rate=RATE, unit=ON_PUBACK) as stage:
        assert play(stage, nemesis.strikes(Stage.kill_broker, Stage.start_broker, EVERY_S, SECONDS)).lost


def test_bare_devices_lose_nothing_while_the_gateway_is_killed(
    server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """They have no outbox and get no receipt: acknowledgement after the commit alone keeps what the broker took."""
    with Stage(server_dir, postgres, mosquitto, units=UNITS, rate=RATE, bare=True) as stage:
        verdict = play(stage, strikes_on_the_gateway())
        assert not verdict.lost
        assert not verdict.invented


def test_bare_devices_lose_with_a_gateway_that_acknowledges_on_arrival(
    server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """The broker has forgotten what the killed gateway had in memory."""
    with Stage(server_dir, postgres, mosquitto, units=UNITS, rate=RATE, gateway=ON_ARRIVAL, bare=True) as stage:
        assert play(stage, strikes_on_the_gateway()).lost


def test_receipts_alone_lose_nothing_whatever_the_gateway_acknowledges(
    server_dir: Path, postgres: EmbeddedPostgres, mosquitto: Mosquitto
) -> None:
    """The unit sends again what has no receipt: automatic acknowledgement costs time, and no fix. All faults."""
    with Stage(server_dir, postgres, mosquitto, units=UNITS, rate=RATE, gateway=ON_ARRIVAL) as stage:
        seed = random.SystemRandom().randrange(10**6)
        print(f"\nfaults drawn from {seed}")
        verdict = play(stage, nemesis.everything(seed, SECONDS))
        assert not verdict.lost
        assert not verdict.invented
