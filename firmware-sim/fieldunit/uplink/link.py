"""One MQTT connection that is kept up, on paho's client driven by asyncio.

paho's own network thread is not used, for three reasons: one thread here serves a whole simulated fleet; its
reconnect has no jitter; and what it holds of unacknowledged messages it sends again by itself, behind the back of
the lanes. So at each new connection its queue is emptied, and the owner decides what is sent again.

Sources: MQTT 5.0 (OASIS, 2019) 3.2.2.3.3 Receive Maximum, 3.4.2.1 PUBACK reason codes; paho 2.2 client.py
(`reconnect`, `drop_out_messages`, `loop_read`). Waiting for a TCP connection and a TLS handshake blocks inside paho,
so it happens in a thread of the executor; nothing else touches the client meanwhile.

MQTT 5 is spoken where the broker does. One that does not either says so in its CONNACK or closes the connection: then
the next try speaks 3.1.1, and what is understood is kept to as long as the program runs. What 3.1.1 lacks is a comfort
only: reasons of refusals, the broker's limits, and an end of the session after an hour.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import NamedTuple, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.broker import Broker
from fieldunit.uplink.suspects import PACKET_REASONS
from fieldunit.uplink.tls import explain
from fieldunit.uplink.traffic import Traffic, traffic_of
from tracker.wire.topics import MAX_PAYLOAD

KEEPALIVE_S = 15
"""A broken path is noticed after at most twice this."""

CONNECT_S = 10.0
"""For the broker's CONNACK once there is a connection; and, apart from that, for the connection."""

SESSION_S = 3600
"""How long the broker keeps receipts for a unit that is away. What it does not keep is asked for again by a resend."""

GOODBYE_S = 2.0
"""For the last words of a clean stop to reach the broker."""

_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h; Python has no name for it

_CONNACK = 0x20  # first byte of the only packet with which a broker may begin: MQTT 5.0, 3.2.1

GRANTED_MESSAGES = 20
"""Unacknowledged publications at most, where the broker grants more or says nothing."""


_TOPIC_BYTES = 160
"""Of a packet besides its payload: the longest topic, and the headers."""

_UNSENT_BYTES = 16 * 1024
"""That the operating system may hold beside what is on its way: more of the backlog would stand before a live fix."""

_UNSUPPORTED = 0x84  # protocol version: MQTT 5.0, 3.2.2.2; paho says the same of 3.1.1's code 1
_OLDER_S = 6 * 3600.0
"""Then MQTT 5 is tried again: brokers are renewed, and a closed connection may have had another cause."""

_SILENT_ENDS = 2
"""Connections that end before the CONNACK, then the other version of MQTT is tried."""


class Refusal(NamedTuple):
    """What a broker has against a publication."""

    reason: str
    of_packet: bool  # it speaks of this packet; otherwise all others are refused alike


class Owner(Protocol):
    """Whom the link tells. All calls come from the link's own thread."""

    def link_up(self) -> None:
        """There is a connection; nothing of the last one is under way in it."""

    def link_down(self, ended: str | None) -> None:
        """The connection is gone; `ended` says how the broker ended it, None: it was not the broker."""

    def received(self, topic: str, payload: bytes) -> None:
        """A message has arrived."""

    def answered(self, token: int, refusal: Refusal | None) -> None:
        """The broker has answered the publication with this token."""

    def drained(self) -> None:
        """All bytes are with the operating system."""

    def trouble(self, sentence: str) -> None:
        """Something that whoever runs the unit should know."""


