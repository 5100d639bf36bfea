"""The load: many units in one process, each on its own connection, publishing at QoS 1 as fast as the broker takes it.

Packets are made before the start, and a connection writes again only when acknowledgements came: this process must
never be what is measured. So it speaks the few packets of MQTT 5 it needs by itself. Each unit listens for its
receipts, as a real one does. Protocol with the bench: it prints ``ready``, waits for a line, publishes, and prints one
JSON object.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from tests.bench.epochs import OUTBOX, epoch, unit_id
from tracker.wire import receipt
from tracker.wire.topics import Channel, UnitTopic

WINDOW = 20
"""Publications of one unit that may be on their way unacknowledged."""

RECEIPTS_S = 120.0
"""How long a unit waits for its last receipt."""


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(kind: int, body: bytes) -> bytes:
    length, head = len(body), bytearray([kind])
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return bytes(head) + body


def _connect(client_id: str) -> bytes:
    return _packet(0x10, _string("MQTT") + b"\x05\x02\x00\x00\x00" + _string(client_id))  # clean start, no keep-alive


def _subscribe(topic: str) -> bytes:
    return _packet(0x82, b"\x00\x01\x00" + _string(topic) + b"\x01")


def _publish(topic: str, number: int, payload: bytes) -> bytes:
    return _packet(0x32, _string(topic) + number.to_bytes(2, "big") + b"\x00" + payload)


class Device(asyncio.Protocol):
    """One unit's connection."""

    def __init__(self, centre: str, number: int, payloads: Sequence[bytes], due: int, *, paced: bool) -> None:
        """
        Args:
            payloads: what to publish, in order.
            due: how many sequence numbers the gateway shall receipt; 0 where nobody sends receipts.
            paced: publish only when told to, not when acknowledgements make room.
        """
        unit = unit_id(number)
        topic = str(UnitTopic(centre, unit, Channel.LIVE, OUTBOX))
        self.packets = [_publish(topic, i % 65_535 + 1, payload) for i, payload in enumerate(payloads)]
        self._due = due
        self._paced = paced
        self.receipted = 0
        self.sent = self.acknowledged = 0
        self.up = asyncio.Event()
        self.done = asyncio.Event()
        self.told = asyncio.Event()
        self.transport: asyncio.Transport
        self._hello = _connect(f"{centre}-{unit}")
        self._listen = _subscribe(str(UnitTopic(centre, unit, Channel.RECEIPT, OUTBOX)))
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._hello + self._listen)

    def connection_lost(self, exc: Exception | None) -> None:
        """A broker that goes away during a measurement spoils it."""
        if not self.told.is_set():
            sys.exit(f"the broker closed a connection: {exc}")

    def go(self) -> None:
        """Begin to publish."""
        self._send(min(WINDOW, len(self.packets)))

    def send_next(self) -> None:
        """Publish one, whatever is on its way: for a load at a fixed pace."""
        self._send(1)

    def data_received(self, data: bytes) -> None:
        """Count acknowledgements, and publish as many more."""
        if self._rest:
            data = self._rest + data
        at, end, acknowledged = 0, len(data), 0
        while end - at >= 2:
            kind, length, head = data[at], data[at + 1], 2
            if length & 128:
                if end - at < 3:
                    break
                length, head = length & 127 | data[at + 2] << 7, 3  # two bytes reach 16 KiB
            if end - at < head + length:
                break
            if kind == 0x40:
                acknowledged += 1
                if length > 2 and data[at + 4] >= 128:
                    sys.exit(f"the broker refuses a publication: reason {data[at + 4]:#x}")
            else:
                self._other(kind, data[at + head : at + head + length])
            at += head + length
        self._rest = data[at:]
        if acknowledged:
            self.acknowledged += acknowledged
            if self.acknowledged == len(self.packets):
                self.done.set()
            elif not self._paced:
                self._send(min(acknowledged, len(self.packets) - self.sent))

    def _send(self, count: int) -> None:
        if count > 0:
            self.transport.write(b"".join(self.packets[self.sent : self.sent + count]))
            self.sent += count

    def _other(self, kind: int, body: bytes) -> None:
        if kind == 0x20 and body[1] != 0:
            sys.exit(f"the broker refuses the connection: reason {body[1]:#x}")
        if kind == 0x90:
            self.up.set()
        if kind & 0xF0 == 0x30:
            at = 2 + int.from_bytes(body[:2], "big")
            if kind & 6:
                self.transport.write(b"\x40\x02" + body[at : at + 2])
                at += 2
            told = receipt.decode(body[at + 1 + body[at] :])
            self.receipted += sum(last - first + 1 for first, last in told.stored)
            if self.receipted >= self._due:
                self.told.set()


