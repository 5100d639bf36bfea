"""Names of places, found as people spell them: typos, shortened words, the kind of place said or not.

The search is by rapidfuzz over one spelling (`names`). What a caller says is an address more often than a name, so its
other parts say which of several places of one name is meant, and so does where the map is looking.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rapidfuzz import fuzz, process

from tracker.geodesy import distance
from tracker.locate.names import Spelled, parts, spelled
from tracker.locate.point import Located

GOOD_ENOUGH = 0.7
"""Below it a name is another one; of ten letters, three may be wrong."""

_FEW = 4
"""Letters of a word so short that one wrong makes it another."""

_SAME_WORD = 0.72
_NUMERAL = 6
"""Letters that a number counts for: Sepaku 1 is not Sepaku 3."""

_FACILITIES = {"puskesmas": "puskesmas", "hospital": "rs", "clinic": "klinik"}

_LATER = 0.1
"""Taken off for each part of an address before the one that was found: the first says where, the rest in which area."""

_INSIDE, _CLOSE = 0.2, 0.1
"""What lying in an area that the address names is worth, and lying near it."""

_SHOWN = 0.5
_AN_AREA = 0.94
_SAME_AREA = 0.85
_KEPT = 40
_ROUGHLY = 200
"""Names are compared roughly first, all of them in native code, and so many then with care."""

_AREA = 6000.0
"""Metres round the middle of a village or district that are still near it."""

_AREAS = frozenset({"village", "district", "regency"})
_SIZE = {"regency": 0.03, "district": 0.02, "facility": 0.02, "street": 0.02}
"""Taken off where nobody said what kind of place it is: a bare name is a village's before it is anything else's."""


class Entry(msgspec.Struct, frozen=True):
    """A name that can be found."""

    name: str
    kind: str  # regency, district, village, street, or the kind of a facility
    latitude: float
    longitude: float
    source: str  # profile, villages, streets, facilities
    within: str | None = None  # name of the area that it lies in, and with a comma of the one that that lies in
    note: str | None = None


class Gazetteer:
    """Names of one source or of several; made once, for it is searched with every letter that is typed."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Sequence[Entry] = list(entries)
        self._spelled = [spelled(entry.name) for entry in self.entries]
        self._bare = [each.bare for each in self._spelled]

    def matches(self, wanted: Spelled, limit: int = _KEPT) -> list[tuple[float, Entry]]:
        """Entries that a name may mean, with how well it fits (0 to 1), the best first.

        Args:
            wanted: the name.
            limit: so many at most.
        """
        if len(wanted.bare) < 2:
            return []
        found = process.extract(wanted.bare, self._bare, scorer=fuzz.WRatio, limit=_ROUGHLY, score_cutoff=60.0)
        scored = [(self._fits(wanted, at, _alike(wanted.bare, name)), self.entries[at]) for name, _, at in found]
        good = [each for each in scored if each[0] >= GOOD_ENOUGH]
        return sorted(good, key=lambda each: (-each[0], each[1].name))[:limit]

    def _fits(self, wanted: Spelled, at: int, score: float) -> float:
        entry = self.entries[at]
        kind = entry.kind if entry.kind in _AREAS or entry.kind == "street" else "facility"
        if wanted.kind is None:
            return score - _SIZE.get(kind, 0.0)
        word = self._spelled[at].word or _FACILITIES.get(entry.kind)
        if wanted.kind != kind or (wanted.word is not None and word is not None and wanted.word != word):
            score -= 0.15
        return score


def _alike(wanted: str, name: str) -> float:
    """How well a name fits what was said, 0 to 1: letter by letter, however words are parted; and word by word, where
    most of what was said has to be found in the name, and the name may have more."""
    one, other = wanted.replace(" ", ""), name.replace(" ", "")
    whole = fuzz.ratio(one, other) / 100
    if min(len(one), len(other)) <= _FEW:
        whole = 1.0 if one == other else min(whole, 0.6)
    begun = 0.9 if len(one) > 2 and name.startswith(wanted) else 0.0
    said, has = wanted.split(), name.split()
    return max(whole, begun, 0.85 * _found(said, has) + 0.12 * _found(has, said))


def _found(words: Sequence[str], among: Sequence[str]) -> float:
    """The part of some words, by their letters, that is among others; a number is found whole or not."""
    weights = [_NUMERAL if each.isdigit() else len(each) for each in words]
    best = [max(_word(each, other) for other in among) for each in words]
    return sum(weight * score for weight, score in zip(weights, best, strict=True)) / sum(weights)


