"""A disk that fills, or fails, never ends the program, and each loss is counted: to the item."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Account = dict[str, Any]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of 1 MB, in memory; None where this machine does not let us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "sigap-test", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def live_through(path: Path, fault: str) -> dict[str, Account]:
    """The accounts, by the time of each. Whatever is not even raises in that process."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.unit.fieldunit.full_disk", str(path), fault],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    return {account["at"]: account for account in map(json.loads, ran.stdout.splitlines())}


@pytest.mark.parametrize("fault", ["file-size", "read-only"])
def test_a_disk_that_takes_nothing_any_more(tmp_path: Path, fault: str) -> None:
    """What it does not take is in memory; when that is full as well, old track is lost, and counted. No report is, nor
    the newest fix. When the disk is well again all that is in memory goes there, and the count with it.
    """
    accounts = live_through(tmp_path / "a.outbox", fault)
    assert not accounts["well"]["lost"]
    faulty = accounts["faulty"]
    assert faulty["in_memory"] > 0
    assert faulty["lost"]["memory-full"] > 1000
    assert "the disk takes no fixes" in faulty["told"][0]
    look_at(accounts)


def test_a_disk_of_one_megabyte_that_another_file_fills(small_disk: Path | None, tmp_path: Path) -> None:
    """To the last byte. It still takes every fix, in the place of thinned old track. Where no disk can be mounted the
    files' size is limited instead.
    """
    if small_disk is None:
        look_at(live_through(tmp_path / "b.outbox", "file-size"))
        return
    accounts = live_through(small_disk / "b.outbox", "other-file")
    faulty = accounts["faulty"]
    assert faulty["bytes"] < 2**20
    assert faulty["lost"]["thinned-disk-full"] > 1000
    assert (faulty["in_memory"], faulty["told"]) == (0, []), "each fix was on the disk when the caller was told"
    look_at(accounts)


def look_at(accounts: dict[str, Account]) -> None:
    """What holds for every fault."""
    faulty, healed, again = accounts["faulty"], accounts["healed"], accounts["again"]
    assert faulty["reports"] == 320
    assert faulty["newest"]
    assert sum(faulty["lost"].values()) > 1000
    assert (healed["in_memory"], healed["trouble"]) == (0, None)
    assert (again["lost"], again["waiting"]) == (healed["lost"], healed["waiting"])