async def _run(options: argparse.Namespace) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    start = datetime.fromtimestamp(options.start, UTC)
    per_unit = options.fixes // options.units
    devices = []
    for number in range(options.first_unit, options.first_unit + options.units):
        epochs = [
            epoch(number, options.first + i, start + timedelta(seconds=i * options.interval)) for i in range(per_unit)
        ]
        size = options.per_message
        payloads = [b"".join(epochs[i : i + size]) for i in range(0, per_unit, size)]
        devices.append(
            Device(options.centre, number, payloads, per_unit if options.receipts else 0, paced=options.paced)
        )
    for device in devices:
        await loop.create_connection(partial(_itself, device), "127.0.0.1", options.port)
    await asyncio.gather(*(device.up.wait() for device in devices))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    published: list[list[int]] = []
    first_ns = time.monotonic_ns()
    if options.paced:
        published = await _publish_at_pace(devices, options, per_unit)
    else:
        for device in devices:
            device.go()
    await asyncio.gather(*(device.done.wait() for device in devices))
    done_ns = time.monotonic_ns()
    if options.receipts:
        try:
            async with asyncio.timeout(RECEIPTS_S):
                await asyncio.gather(*(device.told.wait() for device in devices))
        except TimeoutError:
            print("not every fix was receipted", file=sys.stderr)
    for device in devices:
        device.told.set()
        device.transport.close()
    return {
        "first_ns": first_ns,
        "puback_ns": done_ns,
        "receipted": sum(device.receipted for device in devices),
        "published_ns": published,
    }


def _itself(device: Device) -> Device:
    return device


async def _publish_at_pace(devices: Sequence[Device], options: argparse.Namespace, per_unit: int) -> list[list[int]]:
    """Each unit once an interval, the units spread evenly over it; the times (monotonic ns) by unit and fix."""
    published: list[list[int]] = [[] for _ in devices]
    gap = options.interval / len(devices)
    lead = time.monotonic() - time.time()  # fix times are on the calendar's clock, waiting is on the steady one
    for i in range(per_unit):
        for number, device in enumerate(devices):
            due = options.start + lead + i * options.interval + number * gap
            delay = due - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            published[number].append(time.monotonic_ns())
            device.send_next()
    return published


def main() -> None:
    """Publish what the options say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--centre", required=True)
    parser.add_argument("--units", type=int, default=200)
    parser.add_argument("--first-unit", type=int, default=0, help="number of the first of them")
    parser.add_argument("--fixes", type=int, required=True, help="of all units together")
    parser.add_argument("--per-message", type=int, default=1)
    parser.add_argument("--start", type=float, required=True, help="POSIX seconds of the first fix")
    parser.add_argument("--first", type=int, default=1, help="its sequence number")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two fixes of a unit")
    parser.add_argument("--paced", action="store_true", help="publish each fix at its time")
    parser.add_argument("--receipts", action="store_true", help="wait for the gateway's receipts")
    print(json.dumps(asyncio.run(_run(parser.parse_args()))))


if __name__ == "__main__":
    main()
