"""What OpenStreetMap tags mean for an ambulance and for a motor-ambulance.

Written after the OpenStreetMap wiki's pages on access, oneway, emergency, maxspeed and barrier. Both profiles are
emergency vehicles. Turn restrictions and conditional tags (`*:conditional`) are not read.

- A way is closed to a profile if its most specific tag says no, private or a special trade (agricultural, forestry).
  The order is emergency, then motorcar or motorcycle, motor_vehicle, vehicle, access. What is open for buses is open.
- Parts of a country's law that tags leave out: toll roads (motorway) are closed to motorcycles in Indonesia.
- A gate is open unless something says that it is not: the guard of a housing estate opens it for an ambulance.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tracker.measures import KILOMETRE_PER_HOUR, KNOT, MILE_PER_HOUR
from tracker.roads.graph import Profile, RoadClass

Tags = Mapping[str, str]

BOTH = Profile.CAR | Profile.MOTORCYCLE

FERRY_SPEED = 10 * KILOMETRE_PER_HOUR
"""Metres per second of a ferry whose crossing time the map does not tell: slow river ferries, loading included."""

AMBULANCE_WIDTH = 2.0
AMBULANCE_HEIGHT = 2.6
"""Metres that a car-sized ambulance needs; maxwidth, width and maxheight below them close a way to it."""

_CLASSES = {kind.name.lower(): kind for kind in RoadClass if kind not in (RoadClass.ROUGH_TRACK, RoadClass.FERRY)}
_CLASSES |= dict.fromkeys(("pedestrian", "footway", "cycleway", "bridleway"), RoadClass.PATH)
_OPEN_GRADES = ("grade1", "grade2")

_CLOSED = frozenset(["no", "private", "agricultural", "forestry", "military", "use_sidepath", "foot", "bicycle"])
_PUBLIC_SERVICE = frozenset(["psv", "bus", "emergency"])  # words of access that mean: these and no others
_INVITED = frozenset(["yes", "designated", "official", "permissive", "destination", "customers", "delivery"])
_MODES = {
    Profile.CAR: ("motorcar", "motor_vehicle", "vehicle", "access"),
    Profile.MOTORCYCLE: ("motorcycle", "motor_vehicle", "vehicle", "access"),
}

_BARRIERS_OPEN = frozenset(
    ["gate", "lift_gate", "swing_gate", "sliding_gate", "sliding_beam", "wicket_gate", "hampshire_gate", "toll_booth",
     "border_control", "checkpoint", "guard_house", "security_control", "sally_port", "cattle_grid", "entrance", "kerb",
     "height_restrictor", "rope", "no", "sump_buster"]
)  # fmt: skip
_BARRIERS_FOR_MOTORCYCLES = frozenset(["bollard", "block", "planter", "bus_trap", "jersey_barrier", "log", "yes"])


@dataclass(frozen=True)
class WayMeaning:
    """A way that somebody may drive."""

    kind: RoadClass
    forward: Profile  # who may drive it as drawn; 0 for nobody
    backward: Profile
    speed: float | None  # metres per second, the tagged maximum
    name: str
    crossing: float | None  # seconds for the whole way: a ferry that states it


def meaning_of(tags: Tags) -> WayMeaning | None:
    """What a way's tags say, or None for what nobody of ours may drive."""
    kind = _kind(tags)
    if kind is None or tags.get("area") == "yes":
        return None
    forward = backward = Profile(0)
    for profile in (Profile.CAR, Profile.MOTORCYCLE):
        if _fits(tags, profile):
            ahead, back = _directions(tags, profile)
            if ahead and _may(tags, profile, kind, "forward"):
                forward |= profile
            if back and _may(tags, profile, kind, "backward"):
                backward |= profile
    if not forward | backward:
        return None
    crossing = _duration(tags.get("duration", "")) if kind is RoadClass.FERRY else None
    return WayMeaning(kind, forward, backward, speed_of(tags), tags.get("name") or tags.get("ref") or "", crossing)


def barred_by(tags: Tags) -> Profile:
    """Who may not pass a node with these tags."""
    barrier = tags.get("barrier", "no")
    barred = Profile(0)
    for profile in (Profile.CAR, Profile.MOTORCYCLE):
        passes = _admitted(tags, profile, "").said
        if passes is None and barrier in _BARRIERS_OPEN:
            passes = tags.get("locked") != "yes"
        elif passes is None:
            passes = profile is Profile.MOTORCYCLE and barrier in _BARRIERS_FOR_MOTORCYCLES
        if not (passes and _fits(tags, profile)):
            barred |= profile
    return barred


def speed_of(tags: Tags) -> float | None:
    """The tagged maximum in metres per second, or None.

    Numbers are km/h unless they say mph or knots; of several the lowest holds; walk is 7 km/h. Where no number stands,
    the zone may give it: urban 50, zone30 30; and in Indonesia, by Government Regulation 79 of 2013, residential 30,
    rural 80, motorway 100 km/h. Other words (none, signals, DE:rural) are None: the class says more than a guess.
    """
    for key in ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed"):
        if key in tags:
            found = [speed for part in tags[key].split(";") if (speed := _speed(part.strip())) is not None]
            if found:
                return min(found)
    return None


def _kind(tags: Tags) -> RoadClass | None:
    if tags.get("route") == "ferry" and "highway" not in tags:
        return RoadClass.FERRY
    kind = _CLASSES.get(tags.get("highway", ""))
    if kind is RoadClass.TRACK and tags.get("tracktype") not in _OPEN_GRADES:
        return RoadClass.ROUGH_TRACK
    return kind


