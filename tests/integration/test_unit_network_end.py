"""A fleet that cannot reach its broker ends at once, however many of its connections still wait for their turn."""

import socket
import threading
import time

import pytest

from fieldunit.outbox import MemoryOutbox
from fieldunit.uplink import link
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.delivery import Delivery
from fieldunit.uplink.network import Network


def test_a_fleet_that_cannot_reach_its_broker_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that lets connections hang takes two seconds for each of its few at a time; 200 wait behind them."""
    monkeypatch.setattr(link, "CONNECT_S", 2.0)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        with socket.socket() as only:  # the one that its queue holds; from now on nobody is answered
            only.connect(deaf.getsockname())
            broker = Broker("127.0.0.1", deaf.getsockname()[1])
            began = time.monotonic()
            with Network() as network:
                for number in range(200):
                    outbox = MemoryOutbox()
                    network.add(
                        lambda number=number, outbox=outbox: Delivery(  # type: ignore[misc] # the loop's own
                            "bojonegoro", f"u-{number}", outbox, broker, firmware="t", interval_s=1.0, trouble=print
                        )
                    )
                threading.Event().wait(0.5)
            assert time.monotonic() - began < 15
