"""A gateway that acknowledges as its client would by itself: the broker forgets a message when it has arrived here."""

import sys
from collections.abc import Sequence
from typing import Any

from gateway import cli
from gateway.mqtt import session

_make = session._Client.__init__
_acknowledge = session._Client.acknowledge


def _automatic(self: session._Client, *arguments: Any, **options: Any) -> None:
    _make(self, *arguments, **options)
    sink = self._sink

    def acknowledging(delivery: session.Delivery) -> None:
        _acknowledge(self, [delivery.mid])
        sink(delivery)

    self._sink = acknowledging


def _nothing(self: session._Client, mids: Sequence[int]) -> None:
    """It was acknowledged long ago."""


if __name__ == "__main__":
    session._Client.__init__ = _automatic  # type: ignore[method-assign] # a mutant changes what it is made of
    session._Client.acknowledge = _nothing  # type: ignore[method-assign] # likewise
    sys.exit(cli.main())
