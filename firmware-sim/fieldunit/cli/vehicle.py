"""`sigap-unit agent` and `doctor`: what rides in the vehicle. They need a fraction of what the simulator needs, so
nothing else of the command line is loaded with them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

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


def doctor(arguments: Sequence[str]) -> int:
    """`sigap-unit doctor`; returns the exit code."""
    from fieldunit.doctor import examination
    from fieldunit.doctor.finding import Finding, Level

    options = _doctor_parser().parse_args(arguments)
    try:
        config = read_config(options.config)
        findings = [Finding("settings", Level.OK, f"{options.config} can be meant")]
        findings += examination.examine(config, options.listen)
        code = FAILED if examination.failed(findings) else 0
    except SettingError as error:
        findings = [Finding("settings", Level.FAILED, str(error))]
        code = MISCONFIGURED
    if options.json:
        print(msgspec.json.encode({"ok": code == 0, "findings": findings}).decode())
        return code
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        print(f"{finding.level.value:<8} {finding.check:<{width}}  {finding.detail}")
    return code


COMMANDS = {"agent": agent, "doctor": doctor}


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


def _doctor_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sigap-unit doctor",
        description="Look at everything that a vehicle's unit needs, and say in one line each what to do.",
        epilog="exit codes:\n  0 fixes can arrive; 1 something failed; 2 the file cannot be meant",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the unit's file (TOML)")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument(
        "--listen", type=float, default=30.0, metavar="S", help="seconds for the receivers at most (default: 30)"
    )
    return parser
