"""Any interleaving of connection, loss, duplication, reordering, restart and lost receipts: all arrives, once.

``SIGAP_TEST_INTERLEAVINGS`` and ``SIGAP_TEST_STEPS`` make it longer than the 100 times 30 of each run.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fieldunit.uplink.lanes import Lanes
from fieldunit.uplink.underway import UnderWay
from gateway.storage.pool import open_pool
from tests.faults.interleaving import Interleaving, World
from tracker.wire.topics import MAX_PAYLOAD

EXAMPLES = int(os.environ.get("SIGAP_TEST_INTERLEAVINGS", "100"))
STEPS = int(os.environ.get("SIGAP_TEST_STEPS", "30"))

pytestmark = pytest.mark.slow


@pytest.fixture
def world(cleared_url: str) -> Iterator[World]:
    """A gateway's acceptance in a loop of its own: Hypothesis' steps are not asynchronous."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        pool = runner.run(stack.enter_async_context(open_pool(cleared_url, 1)))
        yield World(runner, pool)
        runner.run(stack.aclose())


def play(make: Callable[[], Interleaving]) -> None:
    """Run it; a failure is made small and shown."""
    run_state_machine_as_test(
        make,  # type: ignore[arg-type] # Hypothesis calls it; its annotation asks for more than it needs
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


@pytest.mark.timeout(3600)
def test_every_interleaving_brings_everything_once(world: World) -> None:
    """Against the true acceptance, its database and its receipts."""
    play(lambda: Interleaving(world))


class Forgetful(Lanes):
    """Takes a new connection for a clean slate: what was under way is not under way any more, and nobody's."""

    def link_up(self, now: float, granted: int, room: int = MAX_PAYLOAD) -> None:
        """Forget."""
        self._epochs = UnderWay()
        super().link_up(now, granted, room)


class Hasty(Lanes):
    """Does not come back for what it has thrown from the live lane."""

    def _spill(self, seqs: Iterable[int]) -> None:
        walked = self._walked
        super()._spill(seqs)
        self._walked = walked


def a_broker_that_forgets(machine: Interleaving) -> None:
    """It acknowledges a message, and loses it."""
    machine.begin(up=True, online=True)
    machine.sample(1)
    machine.send(1, congested=False)
    machine.arrive(0, acknowledged=True)
    machine.forget(0)


def a_connection_that_breaks(machine: Interleaving) -> None:
    """With history in flight, which does not arrive."""
    machine.begin(up=True, online=True)
    machine.recall(40)
    machine.send(9, congested=False)
    machine.link_down(0, by_broker=False)
    machine.link_up()


def a_connection_that_breaks_before_live(machine: Interleaving) -> None:
    """The walk has passed all when a fix comes, waits for its turn, and the connection breaks."""
    machine.begin(up=True, online=True)
    machine.sample(1)
    for _ in range(4):
        machine.sample(1)
        machine.send(1, congested=True)
    machine.sample(3)
    machine.recall(1)
    machine.send(9, congested=False)
    machine.link_down(9, by_broker=False)
    machine.link_up()
    machine.sample(1)


@pytest.mark.parametrize(
    ("story", "broken"),
    [
        (a_broker_that_forgets, lambda world: Interleaving(world, delete_on_puback=True)),
        (a_connection_that_breaks, lambda world: Interleaving(world, Forgetful)),
        (a_connection_that_breaks_before_live, lambda world: Interleaving(world, Hasty)),
    ],
)
def test_it_bites(world: World, story: Callable[[Interleaving], None], broken: Callable[[World], Interleaving]) -> None:
    """The same story ends well for the product, and not for one that deletes on a PUBACK, that forgets on a reconnect,
    or that does not come back for what it has put off.
    """
    for make, well in ((Interleaving, True), (broken, False)):
        machine = make(world)
        story(machine)
        if well:
            machine.teardown()
        else:
            with pytest.raises(AssertionError):
                machine.teardown()
