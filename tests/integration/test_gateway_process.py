"""`sigap serve` as a process, with a real Mosquitto and a real PostgreSQL: bad input over the wire, acknowledgement
only after the commit, servers that come and go, and the ways to end."""

import asyncio
import os
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.sync.client import connect

from gateway.demo.broker import Mosquitto
from gateway.demo.database import EmbeddedPostgres
from tests.fix_gateway import CENTRE, UNITS, Gateway, MakeGateway, enrol_units, until
from tests.gateway_traffic import MORNING, Peer, epoch, peer, rmc, topic
from tracker.wire.presence import decode as decode_presence
from tracker.wire.topics import MAX_PAYLOAD

UNIT = UNITS[0]
RECEIPTS = topic("+", "receipt/+")
GATEWAY_PRESENCE = f"sigap/v1/{CENTRE}/gateway/presence"


def seconds(number: int) -> datetime:
    return MORNING + timedelta(seconds=number)


def stored(url: str) -> set[int]:
    """Sequence numbers in the table, read over a connection of one's own: only what is committed."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        return {number for (number,) in connection.execute("SELECT sequence FROM fixes").fetchall()}


def online(said: Peer) -> list[bool]:
    """Everything the gateway said of its presence, in order."""
    return [decode_presence(payload).online for told, payload, _ in said.heard if told == GATEWAY_PRESENCE]


# Bad input over the wire


def _publish_raw(port: int, topic_bytes: bytes, payload: bytes) -> bytes:
    """One QoS 1 PUBLISH of MQTT 3.1.1 from the bytes up, as no library would send it; what the broker answered after
    its CONNACK, empty where it closed the connection."""
    client = b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x03raw"
    body = struct.pack(">H", len(topic_bytes)) + topic_bytes + b"\x00\x01" + payload
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            break
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(bytes([0x10, len(client)]) + client)
        assert raw.recv(4) == b"\x20\x02\x00\x00"
        try:
            raw.sendall(b"\x32" + length + body)
            return raw.recv(4)
        except ConnectionError:  # it closed before it had read all of it
            return b""


def test_the_broker_refuses_what_is_too_big_or_no_topic_and_the_gateway_lives(
    gateway: Gateway, mosquitto: Mosquitto, enrolled_url: str
) -> None:
    """1 MB, and a topic that is no UTF-8: the connection that sent it is closed, and nothing reaches the gateway."""
    good = _publish_raw(mosquitto.port, topic(UNIT).encode(), epoch(1, seconds(1)))
    assert good == b"\x40\x02\x00\x01"
    assert _publish_raw(mosquitto.port, topic(UNIT).encode(), b"x" * 2**20) == b""
    assert _publish_raw(mosquitto.port, topic("\xff").encode("latin-1"), epoch(2, seconds(2))) == b""
    assert _publish_raw(mosquitto.port, topic(UNIT).encode(), epoch(3, seconds(3))) == b"\x40\x02\x00\x01"
    until(lambda: stored(enrolled_url) == {1, 3})
    assert gateway.get("intake")["counters"]["received"] == 2


def test_bad_messages_over_the_wire_are_found_with_their_reasons_and_receipted(
    gateway: Gateway, mosquitto: Mosquitto
) -> None:
    """Good, suspect, unreadable and contradicting epochs, and messages without numbers, some of them retained: the
    counters and the quarantine tell how many of each, the receipts name each number under the right heading."""
    cut = epoch(3, seconds(3))[:60] + b"\r\n"
    wrong = epoch(4, seconds(4)).replace(b",A,", b",B,")
    ours = {
        topic(UNIT): [epoch(1, seconds(1)), epoch(2, seconds(2), 0.0, 0.0), cut, wrong, b"\x00\xff" * 50],
        topic(UNIT, "backlog/box"): [epoch(5, seconds(1), latitude=-7.2), epoch(6, seconds(6))],
        topic(UNIT, "nmea"): [rmc(seconds(7)) + b"\r\n", b"hello"],
        topic(UNIT, "presence"): [b"no json", b"[" * MAX_PAYLOAD],
        topic("ambulans-99"): [epoch(8, seconds(8))],
        topic("AMBULANS"): [epoch(9, seconds(9))],
        topic(UNIT, centre="tuban"): [epoch(10, seconds(10))],  # not subscribed to: another gateway's
    }
    with peer(mosquitto.port) as unit:
        unit.listen(RECEIPTS)
        for to, payloads in ours.items():
            for payload in payloads:
                unit.say(to, payload, retain=payload in (b"hello", b"no json"))
                if to == topic(UNIT):
                    unit.hear(lambda _: gateway.get("intake")["counters"]["stored"] >= 1)  # before the backlog lane's
        unit.hear(lambda heard: {1, 2, 4, 6} <= heard.receipted("stored"))  # of 4 the other line is good
        unit.hear(lambda heard: {3, 5, 8} <= heard.receipted("quarantined"))
        assert unit.receipted("stored") == {1, 2, 4, 6}
        assert unit.receipted("quarantined") == {3, 5, 8}
        until(lambda: gateway.get("intake")["counters"]["received"] == 13)
    counters = gateway.get("intake")["counters"]
    assert (counters["stored"], counters["duplicate"], counters["flagged"]) == (5, 0, {"null-island": 1})
    expected = Counter({
        "truncated": 1, "checksum": 1, "not-nmea": 2, "contradiction": 1, "payload": 2, "not-enrolled": 1, "unit-id": 1
    })  # fmt: skip
    assert counters["quarantined"] == expected
    assert gateway.get("quarantine")["by_reason"] == expected
    shown = {each["unit"]: each for each in gateway.get("units")["units"]}
    assert shown[UNIT]["position"]["latitude"] == pytest.approx(-7.15)
    assert shown[UNIT]["online"] is None


# Acknowledgement after the commit


@pytest.fixture
def own_database(postgres: EmbeddedPostgres) -> str:
    """A database on a server that the test may kill."""
    postgres.ensure_database("sigap")
    asyncio.run(enrol_units(postgres.url("sigap")))
    return postgres.url("sigap")


def test_while_the_database_is_away_messages_wait_and_are_stored_when_it_is_back(
    make_gateway: MakeGateway, mosquitto: Mosquitto, postgres: EmbeddedPostgres, own_database: str
) -> None:
    """Killed, not stopped; the gateway is not restarted. In between: no receipt, health 503, the live side answers."""
    gateway = make_gateway(database_url=own_database, mqtt_port=mosquitto.port)
    gateway.start()
    with peer(mosquitto.port) as unit:
        unit.listen(RECEIPTS)
        unit.say(topic(UNIT), epoch(1, seconds(1)))
        unit.hear(lambda heard: heard.receipted("stored") == {1})
        postgres.kill_immediate()
        for number in range(2, 40):
            unit.say(topic(UNIT, "live/box" if number % 2 else "backlog/box"), epoch(number, seconds(number)))
        answer = httpx.get(f"{gateway.url}/api/v1/health", timeout=10)
        assert (answer.status_code, answer.json()["database"]) == (503, False)
        history = httpx.get(f"{gateway.url}/api/v1/units/{UNIT}/fixes", timeout=20)
        assert history.status_code == 503
        assert "the database does not answer" in history.json()["detail"]
        assert len(gateway.get("units")["units"]) == len(UNITS)
        assert unit.receipted("stored") == {1}
        postgres.start()
        unit.hear(lambda heard: heard.receipted("stored") == set(range(1, 40)), within_s=30)
    assert stored(own_database) == set(range(1, 40))
    gateway.wait_healthy("database")
    assert gateway.process.poll() is None


def test_a_receipt_comes_only_after_the_commit(gateway: Gateway, mosquitto: Mosquitto, enrolled_url: str) -> None:
    """A second connection holds the commit back by a lock: no receipt. It lets go: the row is there before the receipt.
    Killed in between, the gateway has told nothing, and the next one stores what the broker still has."""
    with peer(mosquitto.port) as unit, psycopg.connect(enrolled_url) as holder:
        unit.listen(RECEIPTS)
        holder.execute("LOCK TABLE fixes IN SHARE MODE")  # readers pass, writers wait
        unit.say(topic(UNIT), epoch(1, seconds(1)))
        until(lambda: _waits_for_lock(enrolled_url))
        time.sleep(1.5)  # longer than receipts ever wait: none may come
        assert unit.receipts == []
        assert stored(enrolled_url) == set()
        gateway.kill()
        holder.rollback()
        gateway.start()
        unit.hear(lambda heard: heard.receipted("stored") == {1})
        assert stored(enrolled_url) == {1}


def _waits_for_lock(url: str) -> bool:
    with psycopg.connect(url) as connection:
        asked = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return asked is not None and asked[0] > 0


def test_receipts_never_name_what_a_second_connection_cannot_see(
    gateway: Gateway, mosquitto: Mosquitto, enrolled_url: str
) -> None:
    """At every moment: what is receipted is in the table already."""
    assert gateway.process.poll() is None
    with peer(mosquitto.port) as unit:
        unit.listen(RECEIPTS)
        for number in range(60):
            unit.say(topic(UNIT), epoch(number, seconds(number)))
            told = unit.receipted("stored")
            assert told <= stored(enrolled_url)
        unit.hear(lambda heard: heard.receipted("stored") == set(range(60)))


# Coming and going


def test_a_gateway_that_starts_before_its_servers_waits_for_them(
    make_gateway: MakeGateway, mosquitto: Mosquitto, postgres: EmbeddedPostgres, own_database: str
) -> None:
    """Neither database nor broker is there; it waits, and works as they come, one after the other."""
    postgres.kill_immediate()
    mosquitto.kill()
    gateway = make_gateway(database_url=own_database, mqtt_port=mosquitto.port)
    gateway.launch()
    until(lambda: "waiting for the database" in gateway.log)
    postgres.start()
    gateway.wait_healthy("database")
    health = gateway.health()
    assert health == {"database": True, "live_session": False, "backlog_session": False}
    mosquitto.start()
    gateway.wait_healthy("live_session", "backlog_session")
    with peer(mosquitto.port) as unit:
        unit.listen(RECEIPTS)
        unit.say(topic(UNIT), epoch(1, seconds(1)))
        unit.hear(lambda heard: heard.receipted("stored") == {1})


@contextmanager
def frozen(postgres: EmbeddedPostgres) -> Iterator[None]:
    """The server and all its processes stand still: connections stay open, and nobody answers."""
    pid = postgres.child.pid
    everyone = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    for each in everyone:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in everyone:
            os.kill(each, signal.SIGCONT)


def test_a_gateway_without_its_database_still_stops_when_told(
    make_gateway: MakeGateway, mosquitto: Mosquitto, postgres: EmbeddedPostgres, own_database: str
) -> None:
    """Waiting for it, or frozen in the middle of its work: exit 0 within ten seconds."""
    gateway = make_gateway(database_url=own_database, mqtt_port=mosquitto.port)
    gateway.start()
    with frozen(postgres):
        with peer(mosquitto.port) as unit:
            unit.say(topic(UNIT), epoch(1, seconds(1)))
        answer = httpx.get(f"{gateway.url}/api/v1/health", timeout=10)
        assert (answer.status_code, answer.json()["database"]) == (503, False)
        assert gateway.stop() == 0
    postgres.kill_immediate()
    gateway.launch()
    until(lambda: "waiting for the database" in gateway.log)
    assert gateway.stop() == 0


def test_a_broker_that_restarts_is_found_again(gateway: Gateway, mosquitto: Mosquitto, enrolled_url: str) -> None:
    """Killed three times; each time both sessions come back by themselves, and what is sent then is stored."""
    for number in range(3):
        mosquitto.kill()
        until(lambda: gateway.health() == {"database": True, "live_session": False, "backlog_session": False})
        mosquitto.start()
        gateway.wait_healthy("live_session", "backlog_session")
        with peer(mosquitto.port) as unit:
            unit.say(topic(UNIT, "backlog/box"), epoch(number, seconds(number)))
    until(lambda: stored(enrolled_url) == {0, 1, 2})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_well_with_fifty_boards_open(
    gateway: Gateway, mosquitto: Mosquitto, number: signal.Signals
) -> None:
    """Exit 0 within ten seconds; units hear that it is offline; the boards' sockets are closed."""
    with peer(mosquitto.port) as unit, ExitStack() as boards:
        unit.listen(GATEWAY_PRESENCE)
        unit.hear(lambda heard: online(heard) == [True])
        sockets = [boards.enter_context(connect(gateway.live_url)) for _ in range(50)]
        for each in sockets:
            assert "snapshot" in str(each.recv(timeout=10))
        began = time.monotonic()
        assert gateway.stop(number) == 0
        assert time.monotonic() - began < 10
        unit.hear(lambda heard: online(heard) == [True, False])


