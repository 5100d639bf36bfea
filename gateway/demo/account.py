"""As whom the servers run. PostgreSQL refuses root and Mosquitto should not have it, so root lends them an
account.

Nothing is created and no directory of anybody else is opened: an account that exists on every machine is
taken, and where it may not enter, the error says so.
"""

import os
import pwd
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.errors import DirectoryError, UnreachableError


@dataclass(frozen=True)
class Account:
    """A user of the machine that a child process is started as."""

    name: str
    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        """Give files or directories of ours to this account."""
        for path in paths:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def may(self, test: str, path: Path) -> bool:
        """Whether this account can read (``-r``), write (``-w``) or execute and enter (``-x``) the path: it
        is tried.
        """
        done = subprocess.run(  # noqa: S603 - a fixed program; the path is an argument, not shell text
            ["/usr/bin/test", test, str(path)], user=self.uid, group=self.gid, extra_groups=[], check=False
        )
        return done.returncode == 0

    def check_reach(self, directory: Path) -> None:
        """Make sure that the account can enter the directory.

        Raises:
            UnreachableError: if it or one above it is closed to the account.
        """
        directory = directory.absolute()
        if self.may("-x", directory):
            return
        for above in [*reversed(directory.parents), directory]:
            if not self.may("-x", above):
                raise UnreachableError(directory, self.name, above)


def make_directory(directory: Path) -> None:
    """Make a directory, and those above it that are missing, so that a stand-in may enter, whatever our umask is."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def check_writable(directory: Path) -> None:
    """Make a directory if it is not there, and make sure that files can be made in it: it is tried.

    Raises:
        DirectoryError: with the reason.
    """
    try:
        make_directory(directory)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise DirectoryError(directory, error.strerror or str(error)) from error


def stand_in(*names: str) -> Account | None:
    """The first of these accounts that exists, for children that must not be root; None when we are not root
    anyway.

    Raises:
        LookupError: if we are root and none of them exists.
    """
    if os.geteuid() != 0:
        return None
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LookupError(f"none of the accounts {', '.join(names)} exists on this machine")
