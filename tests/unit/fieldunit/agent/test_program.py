"""The watchdog is fed only while the uplink's thread turns, too."""

import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from fieldunit.agent import program
from fieldunit.uplink.network import Network


class NetworkDouble:
    """A thread that can hang."""

    hangs = False

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Do it at once, or never."""
        if not self.hangs:
            function(*arguments)


def test_a_thread_that_hangs_starves_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    """After half a minute; one that is only busy does not."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    network = NetworkDouble()
    pulse = program._Pulse(cast("Network", network))
    now += 100
    assert pulse.beats()
    network.hangs = True
    now += program.STUCK_S - 1
    assert pulse.beats()
    now += 2
    assert not pulse.beats()
    network.hangs = False
    assert pulse.beats()
