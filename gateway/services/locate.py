"""Where a text means: by what it holds itself, and by what the centre knows. Nobody outside is asked."""

from tracker.locate import Box, Pasted, read
from tracker.regions import Profile

MARGIN = 0.15
"""Degrees round the middles of a profile's districts that are still of the region: half of a large district."""


class Locator:
    """One for a centre."""

    def __init__(self, profile: Profile | None = None) -> None:
        self.home = home_of(profile)

    async def read(self, text: str) -> Pasted:
        """The places that a text means, the best first."""
        return read(text, self.home)


def home_of(profile: Profile | None) -> Box | None:
    """The box round a profile's districts; None without a profile."""
    if profile is None or not profile.districts:
        return None
    latitudes = [each.latitude for each in profile.districts]
    longitudes = [each.longitude for each in profile.districts]
    return Box(min(latitudes) - MARGIN, min(longitudes) - MARGIN, max(latitudes) + MARGIN, max(longitudes) + MARGIN)
