"""A vehicle that was installed before anybody enrolled it loses nothing; and what enrolling may be told."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from gateway.services.take_in_kept import BATCH, take_in_kept
from gateway.storage import quarantine, units
from gateway.storage.pool import open_pool
from gateway.storage.quarantine import Refused
from gateway.storage.units import Unit
from tests.fix_gateway import CENTRE
from tracker.errors import Reason
from tracker.wire.checksum import xor
from tracker.wire.payload import encode_epoch

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def message(number: int, unit: str) -> Refused:
    time = START + timedelta(seconds=number)
    body = f"GNRMC,{time:%H%M%S}.00,A,0709.1234,S,11152.5678,E,22.4,87.1,211126,,,A".encode()
    line = b"$%b*%02X" % (body, xor(body))
    payload = encode_epoch("gnss", number, time, [line])
    return Refused(f"sigap/v1/{CENTRE}/units/{unit}/live/abc", Reason.NOT_ENROLLED, "who?", payload, time)


async def counted(url: str, what: str) -> Any:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return (await (await connection.execute(what)).fetchone() or (None,))[0]


async def test_what_a_unit_sent_before_it_was_enrolled_is_taken_in(enrolled_url: str) -> None:
    """More than a batch of messages; another stranger's stay; a second run finds nothing to do."""
    count = BATCH + 7
    async with open_pool(enrolled_url, 1) as pool:
        async with pool.connection() as connection:
            await units.enrol(connection, CENTRE, Unit("tamu-01", "Tamu", "ambulance"))
            kept = [message(number, "tamu-01") for number in range(count)] + [message(0, "tamu-011")]
            async with connection.transaction():
                await quarantine.keep(connection, CENTRE, kept)
        assert await take_in_kept(pool, CENTRE, "tamu-01", START) == count
        assert await take_in_kept(pool, CENTRE, "tamu-01", START) == 0
    assert await counted(enrolled_url, "SELECT count(*) FROM fixes WHERE unit = 'tamu-01' AND quality = 0") == count
    assert await counted(enrolled_url, "SELECT string_agg(topic, ',') FROM quarantine") == kept[-1].topic


@pytest.mark.parametrize(
    ("said", "name", "kind"),
    [
        (["--name", "Melati"], "Melati", "ambulance"),
        (["--kind", "motorcycle"], "Ambulans 01", "motorcycle"),
        ([], "Ambulans 01", "ambulance"),
    ],
)
def test_what_is_not_said_again_stays(enrolled_url: str, said: list[str], name: str, kind: str) -> None:
    """Enrolling a unit again does not take its name away."""
    command = [sys.executable, "-m", "gateway", "enrol", "ambulans-01", *said]
    environment = {**os.environ, "SIGAP_DATABASE_URL": enrolled_url, "SIGAP_CENTRE": CENTRE}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    with psycopg.connect(enrolled_url) as connection:
        found = connection.execute("SELECT name, kind FROM units WHERE id = 'ambulans-01'").fetchone()
    assert found == (name, kind)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines", "\x1b[31mred", "‮backwards"])
def test_a_name_fits_into_a_list_and_does_nothing_to_a_terminal(name: str) -> None:
    """One sentence, exit code 2."""
    command = [sys.executable, "-m", "gateway", "enrol", "ambulans-01", f"--name={name}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2
    assert "a name has 1 to 60 printable characters" in result.stderr