def test_presence_of_the_gateway_tells_the_truth_whatever_ends_it(gateway: Gateway, mosquitto: Mosquitto) -> None:
    """Retained: who subscribes later knows at once. After SIGKILL the broker says it for us; a new start is heard."""
    with peer(mosquitto.port) as unit:
        unit.listen(GATEWAY_PRESENCE)
        unit.hear(lambda heard: online(heard) == [True])
        gateway.kill()
        unit.hear(lambda heard: online(heard)[-1] is False, within_s=10)
        with peer(mosquitto.port) as late:
            late.listen(GATEWAY_PRESENCE)
            late.hear(lambda heard: online(heard) == [False])
        gateway.start()
        unit.hear(lambda heard: online(heard)[-1] is True)


def test_the_picture_after_a_restart_is_that_of_the_database_and_the_broker(
    gateway: Gateway, mosquitto: Mosquitto
) -> None:
    """The newest usable fix of each unit, and what the units had said of themselves; under another stream."""
    with peer(mosquitto.port) as unit:
        unit.listen(RECEIPTS)
        unit.say(topic(UNIT, "presence"), b'{"online":true,"interval_s":5}', retain=True)
        unit.say(topic(UNITS[1], "presence"), b'{"online":false}', retain=True)
        unit.say(topic(UNIT), epoch(1, seconds(1)))
        unit.say(topic(UNIT), epoch(3, seconds(3), latitude=-7.151))
        unit.say(topic(UNIT), epoch(2, seconds(2)))
        unit.say(topic(UNIT), epoch(4, datetime.now(UTC) + timedelta(hours=1)))
        unit.hear(lambda heard: heard.receipted("stored") == {1, 2, 3, 4})
    assert gateway.stop() == 0
    gateway.start()

    def shown() -> Any:
        units: list[dict[str, Any]] = gateway.get("units")["units"]
        return units if [each["online"] for each in units] == [True, False, None] else None

    first, second, third = until(shown)
    assert first["position"]["latitude"] == pytest.approx(-7.151)
    assert (first["position"]["fix_time"], first["report_interval_s"]) == ("2026-11-21T03:04:08Z", 5.0)
    assert (second["position"], third["position"]) == (None, None)


@pytest.fixture
def silent_database() -> Iterator[str]:
    """The URL of a host that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql://sigap@127.0.0.1:{listener.getsockname()[1]}/sigap"


def test_a_database_that_takes_the_call_and_says_nothing_is_waited_for_too(
    make_gateway: MakeGateway, mosquitto: Mosquitto, silent_database: str
) -> None:
    """It warns, and stops when told."""
    gateway = make_gateway(database_url=silent_database, mqtt_port=mosquitto.port)
    gateway.launch()
    until(lambda: "waiting for the database" in gateway.log)
    assert gateway.stop() == 0
