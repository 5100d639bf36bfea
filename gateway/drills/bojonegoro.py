"""BOOSTER 119 of Bojonegoro: the nearest fit team; and what if people, networks or computers are not there."""

from datetime import datetime, timedelta

from gateway.drills.drill import Drill, Plan
from gateway.drills.scenes import (
    House,
    alarms,
    assign,
    candidates,
    district,
    furnish,
    hospitals,
    incident_of,
    leg,
    metres,
    open_incident,
    report,
    stamps,
    status,
    until_state,
)

CLAUSES = (
    "command centre: it is there, and who commands is known",
    "36 puskesmas and 10 hospitals are in the register",
    "a report by app with its location is found on the map",
    "a report by phone is located from what the caller sends",
    "the nearest unit is the first candidate, with its reasons",
    "a nearer unit that cannot do what is needed is not the first",
    "the unit that is sent has its assignment on board",
    "no answer in 30 s: it is sent again and the board sounds",
    "no answer in 60 s: the next nearest team is assigned by itself",
    "the team that did not answer is free of the mission",
    "the next team answers and the alarm is over",
    "first aid: its arrival at the scene is noticed by itself",
    "first aid: the crew's button and the receiver's time stand side by side",
    "referral: a nearer hospital that cannot treat the condition is not the first",
    "referral: the hospital that fits and is nearest is the first",
    "patient aboard: the hospital sees unit, urgency and arrival, and no name",
    "at the hospital, handed over and free again",
    "network cut to half the units: their dots are old, and that is said",
    "network cut: who is sent is a unit that can be reached",
    "network cut on the way: silence is an alarm",
    "network back: every fix of the cut arrives, and the alarm is over",
    "operator idle: nobody clicks, and the supervisor is called",
    "gateway killed on the way: the mission goes on where it was",
    "gateway killed: an arrival that nobody watched has its true time",
    "gateway killed: what was not answered before it is escalated after it, once",
)

_HOUSES = (
    House("rs-bojonegoro-1", "RS drill Bojonegoro 1", "Bojonegoro", ("igd", "icu"), 20),
    House("rs-bojonegoro-2", "RS drill Bojonegoro 2", "Kapas", ("igd", "bedah"), 8),
    House("rs-bojonegoro-3", "RS drill Bojonegoro 3", "Trucuk", ("igd",), 6),
    House("rs-bojonegoro-4", "RS drill Bojonegoro 4", "Dander", ("igd", "kebidanan"), 6),
    House("rs-padangan", "RS drill Padangan", "Padangan", ("igd",), 4),
    House("rs-kalitidu", "RS drill Kalitidu", "Kalitidu", ("igd", "bedah"), 5),
    House("rs-sumberrejo-1", "RS drill Sumberrejo 1", "Sumberrejo", ("igd", "bedah"), 9),
    House("rs-sumberrejo-2", "RS drill Sumberrejo 2", "Balen", ("igd",), 3),
    House("rs-baureno", "RS drill Baureno", "Baureno", ("igd",), 2),
    House("rs-temayang", "RS drill Temayang", "Temayang", ("igd", "kebidanan"), 2),
)


def centre(drill: Drill) -> None:
    """Who commands, and what there is."""
    found, command = drill.get("centre"), drill.get("command")
    drill.check(CLAUSES[0], found["command"] or command, f"{found['name']}; {found['command']}")
    furnish(drill, _HOUSES, puskesmas=36)
    drill.put("conditions/patah-tulang", {"name": "Patah tulang", "capabilities": ["bedah"]})
    counts = [len(drill.get("facilities", kind=kind)["facilities"]) for kind in ("puskesmas", "hospital")]
    drill.check(CLAUSES[1], counts == [36, 10], f"{counts[0]} puskesmas, {counts[1]} hospitals")


def reports(drill: Drill) -> None:
    """By app and by phone; who is the nearest, and who is fit."""
    place = district(drill, "Bojonegoro", north=0.015)
    taken = report(drill, "app", place)
    at = taken["places"][0]
    away = metres(place, (at["latitude"], at["longitude"]))
    drill.check(CLAUSES[2], away < 50, f"{at['name'] or at['kind']}, {away:.0f} m from the caller")
    incident = incident_of(drill, taken, condition="patah-tulang")
    drill.kept["incident"] = incident["id"]

    dander = district(drill, "Dander", north=0.02)
    call = report(drill, "119", text=f"https://maps.google.com/?q={dander[0]:.5f},{dander[1]:.5f}", number="0811000001")
    away = metres(dander, (call["places"][0]["latitude"], call["places"][0]["longitude"]))
    drill.check(CLAUSES[3], away < 50, f"{call['places'][0]['source']}, {away:.0f} m from the place meant")

    found = candidates(drill, incident["id"])
    first, reasons = found[0], "; ".join(each["sentence"] for each in found[0]["reasons"])
    drill.check(CLAUSES[4], first["unit"] in ("ambulans-01", "ambulans-02") and reasons, f"{first['unit']}: {reasons}")
    drill.kept["first"], drill.kept["second"] = first["unit"], found[1]["unit"]

    for unit in ("ambulans-06", "ambulans-02"):
        can = ["defibrillator"] if unit == "ambulans-02" else ["oxygen"]
        drill.put(f"units/{unit}/details", {"agency": "dinkes", "capabilities": can})
    wanting = incident_of(drill, call, dander, capabilities=["defibrillator"])
    found = candidates(drill, wanting["id"])
    drill.check(
        CLAUSES[5], found[0]["unit"] == "ambulans-02", f"{found[0]['unit']} before {[c['unit'] for c in found[1:3]]}"
    )
    drill.patch(f"incidents/{wanting['id']}", {"closed_as": "information"})


