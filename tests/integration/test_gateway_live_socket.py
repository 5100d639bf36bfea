"""The live socket of a running gateway: frames, resuming, heartbeats, origins, and a client that does not read."""

import asyncio
import json
import re
import select
import socket
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.demo.broker import Mosquitto
from tests.fix_gateway import CENTRE, UNITS, Gateway, MakeGateway, enrol_units, until_here
from tests.gateway_traffic import Peer, epoch, peer, topic

UNIT = UNITS[0]
FRAME_S = 10.0


class Said:
    """A unit that sends a fix with each call, each one newer and elsewhere."""

    def __init__(self, unit: Peer, start: datetime) -> None:
        self._unit = unit
        self._at = start
        self.number = 0

    def __call__(self, unit: str = UNIT) -> int:
        self.number += 1
        self._unit.say(topic(unit), epoch(self.number, self._at + timedelta(milliseconds=100 * self.number)))
        return self.number


@pytest.fixture
async def say(gateway: Gateway, mosquitto: Mosquitto) -> AsyncIterator[Callable[..., int]]:
    """Makes a unit of the running gateway move."""
    assert gateway.process.poll() is None
    with peer(mosquitto.port) as unit:
        yield Said(unit, datetime.now(UTC) - timedelta(minutes=10))


async def frame(board: ClientConnection, *kinds: str, within_s: float = FRAME_S) -> dict[str, Any]:
    """The next frame of one of these kinds; with none named, the next frame."""
    async with asyncio.timeout(within_s):
        while True:
            found: dict[str, Any] = json.loads(await board.recv())
            if not kinds or found["type"] in kinds:
                return found


async def test_a_snapshot_comes_first_and_then_what_changes(gateway: Gateway, say: Callable[..., int]) -> None:
    """Each change is told from the client's own last number on; the socket gives a position that REST gives too."""
    async with connect(gateway.live_url) as board:
        first = await frame(board)
        assert first["type"] == "snapshot"
        assert {unit["unit"] for unit in first["units"]} == set(UNITS)
        at = first["seq"]
        for _ in range(5):
            say()
            told = await frame(board, "changes")
            assert (told["from"], told["stream"]) == (at, first["stream"])
            assert [unit["unit"] for unit in told["units"]] == [UNIT]
            assert told["seq"] == max(unit["seq"] for unit in told["units"]) > at
            at = told["seq"]
        (over_rest,) = [unit for unit in gateway.get("units")["units"] if unit["unit"] == UNIT]
        assert told["units"] == [over_rest]


async def test_who_resumes_misses_nothing_and_gets_nothing_twice(gateway: Gateway, say: Callable[..., int]) -> None:
    """With the stream's name and the last number the first frame is what changed since, perhaps nothing."""
    async with connect(gateway.live_url) as board:
        first = await frame(board)
    resume = f"{gateway.live_url}?stream={first['stream']}&since={first['seq']}"
    async with connect(resume) as board:
        told = await frame(board)
        assert (told["type"], told["from"], told["seq"], told["units"]) == ("changes", first["seq"], first["seq"], [])
    say(UNIT)
    say(UNITS[1])
    say(UNIT)
    await until_here(lambda: _changed_since(gateway, first["seq"], {UNIT, UNITS[1]}))
    async with connect(resume) as board:
        told = await frame(board)
        assert (told["type"], told["from"]) == ("changes", first["seq"])
        assert sorted(unit["unit"] for unit in told["units"]) == sorted({UNIT, UNITS[1]})


async def _changed_since(gateway: Gateway, number: int, wanted: set[str]) -> bool:
    """Whether these units have changed; how often depends on the order of their commits."""
    units = (await asyncio.to_thread(gateway.get, "units"))["units"]
    return wanted <= {unit["unit"] for unit in units if unit["seq"] > number}


@pytest.mark.parametrize(
    "query",
    [
        "?stream=ffffffffffff&since=1", "?since=1", "?stream={stream}", "?stream={stream}&since=99999",
        "?stream={stream}&since=-1",
    ],
)  # fmt: skip
async def test_who_cannot_resume_gets_a_snapshot(gateway: Gateway, query: str) -> None:
    """Another stream, half of the two values, a number that was never given."""
    async with connect(gateway.live_url) as board:
        stream = (await frame(board))["stream"]
    async with connect(gateway.live_url + query.format(stream=stream)) as board:
        assert (await frame(board))["type"] == "snapshot"


