"""The checksum."""

import random
from functools import reduce
from operator import xor as exclusive_or

from tracker.wire.checksum import xor


def test_folding_gives_the_exclusive_or_of_all_bytes() -> None:
    """For every length up to a very long sentence, the same as one byte after the other."""
    chance = random.Random(4)
    for length in range(300):
        data = chance.randbytes(length)
        assert xor(data) == reduce(exclusive_or, data, 0)
    assert xor(data * 5000) == reduce(exclusive_or, data * 5000, 0)
