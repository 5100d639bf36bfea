"""What is done to the stage, and when: a schedule drawn from a seed, played in the test's own thread."""

import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.faults.stage import Stage

LOOK_EVERY_S = 0.05


class Deed(NamedTuple):
    """Something done to the stage, so many seconds after the units began."""

    at_s: float
    do: Callable[[Stage], None]


def harmed(way: str, fault: str, at_s: float, for_s: float = 0.0) -> list[Deed]:
    """One fault of one way; one that passes by itself lasts 0 s."""
    deeds = [Deed(at_s, lambda stage: stage.harm(way, fault))]
    return [*deeds, Deed(at_s + for_s, lambda stage: stage.open_way(way))] if for_s else deeds


def everything(seed: int, seconds: float = 60.0) -> list[Deed]:
    """All faults, drawn for 60 s and stretched or pressed into another time.

    The gateway is killed every 10 to 20 s, broker and database twice each; each connection is cut, falls into a hole
    (half-open afterwards), and is cut in the midst of a message.
    """
    chance = random.Random(seed)
    scale = seconds / 60
    deeds: list[Deed] = []

    def down(at_s: float, kill: Callable[[Stage], None], start: Callable[[Stage], None], longest_s: float) -> None:
        deeds.append(Deed(at_s, kill))
        deeds.append(Deed(at_s + chance.uniform(0.2, longest_s), start))

    def harm(way: str, fault: str, between: tuple[float, float], for_s: float = 0.0) -> None:
        deeds.extend(harmed(way, fault, chance.uniform(*between) * scale, chance.uniform(for_s / 2, for_s)))

    at_s = chance.uniform(10, 20) * scale
    while at_s < seconds:
        down(at_s, Stage.kill_gateway, Stage.start_gateway, 2)
        at_s += chance.uniform(10, 20) * scale
    for between in ((8, 28), (32, 52)):
        down(chance.uniform(*between) * scale, Stage.kill_broker, Stage.start_broker, 3)
    for between in ((12, 30), (34, 56)):
        down(chance.uniform(*between) * scale, Stage.kill_database, Stage.start_database, 3)

    harm("units", "cut", (3, 9))
    harm("units", "hole", (14, 20), for_s=8)
    harm("units", "refuse", (30, 34), for_s=3)
    harm("units", "truncate", (40, 44))
    harm("units", "hold", (48, 54), for_s=3)
    harm("gateway", "cut", (5, 12))
    harm("gateway", "hole", (22, 30), for_s=8)
    harm("gateway", "truncate", (40, 52))
    harm("database", "hold", (4, 8), for_s=3)
    harm("database", "hole", (16, 26), for_s=8)
    harm("database", "cut", (34, 46))
    return sorted(deeds, key=lambda deed: deed.at_s)


def strikes(
    kill: Callable[[Stage], None], start: Callable[[Stage], None], every_s: float, seconds: float
) -> list[Deed]:
    """One process killed again and again, each time after the database has not answered for a while.

    So there are messages that came and are not yet stored, whatever the speed of the machine: a process that said yes
    to them loses them.
    """

    def again() -> Iterator[Deed]:
        at_s = every_s
        while at_s < seconds:
            held, opened = harmed("database", "hold", at_s - 1.5, 1.6)
            yield from (held, Deed(at_s, kill), opened, Deed(at_s + 0.2, start))
            at_s += every_s

    return list(again())


def play(stage: Stage, deeds: list[Deed], seconds: float) -> None:
    """Do each deed at its time, and stop after so many seconds with the stage whole again.

    Raises:
        AssertionError: somebody died by himself.
    """
    for deed in [*deeds, Deed(seconds, Stage.heal)]:
        while (wait := min(deed.at_s, seconds) - stage.elapsed_s) > 0:
            stage.check()
            time.sleep(min(wait, LOOK_EVERY_S))
        if deed.at_s <= seconds:
            deed.do(stage)
