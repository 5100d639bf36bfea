"""Told to stop by a signal, any number of times, at any moment.

A handler runs between two instructions of the main thread, wherever that is: perhaps inside the very lock that setting
an event takes, or inside another handler. So it does nothing but write a byte; a thread of its own reads it and sets
the event.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, for the length of the block; of the main thread only."""
    stop = threading.Event()
    told, telling = os.pipe()
    os.set_blocking(telling, False)

    def tell(_number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):  # 65,536 signals wait already
            os.write(telling, b"!")

    def listen() -> None:
        while os.read(told, 1) == b"!":
            stop.set()

    listener = threading.Thread(target=listen, name="signals")
    listener.start()
    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(telling)
        listener.join()
        os.close(told)
