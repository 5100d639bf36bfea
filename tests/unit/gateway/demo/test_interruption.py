"""An interrupt is held back while a child has no owner, and not a moment longer."""

import os
import signal
from collections.abc import Iterator

import pytest

from gateway.demo.interruption import held, ignore_interrupts, take_interrupts

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", _SIGNALS)
def test_each_signal_interrupts(number: signal.Signals) -> None:
    """A closed terminal and a service manager end the demo as Ctrl-C does."""
    take_interrupts()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def test_a_held_interrupt_comes_at_the_end_of_the_block_once() -> None:
    """What the block does is finished first; afterwards nothing is left over."""
    take_interrupts()
    steps = []

    def start_a_child() -> None:
        with held():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            steps.append("child noted")

    with pytest.raises(KeyboardInterrupt):
        start_a_child()
    assert steps == ["child noted"]
    with held():
        steps.append("nothing waits")
    assert len(steps) == 2


def test_only_the_outermost_block_lets_it_through() -> None:
    """Blocks may nest."""
    take_interrupts()
    steps = []

    def nest() -> None:
        with held():
            with held():
                os.kill(os.getpid(), signal.SIGTERM)
            steps.append("still held")

    with pytest.raises(KeyboardInterrupt):
        nest()
    assert steps == ["still held"]


def test_nohup_is_respected() -> None:
    """Who asked for the terminal's end to be ignored gets that."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    take_interrupts()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_the_last_phase_is_not_interrupted() -> None:
    """After the second Ctrl-C nothing is quicker than what is going on."""
    take_interrupts()
    ignore_interrupts()
    for number in _SIGNALS:
        os.kill(os.getpid(), number)