@dataclass(frozen=True)
class _Admission:
    said: bool | None  # None: no tag says anything
    by_vehicle: bool = False  # said of vehicles like this one, not of everybody


def _admitted(tags: Tags, profile: Profile, direction: str) -> _Admission:
    """What the most specific tag on access says of a profile, in a direction ("forward", "backward" or "")."""
    word = tags.get("emergency")
    if word in _INVITED:
        return _Admission(True, by_vehicle=True)
    if word == "no":  # its other values name hydrants and the like
        return _Admission(False, by_vehicle=True)
    if tags.get("service") == "emergency_access":
        return _Admission(True, by_vehicle=True)
    for key in _MODES[profile]:
        word = tags.get(f"{key}:{direction}") or tags.get(key)
        if word is None:
            continue
        words = {part.strip() for part in word.split(";")}
        buses = bool(words & _PUBLIC_SERVICE) or tags.get("bus") in _INVITED or tags.get("psv") in _INVITED
        open_to_all = not words <= _CLOSED
        invited = bool(words & _INVITED) or buses
        return _Admission(open_to_all or buses, by_vehicle=invited and (key != "access" or buses))
    return _Admission(None)


def _may(tags: Tags, profile: Profile, kind: RoadClass, direction: str) -> bool:
    admission = _admitted(tags, profile, direction)
    if admission.said is False:
        return False
    if kind is RoadClass.PATH:
        used = tags.get("highway") == "path" and profile is Profile.MOTORCYCLE and not _for_feet(tags)
        return used or admission.by_vehicle
    if kind is RoadClass.ROUGH_TRACK and profile is Profile.CAR:
        return tags.get("tracktype") not in ("grade4", "grade5") or admission.by_vehicle
    if kind is RoadClass.MOTORWAY and profile is Profile.MOTORCYCLE:
        return tags.get("motorcycle") in _INVITED
    return True


def _for_feet(tags: Tags) -> bool:
    """Whether a path is a walker's or a cyclist's, not one that motorcycles use."""
    return (
        any(key in tags for key in ("sac_scale", "mtb:scale", "via_ferrata_scale", "trail_visibility"))
        or tags.get("foot") == "designated"
        or tags.get("bicycle") == "designated"
        or tags.get("informal") == "yes"
    )


def _fits(tags: Tags, profile: Profile) -> bool:
    if profile is not Profile.CAR:
        return True
    return all(
        (_metres(tags[key]) or math.inf) >= needed
        for keys, needed in (
            (("maxwidth:physical", "maxwidth", "width"), AMBULANCE_WIDTH),
            (("maxheight:physical", "maxheight"), AMBULANCE_HEIGHT),
        )
        for key in keys
        if key in tags
    )


def _directions(tags: Tags, profile: Profile) -> tuple[bool, bool]:
    """Whether one may drive as drawn, and against it."""
    own = "motorcar" if profile is Profile.CAR else "motorcycle"
    for key in ("oneway:emergency", f"oneway:{own}", "oneway:motor_vehicle", "oneway:vehicle", "oneway"):
        word = tags.get(key)
        if word in ("yes", "true", "1", "-1", "reverse") and _contraflow(tags):
            return True, True
        if word in ("yes", "true", "1"):
            return True, False
        if word in ("-1", "reverse"):
            return False, True
        if word in ("no", "false", "0", "alternating"):
            return True, True
        if word == "reversible":  # open in one direction at a time, and nobody tells us in which
            return False, False
    ahead_only = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return True, not ahead_only


def _contraflow(tags: Tags) -> bool:
    """Whether buses drive against a one-way street: then an ambulance does, too."""
    return (
        tags.get("oneway:bus") == "no"
        or tags.get("oneway:psv") == "no"
        or any(tags.get(key) in ("opposite", "opposite_lane") for key in ("busway", "busway:left", "busway:right"))
    )


def _speed(word: str) -> float | None:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?", word)
    if number:
        unit = {"mph": MILE_PER_HOUR, "knots": KNOT}.get(number[2] or "", KILOMETRE_PER_HOUR)
        speed = float(number[1]) * unit
        return speed if 0 < speed <= 150 * KILOMETRE_PER_HOUR else None
    if word == "walk":
        return 7 * KILOMETRE_PER_HOUR
    zone = re.fullmatch(r"[A-Z]{2}:(?:zone:?)?(\d{1,2})", word)
    if zone:
        return int(zone[1]) * KILOMETRE_PER_HOUR or None
    if re.fullmatch(r"[A-Z]{2}:urban", word):
        return 50 * KILOMETRE_PER_HOUR
    indonesian = {"ID:residential": 30, "ID:rural": 80, "ID:motorway": 100}.get(word)
    return None if indonesian is None else indonesian * KILOMETRE_PER_HOUR


def _metres(word: str) -> float | None:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*m?", word.strip())
    return float(number[1]) if number and float(number[1]) > 0 else None


def _duration(word: str) -> float | None:
    """Seconds of `MM`, `HH:MM`, `HH:MM:SS` or `PT1H30M`."""
    clock = re.fullmatch(r"(?:(\d+):)?(\d+)(?::(\d\d))?", word)
    if clock:
        seconds = int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
        return float(seconds) or None
    iso = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", word)
    if iso:
        return float(int(iso[1] or 0) * 3600 + int(iso[2] or 0) * 60 + int(iso[3] or 0)) or None
    return None
