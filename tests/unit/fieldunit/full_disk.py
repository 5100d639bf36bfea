"""A process that lives through a full disk, and says at each step how its account stands. See `test_outbox_full_disk`.

    python -m tests.unit.fieldunit.full_disk PATH file-size|other-file|read-only

file-size    no file of this process may be written beyond 48 KB (setrlimit(2), RLIMIT_FSIZE): such a write fails with
             EFBIG, which SQLite reports as an I/O error; it works on any machine and any disk
other-file   another file takes all that is left of the disk, to the last byte
read-only    SQLite is told that it may not write, as it is where Linux has mounted a failed memory card read-only
"""

import contextlib
import json
import random
import resource
import signal
import sys
from pathlib import Path

from fieldunit.outbox import Epoch, Outbox

FILE_BYTES = 48 * 1024
FIXES = 3000


class Life:
    """An outbox and who uses it, on a clock of theirs. After each step the account must be even."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.offered = self.receipted = 0
        self.told: list[str] = []
        self.numbers: set[int] = set()
        self.chance = random.Random(7)
        self.outbox = Outbox(path, trouble=self.told.append, clock=lambda: self.now, memory_items=500)

    def drive(self, fixes: int) -> None:
        """Fixes, a report among ten of them, now and then a receipt for some of the oldest."""
        for n in range(fixes):
            self.now += 1
            line = b"$" + self.chance.randbytes(45).hex().encode()
            seqs = self.outbox.append_many([Epoch("gnss", None, (line,))])
            if n % 10 == 0:
                seqs.append(self.outbox.append_report(b'{"kind":"input","name":"door","on":true}', None))
            assert not self.numbers.intersection(seqs), "a number was given twice"
            self.numbers.update(seqs)
            self.offered += len(seqs)
            if n % 50 == 0:
                for item in self.outbox.oldest(self.chance.randrange(4)):
                    self.receipted += self.outbox.delete([(item.seq, item.seq)])
            self.check()

    def allow_writing(self, allowed: bool) -> None:
        """For SQLite."""
        for connection in (self.outbox._table.appending, self.outbox._table.reading):
            connection.execute(f"PRAGMA query_only = {not allowed}")

    def check(self) -> None:
        """Receipted, waiting and lost are all there is."""
        told = self.outbox.statistics()
        assert self.offered == self.receipted + told.depth + told.aside + sum(told.lost.values()), (self.offered, told)

    def say(self, what: str) -> None:
        """One line of the account."""
        told = self.outbox.statistics()
        there = [item.seq for item in self.outbox.oldest(10**6)] + [each.seq for each in self.outbox.reports(10**6)]
        assert len(there) == len(set(there)) == told.depth
        print(
            json.dumps(
                {"at": what, "offered": self.offered, "receipted": self.receipted, "waiting": told.depth,
                 "in_memory": told.in_memory, "reports": told.reports, "lost": dict(told.lost), "bytes": told.bytes,
                 "newest": max(self.numbers) in there, "told": self.told, "trouble": told.trouble}
            ),
            flush=True,
        )  # fmt: skip
        self.told.clear()


def live(path: Path, fault: str) -> None:
    """Well, faulty, well again; then once more from the file."""
    life = Life(path)
    life.drive(200)
    life.say("well")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    filler = path.with_name("filler")
    if fault == "file-size":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, hard))
    elif fault == "other-file":
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as taking:
            while taking.write(b"\0" * 4096):
                pass
    else:
        life.allow_writing(False)
    life.drive(FIXES)
    life.say("faulty")
    if fault == "file-size":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
    elif fault == "other-file":
        filler.unlink()
    else:
        life.allow_writing(True)
    life.drive(20)
    life.say("healed")
    life.outbox.close()
    again = Outbox(path)
    told = again.statistics()
    assert life.offered == life.receipted + told.depth + told.aside + sum(told.lost.values()), told
    print(json.dumps({"at": "again", "waiting": told.depth, "lost": dict(told.lost)}), flush=True)


if __name__ == "__main__":
    live(Path(sys.argv[1]), sys.argv[2])
