"""`sigap-unit agent`: what rides in the vehicle. It needs a fraction of what the simulator needs, so nothing else of
the command line is loaded with it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fieldunit.agent.config import read_config
from fieldunit.agent.program import run
from fieldunit.agent.sections import SettingError
from fieldunit.cli.stopping import stopping_on_signals
from fieldunit.outbox import OutboxError

FAILED, MISCONFIGURED = 1, 2


def agent(arguments: Sequence[str]) -> int:
    """`sigap-unit agent`; returns the exit code."""
    options = _agent_parser().parse_args(arguments)
    try:
        config = read_config(options.config)
        with stopping_on_signals() as stop:
            run(config, stop, tell, ledger=options.ledger)
    except SettingError as error:
        tell(f"sigap-unit: {error}")
        return MISCONFIGURED
    except OutboxError as error:
        tell(f"sigap-unit: {error}")
        return FAILED
    return 0


def tell(sentence: str) -> None:
    """On stderr, which the journal keeps."""
    print(sentence, file=sys.stderr, flush=True)


def _agent_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sigap-unit agent",
        description="Run this vehicle's unit, until SIGTERM or SIGINT.",
        epilog="environment:\n  SIGAP_UNIT_PASSWORD   password for the broker; goes before the file's\n\n"
        "exit codes:\n  0 stopped by a signal; 1 failed, the reason is on stderr; 2 the file cannot be meant",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the unit's file (TOML)")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="append a JSON line for each fix made safe")
    return parser
