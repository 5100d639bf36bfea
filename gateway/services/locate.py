"""Where a text means: by what it holds itself, and by what the centre knows: its facilities, streets, villages and
districts. Nobody outside is asked, for the day the internet is gone is the day with the calls.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec
import numpy as np

from gateway.roads import streets
from gateway.roads.districts import Districts
from tracker.geodesy import distance, distances
from tracker.locate import Box, Located, Pasted, read
from tracker.locate.gazetteer import Entry, Gazetteer, search
from tracker.regions import Profile
from tracker.register import Facility
from tracker.roads.graph import RoadGraph

MARGIN = 0.15
"""Degrees round the middles of a profile's districts that are still of the region: half of a large district."""

ONE_STREET = 800.0
"""Metres; pieces of one name that are nearer are one street: the map parts it at bridges and squares."""

OUTSIDE = 0.15
ABROAD = "outside of the centre's region"

SURE_OF_AREA = 0.9
APPROXIMATE = "the approximate middle of the district"
DOUBTFUL = "its point is doubtful and waits for somebody to confirm it"

_REGENCY = re.compile(r"\b(?:Kabupaten|Kota)\b")
_SHOWN = 10
_SHORTEST = 3
"""Letters from which on a word beside a link is looked for."""

T = TypeVar("T")


class Locator:
    """One for a centre.

    Args:
        profile: of its region; None: it has none.
        villages: of the operator's file.
        facilities: the centre's, as they are now.
        graph: its roads; None: it has none.
        districts: as areas, if the operator has them.
    """

    def __init__(
        self,
        profile: Profile | None = None,
        villages: Sequence[Entry] = (),
        facilities: Callable[[], Iterable[Facility]] = tuple,
        graph: Callable[[], RoadGraph | None] = lambda: None,
        districts: Districts | None = None,
    ) -> None:
        self.home = home_of(profile)
        middles = () if profile is None else profile.districts
        regencies = _regencies(profile)
        self._names = [
            f"{each.name}, {regencies[each.member]}" if each.member in regencies else each.name for each in middles
        ]
        self._latitudes = np.array([each.latitude for each in middles])
        self._longitudes = np.array([each.longitude for each in middles])
        self._areas = districts
        self._still = Gazetteer([*_districts_of(profile), *self._placed(villages)])
        self._facilities = _Kept(lambda: tuple(facilities()), self._of_facilities)
        self._streets = _Kept(graph, self._of_streets)

    async def read(self, text: str) -> Pasted:
        """The places that a text means, the best first: those it holds, or else those of the names in it."""
        self._look()
        return await asyncio.to_thread(self._read, text)

    async def search(self, text: str, near: tuple[float, float] | None = None) -> list[Located]:
        """Places of the centre whose names a text may mean, the best first.

        Args:
            text: a name or an address, as somebody says it.
            near: latitude and longitude where the asker is looking.
        """
        self._look()
        return await asyncio.to_thread(self._search, text, near)

    def _look(self) -> None:
        self._facilities.look()
        self._streets.look()

    def _read(self, text: str) -> Pasted:
        found = read(text, self.home, self._area)
        if found.places or len(found.words) < _SHORTEST:
            return found
        return Pasted(tuple(self._search(found.words, None)), found.words, found.problems)

    def _area(self, words: str) -> tuple[float, float] | None:
        for each in self._search(words, None):
            if each.score >= SURE_OF_AREA:
                return each.latitude, each.longitude
        return None

    def _search(self, text: str, near: tuple[float, float] | None) -> list[Located]:
        gazetteers = [self._still, self._facilities.now(), self._streets.now()]
        found = [self._farther(each) for each in search(gazetteers, text, near, 3 * _SHOWN)]
        return _unparted(sorted(found, key=lambda each: -each.score))[:_SHOWN]

    def _farther(self, place: Located) -> Located:
        """What lies outside of the region is meant less often; over the border it is possible."""
        if self.home is None or self.home.holds(place.latitude, place.longitude):
            return place
        return msgspec.structs.replace(place, score=round(max(0.0, place.score - OUTSIDE), 3), note=ABROAD)

    # What is searched

    def _of_facilities(self, facilities: Iterable[Facility]) -> Gazetteer:
        entries = [
            Entry(each.name, each.kind, each.latitude, each.longitude, "facilities", each.district,
                  None if each.usable else DOUBTFUL)
            for each in facilities
        ]  # fmt: skip
        return Gazetteer(self._placed(entries))

    def _of_streets(self, graph: RoadGraph | None) -> Gazetteer:
        entries = [] if graph is None else [
            Entry(name, "street", latitude, longitude, "streets", note=f"the middle of {metres / 1000:.1f} km")
            for name, latitude, longitude, metres in streets.middles(graph)
        ]  # fmt: skip
        return Gazetteer(self._placed(entries))

    def _placed(self, entries: Sequence[Entry]) -> list[Entry]:
        """Each with the district that it lies in, unless it is known: by areas, or by the nearest middle."""
        if self._areas is not None and entries:
            names = self._areas.of([each.latitude for each in entries], [each.longitude for each in entries])
        else:
            names = [self._nearest(each) for each in entries]
        return [
            Entry(each.name, each.kind, each.latitude, each.longitude, each.source, each.within or name, each.note)
            for each, name in zip(entries, names, strict=True)
        ]

    def _nearest(self, entry: Entry) -> str | None:
        """By middles: approximate as they are, and wrong near borders."""
        if self.home is None or not self.home.holds(entry.latitude, entry.longitude):
            return None
        away = distances(self._latitudes, self._longitudes, np.array(entry.latitude), np.array(entry.longitude))
        return self._names[int(away.argmin())]