def _word(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if min(len(one), len(other)) <= _FEW or one.isdigit() or other.isdigit():
        return 0.0
    alike = fuzz.ratio(one, other) / 100
    return alike if alike >= _SAME_WORD else 0.0


def search(
    gazetteers: Sequence[Gazetteer], text: str, near: tuple[float, float] | None = None, limit: int = 10
) -> list[Located]:
    """Places that an address may mean, the best first.

    Args:
        gazetteers: where to look.
        text: a name, or several with commas: the first says where, the others in which area.
        near: latitude and longitude where somebody is looking; decides between places of one name.
        limit: so many at most.
    """
    scored: dict[tuple[str, str, float, float], Located] = {}
    for names in _readings(gazetteers, text):
        for place in _rated(gazetteers, names, near):
            key = (place.name, place.kind, place.latitude, place.longitude)
            if key not in scored or scored[key].score < place.score:
                scored[key] = place
    ranked = sorted(scored.values(), key=lambda each: (-each.score, _away(each, near), each.name))
    return ranked[:limit]


def _readings(gazetteers: Sequence[Gazetteer], text: str) -> list[list[Spelled]]:
    """The names that a text may be made of: as it is parted, and with an area at its end that no comma parts."""
    names = [each for each in (spelled(part) for part in parts(text)) if each.bare]
    readings = [names]
    for at, name in enumerate(names):
        words = name.bare.split()
        for tail in range(1, min(2, len(words) - 1) + 1):
            area = spelled(" ".join(words[-tail:]))
            fits = (hit for gazetteer in gazetteers for hit in gazetteer.matches(area, 5))
            if any(score >= _AN_AREA and entry.kind in _AREAS for score, entry in fits):
                head = Spelled(" ".join(words[:-tail]), name.kind, name.word)
                readings.append([*names[:at], head, area, *names[at + 1 :]])
    return readings


def _rated(
    gazetteers: Sequence[Gazetteer], names: Sequence[Spelled], near: tuple[float, float] | None
) -> Iterator[Located]:
    """Places that the first of some names may mean, or that the others may, where the first is unknown."""
    hits = [[hit for gazetteer in gazetteers for hit in gazetteer.matches(name)] for name in names]
    said = [each.bare for each in names]
    known = [at for at, found in enumerate(hits) if found]  # what happened, and who lives there, is in no list
    begins = known[0] if known else 0
    said, hits = said[begins:], hits[begins:]
    areas = [_likeliest([hit for hit in found if hit[1].kind in _AREAS]) for found in hits]
    for at, found in enumerate(hits):
        others = [hit for number, each in enumerate(areas) if number != at for hit in each]
        for fit, entry in found:
            score = fit - _LATER * at - (_INSIDE if len(said) > 1 else 0.0)
            score = round(
                min(1.0, max(0.0, score + _backed(entry, others, said[:at] + said[at + 1 :]) + _nearness(entry, near))),
                3,
            )
            if score >= _SHOWN:
                yield Located(
                    entry.latitude, entry.longitude, entry.name, entry.kind, entry.source, score, entry.note,
                    entry.within,
                )  # fmt: skip


def _likeliest(hits: Sequence[tuple[float, Entry]]) -> list[tuple[float, Entry]]:
    """Those that fit as well as the best, nearly."""
    best = max((score for score, _ in hits), default=0.0)
    return [hit for hit in hits if hit[0] >= best - 0.03]


def _backed(entry: Entry, others: Sequence[tuple[float, Entry]], said: Sequence[str]) -> float:
    """What the other parts of an address say for a place: it lies in an area that they name, or near it."""
    within = [spelled(area).bare for area in (entry.within or "").split(",") if area]
    named = [each.removeprefix("kota ") for each in said]
    inside = [fuzz.ratio(area.removeprefix("kota "), each) / 100 for area in within for each in named]
    best = max((_INSIDE * alike for alike in inside if alike >= _SAME_AREA), default=0.0)
    for score, area in others:
        close = distance(entry.latitude, entry.longitude, area.latitude, area.longitude) <= _AREA
        if area is not entry and close:
            best = max(best, _CLOSE * score)
    return best


def _nearness(entry: Entry, near: tuple[float, float] | None) -> float:
    if near is None:
        return 0.0
    return 0.06 * math.exp(-distance(entry.latitude, entry.longitude, *near) / 10_000)


def _away(place: Located, near: tuple[float, float] | None) -> float:
    return 0.0 if near is None else distance(place.latitude, place.longitude, *near)
