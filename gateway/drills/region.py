"""The roads of a drill: invented from the profile once, of a province those of some members only."""

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.demo.account import make_directory
from gateway.demo.child import Child
from gateway.demo.roads import DemoRoads
from gateway.roads.region_file import region_path
from gateway.roads.synthetic import write_osm
from tracker import regions
from tracker.regions import Profile

_BUILD_S = 120.0


class DrillRoads:
    """The region of one profile.

    Args:
        directory: of the region; made when it is needed.
        profile: whose roads; the region has its name.
        only: members of a province whose roads are made; all where empty. All of a large province take minutes.
    """

    def __init__(self, directory: Path, profile: str, only: Sequence[str] = ()) -> None:
        self.directory = directory
        self.file = region_path(directory, profile)
        self._profile = profile
        self._only = tuple(only)

    def make(self) -> None:
        """Make them, unless they are there.

        Raises:
            ChildDiedError: they could not be made.
        """
        if not self._only:
            whole = DemoRoads(self.directory, self._profile)
            whole.begin({})
            whole.finish()
            return
        if self.file.exists():
            return
        make_directory(self.directory)
        drawn = self.directory / f"{self._profile}.osm.pbf"
        write_osm(part_of(regions.load(self._profile), self._only), drawn)
        command = ["-m", "gateway", "roads", "build", str(drawn), "--name", self._profile]
        command += ["--data", str(self.directory)]
        Child("sigap roads", [sys.executable, *command], self.directory / "roads.log").wait_end(_BUILD_S)


def part_of(province: Profile, members: Sequence[str]) -> Profile:
    """Only the districts of these members."""
    districts = tuple(district for district in province.districts if district.member in members)
    homes = {district.name for district in districts}
    return msgspec.structs.replace(
        province, districts=districts, units=tuple(unit for unit in province.units if unit.home in homes)
    )
