"""What can keep the demo from running, each said in one sentence to the person who started it.

DemoError
├── DirectoryError       the data cannot lie where it should
├── PortError            the board cannot listen where it should
├── UnreachableError     a server may not run as root, and its stand-in may not enter the directory
├── ChildDiedError       a server or program of the demo ended by itself; carries the end of its log
└── AlreadyRunningError  another demo holds the same data directory
"""

from pathlib import Path


class DemoError(Exception):
    """The demo cannot start or go on; the text says what to do."""


class DirectoryError(DemoError):
    """The data directory is none, or may not be written."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(f"{directory} cannot hold the demo's data ({reason}); choose another place with --data")
        self.directory = directory


class PortError(DemoError):
    """A port that was asked for cannot be had."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(f"port {port} {reason}; choose another with --port, or leave it out")
        self.port = port


class UnreachableError(DemoError):
    """PostgreSQL refuses to run as root, and the account it runs as instead cannot get at its files."""

    def __init__(self, path: Path, account: str, closed: Path) -> None:
        super().__init__(
            f"{path} cannot be used: PostgreSQL does not run as root, and the account {account!r} it runs as"
            f" may not enter {closed}; choose another place with --data, for example /var/lib/sigap/demo"
        )
        self.path = path
        self.closed = closed


class ChildDiedError(DemoError):
    """A process of ours ended when it should not have, or did not become ready in time."""

    def __init__(self, name: str, what: str, last_lines: str) -> None:
        shown = "".join(f"\n    {line}" for line in last_lines.splitlines())
        super().__init__(f"{name} {what}" + (f"; the last lines of its log:{shown}" if shown else ""))
        self.name = name


class AlreadyRunningError(DemoError):
    """The data directory is in use by a living demo."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"another demo is using {directory}: stop it first, or choose another place with --data")