async def test_a_restarted_gateway_has_another_stream(gateway: Gateway) -> None:
    """A client that comes back with the old one gets a snapshot."""
    async with connect(gateway.live_url) as board:
        first = await frame(board)
    assert gateway.stop() == 0
    gateway.start()
    async with connect(f"{gateway.live_url}?stream={first['stream']}&since={first['seq']}") as board:
        again = await frame(board)
        assert again["type"] == "snapshot"
        assert again["stream"] != first["stream"]


async def test_silence_is_filled_with_heartbeats(gateway: Gateway) -> None:
    """Every two seconds, three at the latest, with the number where it stands: nothing was missed."""
    async with connect(gateway.live_url) as board:
        first = await frame(board)
        last = time.monotonic()
        for _ in range(3):
            beat = await frame(board)
            assert (beat["type"], beat["stream"], beat["seq"]) == ("heartbeat", first["stream"], first["seq"])
            assert 1.5 < time.monotonic() - last < 3.0
            last = time.monotonic()


async def test_a_unit_s_presence_is_told_as_it_changes(gateway: Gateway, mosquitto: Mosquitto) -> None:
    """And with it what counts as stale for this unit. A unit that nobody knows is not shown."""
    async with connect(gateway.live_url) as board:
        await frame(board, "snapshot")
        with peer(mosquitto.port) as unit:
            unit.say(topic("stranger", "presence"), b'{"online":true}')
            unit.say(topic(UNIT, "presence"), b'{"online":true,"interval_s":120}')
            (told,) = (await frame(board, "changes"))["units"]
            assert (told["unit"], told["online"], told["stale_after_s"]) == (UNIT, True, 250.0)
            unit.say(topic(UNIT, "presence"), b'{"online":false,"interval_s":120}')
            (told,) = (await frame(board, "changes"))["units"]
            assert (told["unit"], told["online"]) == (UNIT, False)


async def test_late_and_impossible_fixes_do_not_move_the_marker(
    gateway: Gateway, mosquitto: Mosquitto, say: Callable[..., int]
) -> None:
    """An hour ahead, at null island, and from yesterday by the backlog lane: stored, and the marker stays."""
    async with connect(gateway.live_url) as board:
        await frame(board, "snapshot")
        say()
        (before,) = (await frame(board, "changes"))["units"]
        now = datetime.now(UTC)
        with peer(mosquitto.port) as unit:
            unit.say(topic(UNIT, "live/other"), epoch(1, now + timedelta(hours=1)))
            unit.say(topic(UNIT, "live/other"), epoch(2, now, 0.0, 0.0))
            unit.say(topic(UNIT, "backlog/other"), epoch(3, now - timedelta(days=1), latitude=-7.9))
        await until_here(lambda: _stored(gateway, 4))
        say()
        (after,) = (await frame(board, "changes"))["units"]
        assert after["seq"] == before["seq"] + 1
        assert after["position"]["latitude"] == pytest.approx(-7.15)


async def _stored(gateway: Gateway, number: int) -> bool:
    counters = (await asyncio.to_thread(gateway.get, "intake"))["counters"]
    return bool(counters["stored"] == number)


async def test_only_our_own_pages_may_watch(gateway: Gateway) -> None:
    """A page of another site in our user's browser is refused with 403; ours, and programs without an origin, not."""
    host = gateway.url.removeprefix("http://")
    for good in (None, f"http://{host}"):
        async with connect(gateway.live_url, origin=good) as board:  # type: ignore[arg-type] # a plain str will do
            assert (await frame(board))["type"] == "snapshot"
    for foreign in ("http://evil.example", "null", f"http://{host}.evil.example", "http://" + "e" * 500):
        with pytest.raises(InvalidStatus) as refused:
            await connect(gateway.live_url, origin=foreign)  # type: ignore[arg-type] # likewise
        assert refused.value.response.status_code == 403
    assert "Traceback" not in gateway.log


async def test_whatever_a_client_says_is_passed_over(gateway: Gateway) -> None:
    """Text, bytes, and more than is allowed: nothing breaks, nothing is logged as our fault, others go on."""
    async with connect(gateway.live_url) as board:
        await frame(board, "snapshot")
        await board.send("hello")
        await board.send(b"\x00\xff" * 100)
        assert (await frame(board))["type"] == "heartbeat"
        await board.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            await frame(board, "changes")
    async with connect(gateway.live_url) as board:
        assert (await frame(board))["type"] == "snapshot"
    assert "Traceback" not in gateway.log