def unanswered(drill: Drill) -> None:
    """A crew that is off guard."""
    incident, asleep = drill.kept["incident"], drill.kept["first"]
    drill.order(mute=[asleep])
    first = assign(drill, asleep, incident)
    drill.pass_time(5)
    told = drill.get(f"units/{asleep}/commands")["commands"][0]
    drill.check(CLAUSES[6], told["outcome"] == "received", f"{told['kind']} {told['outcome']}")
    drill.pass_time(27)
    rung = alarms(drill, "unacknowledged", asleep)
    drill.check(CLAUSES[7], rung and rung[0]["sound"], [each["level"] for each in rung])
    drill.pass_time(32, until=lambda: len(drill.missions_of(incident)) > 1)
    missions = drill.missions_of(incident)
    units = [each["unit"] for each in missions]
    drill.check(CLAUSES[8], units[1:] == [drill.kept["second"]], f"{units} after {_since(drill, missions[0])} s")
    ended = drill.mission(first)
    drill.check(CLAUSES[9], ended["state"] == "ended", f"{ended['state']}: {ended['ended_why']}")
    drill.kept["mission"], drill.kept["unit"] = missions[-1]["id"], missions[-1]["unit"]
    drill.pass_time(30, until=lambda: not alarms(drill, "unacknowledged", open_only=True))
    drill.check(
        CLAUSES[10],
        status(drill, drill.kept["unit"]) in ("acknowledged", "en-route")
        and not alarms(drill, "unacknowledged", open_only=True),
        status(drill, drill.kept["unit"]),
    )
    drill.order(speak=[asleep])


def first_aid(drill: Drill) -> None:
    """The team at the scene."""
    mission = drill.kept["mission"]
    until_state(drill, mission, "at-scene", 3600)
    arrived = leg(drill, mission, "to-scene")
    drill.check(CLAUSES[11], arrived["arrived_by"] != "hand" and arrived["arrived_at"], arrived["arrived_at"])
    drill.pass_time(10)
    times = drill.get(f"missions/{mission}/times")["legs"][0]
    drill.check(CLAUSES[12], times, times)


def referral(drill: Drill) -> None:
    """To the hospital that fits the condition."""
    incident, mission, unit = drill.kept["incident"], drill.kept["mission"], drill.kept["unit"]
    found = hospitals(drill, incident)
    ids = [each["place"]["id"] for each in found]
    drill.check(
        CLAUSES[13],
        ids.index("rs-bojonegoro-1") > 0,
        f"{ids[0]}; rs-bojonegoro-1 is number {ids.index('rs-bojonegoro-1') + 1}",
    )
    best = found[0]
    drill.check(
        CLAUSES[14], ids[0] == "rs-bojonegoro-2", f"{ids[0]}: {'; '.join(r['sentence'] for r in best['reasons'])}"
    )
    drill.patch(f"missions/{mission}", {"destination": {"place": "rs-bojonegoro-2"}})
    drill.pass_time(600, 5, lambda: status(drill, unit) == "patient-aboard")
    drill.pass_time(10)
    inbound = drill.get("facilities/rs-bojonegoro-2/inbound")["inbound"]
    seen = inbound[0] if inbound else {}
    drill.check(
        CLAUSES[15],
        seen.get("unit") == unit and seen.get("eta_s") is not None and not {"notes", "name", "patient"} & set(seen),
        seen,
    )
    until_state(drill, mission, "ended", 3600, 30)
    said = [each["status"] for each in stamps(drill, unit) if each["mission"] == mission]
    drill.check(
        CLAUSES[16],
        {"at-hospital", "handed-over"} <= set(said) and status(drill, unit) == "available",
        f"{', '.join(reversed(said))}; {status(drill, unit)}",
    )


