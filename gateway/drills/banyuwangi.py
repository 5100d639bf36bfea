"""112 of Banyuwangi: a hundred calls, most of which need nobody; medical ones go on to 118, and addresses are wrong."""

import random
from typing import Any

from gateway.drills.drill import Drill, Plan
from gateway.drills.scenes import (
    House,
    assign,
    candidates,
    district,
    furnish,
    incident_of,
    leg,
    metres,
    report,
    status,
    until_state,
)

CLAUSES = (
    "a hundred calls of a day are taken, and each has an end",
    "calls for information are closed without a dispatch",
    "prank calls are closed without a dispatch",
    "whoever plays a prank again and again is marked when he calls",
    "whoever has asked for information only is not marked",
    "a marked number that calls in earnest gets help all the same",
    "a silent call and a wrong number are closed as what they are",
    "a call that was closed opens no incident any more",
    "a medical call is handed to 118: its incident is for the medical agency",
    "118 sends the nearest ambulance, and no fire engine is offered first",
    "a call that comes on 118 itself stands in the same list",
    "two callers of one crash, 80 m apart: the second is offered what is open",
    "the two are one incident with one unit",
    "a wrong address is corrected while the unit is on its way",
    "the arrival time follows the correction",
    "the crew has the corrected address on board",
    "the unit arrives at the corrected address",
    "nobody was sent for a call that needed nobody",
)

_PRANKSTER = "0811999999"


def hundred(drill: Drill) -> None:
    """A day's calls, in a quarter of an hour."""
    furnish(drill, (House("rs-genteng", "RS drill Genteng", "Genteng", ("igd", "bedah")),))
    dice = random.Random("banyuwangi")  # noqa: S311 - the same calls each time
    ends = ["information"] * 59 + ["prank"] * 26 + ["silent"] * 4 + ["wrong-number"] * 4
    dice.shuffle(ends)
    places = [district(drill, name) for name in ("Banyuwangi", "Genteng", "Rogojampi", "Muncar")]
    ended: dict[str, list[str]] = {}
    for number, end in enumerate(ends):
        who = _PRANKSTER if end == "prank" and number % 3 == 0 else f"08120000{number:02d}"
        call = report(drill, "112", places[number % 4], number=who)["call"]["id"]
        drill.post(f"calls/{call}/close", {"as": end})
        ended.setdefault(end, []).append(call)
        if number % 10 == 9:
            drill.pass_time(60, 10)
    drill.kept["ended"] = ended
    opened = drill.get("incidents")["incidents"]
    missions = drill.get("missions")["missions"]
    calls = {each["id"]: each for each in drill.get("calls", limit=1000)["calls"]}
    of_information = [calls.get(call, {}) for call in ended["information"]]
    of_pranks = [calls.get(call, {}) for call in ended["prank"]]
    nobody = not opened and not missions
    drill.check(CLAUSES[1], nobody and _all(of_information, "information"), f"{len(of_information)} calls")
    drill.check(CLAUSES[2], nobody and _all(of_pranks, "prank"), f"{len(of_pranks)} calls")
    others = [(calls.get(call, {}), end) for end in ("silent", "wrong-number") for call in ended[end]]
    drill.check(CLAUSES[6], all(_all([each], end) for each, end in others), f"{len(others)} calls")
    closed = drill.ask("POST", f"calls/{ended['prank'][0]}/incident", {"place": _point(places[0])})
    drill.check(CLAUSES[7], closed.status_code == 409, closed.status_code)


def marked(drill: Drill) -> None:
    """A number that is known, and an honest one; the marked one means it this time."""
    place = district(drill, "Rogojampi", north=0.01)
    again = report(drill, "112", place, number=_PRANKSTER)
    caller = again["caller"]
    drill.check(CLAUSES[3], caller["marked"], f"{caller['pranks']} pranks in {caller['calls']} calls")
    honest = report(drill, "112", place, number="0812555555")
    drill.check(CLAUSES[4], not honest["caller"]["marked"], f"{honest['caller']['calls']} call")
    drill.post(f"calls/{honest['call']['id']}/close", {"as": "information"})
    incident = incident_of(drill, again, kind="kecelakaan")
    unit = candidates(drill, incident["id"])[0]["unit"]
    mission = assign(drill, unit, incident["id"])
    drill.pass_time(15)
    drill.check(CLAUSES[5], drill.mission(mission)["ended_at"] is None, f"{unit} is on its way")
    drill.patch(f"missions/{mission}", {"state": "ended"})
    drill.patch(f"incidents/{incident['id']}", {"closed_as": "resolved"})


