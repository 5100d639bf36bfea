"""One MQTT session of the gateway: messages in, acknowledged when the caller says so, over any number of connections.

aiomqtt acknowledges a message before anybody has looked at it, drops one when its iterator is cancelled, and hides a
refused publish (gateway/DESIGN.md, "The broker's client"). So this file takes messages from its callback and not from
its iterator, switches acknowledgement to manual, and is the only one to touch its private parts.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import aiomqtt
import structlog
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

log = structlog.get_logger()

RECEIVE_MAXIMUM = 4000
"""Messages the broker may send ahead of our acknowledgements: what the process holds at the most while the database
is away. Windows below a thousand cost throughput (measured)."""

SESSION_EXPIRY_S = 24 * 3600
KEEPALIVE_S = 15
RECONNECT_MAX_S = 15.0
MAX_PENDING_PUBLISHES = 100
"""Receipts on their way at once; aiomqtt warns above ten."""


class Broker:
    """Where the broker is, and who we are to it."""

    def __init__(
        self,
        host: str,
        port: int,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port, self.username, self.password, self.tls = host, port, username, password, tls


class Delivery:
    """A message and the connection it came over: an acknowledgement is good for that one alone."""

    __slots__ = ("_client", "mid", "payload", "qos", "received_at", "retained", "topic")

    def __init__(self, client: "_Client", message: MQTTMessage) -> None:
        self._client = client
        try:
            self.topic = message.topic
        except UnicodeDecodeError:
            self.topic = bytes(message._topic).decode("utf-8", "backslashreplace")  # the property is what raised
        self.payload = bytes(message.payload)
        self.mid = message.mid
        self.qos = message.qos
        self.retained = bool(message.retain)
        self.received_at = datetime.now(UTC)

    @property
    def stale(self) -> bool:
        """Whether its connection is gone: the broker delivers the message again."""
        return not self._client.alive

    def acknowledge(self) -> None:
        """Tell the broker that it may forget the message."""
        if self._client.alive:
            self._client.acknowledge(self.mid, self.qos)


class _Client(aiomqtt.Client):
    """aiomqtt's client with manual acknowledgement and a sink in the place of its queue."""

    def __init__(self, sink: Callable[[Delivery], None], broker: Broker, **options: Any) -> None:
        super().__init__(
            broker.host, broker.port, username=broker.username, password=broker.password,
            tls_context=broker.tls, **options,
        )  # fmt: skip
        self._sink = sink
        self._client.manual_ack_set(True)
        self.pending_calls_threshold = MAX_PENDING_PUBLISHES
        self.alive = True  # from the first: a kept session delivers before we have subscribed

    def _on_message(self, client: PahoClient, userdata: Any, message: MQTTMessage) -> None:  # noqa: ARG002, the signature is paho's
        self._sink(Delivery(self, message))

    def acknowledge(self, mid: int, qos: int) -> None:
        self._client.ack(mid, qos)


class NotConnected(Exception):
    """There is no broker to publish to at this moment."""


class Session:
    """A persistent session. ``run`` keeps it connected; ``take`` and ``publish`` serve the rest of the gateway."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        filters: Sequence[str],
        *,
        will: aiomqtt.Will | None = None,
        on_connected: Callable[["Session"], Awaitable[None]] | None = None,
        divert: Callable[[Delivery], bool] | None = None,
    ) -> None:
        """
        Args:
            filters: what to subscribe to, at QoS 1.
            will: what the broker says for us when we are gone without a word.
            on_connected: called each time the subscriptions stand.
            divert: shown every message first; what it takes (True) it also acknowledges.
        """
        self.client_id = client_id
        self._broker = broker
        self._filters = [(text, 1) for text in filters]
        self._will = will
        self._on_connected = on_connected
        self._divert = divert
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._client: _Client | None = None

    @property
    def connected(self) -> bool:
        """Whether the broker is there and has taken our subscriptions."""
        return self._client is not None

    async def run(self) -> None:
        """Connect, and connect again, with full jitter between the tries, until cancelled."""
        attempt = 0
        while True:
            client = self._connection()
            try:
                async with client:
                    attempt = 0
                    await self._serve(client)
            except (aiomqtt.MqttError, NotConnected) as error:  # the latter where it went as we said we are online
                attempt += 1
                delay = random.uniform(0, min(RECONNECT_MAX_S, 0.2 * 2**attempt))  # noqa: S311, jitter is no secret
                log.warning("broker away", session=self.client_id, error=str(error), retry_in_s=round(delay, 2))
                await asyncio.sleep(delay)
            finally:
                client.alive = False
                self._waiting.clear()  # what was not acknowledged is delivered again, under other numbers

    def _connection(self) -> _Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it bare
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        return _Client(
            self._deliver,
            self._broker,
            identifier=self.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            keepalive=KEEPALIVE_S,
            will=self._will,
            timeout=10,
        )

    async def _serve(self, client: _Client) -> None:
        try:
            granted = cast("list[ReasonCode]", await client.subscribe(self._filters))  # what MQTT 5 gives
            refused = [f for (f, _), code in zip(self._filters, granted, strict=True) if code.is_failure]
            if refused:
                raise aiomqtt.MqttError(f"the broker refuses our subscription to {', '.join(refused)}: check its ACL")
            self._client = client
            if self._on_connected is not None:
                await self._on_connected(self)
            log.info("broker connected", session=self.client_id)
            async for _ in client.messages:  # the sink takes them all; this ends with the connection
                raise AssertionError("aiomqtt's own queue got a message")
        finally:
            self._client = None

    def _deliver(self, delivery: Delivery) -> None:
        if self._divert is None or not self._divert(delivery):
            self._waiting.append(delivery)
            self._arrived.set()

    async def take(self, max_messages: int, max_bytes: int) -> list[Delivery]:
        """Wait for a message and take what has gathered, at least one. Never lingers: while a batch is being committed
        the next one gathers by itself."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        batch: list[Delivery] = []
        size = 0
        while self._waiting and len(batch) < max_messages and size < max_bytes:
            delivery = self._waiting.popleft()
            batch.append(delivery)
            size += len(delivery.payload)
        return batch

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message to the broker at QoS 1.

        Returning means that the broker has it, not that it let it through: it may have refused by its ACL.

        Raises:
            NotConnected: now, or before the broker answered.
        """
        if self._client is None:
            raise NotConnected(self.client_id)
        try:
            await self._client.publish(topic, payload, qos=1, retain=retain)
        except aiomqtt.MqttError as error:
            raise NotConnected(self.client_id) from error
