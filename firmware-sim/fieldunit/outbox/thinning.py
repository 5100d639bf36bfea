"""Which fixes go when there is no room: the old track gets coarser, every second fix of it, again and again."""

from collections.abc import Iterable


def every_second(rows: Iterable[tuple[int, str]]) -> list[int]:
    """Of rows in order, as (number, source): those to give up. Each source keeps every second one of its own, the
    later of two, so that none of several receivers disappears.
    """
    given_up: list[int] = []
    keep: set[str] = set()
    for seq, source in rows:
        if source in keep:
            keep.discard(source)
        else:
            keep.add(source)
            given_up.append(seq)
    return given_up
