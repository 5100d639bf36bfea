"""A process that appends to an outbox and says after each append that it was told "safe". It is made to be killed."""

import sys
from pathlib import Path

from fieldunit.outbox import Epoch, Outbox


def write(path: Path) -> None:
    """Append for ever, one by one and in batches; the body of an item names its number, so that it can be checked."""
    with Outbox(path) as outbox:
        told = outbox.statistics().last
        print("ready", flush=True)
        while True:
            told += 1
            if told % 10:
                seqs = [outbox.append("gnss", None, [b"$BODY,%d" % told])]
            else:
                seqs = outbox.append_many(Epoch("gnss", None, (b"$BODY,%d" % (told + n),)) for n in range(5))
                told += 4
            print(*seqs, flush=True)
            if told % 7 == 0:
                outbox.delete([(told - 20, told - 18)])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
