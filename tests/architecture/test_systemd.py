"""The service of a vehicle's unit: what systemd itself says of it, and that its example can be meant."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fieldunit.agent.config import read_config

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICE = FOLDER / "sigap-unit.service"

LARGEST_EXPOSURE = 2.0
"""Of 10, as `systemd-analyze security` counts; a service without any hardening has 9.6."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The file as it would be installed, with a program that exists."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / SERVICE.name
    path.write_text(SERVICE.read_text().replace("/opt/sigap/bin/sigap-unit", sys.executable))
    return path


def test_systemd_understands_every_line(installed: Path) -> None:
    """Not a word about unknown settings."""
    done = subprocess.run(["systemd-analyze", "verify", str(installed)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_service_may_do_little(installed: Path) -> None:
    """By systemd's own count."""
    command = ["systemd-analyze", "security", "--offline=true", str(installed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= LARGEST_EXPOSURE


def test_it_is_watched_and_started_again() -> None:
    """For years, with nobody there."""
    lines = SERVICE.read_text().splitlines()
    assert {"Type=notify", "Restart=always", "WatchdogSec=60", "StartLimitIntervalSec=0"} <= set(lines)


def test_the_example_can_be_meant(tmp_path: Path) -> None:
    """As it is, and with everything in it that is commented out."""
    assert read_config(FOLDER / "unit.toml").unit.id == "ambulans-01"
    text = (FOLDER / "unit.toml").read_text()
    everything = tmp_path / "unit.toml"
    everything.write_text(re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE))
    config = read_config(everything)
    assert [receiver.source for receiver in config.receivers] == ["gnss", "modem"]
    assert [each.name for each in config.inputs] == ["siren"]