def cut(drill: Drill) -> None:
    """Half of the units have no network; one of them is on its way."""
    gone = ["ambulans-04", "ambulans-07", "ambulans-08", "ambulans-09", "ambulans-10", "ambulans-11"]
    away = open_incident(drill, district(drill, "Temayang", north=0.06))
    mission = assign(drill, "ambulans-11", away["id"])
    drill.pass_time(40, until=lambda: _moves(drill, "ambulans-11"))
    drill.order(cut=gone)
    began = drill.now
    drill.pass_time(180, 5)
    incident = open_incident(drill, district(drill, "Sumberrejo", east=0.03))
    found = {each["unit"]: each for each in candidates(drill, incident["id"])}
    ages = {unit: found[unit]["fix_age_s"] for unit in gone}
    said = "; ".join(each["sentence"] for each in found["ambulans-04"]["reasons"])
    drill.check(CLAUSES[17], all(age > 150 for age in ages.values()) and said, said)
    best = next(iter(found))
    reached = assign(drill, best, incident["id"])
    drill.pass_time(40)
    drill.check(
        CLAUSES[18],
        best not in gone and status(drill, best) in ("acknowledged", "en-route"),
        f"{best}: {status(drill, best)}",
    )
    silent = alarms(drill, "silent", "ambulans-11")
    drill.check(CLAUSES[19], silent, silent[0]["detail"] if silent else "no alarm")
    ended = drill.now
    drill.order(restore=gone)
    drill.pass_time(15)
    page = drill.get("units/ambulans-11/fixes", **{"from": began.isoformat(), "to": ended.isoformat(), "limit": 1000})
    expected = (ended - began) / timedelta(seconds=drill.plan.every_s)
    drill.check(
        CLAUSES[20],
        abs(len(page["fixes"]) - expected) <= 1 and not alarms(drill, "silent", "ambulans-11", open_only=True),
        f"{len(page['fixes'])} of {expected:.0f} fixes",
    )
    for each in (mission, reached):
        drill.patch(f"missions/{each}", {"state": "ended"})


def idle(drill: Drill) -> None:
    """Neither the crews nor the operator look."""
    everybody = [f"ambulans-{number:02d}" for number in range(1, 13)]
    drill.order(mute=everybody)
    incident = open_incident(drill, district(drill, "Kalitidu", north=0.03))
    assign(drill, "ambulans-05", incident["id"])
    drill.pass_time(240, until=lambda: _supervisor(drill, incident["id"]))
    called = _supervisor(drill, incident["id"])
    drill.check(CLAUSES[21], called, f"after {_since(drill, drill.missions_of(incident['id'])[0])} s")
    drill.order(speak=everybody)
    for each in drill.missions_of(incident["id"]):
        if each["ended_at"] is None:
            drill.patch(f"missions/{each['id']}", {"state": "ended"})
    drill.pass_time(90, 5)


def restart(drill: Drill) -> None:
    """The gateway dies while a unit is on its way and another one does not answer."""
    incident = open_incident(drill, district(drill, "Dander", north=0.03))
    mission = assign(drill, "ambulans-06", incident["id"])
    drill.pass_time(1200, 5, lambda: _left(drill, "ambulans-06") < 45)
    drill.order(mute=["ambulans-12"])
    other = open_incident(drill, district(drill, "Ngraho", north=0.02))
    assign(drill, "ambulans-12", other["id"])
    drill.pass_time(10)
    before, killed = drill.mission(mission), drill.now
    drill.kill_gateway()
    drill.pass_time(90, 10)
    started = drill.now
    drill.start_gateway()
    drill.pass_time(10)
    after = drill.mission(mission)
    drill.check(CLAUSES[22], after["ended_at"] is None and before["id"] == after["id"], f"{after['state']}")
    arrived = leg(drill, mission, "to-scene")["arrived_at"]
    drill.check(
        CLAUSES[23],
        arrived and killed < datetime.fromisoformat(arrived) < started,
        f"{arrived}, killed at {killed:%H:%M:%S} and back at {started:%H:%M:%S}",
    )
    drill.pass_time(60)
    steps = alarms(drill, "unacknowledged", "ambulans-12")
    units = [each["unit"] for each in drill.missions_of(other["id"])]
    drill.check(CLAUSES[24], len(steps) == 1 and len(units) == 2, f"{len(steps)} alarm; sent: {units}")


def _since(drill: Drill, mission: dict[str, str]) -> int:
    return round(drill.elapsed(datetime.fromisoformat(mission["assigned_at"])))


def _moves(drill: Drill, unit: str) -> bool:
    return (drill.unit(unit)["position"]["speed_mps"] or 0) > 3


def _left(drill: Drill, unit: str) -> float:
    eta = drill.unit(unit).get("eta") or {}
    if not eta.get("eta_s"):
        return 1e9
    return float(eta["eta_s"]["p50"]) - drill.elapsed(datetime.fromisoformat(eta["at"]))


def _supervisor(drill: Drill, incident: str) -> bool:
    return any(
        each["level"] == "supervisor" and each["incident"] == incident for each in alarms(drill, "unacknowledged")
    )


PLAN = Plan(
    "bojonegoro",
    CLAUSES,
    (centre, reports, unanswered, first_aid, referral, cut, idle, restart),
    units=12,
)
