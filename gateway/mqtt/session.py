"""One MQTT session of the gateway: messages in, acknowledged when the caller says so, over any number of connections.

aiomqtt acknowledges a message before anybody has looked at it, drops one when its iterator is cancelled, and hides a
refused publish (gateway/DESIGN.md, "The broker's client"). And paho under it reads one packet a wake-up of the event
loop, and sends each acknowledgement by itself. So this file reads PUBLISH packets with a reader of its own, leaving
all others to paho, acknowledges when it is told to, and is the only one to touch private parts of either.
"""

import asyncio
import random
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, cast

import aiomqtt
import structlog
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.clock import TRUE, Clock
from gateway.mqtt.packets import PUBACK, PUBLISH, Malformed, Packets, Publish, puback, read_publish
from gateway.services.accept_messages import Message

log = structlog.get_logger()

RECEIVE_MAXIMUM = 4000
"""Messages the broker may send ahead of our acknowledgements: what the process holds at the most while the database
is away. Windows below a thousand cost throughput (measured)."""

SESSION_EXPIRY_S = 24 * 3600
KEEPALIVE_S = 15
RECONNECT_MAX_S = 15.0
READ_BYTES = 64 * 1024
"""Of one look at the socket: some 300 messages, 2 ms."""

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

    __slots__ = ("_client", "message", "mid", "qos", "retained")

    def __init__(self, client: "_Client", publish: Publish, received_at: datetime) -> None:
        self._client = client
        self.message = Message(publish.topic, publish.payload, received_at)
        self.qos = publish.qos
        self.mid = publish.mid
        self.retained = publish.retained

    @property
    def stale(self) -> bool:
        """Whether its connection is gone: the broker delivers the message again."""
        return not self._client.alive

    def acknowledge(self) -> None:
        """Tell the broker that it may forget the message."""
        acknowledge([self])


def acknowledge(deliveries: Sequence[Delivery]) -> None:
    """Tell the broker that it may forget these messages. Those of a connection that is gone are delivered again."""
    for client, group in groupby(deliveries, _client_of):
        client.acknowledge([delivery.mid for delivery in group if delivery.qos])


class _Client(aiomqtt.Client):
    """aiomqtt's client with a reader of ours, and a sink in the place of its queue."""

    def __init__(self, sink: Callable[[Delivery], None], broker: Broker, clock: Clock, **options: Any) -> None:
        super().__init__(
            broker.host, broker.port, username=broker.username, password=broker.password,
            tls_context=broker.tls, **options,
        )  # fmt: skip
        self._sink = sink
        self._clock = clock
        self._packets = Packets()
        self._client._packet_read = self._read_packets  # type: ignore[method-assign] # paho has no other way in
        self.pending_calls_threshold = MAX_PENDING_PUBLISHES
        self.alive = True  # from the first: a kept session delivers before we have subscribed

    def acknowledge(self, mids: Sequence[int]) -> None:
        """One write for all: five hundred small ones cost more than the messages themselves."""
        if self.alive and mids:
            self._client._packet_queue(PUBACK, puback(mids), 0, 1)

    def _read_packets(self) -> MQTTErrorCode:
        """In the place of paho's: what the socket holds, up to a limit that leaves the others their turn."""
        paho = self._client
        try:
            data = paho._sock_recv(READ_BYTES)  # TLS included: what it wants to wait for comes as BlockingIOError
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError as error:
            log.info("connection broken", error=str(error))
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not data:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        paho._last_bytes_received = time.monotonic()  # its keep-alive goes by this
        received_at = self._clock.now()
        try:
            for first, body in self._packets.feed(data):
                if first & 0xF0 == PUBLISH:
                    self._sink(Delivery(self, read_publish(first, body), received_at))
                else:
                    code = self._hand_to_paho(first, body)
                    if code != MQTTErrorCode.MQTT_ERR_SUCCESS or paho.socket() is None:
                        return code
        except (Malformed, MalformedPacket) as error:
            log.warning("the broker does not speak MQTT 5", error=str(error))
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _hand_to_paho(self, first: int, body: bytes) -> MQTTErrorCode:
        self._client._in_packet = {
            "command": first,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(body),
            "packet": bytearray(body),
            "to_process": 0,
            "pos": 0,
        }
        return self._client._packet_handle()


def _client_of(delivery: Delivery) -> _Client:
    return delivery._client


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
        clock: Clock = TRUE,
    ) -> None:
        """
        Args:
            filters: what to subscribe to, at QoS 1.
            will: what the broker says for us when we are gone without a word.
            on_connected: called each time the subscriptions stand.
            divert: shown every message first; what it takes (True) it also acknowledges.
            clock: of the time at which a message came; the connection's own waits are the world's.
        """
        self.client_id = client_id
        self._broker = broker
        self._filters = [(text, 1) for text in filters]
        self._will = will
        self._on_connected = on_connected
        self._divert = divert
        self._clock = clock
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
                delay = random.uniform(0, min(RECONNECT_MAX_S, 0.2 * 2 ** min(attempt, 10)))  # noqa: S311, jitter is no secret
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
            self._clock,
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
            size += len(delivery.message.payload)
        return batch

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Hand a message to the broker.

        Returning means at QoS 1 that the broker has it, not that it let it through: it may have refused by its ACL.

        Raises:
            NotConnected: now, or before the broker answered.
        """
        if self._client is None:
            raise NotConnected(self.client_id)
        try:
            await self._client.publish(topic, payload, qos=qos, retain=retain)
        except aiomqtt.MqttError as error:
            raise NotConnected(self.client_id) from error