class Link:
    """A connection of one client to one broker, made again whenever it breaks. Lives in one asyncio loop.

    Args:
        broker: where to.
        client_id: also the user name, where a password is given without one.
        owner: whom to tell.
        will: topic and payload of the last will, retained; None for none.
        backoff: the waits between tries.
        resend: whether paho sends unacknowledged messages again by itself after a reconnect.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        owner: Owner,
        *,
        will: tuple[str, bytes] | None = None,
        backoff: Backoff | None = None,
        resend: bool = False,
    ) -> None:
        self._broker = broker
        self._owner = owner
        self._backoff = backoff or Backoff()
        self._resend = resend
        self._loop = asyncio.get_running_loop()
        self._attached: socket.socket | None = None  # what the loop watches
        self._heard = False  # whether anything has come on this connection
        self._stranger = False  # whether that was no MQTT
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._connecting: asyncio.Future[MQTTErrorCode] | None = None
        self._dialling = False  # whether a thread has begun with that
        self._tending: asyncio.TimerHandle | None = None
        self._closing = False
        self._told: str | None = None  # the last trouble: a sentence is not repeated at each try
        self.up = False
        """Whether publications are taken."""
        self.granted = GRANTED_MESSAGES
        """Unacknowledged publications that the broker takes on this connection."""
        self.room = MAX_PAYLOAD
        """Bytes of payload that the broker takes in one message on this connection."""
        self._client_id = client_id
        self._will = will
        self._ended: str | None = None  # how the broker ended the connection
        self._breaking = False  # it is we who end the connection
        self._answered = False  # with a CONNACK, on this connection
        self._silent_ends = 0  # connections in a row that ended without one
        self._older_wanted = False  # the broker has said that it does not know this version
        self._older_until = 0.0  # then the newest is tried again
        self._past = Traffic()
        self.version = MQTTProtocolVersion.MQTTv5
        """Of MQTT, that is spoken on this connection or will be on the next."""
        self._client = self._make_client()

    @property
    def congested(self) -> bool:
        """Whether bytes of earlier publications still wait for the operating system to take them."""
        return self._client.want_write()

    @property
    def traffic(self) -> Traffic:
        """What the connections have cost since the start."""
        return self._past if self._attached is None else self._past.plus(traffic_of(self._attached))

    async def run(self) -> None:
        """Keep the connection up until cancelled; then the connection breaks, and the broker publishes the will."""
        try:
            while not self._closing:
                began = self._loop.time()
                await self._connect_and_hold()
                if self._older_wanted:
                    continue  # there is nothing to wait for
                if self._loop.time() - began > 10 * self._backoff.minimum:
                    self._backoff.succeeded()  # it held; one that breaks at once is not tried faster for it
                await asyncio.sleep(self._backoff.next_wait())
        finally:
            self._break()
            if self._connecting is not None:
                if self._dialling:  # a thread is at it: what it opens is not wanted any more
                    self._connecting.add_done_callback(self._close_late)
                else:  # it waits for its turn behind others', thousands in a simulated fleet: nobody waits for that
                    self._connecting.cancel()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> int | None:
        """Publish.

        Returns:
            The token that `answered` will name, with QoS 1; None if there is no connection.
        """
        if not self.up:
            return None
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        return info.mid if info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def subscribe(self, *topics: str) -> None:
        """Subscribe with QoS 1; a refusal is told as trouble."""
        self._client.subscribe([(topic, 1) for topic in topics])

    async def close(self) -> None:
        """Say goodbye: send what is queued and DISCONNECT, so that the broker does not publish the will."""
        self._closing = True
        if self.up:
            self._client.disconnect()
            try:
                await asyncio.wait_for(self._lost.wait(), GOODBYE_S)
            except TimeoutError:
                self._break()

    async def _connect_and_hold(self) -> None:
        self._choose_version()
        self._connected.clear()
        self._lost.clear()
        if not self._resend:
            self._client.drop_out_messages()
        self._dialling = False
        self._connecting = self._loop.run_in_executor(None, self._dial, self._client)
        try:
            await asyncio.shield(self._connecting)
        except ssl.SSLError as error:
            self._connecting = None
            self._tell(f"{explain(error, str(self._broker))}; trying again")
            return
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name with an empty label
            self._connecting = None
            self._tell(f"no connection to {self._broker}: {error}; trying again")
            return
        self._connecting = None
        self._ended = None
        self._answered = self._breaking = False
        self._attach()
        try:
            await asyncio.wait_for(_first_of(self._connected, self._lost), CONNECT_S)
            if not self._answered and not self._stranger:
                if self._broker.tls is not None:
                    self._tell(
                        f"{self._broker} closes the connection without an answer: does it accept this unit's "
                        "certificate, or want one? Trying again"
                    )
                self._silent_ends += 1  # some brokers have no other word against a version that they do not know
            self._tend()
            await self._lost.wait()
        except TimeoutError:
            self._tell(f"{self._broker} does not speak MQTT: no answer in {CONNECT_S:g} s; trying again")
        finally:
            if self._tending is not None:
                self._tending.cancel()
            self._break()

    def _tend(self) -> None:
        """Keep the connection alive, and notice when it is not: a timer of its own, since thousands wait here in one
        loop, and to wake a task for it costs five times as much."""
        self._client.loop_misc()
        self._tending = self._loop.call_later(KEEPALIVE_S / 4, self._tend)

    def _choose_version(self) -> bool:
        """Before each try; whether it is another one than at the last."""
        newest = self.version is MQTTProtocolVersion.MQTTv5
        if self._older_wanted or self._silent_ends >= _SILENT_ENDS:
            wanted = MQTTProtocolVersion.MQTTv311 if newest else MQTTProtocolVersion.MQTTv5
            self._older_until = self._loop.time() + _OLDER_S
        elif not newest and self._loop.time() >= self._older_until:
            wanted = MQTTProtocolVersion.MQTTv5
        else:
            return False
        self._older_wanted = False
        self._silent_ends = 0
        self.version = wanted
        self._client = self._make_client()
        return True

    def _make_client(self) -> Client:
        newest = self.version is MQTTProtocolVersion.MQTTv5
        client_id, will = self._client_id, self._will
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if newest else False,
            protocol=self.version,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(0)  # the owner keeps its windows; paho would queue behind them
        if self._broker.password is not None:
            client.username_pw_set(self._broker.username or client_id, self._broker.password)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        if will is not None:
            client.will_set(will[0], will[1], qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        host, port = self._broker.host, self._broker.port
        if newest:
            client.connect_async(host, port, KEEPALIVE_S, clean_start=False, properties=_session())
        else:
            client.connect_async(host, port, KEEPALIVE_S)
        return client

    # The socket

    def _attach(self) -> None:
        found = self._client.socket()
        if not isinstance(found, socket.socket):  # closed again already, as by a refused handshake
            self._lost.set()
            return
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each live message is small and wanted now
        with contextlib.suppress(OSError):  # a kernel without it: more of the backlog stands before a live fix
            found.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        self._attached = found
        self._stranger = False
        self._heard = isinstance(found, ssl.SSLSocket)  # what is encrypted cannot be looked at beforehand
        self._loop.add_reader(found, self._readable)
        if self._client.want_write():
            self._loop.add_writer(found, self._writable)

    def _readable(self) -> None:
        if not self._heard and not self._is_mqtt():
            return
        self._client.loop_read()
        while isinstance(self._attached, ssl.SSLSocket) and self._attached.pending():
            self._client.loop_read()  # TLS has decrypted more than one packet: the socket itself stays silent

    def _is_mqtt(self) -> bool:
        """Look at the first byte that comes. Another protocol's words are not given to paho, which would take an HTTP
        server's for an acknowledgement of some length."""
        if self._attached is None:
            return False
        try:
            first = self._attached.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:  # a broken connection is paho's to notice
            first = bytes([_CONNACK])
        self._heard = True
        if not first:
            self._ended = "closed the connection"
            self._tell(
                f"{self._broker} closes the connection without an answer: does it speak MQTT, and without TLS as here"
                "? Trying again"
            )
            return True
        if first[0] == _CONNACK:
            return True
        self._tell(f"{self._broker} does not speak MQTT; is it another server's port? Trying again")
        self._loop.remove_reader(self._attached)
        self._stranger = True
        self._lost.set()
        return False

    def _writable(self) -> None:
        self._client.loop_write()
        if self.up and not self._client.want_write():
            self._owner.drained()

    def _break(self) -> None:
        """End the connection without a goodbye."""
        self._breaking = True
        if self._attached is not None:
            with contextlib.suppress(OSError):  # not connected any more: what was wanted
                socket.socket.shutdown(
                    self._attached, socket.SHUT_RDWR
                )  # not SSLSocket's, which would read on in clear
                while self._stranger and self._attached.recv(65536):
                    pass
        while self._attached is not None:
            self._client.loop_read()  # what had arrived, and then the end, at which paho closes
        self._went_down()

    def _dial(self, client: Client) -> MQTTErrorCode:
        """Connect, in a thread of the executor."""
        self._dialling = True
        return client.reconnect()

    def _close_late(self, connecting: asyncio.Future[MQTTErrorCode]) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            late = self._client.socket()
            if late is not None:
                late.close()

    def _on_socket_close(self, _client: Client, _userdata: object, closing: object) -> None:
        if self._attached is closing and self._attached is not None:
            self._past = self._past.plus(traffic_of(self._attached))
            self._loop.remove_reader(self._attached)
            self._loop.remove_writer(self._attached)
            self._attached = None
        self._lost.set()

    def _on_register_write(self, _client: Client, _userdata: object, _socket: object) -> None:
        if self._attached is not None:  # otherwise another thread is connecting, and `_attach` will see to it
            self._loop.add_writer(self._attached, self._writable)

    def _on_unregister_write(self, _client: Client, _userdata: object, _socket: object) -> None:
        if self._attached is not None:
            self._loop.remove_writer(self._attached)

    # MQTT

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._answered = True
        if reason.is_failure and self.version is MQTTProtocolVersion.MQTTv5 and reason.value == _UNSUPPORTED:
            self._older_wanted = True  # it closes the connection, and the next try is another
            return
        if reason.is_failure:
            self._tell(
                f"{self._broker} refuses this unit: {reason}; check its id, user name and password; trying again"
            )
            return
        self.granted = min(GRANTED_MESSAGES, getattr(properties, "ReceiveMaximum", GRANTED_MESSAGES))
        self.room = min(MAX_PAYLOAD, getattr(properties, "MaximumPacketSize", 2 * MAX_PAYLOAD) - _TOPIC_BYTES)
        self._silent_ends = 0
        self._told = None
        self.up = True
        self._connected.set()
        self._owner.link_up()

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._tell(f"{self._broker} ended the connection: {reason}")
            self._ended = f"ended the connection: {reason}"
        elif not self._breaking and not self._closing and reason != "Keep alive timeout":
            self._ended = "closed the connection"  # or reset it, or said what is no MQTT
        self._went_down()

    def _on_publish(
        self, _client: Client, _userdata: object, mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        self._owner.answered(mid, Refusal(str(reason), reason.value in PACKET_REASONS) if reason.is_failure else None)

    def _on_subscribe(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: Properties
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                self._tell(f"{self._broker} refuses a subscription: {reason}; check the access rules of this unit")

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._owner.received(message.topic, bytes(message.payload))

    def _went_down(self) -> None:
        self._lost.set()
        if self.up:
            self.up = False
            self._owner.link_down(self._ended)

    def _tell(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._owner.trouble(sentence)


def _session() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it untyped
    properties.SessionExpiryInterval = SESSION_S
    return properties


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
