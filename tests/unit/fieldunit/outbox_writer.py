"""A process that writes to an outbox and says after each step what it was told. It is made to be killed.

It appends, one by one and in batches, reports among them, deletes as a receipt would, sets aside, and its bound is so
low that old track is sacrificed all the time. A line on its output is a fact:

    ready N      the last number that this outbox, just opened, has ever given
    safe N...    these fixes have these numbers, and are on the disk
    report N     so is this report
    delete A B   the items from A to B will be deleted now, as by a receipt
"""

import random
import sys
from pathlib import Path

from fieldunit.outbox import Epoch, Outbox, is_safe
from fieldunit.outbox.outbox import SMALLEST_BYTES


def body_of(seq: int) -> bytes:
    """What an item carries, so that it can be checked: its number, and what makes it as long as a fix."""
    return b"$BODY,%d,%b" % (seq, random.Random(seq).randbytes(60).hex().encode())


def write(path: Path, seed: int) -> None:
    """Write until killed."""
    chance = random.Random(seed)
    with Outbox(path, limit_bytes=SMALLEST_BYTES) as outbox:
        told = outbox.statistics().last
        print("ready", told, flush=True)
        while True:
            step = chance.random()
            if step < 0.6:
                seqs = [outbox.append("gnss", None, [body_of(told + 1)])]
                print("safe", *seqs, flush=True)
            elif step < 0.62:
                seqs = [outbox.append_report(body_of(told + 1), None)]
                print("report", *seqs, flush=True)
            elif step < 0.9:
                count = chance.randrange(2, 40)
                seqs = outbox.append_many(Epoch("gnss", None, (body_of(told + n),)) for n in range(1, count + 1))
                print("safe", *seqs, flush=True)
            elif step < 0.97:
                first = chance.randrange(max(1, told - 400), told + 2)
                print("delete", first, first + 5, flush=True)
                outbox.delete([(first, first + 5)])
                continue
            else:
                outbox.set_aside([chance.randrange(1, told + 2)], "refused")
                continue
            assert all(map(is_safe, seqs))
            told = seqs[-1]


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
