"""A unit that takes the broker's PUBACK for safety and deletes on it."""

import sys

from fieldunit import cli
from fieldunit.uplink.delivery import Delivery
from fieldunit.uplink.lanes import Message
from tracker.wire.receipt import to_ranges

_acknowledged = Delivery.acknowledged


def _deleting(self: Delivery, message: Message, refusal: str | None = None) -> None:
    _acknowledged(self, message, refusal)
    ranges = to_ranges(message.seqs)
    self.outbox.delete(ranges)
    self._lanes.receipted(ranges)


if __name__ == "__main__":
    Delivery.acknowledged = _deleting  # type: ignore[method-assign] # a mutant changes what it is made of
    sys.exit(cli.main())
