"""A third party's device: publishes bare NMEA on `nmea`, QoS 1, and keeps nothing.

It has no outbox, no sequence numbers and no receipts. What the broker has not acknowledged is sent again by paho after
a reconnect; a fix that comes while there is no connection is lost, as it is with such a device.
"""

from collections.abc import Callable, Sequence

from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.delivery import Tally
from fieldunit.uplink.link import Link, Refusal
from tracker.wire.topics import Channel, UnitTopic

UNDER_WAY = 20
"""Unacknowledged messages at most; the next fix is lost, as from the full memory of a small device."""


class BareDelivery:
    """Publishes one device's epochs as they come. All methods but `tally` belong to the loop's thread.

    Args:
        centre, unit: ids.
        broker: where to.
        trouble: told in a sentence what whoever runs the unit should know.
        backoff: the waits between tries to connect.
    """

    def __init__(
        self,
        centre: str,
        unit: str,
        broker: Broker,
        *,
        trouble: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        self.unit = unit
        self.trouble = trouble
        self._topic = str(UnitTopic(centre, unit, Channel.NMEA))
        self._link = Link(broker, unit, self, backoff=backoff, resend=True)
        self._acknowledged: dict[int, Callable[[], None]] = {}
        self._sent = self._answered = 0
        self.lost = 0
        """Epochs that came while there was no connection, or that the broker refused."""

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._link.up

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        await self._link.run()

    async def say_goodbye(self) -> None:
        """End the connection cleanly."""
        await self._link.close()

    def publish(self, lines: Sequence[bytes], acknowledged: Callable[[], None]) -> None:
        """Publish one epoch; `acknowledged` is called when the broker has it, if it ever has."""
        payload = b"".join(line + b"\r\n" for line in lines)
        token = None
        if len(self._acknowledged) < min(UNDER_WAY, self._link.granted):
            token = self._link.publish(self._topic, payload)
        if token is None:
            self.lost += 1
            return
        self._sent += 1
        self._acknowledged[token] = acknowledged

    @property
    def settled(self) -> int:
        """Epochs whose fate is known: acknowledged, or lost."""
        return self._answered + self.lost

    def tally(self) -> Tally:
        """The counts; `receipted` is what the broker has acknowledged, which is all that such a device can know."""
        return Tally(self._sent, self._answered, len(self._acknowledged), self.lost)

    # What the link tells

    def link_up(self) -> None:
        """Nothing is asked for: such a device only talks."""

    def link_down(self, ended: str | None) -> None:
        """Nothing is kept: what comes now is lost."""

    def received(self, topic: str, payload: bytes) -> None:
        """Nothing was subscribed to."""

    def answered(self, token: int, refusal: Refusal | None) -> None:
        """The broker has a message, or refused it."""
        acknowledged = self._acknowledged.pop(token, None)
        if acknowledged is None:
            return
        if refusal is None:
            self._answered += 1
            acknowledged()
        else:
            self.lost += 1
            self.trouble(f"the broker refuses what this device publishes: {refusal.reason}")

    def drained(self) -> None:
        """Nothing waits for it."""
