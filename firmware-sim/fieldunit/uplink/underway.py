"""What was published and has no receipt: when it may go again."""

import heapq
from collections.abc import Iterable, Iterator

import msgspec

FIRST_RESEND_S = 5.0
LAST_RESEND_S = 60.0


class Sent(msgspec.Struct):
    """An item that was published and has no receipt."""

    due: float  # when it may be sent again
    resends: int = 0
    live: bool = False  # published on live, and counted there until its receipt, also when it goes again as backlog
    receipts: int = 0  # how many items of any kind had a receipt when it was sent first
    acknowledged: bool = False  # by the broker: worth nothing but not to be sent again at once


class UnderWay:
    """The items of one kind that are under way, in the order of their last sending. Times are of the caller's clock."""

    def __init__(self) -> None:
        self._sent: dict[int, Sent] = {}
        self._due: list[tuple[float, int]] = []  # heap; an entry that disagrees with _sent is out of date
        self.live = 0
        """Entries that count in the live window."""

    def __len__(self) -> int:
        return len(self._sent)

    def __contains__(self, seq: int) -> bool:
        return seq in self._sent

    def __iter__(self) -> Iterator[int]:
        return iter(self._sent)

    def get(self, seq: int) -> Sent | None:
        """The entry of a number."""
        return self._sent.get(seq)

    def items(self) -> Iterable[tuple[int, Sent]]:
        """All entries."""
        return self._sent.items()

    def published(self, seq: int, now: float, *, live: bool = False, receipts: int = 0) -> bool:
        """It goes out now; whether that is its first time.

        Args:
            seq: its number.
            now: the time.
            live: on the live lane.
            receipts: how many items have had one so far.
        """
        entry = self._sent.pop(seq, None)  # so that the order of the dict is that of sending
        first = entry is None
        if entry is None:
            entry = Sent(due=now, receipts=receipts)
        else:
            entry.resends += 1
            entry.acknowledged = False
        if live and not entry.live:
            entry.live = True
            self.live += 1
        self._sent[seq] = entry
        self.set_due(seq, now + min(LAST_RESEND_S, FIRST_RESEND_S * 2.0 ** min(entry.resends, 9)))
        return first

    def forget(self, seq: int) -> bool:
        """It is not under way any more; whether it was."""
        sent = self._sent.pop(seq, None)
        if sent is None:
            return False
        self.live -= sent.live
        return True

    def set_due(self, seq: int, due: float) -> None:
        """When it may go again."""
        self._sent[seq].due = due
        heapq.heappush(self._due, (due, seq))
        if len(self._due) > 1000 + 3 * len(self._sent):
            self._due = [(entry.due, number) for number, entry in self._sent.items()]
            heapq.heapify(self._due)

    def pop_due(self, now: float, most: int) -> list[int]:
        """Up to so many numbers that may go again, the longest due first. They must be published, forgotten or put
        back by `set_due`.
        """
        seqs: list[int] = []
        while len(seqs) < most and (due := self.next_due()) is not None and due <= now:
            seqs.append(heapq.heappop(self._due)[1])
        return seqs

    def next_due(self) -> float | None:
        """When the first of them may go again."""
        while self._due:
            due, seq = self._due[0]
            sent = self._sent.get(seq)
            if sent is not None and sent.due == due:
                return due
            heapq.heappop(self._due)
        return None
