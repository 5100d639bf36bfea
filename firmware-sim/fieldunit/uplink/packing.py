"""Items as they travel: epochs behind their TAG blocks, reports as lines of JSON, so many as a message holds."""

from collections.abc import Iterable

from fieldunit.outbox import Item, ReportItem
from tracker.wire.payload import encode_epoch
from tracker.wire.reports import join, numbered
from tracker.wire.topics import MAX_PAYLOAD

_TAG_BLOCK = 96  # bytes of the longest

Packed = list[tuple[int, bytes]]
"""Items as they travel, each with its number."""


def size(item: Item) -> int:
    """Bytes of the epoch on the wire, at most: sentences, line ends, and the longest TAG block."""
    return sum(len(line) + 2 for line in item.lines) + _TAG_BLOCK


def pack(items: Iterable[Item | ReportItem], room: int = MAX_PAYLOAD) -> Packed:
    """The first of them that fit into one message; at least one, if there is one."""
    used = 0
    packed: Packed = []
    for item in items:
        if isinstance(item, ReportItem):
            payload = numbered(item.seq, item.body)
            used += 1  # the line's end
        else:
            payload = encode_epoch(item.source, item.seq, item.device_time, item.lines)
        used += len(payload)
        if packed and used > room:
            break
        packed.append((item.seq, payload))
    return packed


def payload_of(packed: Packed, *, reports: bool) -> bytes:
    """One message's payload."""
    parts = [part for _, part in packed]
    return join(parts) if reports else b"".join(parts)
