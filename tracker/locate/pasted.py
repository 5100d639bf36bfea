"""What somebody pasted, or typed as it was dictated: its points, the words that are left, and what cannot be read.

The order is of trust: a pin before bare numbers, both before the middle of somebody's map.
"""

import re
from collections.abc import Callable

import msgspec

from tracker.locate import codes
from tracker.locate.coordinates import pairs
from tracker.locate.links import links
from tracker.locate.point import ABROAD, Box, Located, reading

COARSE = "written to about a kilometre"
LONELY_CODE = "{code} is a short plus code: say the village or district that stands behind it"
WORDS = "/// words name a place only to those who sell them: ask for a pin or the numbers"

_WORDS = re.compile(r"///\w+\.\w+\.\w+")
_NO_NAME = re.compile(
    r"\b(?:share(?:d)?|kirim|bagikan)?\s*\b(?:lokasi(?:nya)?|location|alamat|posisi|position|koordinat|coordinates?|"
    r"titik|pin|maps?|google|terkini|live|saya|ini|di|here|dropped|near|dekat)\b\s*:?",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"^\s*\[?\d{1,2}[./]\d{1,2}[./]\d{2,4},?\s+\d{1,2}[.:]\d{2}(?:[.:]\d{2})?\]?\s*(?:-\s*)?(?:[^:\n]{1,40}:)?",
    re.MULTILINE,
)

Near = Callable[[str], tuple[float, float] | None]
"""Latitude and longitude of what some words name; None: nothing that is known."""


class Pasted(msgspec.Struct, frozen=True):
    """What a text holds."""

    places: tuple[Located, ...]  # the best first
    words: str  # what is left of it: a name, perhaps
    problems: tuple[str, ...]  # sentences for the person who pasted it


def read(text: str, home: Box | None, near: Near = lambda _: None) -> Pasted:
    """The points of a text.

    Args:
        text: as it was pasted.
        home: where the centre works; None: not known.
        near: finds the area that a short plus code is of.
    """
    places: list[Located] = []
    problems: list[str] = []
    text = "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    rest = _CHAT.sub(" ", text)
    names: list[str] = []
    for link in reversed(list(links(rest, home))):
        places += [
            Located(
                pin.latitude, pin.longitude, pin.name, "view" if pin.view else "point", pin.source, pin.score, pin.note
            )
            for pin in link.pins
        ]
        problems += [link.problem] if link.problem else []
        names += [link.name] if link.name else []
        rest = f"{rest[: link.start]} , {rest[link.end :]}"
    if _WORDS.search(rest):
        problems.append(WORDS)
        rest = _WORDS.sub(" ", rest)
    rest = ", ".join([rest, *names])
    found = list(pairs(rest))
    for pair in found:
        seen = reading(pair.first, pair.second, home, exact=pair.known)
        if seen is None or seen.note == ABROAD:
            shown = rest[pair.start : pair.end].strip()
            problems.append(f"{shown} {ABROAD if seen else 'is no place on Earth'}")
            continue
        note = "; ".join(each for each in (seen.note, COARSE if pair.coarse else None) if each) or None
        score = min(seen.score, 0.6) if pair.coarse else seen.score
        places.append(Located(seen.latitude, seen.longitude, "", "point", "coordinates", round(0.95 * score, 3), note))
    for pair in reversed(found):
        rest = f"{rest[: pair.start]} , {rest[pair.end :]}"
    rest = _plus_codes(rest, home, near, places, problems)
    words = " ".join(_NO_NAME.sub(" ", rest).split()).strip(" ,.;:-()[]")
    words = re.sub(r"(?:\s*,\s*)+", ", ", words)
    places.sort(key=lambda each: (each.kind == "view", -each.score))
    if places and places[0].kind == "point" and not places[0].name and words and len(words) <= 80:
        places[0] = msgspec.structs.replace(places[0], name=words)
    return Pasted(tuple(_unlike(places)), words, tuple(dict.fromkeys(problems)))


def _plus_codes(text: str, home: Box | None, near: Near, places: list[Located], problems: list[str]) -> str:
    """Read the plus codes of a text; the text without them."""
    while found := codes.PLUS_CODE.search(text):
        rest = f"{text[: found.start()]} {text[found.end() :]}"
        area = near(rest.strip(" ,.\n")) if len(found[1]) < 8 else None
        middle = codes.plus_code(found[0], area or (None if home is None else home.middle))
        if middle is None:
            problems.append(LONELY_CODE.format(code=found[0]))
        else:
            guessed = len(found[1]) < 8 and area is None
            note = "the nearest of this short code to the middle of the centre's region" if guessed else None
            places.append(Located(*middle, "", "point", "plus-code", 0.7 if guessed else 0.95, note))
        text = rest
    return text


def _unlike(places: list[Located]) -> list[Located]:
    """Without those that are at the same point as a better one, to a metre."""
    seen: dict[tuple[float, float], Located] = {}
    for each in places:
        seen.setdefault((round(each.latitude, 5), round(each.longitude, 5)), each)
    return list(seen.values())
