"""Applies the numbered migrations, each once and in its own transaction, and refuses a history that was rewritten.

What is missing is applied, in rising order, also below what was applied before: branches land in any order, so a
migration may need only those that were there when its number was given.
"""

import hashlib
from typing import Any

from psycopg import AsyncConnection

from gateway.storage import sql

_LOCK = 7_446_127  # any constant: gateways that start together take turns
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    digest     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationsDisagree(Exception):
    """The database holds a migration that this program does not know, or knows with another text."""


async def migrate(connection: AsyncConnection[Any]) -> list[str]:
    """Bring the schema to what this program needs.

    Args:
        connection: in autocommit mode, by a role that may create tables.

    Returns:
        The names of the migrations applied now; empty when there was nothing to do.

    Raises:
        MigrationsDisagree: the database was made by another or a newer version of the program.
    """
    await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        await connection.execute(_LEDGER)
        cursor = await connection.execute("SELECT number, name, digest FROM schema_migrations")
        applied = {number: (name, digest) for number, name, digest in await cursor.fetchall()}
        known = {number: (name, hashlib.sha256(text.encode()).hexdigest()) for number, name, text in sql.migrations()}
        for number, was in applied.items():
            if known.get(number) != was:
                raise MigrationsDisagree(
                    f"migration {number} ({was[0]}) in the database is not the one in this program: "
                    "start the version that made this database, or a newer one"
                )
        done = []
        for number, name, text in sql.migrations():
            if number not in applied:
                async with connection.transaction():
                    await connection.execute(text)
                    await connection.execute(
                        "INSERT INTO schema_migrations (number, name, digest) VALUES (%s, %s, %s)",
                        (number, name, known[number][1]),
                    )
                done.append(f"{number:04d}_{name}")
        return done
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
