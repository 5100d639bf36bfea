"""Ctrl-C, held back where it would do harm.

A KeyboardInterrupt may come between any two instructions. Between the birth of a child and the moment its owner has
noted it, the child would be nobody's: it would run until we end. There the interrupt waits; everywhere else it is
raised at once. A closed terminal and a service manager's SIGTERM are the same to us.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Gate:
    """Signal handlers belong to the process, so there is one of these."""

    def __init__(self) -> None:
        self.holding = 0
        self.waiting = False

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.holding:
            self.waiting = True
        else:
            raise KeyboardInterrupt


_gate = _Gate()


def take_interrupts() -> None:
    """From now on each of these signals raises KeyboardInterrupt in the main thread, at once or after `held`."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup(1) asks us to stay
            signal.signal(number, _gate.interrupt)


def ignore_interrupts() -> None:
    """From now on they do nothing: what goes on takes a moment, and nothing is quicker."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Hold an interrupt back until the block is left; keep it short."""
    _gate.holding += 1
    try:
        yield
    finally:
        _gate.holding -= 1
    if _gate.waiting and not _gate.holding:
        _gate.waiting = False
        raise KeyboardInterrupt
