"""`sigap-unit radio`: the bridge at a base radio's serial port. Like the vehicle's unit it runs on small computers, so
nothing else of the command line is loaded with it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fieldunit.cli.stopping import stopping_on_signals
from fieldunit.outbox import OutboxError
from fieldunit.radio.config import ConfigError
from fieldunit.radio.run import run
from fieldunit.radio.table import TableError
from fieldunit.uplink.broker import BrokerSettingError

FAILED, MISCONFIGURED = 1, 2


def radio(arguments: Sequence[str]) -> int:
    """`sigap-unit radio`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="sigap-unit radio",
        description="Pass on what radios say at a base radio's serial port, until SIGTERM or SIGINT.",
        epilog="exit codes:\n  0 stopped by a signal; 1 failed, the reason is on stderr; 2 the file cannot be meant",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="TOML; its table of radios is read again on change"
    )
    options = parser.parse_args(arguments)
    try:
        with stopping_on_signals() as stop:
            run(options.config, stop, tell)
    except (ConfigError, TableError, BrokerSettingError) as error:
        tell(str(error))
        return MISCONFIGURED
    except (OutboxError, OSError) as error:
        tell(str(error))
        return FAILED
    return 0


def tell(sentence: str) -> None:
    """On stderr, which the journal keeps."""
    print(f"sigap-unit: {sentence}", file=sys.stderr, flush=True)
