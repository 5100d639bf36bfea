"""Links of map services, as phones share them. What a link holds is read; nothing is asked of anybody.

A shortened link holds nothing: only its maker knows where it leads. It is said so, for whoever is on the telephone can
ask for the numbers instead.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import SplitResult, parse_qs, unquote_plus, urlsplit

import msgspec

from tracker.locate import codes
from tracker.locate.coordinates import pairs
from tracker.locate.point import Box, reading

LINK = re.compile(
    r"""(?:https?://|geo:|google\.navigation:|comgooglemaps://|waze://|maps:)[^\s<>"]+
    |(?<![\w./@])(?:www\.|maps\.)?(?:google\.[a-z.]{2,6}/maps|google\.[a-z.]{2,6}/\?|app\.goo\.gl|goo\.gl/|
      openstreetmap\.org|osm\.org|apple\.com/|waze\.com|plus\.codes/)[^\s<>"]*""",
    re.IGNORECASE | re.VERBOSE,
)
_SHORTENERS = (
    "maps.app.goo.gl", "app.goo.gl", "goo.gl", "g.co", "g.page", "share.google", "maps.apple", "bit.ly", "s.id",
    "tinyurl.com", "t.ly", "is.gd", "cutt.ly", "share.here.com", "osmand.net", "w3w.co",
)  # fmt: skip
SHORTENED = (
    "{host}/... is shortened: only {host} knows where it leads, and it is not asked from here. Open it on a phone, "
    "hold a finger on the pin, and paste the numbers that it shows"
)
UNREADABLE = "the link to {host} holds no point"
VIEW = "the middle of the map that was shown, not a pin"

_POINTS = ("query", "q", "destination", "daddr", "coordinate", "ll", "center", "cbll", "cp", "sll", "viewpoint", "map")
_SPLIT = (("mlat", "mlon"), ("lat", "lon"), ("lat", "lng"), ("lat", "long"), ("latitude", "longitude"))
_PINNED = re.compile(r"!3d(-?\d+(?:\.\d+)?)!4d(-?\d+(?:\.\d+)?)")
_STOP = re.compile(r"!1d(-?\d+(?:\.\d+)?)!2d(-?\d+(?:\.\d+)?)")  # longitude first
_VIEW = re.compile(r"@(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)")
_FRAGMENT = re.compile(r"map=[\d.]+/(-?\d+(?:\.\d+)?)/(-?\d+(?:\.\d+)?)")
_LABEL = re.compile(r"\(([^()]+)\)\s*$")


class Pin(msgspec.Struct, frozen=True):
    """What a link shows."""

    latitude: float
    longitude: float
    name: str
    source: str
    view: bool = False  # nobody put a pin: it is the middle of a map
    score: float = 1.0
    note: str | None = None


class Link(msgspec.Struct, frozen=True):
    """A link of a text."""

    start: int
    end: int
    pins: tuple[Pin, ...]
    name: str = ""  # of a place that it names without saying where it is; or a plus code
    problem: str | None = None


def links(text: str, home: Box | None) -> Iterator[Link]:
    """The links of a text, in order.

    Args:
        text: as it was pasted.
        home: where the centre works.
    """
    for found in LINK.finditer(text):
        address = found[0].rstrip(".,;:!?)]}'*_")
        yield _read(address, found.start(), found.start() + len(address), home)


def _read(address: str, start: int, end: int, home: Box | None) -> Link:
    try:
        parts = urlsplit(address if re.match(r"[a-z][a-z.]*:", address, re.IGNORECASE) else f"https://{address}")
        host = (parts.hostname or parts.scheme).removeprefix("www.")
    except ValueError:
        return Link(start, end, (), problem=UNREADABLE.format(host=address[:40]))
    source = _source(host)
    if parts.scheme in ("geo", "google.navigation", "maps"):
        pins, name = _of_uri(parts, source, home)
    elif host in _SHORTENERS and not parts.query:
        return Link(start, end, (), problem=SHORTENED.format(host=host))
    else:
        pins, name = _of_page(parts, host, source, home)
    return Link(start, end, tuple(pins), name, None if pins or name else UNREADABLE.format(host=host))


def _source(host: str) -> str:
    for part, source in (
        ("google", "google-maps"), ("openstreetmap", "openstreetmap"), ("osm.org", "openstreetmap"),
        ("apple", "apple-maps"), ("waze", "waze"), ("plus.codes", "plus-code"), ("geo", "geo-uri"),
    ):  # fmt: skip
        if part in host:
            return source
    return host


def _of_uri(parts: SplitResult, source: str, home: Box | None) -> tuple[list[Pin], str]:
    """geo:-7.15,111.88;u=35?q=-7.15,111.88(Name) and google.navigation:q=-7.15,111.88."""
    path, _, query = f"{parts.path}?{parts.query}".partition("?")
    if path.startswith("q="):
        path, query = "", path
    asked = (parse_qs(query).get("q") or [""])[0]
    label = _LABEL.search(asked)
    name = label[1] if label else ""
    for text in (_LABEL.sub("", asked), path.partition(";")[0]):
        if (pin := _point(text, name, source, home)) and (pin.latitude, pin.longitude) != (0.0, 0.0):
            return [pin], ""
    return [], asked


def _of_page(parts: SplitResult, host: str, source: str, home: Box | None) -> tuple[list[Pin], str]:
    path, query = unquote_plus(parts.path), {key.casefold(): each[0] for key, each in parse_qs(parts.query).items()}
    segments = [each for each in path.split("/") if each]
    if host.endswith("osm.org") and segments[:1] == ["go"] and len(segments) > 1:
        middle = codes.osm_short(segments[1])
        return ([] if middle is None else [Pin(*middle, "", source, "m" not in query, 0.8)]), ""
    if source == "waze" and segments and (hashed := re.fullmatch(r"h([0-9a-z]{5,12})", segments[-1])):
        middle = codes.geohash(hashed[1])
        return ([] if middle is None else [Pin(*middle, "", source)]), ""
    if source == "plus-code" and segments:
        return [], segments[-1].replace(" ", "+")
    pins = _pins(path, query, segments, source, home)
    if pins:
        return pins, ""
    for shown in (_VIEW.search(path), _FRAGMENT.search(parts.fragment)):
        if shown and (seen := reading(float(shown[1]), float(shown[2]), home, exact=True)):
            pins.append(Pin(seen.latitude, seen.longitude, _named(segments), source, True, 0.7, seen.note or VIEW))
    return pins, "" if pins else _named(segments) or next((query[key] for key in _POINTS if query.get(key)), "")


def _pins(path: str, query: dict[str, str], segments: list[str], source: str, home: Box | None) -> list[Pin]:
    """Where somebody put a pin; the last is where they want somebody to come."""
    name = _named(segments)
    if found := _PINNED.findall(path):
        seen = reading(float(found[-1][0]), float(found[-1][1]), home, exact=True)
        return (
            [] if seen is None else [Pin(seen.latitude, seen.longitude, name, source, score=seen.score, note=seen.note)]
        )
    texts = [each for each in segments if not each.startswith(("@", "data="))][::-1]
    if (stops := _STOP.findall(path)) and not (texts and _point(texts[0], "", source, home)):
        seen = reading(float(stops[-1][1]), float(stops[-1][0]), home, exact=True)
        return (
            [] if seen is None else [Pin(seen.latitude, seen.longitude, name, source, score=seen.score, note=seen.note)]
        )
    for latitude, longitude in _SPLIT:
        if latitude in query and longitude in query:
            texts.insert(0, f"{query[latitude]},{query[longitude]}")
    words = next((query[key] for key in ("q", "query", "daddr") if query.get(key) and not _numbers(query[key])), name)
    for text in [*(query[key].replace("~", ",") for key in _POINTS if key in query), *texts]:
        if pin := _point(text, words if text not in (words, name) else "", source, home):
            return [pin]
    return []


def _numbers(text: str) -> bool:
    return next(pairs(text), None) is not None


def _point(text: str, name: str, source: str, home: Box | None) -> Pin | None:
    """The point that a part of a link is."""
    text = text.strip().removeprefix("loc:")
    pair = next(pairs(text), None)
    if pair is None and (whole := re.fullmatch(r"\s*(-?\d{1,3})\s*,\s*(-?\d{1,3})\s*", text)):
        first, second = float(whole[1]), float(whole[2])
    elif pair is not None:
        first, second = pair.first, pair.second
    else:
        return None
    seen = reading(first, second, home, exact=True)
    return None if seen is None else Pin(seen.latitude, seen.longitude, name, source, score=seen.score, note=seen.note)


def _named(segments: list[str]) -> str:
    """The name of the place that a path shows, if it shows one."""
    for before, text in pairwise(segments):
        if before in ("place", "search", "dir") and not text.startswith(("@", "data=")) and not _numbers(text):
            return text
    return ""
