r"""One MQTT payload: groups of NMEA sentences in, readings out. This is the gateway's hot path.

On the lanes with receipts each group is led by a TAG block with a sequence number, and a group is one epoch:

    \s:gnss,n:10234,c:1763750000*hh\$GNRMC,...*hh\r\n$GNGGA,...*hh\r\n

Lines without a sequence number (a third party's device) are split into epochs by their time of day; without any TAG
block their source is ``gnss``. Among them the date that one epoch tells serves those that tell none.

Nothing here raises for what a sender sent: what cannot be read comes out as `Unreadable`, bytes and reason with it, and
a bad line does not take the rest of its group with it. A bad TAG block does: whose group it is, is not known then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from tracker.errors import BadInput, Reason
from tracker.fix import Fix
from tracker.wire import nmea_fast, tagblock
from tracker.wire.cycle import Item, Splitter
from tracker.wire.dating import instant
from tracker.wire.epoch import assemble
from tracker.wire.tagblock import TagBlock
from tracker.wire.topics import MAX_PAYLOAD


class Reading(msgspec.Struct, frozen=True):
    """One epoch, read well: a fix, or the reason why there is nothing to store."""

    sequence: int | None  # of the TAG block; None where the device has no outbox
    source: str  # gnss, modem, phone
    fix: Fix | None
    reason: Reason | None = None  # NO_FIX exactly when fix is None
    device_time: datetime | None = None  # `c` of the TAG block


class Unreadable(msgspec.Struct, frozen=True):
    """Something for the quarantine: a line, a whole group, or a whole payload."""

    sequence: int | None  # of the group it stood in, where that is known
    reason: Reason
    detail: str  # one line, for whoever looks into the quarantine
    raw: bytes  # all of it


class Group(msgspec.Struct):
    """Lines that stand together, each without its TAG block."""

    block: TagBlock
    lines: list[bytes]
    lost: BadInput | None = None  # why the block could not be read; then the lines are as they came


_NO_BLOCK = TagBlock()


def decode(payload: bytes, received_at: datetime) -> list[Reading | Unreadable]:
    """Read one message: never raises for bad input, never returns nothing.

    A group with bad lines gives an `Unreadable` for each of them and still its `Reading`, all with its sequence.

    Args:
        payload: as it came.
        received_at: aware; only a bare device that tells no date at all is dated by it.
    """
    if len(payload) > MAX_PAYLOAD:
        return [Unreadable(None, Reason.OVERSIZE, f"{len(payload)} bytes, {MAX_PAYLOAD} are allowed", payload)]
    found: list[Reading | Unreadable] = []
    for group in split_groups(payload):
        if group.lost is not None:
            found.append(Unreadable(None, group.lost.reason, group.lost.detail, b"\r\n".join(group.lines)))
        else:
            _read_group(group, received_at, found)
    return found or [Unreadable(None, Reason.NOT_NMEA, "a payload without a line", payload)]


def encode_epoch(source: str, sequence: int, device_time: datetime | None, lines: Iterable[bytes]) -> bytes:
    """One epoch as it travels: the TAG block, then the receiver's lines, each ended by CR LF.

    Payloads of several epochs are these, joined with nothing between; at most `topics.MAX_PAYLOAD` bytes.

    Raises:
        BadInput: UNIT_ID, if the source is not an id.
        ValueError: if there is no line, a line is empty or is itself several, or as in `tagblock.encode`.
    """
    stripped = [line.rstrip(b"\r\n") for line in lines]
    if not stripped or any(not line or b"\n" in line or b"\r" in line for line in stripped):
        raise ValueError("an epoch is one or more lines, none empty")
    return tagblock.encode(TagBlock(source, sequence, device_time)) + b"\r\n".join(stripped) + b"\r\n"


def split_groups(payload: bytes) -> list[Group]:
    """The groups of a payload, in order; lines before the first TAG block are a group as well."""
    groups: list[Group] = []
    group: Group | None = None
    for line in payload.splitlines():
        rest = line
        if line[:1] == b"\\":
            try:
                block, rest = tagblock.split(line)
            except BadInput as error:
                group = Group(_NO_BLOCK, [], error)
                groups.append(group)
            else:
                if block is not None and (group is None or _begins_group(block, group)):
                    group = Group(block, [])
                    groups.append(group)
        if rest.strip():
            if group is None:
                group = Group(_NO_BLOCK, [])
                groups.append(group)
            group.lines.append(rest)
    return groups


def _begins_group(block: TagBlock, group: Group) -> bool:
    """A sequence number does; a block without one only where the lines before are not of its kind."""
    return (
        block.sequence is not None
        or group.lost is not None
        or group.block.sequence is not None
        or group.block.source != block.source
    )


def _read_group(group: Group, received_at: datetime, found: list[Reading | Unreadable]) -> None:
    block = group.block
    items: list[Item] = []
    bad = 0
    for line in group.lines:
        try:
            sentence = nmea_fast.read(line)
        except BadInput as error:
            found.append(Unreadable(block.sequence, error.reason, error.detail, line))
            bad += 1
        else:
            if sentence is not None:
                items.append((line, sentence))
    if not group.lines:
        found.append(Unreadable(block.sequence, Reason.TRUNCATED, "a TAG block with no sentence after it", b""))
    elif not items and bad == len(group.lines):
        pass  # every line of it is in `found` with its own reason
    elif block.sequence is not None:
        found.append(_read_epoch(block, items, block.device_time, received_at))
    else:
        _read_bare(block, items, received_at, found)


def _read_bare(
    block: TagBlock, items: Sequence[Item], received_at: datetime, found: list[Reading | Unreadable]
) -> None:
    """Lines without a number: several epochs. One that tells no date goes by the last one told in this message."""
    told = [instant(sentence.day, sentence.time or 0) for _, sentence in items if sentence.day is not None]
    last = told[0] if told else None
    for epoch in _split(items):
        dates = [instant(sentence.day, sentence.time or 0) for _, sentence in epoch if sentence.day is not None]
        clock = block.device_time
        if dates:
            last = dates[-1]
        elif clock is None:
            clock = last
        found.append(_read_epoch(block, epoch, clock, received_at))


def _split(items: Sequence[Item]) -> list[list[Item]]:
    splitter = Splitter()
    epochs = [epoch for line, sentence in items for epoch in splitter.push(line, sentence)]
    return epochs + splitter.flush() or [[]]


def _read_epoch(
    block: TagBlock, items: Sequence[Item], clock: datetime | None, received_at: datetime
) -> Reading | Unreadable:
    try:
        fix = assemble([sentence for _, sentence in items], clock, received_at)
    except BadInput as error:
        return Unreadable(block.sequence, error.reason, error.detail, b"\r\n".join([line for line, _ in items]))
    reason = Reason.NO_FIX if fix is None else None
    return Reading(block.sequence, block.source, fix, reason, block.device_time)
