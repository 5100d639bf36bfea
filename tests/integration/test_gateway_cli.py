"""The console program as a person meets it: what it prints, where, and with which exit code."""

import os
import socket
import subprocess
import sys

import psycopg
import pytest

from gateway.settings import Settings
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING
from tracker import regions

NOWHERE = "postgresql://127.0.0.1:1/sigap"


def sigap(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run it to its end with these settings and no others."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIGAP_")}
    environment |= {f"SIGAP_{name.upper()}": str(value) for name, value in settings.items()} | {"COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_help_lists_every_setting_with_its_default() -> None:
    """From the settings themselves: none can be forgotten."""
    told = sigap("serve", "--help")
    assert told.returncode == 0
    for name, field in Settings.model_fields.items():
        (line,) = [line for line in told.stdout.splitlines() if line.startswith(f"  SIGAP_{name.upper()} ")]
        assert field.description
        assert field.description in line
        assert "(default: " in line


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "sentence"),
    [
        ((), {}, 2, "the following arguments are required: COMMAND"),
        (("serve",), {}, 1, "SIGAP_DATABASE_URL is not set. `sigap serve --help` lists all settings"),
        (
            ("serve",),
            {"database_url": NOWHERE, "centre": "Bojonegoro", "http_port": "many"},
            1,
            "SIGAP_CENTRE: 'Bojonegoro' is not an id: 1 to 32 of a-z, 0-9 and '-', no '-' first; SIGAP_HTTP_PORT",
        ),
        (
            ("migrate",),
            {"database_url": "secret-password"},
            1,
            "SIGAP_DATABASE_URL: neither postgresql://user@host/database nor key=value pairs",
        ),
        (
            ("serve",),
            {"database_url": NOWHERE, "mqtt_tls_ca": "/nowhere/ca.pem"},
            1,
            "SIGAP_MQTT_TLS_CA: /nowhere/ca.pem cannot be read: No such file or directory",
        ),
        (
            ("serve",),
            {"database_url": NOWHERE, "mqtt_tls_ca": __file__},
            1,
            f"SIGAP_MQTT_TLS_CA: there is no certificate in PEM form in {__file__}",
        ),
        (("migrate",), {"database_url": NOWHERE}, 1, "the database cannot be reached: connection failed"),
        (("enrol", "ambulans-01"), {"database_url": NOWHERE}, 1, "Connection refused; SIGAP_DATABASE_URL says where"),
        (("quarantine",), {"database_url": NOWHERE}, 1, "SIGAP_DATABASE_URL says where it is"),
        (("enrol", "AMB 1"), {"database_url": NOWHERE}, 2, "argument unit: 'AMB 1' is not an id: 1 to 32 of a-z"),
        (("enrol",), {"database_url": NOWHERE}, 2, "name one unit, or a --profile: one of the two"),
        (("enrol", "a", "--profile", CENTRE), {"database_url": NOWHERE}, 2, "name one unit, or a --profile"),
        (("enrol", "--profile", "nowhere"), {"database_url": NOWHERE}, 2, "invalid choice: 'nowhere'"),
        (("quarantine", "--limit", "-1"), {"database_url": NOWHERE}, 2, "'-1' is no number from 1 to 1000000"),
        (
            ("serve",),
            {"database_url": NOWHERE, "http_host": "203.0.113.1"},
            1,
            "cannot listen on 203.0.113.1 port 8080: Cannot assign requested address; SIGAP_HTTP_HOST",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    arguments: tuple[str, ...], settings: dict[str, str], code: int, sentence: str
) -> None:
    """On stderr, its last line; nothing on stdout, no traceback, no secret."""
    told = sigap(*arguments, **settings)
    assert told.returncode == code
    assert sentence in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr
    assert "secret-password" not in told.stderr
    assert told.stdout == ""


def test_a_taken_port_is_named() -> None:
    """The one thing that the person has to change."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        told = sigap("serve", database_url=NOWHERE, http_port=port)
    assert told.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in told.stderr.splitlines()[-1]


def test_migrate_then_enrol_then_look(database_url: str) -> None:
    """The way of a new centre, each step twice: the second time nothing is to be done, and it says so."""
    early = sigap("quarantine", database_url=database_url)
    assert early.returncode == 1
    assert "`sigap migrate` makes it" in early.stderr
    first = sigap("migrate", database_url=database_url)
    assert first.returncode == 0
    assert first.stdout.startswith("applied 0001_centres_units\n")
    assert sigap("migrate", database_url=database_url).stdout == "nothing to do: the schema is up to date\n"
    for name in ("Melati 1", "Melati 2"):
        told = sigap("enrol", "ambulans-01", "--name", name, "--kind", "motorcycle", database_url=database_url)
        assert (told.returncode, told.stdout) == (0, f"enrolled 1 unit in centre {CENTRE}\n")
    assert sigap("enrol", "--profile", CENTRE, database_url=database_url).returncode == 0
    with psycopg.connect(database_url) as connection:
        units = connection.execute("SELECT id, centre FROM units ORDER BY id").fetchall()
    assert ("ambulans-01", CENTRE) in units
    assert len(units) >= 12
    empty = sigap("quarantine", database_url=database_url)
    assert empty.stdout == "the quarantine is empty: everything that came was stored\n"


def test_private_vehicles_of_a_profile_are_not_enrolled_without_their_owners(database_url: str) -> None:
    """South Sumatra's cars belong to citizens: the centre's own are enrolled, and the others are named."""
    private = sorted(unit.id for unit in regions.load("sumsel").units if unit.private)
    assert private
    assert sigap("migrate", database_url=database_url).returncode == 0
    told = sigap("enrol", "--profile", "sumsel", database_url=database_url, centre="sumsel")
    assert told.returncode == 0
    assert f"left out, for nobody has asked their owners: {', '.join(private)};" in told.stdout
    with psycopg.connect(database_url) as connection:
        enrolled = {unit for (unit,) in connection.execute("SELECT id FROM units")}
    assert enrolled == {unit.id for unit in regions.load("sumsel").units} - set(private)


def test_a_database_of_a_newer_version_is_refused_by_every_command_that_needs_it(cleared_url: str) -> None:
    """It says what to do: start the newer program."""
    with psycopg.connect(cleared_url, autocommit=True) as connection:
        connection.execute("INSERT INTO schema_migrations (number, name, digest) VALUES (9999, 'later', 'x')")
        try:
            for command in (("migrate",), ("enrol", "ambulans-01"), ("serve",)):
                told = sigap(*command, database_url=cleared_url, http_port=0)
                assert told.returncode == 1
                assert "start the version that made this database, or a newer one" in told.stderr.splitlines()[-1]
        finally:
            connection.execute("DELETE FROM schema_migrations WHERE number = 9999")


def test_a_role_that_may_not_is_told_what_the_database_says(cleared_url: str) -> None:
    """Not a traceback: the operator reads it and grants."""
    with psycopg.connect(cleared_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE quarantine RENAME TO hidden")
        connection.execute("CREATE VIEW quarantine AS SELECT 1 AS id")
        try:
            told = sigap("quarantine", database_url=cleared_url)
        finally:
            connection.execute("DROP VIEW quarantine; ALTER TABLE hidden RENAME TO quarantine")
    assert told.returncode == 1
    assert told.stderr.startswith("sigap: the database refuses: ")
    assert "Traceback" not in told.stderr


def test_what_strangers_wrote_does_nothing_to_the_terminal(cleared_url: str) -> None:
    """Neither the table's markup nor escape sequences work from within the quarantine."""
    with psycopg.connect(cleared_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO quarantine (centre, topic, reason, detail, payload, digest, first_seen, last_seen)"
            " VALUES (%s, %s, 'topic', %s, %s, 'x', %s, %s)",
            (CENTRE, "a/\x1b[31mred", "[/bold] [link=x]", b"[/x]\x1b]0;title\x07", MORNING, MORNING),
        )
    told = sigap("quarantine", database_url=cleared_url)
    assert told.returncode == 0, told.stderr
    assert "\x1b" not in told.stdout
    assert "\\x1b[31mred" in told.stdout
    assert "[/bold] [link=x]" in told.stdout
    assert "2026-11-21 03:04:05Z" in told.stdout
