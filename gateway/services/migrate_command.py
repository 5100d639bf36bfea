"""`sigap migrate`: the database's schema, brought up to date."""

import argparse

from gateway.settings import Settings
from gateway.storage.asking import asked
from gateway.storage.migrations import migrate


def add_arguments(_: argparse.ArgumentParser) -> None:
    """Declare that there are none."""


def run(_: argparse.Namespace) -> int:
    """Apply what is missing, and say what that was; the exit code is 0.

    Raises:
        psycopg.Error: the database cannot be asked.
        MigrationsDisagree: the database was made by another version.
    """
    done = asked(Settings().database_url, migrate)
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the schema is up to date")
    return 0
