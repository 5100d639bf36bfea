"""The package is what the checkout says, and the lock files can be used anywhere."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"]
NPM_LOCKS = ["dashboards/web/package-lock.json", "tests/timescale/package-lock.json"]


@pytest.mark.parametrize(
    ("name", "folder"), [("gateway", "gateway"), ("tracker", "tracker"), ("fieldunit", "firmware-sim/fieldunit")]
)
def test_an_import_name_is_this_checkout(name: str, folder: str) -> None:
    """No installed distribution shadows one of our import names."""
    file = importlib.import_module(name).__file__
    assert file is not None
    assert Path(file).parent == ROOT / folder


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_python_package_has_version_and_hash(name: str) -> None:
    """A lock line without a hash would let anything in."""
    text = (ROOT / name).read_text()
    entries = re.findall(r"^[a-z0-9][^\n]*(?:\n    [^\n]*)*", text, flags=re.MULTILINE)
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._\[\],-]+==[^ ]+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("name", LOCKS)
def test_a_python_lock_names_no_registry(name: str) -> None:
    """Whoever installs chooses where from."""
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_a_node_lock_names_no_registry(name: str) -> None:
    """The same for Node: `resolved` is where npm writes the address (others there are the authors' own pages)."""
    assert '"resolved"' not in (ROOT / name).read_text()


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_every_locked_node_package_has_a_hash(name: str) -> None:
    """The lock pins content, not only versions."""
    packages = json.loads((ROOT / name).read_text())["packages"]
    missing = [path for path, entry in packages.items() if path and "integrity" not in entry]
    assert not missing


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """A dependency added to pyproject.toml is locked too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["project"]["dependencies"]
    dev = asked + project["dependency-groups"]["dev"] + project["project"]["optional-dependencies"]["demo"]
    for lock, wanted in (("requirements.lock", asked), ("requirements-dev.lock", dev)):
        locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text(), flags=re.MULTILINE))
        names = {re.split(r"[\[<>=]", item)[0] for item in wanted}
        assert names <= locked, f"{lock} lacks {sorted(names - locked)}"


def test_the_wheel_carries_the_sql_and_the_profiles(tmp_path: Path) -> None:
    """What is read with importlib.resources must be in the wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("gateway/storage/migrations", "gateway/storage/queries"):
        assert {f"{folder}/{file.name}" for file in (ROOT / folder).glob("*.sql")} <= names
    assert {f"tracker/regions/{file.name}" for file in (ROOT / "tracker/regions").glob("*.toml")} <= names
    assert "tracker/recommend/conditions.toml" in names
    assert "tracker/regions/NOTICE" in names  # the licence of the polygons asks for it
    assert {"gateway/py.typed", "tracker/py.typed", "fieldunit/py.typed", "fieldunit/cli/__init__.py"} <= names
    assert not [name for name in names if name.startswith(("tests", "dashboards"))]
