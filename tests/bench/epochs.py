"""What the bench's units say: epochs of RMC and GGA behind a TAG block, each with its own second and place."""

from datetime import datetime

from tracker.wire.checksum import xor
from tracker.wire.payload import encode_epoch

OUTBOX = "bench"


def unit_id(number: int) -> str:
    """The id of the bench's unit of that number."""
    return f"unit-{number:03d}"


def epoch(number: int, sequence: int, time: datetime) -> bytes:
    """One epoch of a unit that drives north-east, some 190 bytes.

    Args:
        number: of the unit.
        sequence: in its outbox.
        time: of the fix, aware, UTC; whole hundredths of a second.
    """
    clock = f"{time:%H%M%S}.{time.microsecond // 10_000:02d}"
    south = 7 * 60 + 9 + number * 0.02 - sequence % 3000 * 0.003  # minutes of arc
    east = 111 * 60 + 52 + number * 0.03 + sequence % 3000 * 0.004
    place = f"{south // 60:02.0f}{south % 60:08.5f},S,{east // 60:03.0f}{east % 60:08.5f},E"
    lines = (
        f"GNRMC,{clock},A,{place},{20 + sequence % 30}.42,{40 + sequence % 9}.51,{time:%d%m%y},,,A",
        f"GNGGA,{clock},{place},1,{7 + sequence % 6:02d},0.92,{15 + sequence % 40}.4,M,21.3,M,,",
    )
    return encode_epoch("gnss", sequence, time, [_sentence(line) for line in lines])


def _sentence(body: str) -> bytes:
    data = body.encode("ascii")
    return b"$%b*%02X" % (data, xor(data))