class _Kept(Generic[T]):
    """A gazetteer that is made anew when what it is made of is another."""

    def __init__(self, of: Callable[[], T], make: Callable[[T], Gazetteer]) -> None:
        self._of = of
        self._make = make
        self._looked: T | None = None
        self._made: tuple[T, Gazetteer] | None = None

    def look(self) -> None:
        """See what it is made of now; in the loop, where that changes."""
        self._looked = self._of()

    def now(self) -> Gazetteer:
        """As it was looked at; making it takes a moment."""
        looked = self._of() if self._looked is None else self._looked
        if self._made is None or (self._made[0] is not looked and self._made[0] != looked):
            self._made = looked, self._make(looked)
        return self._made[1]


def home_of(profile: Profile | None) -> Box | None:
    """The box round a profile's districts; None without a profile."""
    if profile is None or not profile.districts:
        return None
    latitudes = [each.latitude for each in profile.districts]
    longitudes = [each.longitude for each in profile.districts]
    return Box(min(latitudes) - MARGIN, min(longitudes) - MARGIN, max(latitudes) + MARGIN, max(longitudes) + MARGIN)


def _regencies(profile: Profile | None) -> dict[str | None, str]:
    """Names of a province's regencies and cities by member, without what their centres are called."""
    members = () if profile is None else profile.members
    return {each.id: each.name[found.start() :] for each in members if (found := _REGENCY.search(each.name))}


def _districts_of(profile: Profile | None) -> list[Entry]:
    if profile is None:
        return []
    regencies = _regencies(profile)
    return [
        Entry(
            each.name, "district", each.latitude, each.longitude, "profile", regencies.get(each.member), APPROXIMATE
        )
        for each in profile.districts
    ]  # fmt: skip


def _unparted(places: list[Located]) -> list[Located]:
    """Without the further pieces of one street."""
    kept: list[Located] = []
    for place in places:
        same = (each for each in kept if (each.name, each.kind) == (place.name, "street"))
        if not any(
            distance(each.latitude, each.longitude, place.latitude, place.longitude) <= ONE_STREET for each in same
        ):
            kept.append(place)
    return kept