# One that does not read

HEALTHY = 50
CROWD = 150
"""Units; with all of them in it a frame has some 75 KiB."""

ROUNDS = 60
ROUND_S = 0.2


async def _frozen(gateway: Gateway) -> socket.socket:
    """A client that opens the socket with a small buffer and never reads again."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", gateway.port))
    request = (
        f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    assert (await loop.sock_recv(raw, 12)) == b"HTTP/1.1 101"
    return raw


async def _watch(board: ClientConnection, sent_at: dict[str, float], ages: list[float], last: str) -> None:
    """Read frames until the last fix has come, and demand that no number is missed.

    Every round that was sent counts, also those that this client never saw by themselves: a board that stood still for
    ten seconds and then got the newest value was late with all that was sent meanwhile.
    """
    newest = re.compile(r'"fix_time":"([^"]+)"')
    at = json.loads(await board.recv())["seq"]
    seen: set[str] = set()
    while last not in seen:
        text = str(await board.recv())
        now = time.monotonic()
        changes = re.match(r'\{"type":"changes","stream":"\w+","from":(\d+),"seq":(\d+)', text)
        if changes:
            assert int(changes[1]) == at
            at = int(changes[2])
            until = max(newest.findall(text), default="")
            shown = {each for each in sent_at if each <= until} - seen  # RFC 3339 with equal digits sorts by time
            ages += [now - sent_at[each] for each in shown]
            seen |= shown


@pytest.mark.slow
async def test_one_client_that_never_reads_delays_nobody(
    make_gateway: MakeGateway, mosquitto: Mosquitto, database_url: str
) -> None:
    """Fifty healthy boards and a frozen one while 150 units move five times a second: from publish to board at most a
    second for 95 of 100, the frozen one is closed within its time, and the gateway's memory stays where it was."""
    crowd = tuple(f"unit-{number:03d}" for number in range(CROWD))
    await enrol_units(database_url, CENTRE, crowd)
    gateway = make_gateway(database_url=database_url, mqtt_port=mosquitto.port)
    await asyncio.to_thread(gateway.start)
    start = datetime.now(UTC).replace(microsecond=1000)  # never whole: texts of equal length, in order
    times = [start + timedelta(milliseconds=200 * turn) for turn in range(ROUNDS + 1)]
    sent_at: dict[str, float] = {}
    ages: list[float] = []
    with peer(mosquitto.port) as unit:
        for each in crowd:
            unit.say(topic(each), epoch(0, times[0]))
        await until_here(lambda: _stored(gateway, CROWD))
        async with AsyncExitStack() as boards:
            frozen = await _frozen(gateway)
            boards.callback(frozen.close)
            healthy = [
                await boards.enter_async_context(connect(gateway.live_url, max_size=None, compression=None))
                for _ in range(HEALTHY)
            ]
            last = _text(times[-1])
            watching = [asyncio.create_task(_watch(board, sent_at, ages, last)) for board in healthy]
            await asyncio.sleep(0.5)
            before = gateway.resident_bytes
            peak = before
            for turn, at in enumerate(times[1:], start=1):
                began = time.monotonic()
                sent_at[_text(at)] = began
                for each in crowd:
                    unit.client.publish(topic(each), epoch(turn, at), qos=1)
                peak = max(peak, gateway.resident_bytes)
                await asyncio.sleep(max(0.0, ROUND_S - (time.monotonic() - began)))
            async with asyncio.timeout(20):
                await asyncio.gather(*watching)
            await until_here(lambda: _is_dropped(frozen), within_s=15.0)
    p95 = statistics.quantiles(ages, n=20)[-1]
    assert len(ages) == HEALTHY * ROUNDS
    assert p95 <= 1.0, f"p95 {p95:.3f} s of {len(ages)}"
    assert peak - before <= 50 * 2**20, f"{(peak - before) / 2**20:.1f} MiB more"


def _text(at: datetime) -> str:
    """As the API writes it."""
    return at.isoformat().replace("+00:00", "Z")


async def _is_dropped(raw: socket.socket) -> bool:
    """Whether the other side has ended the connection. Nothing is read for it: that would thaw the client."""
    poll = select.poll()
    poll.register(raw, 0)  # errors and hang-ups are told in any case
    return bool(poll.poll(0))
