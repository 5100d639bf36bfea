"""The demo's roads: invented from the profile once and kept with the data, for gateway and fleet alike.

They are made again when the programs or the profile that they come from are others, or the file is not as it was left.
"""

import hashlib
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from gateway.demo.account import make_directory
from gateway.demo.child import Child
from gateway.demo.interruption import held
from gateway.roads.region_file import region_path

_MADE_BY = {"gateway.roads": (".py",), "tracker.regions": (".py", ".toml"), "tracker.roads": ("graph.py", "stored.py")}
_BUILD_S = 120.0  # it takes three or four; a machine that is busy with other things may take longer


class DemoRoads:
    """The region of one profile.

    Args:
        directory: of the region; made when it is needed.
        profile: whose roads; the region has its name.
    """

    def __init__(self, directory: Path, profile: str) -> None:
        self.directory = directory
        self.file = region_path(directory, profile)
        self._profile = profile
        self._note = directory / "made-by"
        self._child: Child | None = None

    @property
    def current(self) -> bool:
        """Whether the file is there, as these programs made it."""
        try:
            return self._note.read_text() == self._signature()
        except FileNotFoundError:
            return False

    def begin(self, environment: Mapping[str, str]) -> bool:
        """Start making them, beside whatever else is started; False where there is nothing to do."""
        if self.current:
            return False
        make_directory(self.directory)
        self._note.unlink(missing_ok=True)
        drawn = self.directory / f"{self._profile}.osm.pbf"
        command = ["-m", "gateway", "roads", "synthetic", self._profile, str(drawn), "--name", self._profile]
        command += ["--data", str(self.directory)]
        with held():
            self._child = Child(
                "sigap roads", [sys.executable, *command], self.directory / "roads.log", environment=environment
            )
        return True

    def finish(self) -> None:
        """Wait until they are made.

        Raises:
            ChildDiedError: they could not be.
        """
        if self._child is not None:
            self._child.wait_end(_BUILD_S)
            self._note.write_text(self._signature())

    def abandon(self) -> None:
        """Stop making them: nobody wants them any more."""
        if self._child is not None:
            self._child.kill()

    def _signature(self) -> str:
        """Of the programs and the profile, and of the file itself."""
        made_by = hashlib.sha256()
        for package, endings in _MADE_BY.items():
            for entry in sorted(resources.files(package).iterdir(), key=lambda each: each.name):
                if entry.name.endswith(endings):
                    made_by.update(entry.read_bytes())
        return f"{made_by.hexdigest()}\n{hashlib.sha256(self.file.read_bytes()).hexdigest()}\n"