def medical(drill: Drill) -> None:
    """112 hands over to 118; and what comes on 118 itself."""
    call = report(drill, "112", district(drill, "Muncar", north=0.01), number="0812666661")
    incident = incident_of(drill, call, kind="kesehatan")
    drill.check(CLAUSES[8], list(incident["agencies"]) == ["dinkes"], incident["agencies"])
    found = candidates(drill, incident["id"])
    kinds = [each["kind"] for each in found[:3]]
    drill.check(CLAUSES[9], found[0]["unit"] == "ambulans-05", f"{found[0]['unit']}; {', '.join(kinds)}")
    own = report(drill, "118", district(drill, "Wongsorejo"), number="0812666662")
    other = incident_of(drill, own, kind="kesehatan")
    listed = {each["id"] for each in drill.get("incidents")["incidents"]}
    drill.check(CLAUSES[10], {incident["id"], other["id"]} <= listed, f"{len(listed)} incidents in the list")
    for each in (incident, other):
        drill.patch(f"incidents/{each['id']}", {"closed_as": "resolved"})


def crash(drill: Drill) -> None:
    """Two callers, 80 m apart."""
    place = district(drill, "Genteng", north=0.012)
    first = report(drill, "112", place, number="0812777771")
    incident = incident_of(drill, first, kind="kecelakaan")
    unit = candidates(drill, incident["id"])[0]["unit"]
    mission = assign(drill, unit, incident["id"])
    drill.pass_time(20)
    second = report(drill, "112", (place[0] + 80 / 111_195, place[1]), number="0812777772")
    offered = [each for each in second["duplicates"] if each["incident"] == incident["id"]]
    drill.check(CLAUSES[11], offered, offered[0]["sentence"] if offered else "nothing")
    drill.post(f"calls/{second['call']['id']}/incident", {"join": incident["id"]})
    open_now = [each for each in drill.get("incidents")["incidents"] if each["closed_at"] is None]
    missions = drill.missions_of(incident["id"])
    drill.check(
        CLAUSES[12], len(open_now) == 1 and len(missions) == 1, f"{len(open_now)} incident, {len(missions)} unit"
    )
    drill.patch(f"missions/{mission}", {"state": "ended"})
    drill.patch(f"incidents/{incident['id']}", {"closed_as": "resolved"})
    drill.pass_time(30, 5)


def address(drill: Drill) -> None:
    """The caller said the wrong village."""
    wrong, right = district(drill, "Rogojampi", north=0.03), district(drill, "Rogojampi", north=-0.05, east=-0.04)
    call = report(drill, "112", wrong, number="0812888881")
    incident = incident_of(drill, call, kind="kesehatan")
    unit = candidates(drill, incident["id"])[0]["unit"]
    mission = assign(drill, unit, incident["id"])
    drill.pass_time(60, until=lambda: (drill.unit(unit)["position"]["speed_mps"] or 0) > 5)
    drill.pass_time(10)
    before = _arrival(drill, unit)
    drill.patch(f"incidents/{incident['id']}", {"place": _point(right) | {"name": "alamat yang benar"}})
    stop = leg(drill, mission, "to-scene")["place"]
    moved = metres(right, (stop["latitude"], stop["longitude"]))
    drill.check(CLAUSES[13], moved < 1, f"{status(drill, unit)}, the stop is {moved:.0f} m from the right one")
    drill.pass_time(5)
    after = _arrival(drill, unit)
    drill.check(CLAUSES[14], before and after and abs(after - before) > 30, f"{before} s before, {after} s after")
    drill.pass_time(5)
    told = drill.get(f"units/{unit}/commands")["commands"]
    changed = [each for each in told if each["kind"] in ("update-mission", "assignment") and each["outcome"] == "done"]
    drill.check(CLAUSES[15], len(changed) > 1, [f"{each['kind']} {each['outcome']}" for each in told[:3]])
    until_state(drill, mission, "at-scene", 3600)
    away = metres(right, drill.place(unit))
    drill.check(CLAUSES[16], drill.mission(mission)["state"] == "at-scene" and away < 400, f"{away:.0f} m away")


def the_day(drill: Drill) -> None:
    """All of it once more."""
    calls = drill.get("calls", limit=1000)["calls"]
    waiting = [each["id"] for each in calls if not each["closed_at"] and not each["incident"]]
    drill.check(CLAUSES[0], len(calls) >= 100 and not waiting, f"{len(calls)} calls, {len(waiting)} wait")
    missions = drill.get("missions")["missions"]
    drill.check(CLAUSES[17], len(missions) == 3, f"{len(missions)} missions")


def _all(calls: list[dict[str, Any]], end: str) -> bool:
    return all(each.get("closed_as") == end and each.get("incident") is None for each in calls)


def _point(place: tuple[float, float]) -> dict[str, Any]:
    return {"latitude": place[0], "longitude": place[1]}


def _arrival(drill: Drill, unit: str) -> float | None:
    seconds = (drill.unit(unit).get("eta") or {}).get("eta_s") or {}
    found: float | None = seconds.get("p50")
    return found


PLAN = Plan("banyuwangi", CLAUSES, (hundred, marked, medical, crash, address, the_day), units=12)
