"""Items that may be poison: those that no broker or centre will ever take, and that would be sent for ever.

There are three kinds. The broker refuses the message that holds it (MQTT 5 reason codes that speak of the packet). The
broker ends the connection when it comes (Mosquitto, for what is larger than it may be). Or the broker takes it and the
centre never gives a receipt, while others have theirs.

A message holds many items, so the first suspicion falls on all of them; a suspect is then sent in ever smaller company,
and at last alone, with nothing else under way, so that what happens is its own doing. Only what fails so many times
alone, while the same broker took others, is set aside: a wrong password or a full quota concerns everybody and sets
nothing aside. An item that the broker takes is under no suspicion any more.
"""

import msgspec

REFUSALS = 5
"""Of an item alone; then it is set aside."""

UNRECEIPTED = 12
"""Sendings that the broker took and the centre did not confirm, some nine minutes; then it is set aside."""

PACKET_REASONS = frozenset({0x81, 0x82, 0x95, 0x97, 0x99})
"""Malformed packet, protocol error, packet too large, quota exceeded, payload format invalid: MQTT 5.0, 2.4."""


class _Suspicion(msgspec.Struct):
    taken_before: int  # what the broker had taken of others when this one failed first
    failures: int = 0
    alone: int = 0  # of them


class Suspects:
    """Who is under suspicion, and what is to be set aside. Knows numbers only."""

    def __init__(self) -> None:
        self._suspected: dict[int, _Suspicion] = {}
        self._taken = 0  # messages that the broker has taken
        self._verdicts: dict[int, str] = {}

    def company(self, seq: int) -> int:
        """How many items may share a message with this one; 1: it goes alone, and nothing else meanwhile."""
        suspicion = self._suspected.get(seq)
        if suspicion is None or not suspicion.failures:
            return 1000
        return 16 if suspicion.failures == 1 else 1

    def failed(self, seqs: tuple[int, ...], reason: str, *, on_trial: bool) -> None:
        """The broker refused a message with these, or ended the connection while it was under way.

        Args:
            seqs: its items.
            reason: in words.
            on_trial: it held one item, and nothing else was under way.
        """
        for seq in seqs:
            suspicion = self._suspected.setdefault(seq, _Suspicion(self._taken))
            suspicion.failures += 1
            suspicion.alone += on_trial
            if suspicion.alone >= REFUSALS and self._taken > suspicion.taken_before:
                self.condemn(seq, reason)

    def taken(self, seqs: tuple[int, ...]) -> None:
        """The broker has taken a message with these."""
        self._taken += 1
        if self._suspected:
            for seq in seqs:
                self._suspected.pop(seq, None)

    def condemn(self, seq: int, reason: str) -> None:
        """It is to be set aside."""
        self._suspected.pop(seq, None)
        self._verdicts[seq] = reason

    def forget(self, seq: int) -> None:
        """It is gone from the outbox."""
        self._suspected.pop(seq, None)
        self._verdicts.pop(seq, None)

    def verdicts(self) -> dict[int, str]:
        """What is to be set aside now, with the reasons; asked once."""
        verdicts, self._verdicts = self._verdicts, {}
        return verdicts
