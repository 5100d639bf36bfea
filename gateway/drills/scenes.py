"""What several drills need: facilities that nobody's list gave, reports that come in, units on their way.

Hospitals and health centres stand beside the invented roads, in the middle of districts: their points are of no
real house.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.drills.drill import Drill
from tracker import regions
from tracker.geodesy import distance

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


class House(NamedTuple):
    """A hospital of a drill."""

    id: str
    name: str
    district: str
    capabilities: tuple[str, ...] = ()
    beds: int | None = None


def district(drill: Drill, name: str, north: float = 0.0, east: float = 0.0) -> Place:
    """The middle of a district, or so many degrees beside it."""
    found = next(each for each in regions.load(drill.plan.profile).districts if each.name == name)
    return found.latitude + north, found.longitude + east


def furnish(drill: Drill, hospitals: Sequence[House], puskesmas: int = 0) -> None:
    """Put these hospitals, and so many health centres in the districts in turn, into the register."""
    for house in hospitals:
        latitude, longitude = district(drill, house.district)
        drill.put(
            f"facilities/{house.id}",
            {
                "kind": "hospital",
                "name": house.name,
                "latitude": latitude,
                "longitude": longitude,
                "capabilities": list(house.capabilities),
            },
        )
        if house.beds is not None:
            drill.put(f"facilities/{house.id}/state", {"beds": house.beds, "at": drill.now.isoformat()})
    names = [each.name for each in regions.load(drill.plan.profile).districts]
    for number in range(puskesmas):
        latitude, longitude = district(drill, names[number % len(names)], 0.002 * (1 + number // len(names)))
        body = {"kind": "puskesmas", "name": f"Puskesmas {names[number % len(names)]} {number // len(names) + 1}"}
        drill.put(f"facilities/puskesmas-{number + 1:02d}", body | {"latitude": latitude, "longitude": longitude})


def report(drill: Drill, line: str, place: Place | None = None, **more: Any) -> dict[str, Any]:
    """Somebody calls, or sends where he is; what the intake offers."""
    told = more | {"line": line}
    if place is not None:
        told |= {"latitude": place[0], "longitude": place[1]}
    taken: dict[str, Any] = drill.post("calls", told)
    return taken


def incident_of(drill: Drill, call: Mapping[str, Any], place: Place | None = None, **more: Any) -> dict[str, Any]:
    """Open an incident for a call, where it lies or where the caller is."""
    body = {"urgency": "emergency"} | more
    if place is not None:
        body["place"] = {"latitude": place[0], "longitude": place[1]}
    opened: dict[str, Any] = drill.post(f"calls/{call['call']['id']}/incident", body)
    found: dict[str, Any] = opened.get("incident", opened)
    return found


def open_incident(drill: Drill, place: Place, **more: Any) -> dict[str, Any]:
    """An incident that some other system tells of."""
    body = {"place": {"latitude": place[0], "longitude": place[1]}, "urgency": "emergency"} | more
    opened: dict[str, Any] = drill.post("incidents", body)
    return opened


def candidates(drill: Drill, incident: str, **asked: Any) -> list[dict[str, Any]]:
    """Who could go, the best first."""
    found: list[dict[str, Any]] = drill.get(f"incidents/{incident}/candidates", **asked)["candidates"]
    return found


def hospitals(drill: Drill, incident: str) -> list[dict[str, Any]]:
    """Where to, the best first."""
    found: list[dict[str, Any]] = drill.get(f"incidents/{incident}/hospitals")["hospitals"]
    return found


def assign(drill: Drill, unit: str, incident: str, **more: Any) -> str:
    """Send a unit; the mission's id."""
    made: dict[str, Any] = drill.post("missions", {"unit": unit, "incident": incident} | more)
    return str(made["id"])


def status(drill: Drill, unit: str) -> str:
    """What a unit is doing."""
    return str(drill.get(f"units/{unit}/standing")["standing"]["status"])


def stamps(drill: Drill, unit: str) -> list[dict[str, Any]]:
    """Who said what of it, and when."""
    found: list[dict[str, Any]] = drill.get(f"units/{unit}/standing")["stamps"]
    return found


def alarms(drill: Drill, kind: str, unit: str | None = None, *, open_only: bool = False) -> list[dict[str, Any]]:
    """Alarms of a kind, and of a unit."""
    asked = {"open": "true"} if open_only else {}
    found: list[dict[str, Any]] = drill.get("alarms", **asked)["alarms"]
    return [each for each in found if each["kind"] == kind and unit in (None, each["unit"])]


def until_state(drill: Drill, mission: str, state: str, within_s: float, tick_s: float = 10.0) -> bool:
    """Let time pass until a mission stands so; whether it does. "ended" comes to every mission that is past it."""
    return drill.pass_time(within_s, tick_s, lambda: drill.mission(mission)["state"] == state)


def leg(drill: Drill, mission: str, kind: str) -> dict[str, Any]:
    """A leg of a mission: to-scene or to-destination."""
    found: dict[str, Any] = next(each for each in drill.mission(mission)["legs"] if each["kind"] == kind)
    return found


def metres(one: Place, other: Place) -> float:
    """Between two places."""
    return distance(*one, *other)
