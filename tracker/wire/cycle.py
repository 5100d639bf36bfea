"""Where one epoch ends and the next begins, told by the sentences' own time of day.

A receiver reports in cycles: some sentences with the time of the epoch, some (VTG, GSA) with none. A new time of day on
a sentence that places the unit begins a new epoch. What stands between the last timed sentence of one epoch and the
first of the next could belong to either. Most receivers send these trailing; that some send them leading shows in
their values: a leading VTG has the speed of the RMC after it, a leading GSA the dilution of the GGA after it. Each
such difference is a vote, by kind of sentence.

A ZDA goes with the epoch that has its time; some receivers stamp it with the second to come (it announces the next
pulse), so a time of its own begins no epoch. A void sentence without a time ("no fix, and no idea of the hour") stands
only with its like, since it must not take away the first fix after it or the last one before.
"""

from collections import Counter
from collections.abc import Sequence

from tracker.wire.sentence import PLACING, Sentence

Item = tuple[bytes, Sentence]
"""A line as it came, and what it says."""

MOST_SENTENCES = 64
"""In one epoch. A receiver whose clock stands still is cut by it, and a message stays far below its limit."""

_TIMED = PLACING | {"GST"}
_MOST_VOTES = 8  # a receiver that was set up anew is believed after as many cycles


class Splitter:
    """Cuts a stream of sentences into epochs; keeps what it learned about the receiver's cycle."""

    def __init__(self) -> None:
        self._current: list[Item] = []
        self._between: list[Item] = []  # after the last timed sentence of the current epoch
        self._time: int | None = None
        self._previous: list[Item] = []  # the epoch before, for the vote
        self._undecided: list[Sentence] = []  # what stood between the previous epoch and the current one
        self._leading: Counter[str] = Counter()  # votes by kind: above zero it leads its epoch

    def push(self, line: bytes, sentence: Sentence) -> list[list[Item]]:
        """Take the next sentence; returns the epochs that it closed."""
        item = (line, sentence)
        if len(self._current) + len(self._between) >= MOST_SENTENCES:
            return [*self.flush(), *self.push(line, sentence)]
        if sentence.kind not in _TIMED or (sentence.time is None and sentence.valid is not False):
            self._between.append(item)
            return []
        if sentence.time is None:
            return self._push_void(item)
        if self._current and sentence.time != self._time:
            return self._begin(item)
        self._join(item)
        return []

    def flush(self) -> list[list[Item]]:
        """The epoch under way, at the end of the stream or of a burst; what was learned is kept."""
        rest = self._current + self._between
        self._current, self._between, self._time = [], [], None
        self._previous, self._undecided = [], []
        return [rest] if rest else []

    def _push_void(self, item: Item) -> list[list[Item]]:
        """A void sentence without a time: of another talker in a cycle that has a fix, or of a receiver without one."""
        if self._time is None:
            if _holds(self._current, item[1]):
                return self._begin(item)
            self._join(item)
            return []
        if not _holds(self._voids(), item[1]):
            self._between.append(item)
            return []
        voids = self._voids()
        closed = self._current + [between for between in self._between if between not in voids]
        self._previous, self._undecided = [], []
        self._current, self._between, self._time = [item], [], None
        return [closed, voids]

    def _join(self, item: Item) -> None:
        self._current += [*self._between, item]
        self._between, self._time = [], item[1].time

    def _voids(self) -> list[Item]:
        return [between for between in self._between if between[1].kind in _TIMED and between[1].valid is False]

    def _begin(self, item: Item) -> list[list[Item]]:
        """Close the epoch under way and begin the next one with this sentence."""
        time = item[1].time
        # A void sentence of a kind that the epoch already has in good order is of a cycle of its own.
        kinds = {held.kind for _, held in self._current}
        apart = self._voids()
        if not any(void.kind in kinds for _, void in apart):
            apart = []
        between = [held for held in self._between if held not in apart]
        leading = [held for held in between if self._leads(held[1], time)]
        closed = self._current + [held for held in between if held not in leading]
        self._vote(closed)
        self._previous, self._undecided = closed, [sentence for _, sentence in between]
        self._current, self._between, self._time = [*leading, item], [], time
        return [epoch for epoch in (closed, apart) if epoch]

    def _leads(self, sentence: Sentence, next_time: int | None) -> bool:
        if sentence.time is not None:
            return sentence.time == next_time
        return self._leading[sentence.kind] > 0

    def _vote(self, closed: Sequence[Item]) -> None:
        """Now that the epoch after it is whole: to which of the two did each sentence in between belong?"""
        for sentence in self._undecided:
            with_previous = _agree(sentence, self._previous)
            with_next = _agree(sentence, closed)
            if with_previous is not None and with_next is not None and with_previous is not with_next:
                votes = self._leading[sentence.kind] + (1 if with_next else -1)
                self._leading[sentence.kind] = max(-_MOST_VOTES, min(_MOST_VOTES, votes))


def _holds(items: Sequence[Item], sentence: Sentence) -> bool:
    """Whether this sentence is there already: a receiver without a time is cut by what it repeats."""
    return any((held.kind, held.talker) == (sentence.kind, sentence.talker) for _, held in items)


def _agree(sentence: Sentence, epoch: Sequence[Item]) -> bool | None:
    """Whether the sentence has the values of the epoch's timed ones; None where they have none to compare."""
    for _, other in epoch:
        if sentence.kind == "VTG" and other.kind == "RMC" and None not in (sentence.speed, other.speed):
            return abs((sentence.speed or 0.0) - (other.speed or 0.0)) < 0.06 and sentence.course == other.course
        if sentence.kind == "GSA" and other.kind in ("GGA", "GNS") and None not in (sentence.hdop, other.hdop):
            return abs((sentence.hdop or 0.0) - (other.hdop or 0.0)) < 0.06
    return None
