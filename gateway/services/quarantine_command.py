"""`sigap quarantine`: what could not be stored, and why."""

import argparse

from rich.console import Console
from rich.table import Table

from gateway.services.terminal import harmless
from gateway.settings import Settings
from gateway.storage import quarantine
from gateway.storage.asking import asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--limit", type=_count, default=50, help="how many at most (default: 50)")


def run(args: argparse.Namespace) -> int:
    """Print the newest; the exit code is 0.

    Raises:
        psycopg.Error: the database cannot be asked.
    """
    settings = Settings()
    newest = asked(settings.database_url, lambda connection: quarantine.newest(connection, settings.centre, args.limit))
    table = Table("last seen", "times", "reason", "what", "topic", "begins with")
    for kept in newest:
        cells = [f"{kept.last_seen:%Y-%m-%d %H:%M:%S}Z", str(kept.times_seen), kept.reason, kept.detail, kept.topic]
        cells.append(repr(kept.payload[:40])[2:-1])
        table.add_row(*(harmless(cell) for cell in cells))
    Console().print(table if table.row_count else "the quarantine is empty: everything that came was stored")
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000000")
    return int(text)
