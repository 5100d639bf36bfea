"""The console program in its first second."""

import signal
import subprocess
import sys

HELD = """
import sys, time

class Held:
    def find_spec(self, name, path=None, target=None):
        if name == "gateway.cli":
            print("importing", flush=True)
            time.sleep(20)

sys.meta_path.insert(0, Held())
from gateway.__main__ import main
sys.exit(main())
"""


def test_an_interrupt_while_it_is_still_being_imported_ends_it_without_a_word() -> None:
    """Ctrl-C as the imports go on: the shell's code for it, and no traceback."""
    with subprocess.Popen(
        [sys.executable, "-c", HELD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        assert it.stdout.readline() == "importing\n"
        it.send_signal(signal.SIGINT)
        assert it.wait(10) == 130
        assert it.stderr.read() == ""
