"""`sigap serve`: the gateway of one centre, until it is told to stop."""

import argparse
import asyncio
import os
import signal
import threading
import time

import structlog

from gateway import app
from gateway.loading import settle
from gateway.settings import Settings, described

_STOP_S = 8.0
"""For a clean stop, after which the process ends all the same: whoever runs it is promised ten."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare that there are none: the environment says it all."""
    table = "\n".join(f"  {name:<22} {text} (default: {default})" for name, default, text in described())
    parser.epilog = f"settings, from the environment:\n{table}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def run(_: argparse.Namespace) -> int:
    """Serve; the exit code is 0.

    Raises:
        CannotListenError: the port is taken, or the address is not this machine's.
        MigrationsDisagree: the database was made by another version.
    """

    async def serve() -> None:
        stop = asyncio.Event()

        def ask_to_stop() -> None:
            stop.set()
            threading.Thread(target=_stop_hard, daemon=True).start()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ask_to_stop)
        await app.serve(Settings(), stop, wired=lambda _: settle())

    asyncio.run(serve())
    return 0


def _stop_hard() -> None:
    """End the process where broker or database do not even answer to a goodbye. What is not committed is not
    acknowledged and comes again, and the broker says for us that we are gone: nothing is lost but politeness."""
    time.sleep(_STOP_S)
    structlog.get_logger().warning("stopped without a goodbye: the broker or the database does not answer")
    os._exit(0)
