"""Signals stop a program, however many come and wherever they catch it."""

import os
import signal
import subprocess
import sys
import time

from fieldunit.cli.stopping import stopping_on_signals

_PROGRAM = """
import select
import sys
from fieldunit.cli.stopping import stopping_on_signals
with stopping_on_signals() as stop:
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(1000):
            stop.wait(0.0)
    stop.wait()
print("stopped", flush=True)
"""


def test_a_hail_of_signals_stops_the_program_and_does_not_hang_it() -> None:
    """Hundreds of signals, many inside each other's handlers and inside the event's own lock."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdin=pipe, stdout=pipe, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        for number in range(400):
            program.send_signal(signal.SIGTERM if number % 2 else signal.SIGINT)
            time.sleep(0.0002)
        try:
            out, _ = program.communicate("enough\n", timeout=30)
        finally:
            program.kill()
    assert out == "stopped\n"


def test_the_handlers_of_before_are_back_afterwards() -> None:
    """Whoever asks is not left with ours; asking again works."""
    before = signal.getsignal(signal.SIGTERM)
    for _ in range(2):
        with stopping_on_signals() as stop:
            assert not stop.is_set()
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.wait(10)
        assert signal.getsignal(signal.SIGTERM) is before
