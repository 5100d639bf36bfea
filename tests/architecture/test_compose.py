"""What the compose file promises, read from the file itself: no engine is needed for that.

Where the compose plugin is on the machine, it reads the file too, and must accept it.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

_ROOT = Path(__file__).parents[2]
_FILE = _ROOT / "docker-compose.yml"
_COMPOSE: dict[str, Any] = yaml.safe_load(_FILE.read_text())
_SERVICES: dict[str, dict[str, Any]] = _COMPOSE["services"]
_DOCKERFILES = [_ROOT / "gateway/Dockerfile", _ROOT / "firmware-sim/Dockerfile"]
every_service = pytest.mark.parametrize("name", sorted(_SERVICES))
every_dockerfile = pytest.mark.parametrize("path", _DOCKERFILES, ids=lambda path: path.parent.name)


def test_the_stack_is_complete() -> None:
    """Broker, database, gateway, fleet."""
    assert set(_SERVICES) == {"mosquitto", "timescaledb", "gateway", "fleet"}


@every_service
def test_each_service_has_a_health_check(name: str) -> None:
    """With limits, so that a hanging check is a failing one."""
    check = _SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@every_service
def test_whoever_depends_waits_for_health(name: str) -> None:
    """Started is not ready."""
    for on, how in _SERVICES[name].get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}, on


@every_service
def test_each_image_is_of_one_version(name: str) -> None:
    """Ours are built here; the others carry their whole version, to the patch."""
    service = _SERVICES[name]
    if "build" in service:
        assert (_ROOT / service["build"]["dockerfile"]).is_file()
    else:
        assert re.search(r":\d+\.\d+\.\d+(-pg\d+)?$", service["image"])


@every_service
def test_no_password_has_a_default(name: str) -> None:
    """Each comes from the environment, and its absence stops the start with what to do."""
    for variable, value in _SERVICES[name].get("environment", {}).items():
        if "PASSWORD" in variable:
            assert re.fullmatch(r"\$\{[A-Z_]+:\?put [^}]+\.env[^}]*\}", value), variable


def test_only_the_board_is_published_and_to_this_machine_only() -> None:
    """There are no accounts yet."""
    assert {name: service["ports"] for name, service in _SERVICES.items() if "ports" in service} == {
        "gateway": ["127.0.0.1:8080:8080"]
    }


@every_service
def test_each_mounted_file_and_volume_exists(name: str) -> None:
    """A missing file would be mounted as an empty directory."""
    for mount in _SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (_ROOT / source).is_file() if source.startswith(".") else source in _COMPOSE["volumes"]


def test_the_broker_knows_as_many_units_as_drive() -> None:
    """The fleet's number stands in two places; this keeps them equal."""
    command = _SERVICES["fleet"]["command"]
    assert command[command.index("--units") + 1] == _SERVICES["mosquitto"]["environment"]["SIGAP_FLEET_UNITS"]


@every_dockerfile
def test_our_images_are_built_from_locked_packages_and_do_not_run_as_root(path: Path) -> None:
    """Base images to the patch, Python packages by hash, a user of no rights."""
    text = path.read_text()
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.search(r":\d+\.\d+\.\d+-", image), image
    assert "--require-hashes -r /tmp/requirements.lock" in text
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    for install in re.findall(r"pip (?:install|wheel) .*", text):
        assert "--require-hashes" in install or "--no-deps" in install


@every_dockerfile
def test_what_the_images_copy_is_let_through(path: Path) -> None:
    """The list of what the builder sees names each source, and each is there."""
    allowed = {line[1:] for line in (_ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.*)$", path.read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (_ROOT / source).exists(), source
            assert any(source == name or source.startswith(f"{name}/") for name in allowed), source


def test_compose_itself_accepts_the_file_where_it_is_installed() -> None:
    """And refuses to start without the passwords, naming one."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode != 0:
        return  # the tests above have read the same file
    command = [docker, "compose", "--file", str(_FILE), "--env-file", os.devnull, "config", "--quiet"]
    names = set(re.findall(r"\$\{([A-Z_]+):\?", _FILE.read_text()))
    bare = {key: value for key, value in os.environ.items() if key not in names}
    refused = subprocess.run(command, capture_output=True, text=True, env=bare)
    assert refused.returncode != 0
    assert ".env" in refused.stderr
    subprocess.run(command, check=True, env=bare | dict.fromkeys(names, "a-long-enough-password"))
