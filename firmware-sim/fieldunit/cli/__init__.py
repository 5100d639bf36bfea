"""The command `sigap-unit`: the one reader of the command line.

What is loaded to run a vehicle's unit is a fraction of what the simulator needs, in memory and in seconds on a small
computer; so only the first word is looked at here, and its part of the command line is loaded then.
"""

import signal
import sys
import threading
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: None for that of the process.

    Returns:
        The exit code.
    """
    if argv is None and threading.current_thread() is threading.main_thread():
        # While modules are loaded and options read, Ctrl-C ends the process as it ends any other; there is nothing to
        # put in order yet. A command that has something takes the signal itself.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] in (["agent"], ["doctor"]):
        from fieldunit.cli import vehicle

        return vehicle.COMMANDS[arguments[0]](arguments[1:])
    if arguments[:1] == ["radio"]:
        from fieldunit.cli import radio

        return radio.radio(arguments[1:])
    from fieldunit.cli import program

    return program.main(arguments)
