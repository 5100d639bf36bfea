"""Siaga 112 of Penajam Paser Utara: its own table, exercises that count for nothing, a command that changes hands."""

from typing import Any
from zoneinfo import ZoneInfo

from gateway.drills.drill import Drill, Plan
from gateway.drills.scenes import (
    House,
    assign,
    candidates,
    district,
    furnish,
    hospitals,
    metres,
    open_incident,
    status,
    until_state,
)

CLAUSES = (
    "the table has its kinds of emergency, each with agencies and procedure",
    "an incident gets the agencies of its kind",
    "the centre edits a row: the next incident goes by it",
    "what was open keeps what it was given",
    "a row that names nobody is refused",
    "WITA: the centre's time is eight hours ahead of UTC",
    "WITA: a shift that begins at 11:00 there has begun at 03:00 UTC",
    "WITA: a shift that ends at 11:00 there is over",
    "an exercise begins, and what is opened in it is marked",
    "in the exercise units are sent, drive and arrive like on any day",
    "the exercise ends, and new incidents are real again",
    "no figure counts the exercise: arrival times are scored without it",
    "a real drive is scored",
    "command is Diskominfo's and goes to BPBD while missions run",
    "not one mission is lost by it: the same units drive to the same places",
    "who commanded when is kept, with who said so",
    "a second hand-over to the same agency is refused",
    "the only hospital is over 28 km from Sepaku, and its arrival time says so",
    "the patient arrives there and is handed over",
)

_HOSPITAL = House("rsud-drill", "RSUD drill", "Penajam", ("igd", "bedah"))


def table(drill: Drill) -> None:
    """Kinds, agencies, procedures."""
    furnish(drill, (_HOSPITAL,), puskesmas=11)
    rows = {each["kind"]: each for each in drill.get("sops")["sops"]}
    drill.check(
        CLAUSES[0], len(rows) == 7 and all(row["agencies"] and row["sop"] for row in rows.values()), sorted(rows)
    )
    before = open_incident(drill, district(drill, "Penajam", north=0.01), kind="kebakaran")
    drill.check(CLAUSES[1], list(before["agencies"]) == rows["kebakaran"]["agencies"], before["agencies"])
    drill.put("sops/kebakaran", {"name": "Kebakaran", "agencies": ["damkar", "satpol-pp"], "sop": "drill: kebakaran 2"})
    after = open_incident(drill, district(drill, "Waru", north=0.01), kind="kebakaran")
    drill.check(CLAUSES[2], list(after["agencies"]) == ["damkar", "satpol-pp"], after["agencies"])
    kept = drill.get(f"incidents/{before['id']}")["agencies"]
    drill.check(CLAUSES[3], kept == before["agencies"], kept)
    refused = drill.ask("PUT", "sops/kosong", {"name": "Kosong", "agencies": []})
    drill.check(CLAUSES[4], refused.status_code == 422, f"{refused.status_code}")
    for each in (before, after):
        drill.patch(f"incidents/{each['id']}", {"closed_as": "cancelled"})


def wita(drill: Drill) -> None:
    """Shifts by the clock on the wall there."""
    zone = drill.get("centre")["time_zone"]
    local = drill.now.astimezone(ZoneInfo(zone))
    hours = local.utcoffset()
    drill.check(CLAUSES[5], hours is not None and hours.total_seconds() == 8 * 3600, f"{zone}: {local:%H:%M}")
    day = f"{local:%a}".lower()
    began, ends = local.replace(minute=0), local.replace(minute=0)
    own = {"agency": "dinkes", "capabilities": []}
    drill.put("units/ambulans-02/details", own | {"shifts": f"{day} {began:%H}:00-{(began.hour + 2) % 24:02d}:00"})
    drill.put("units/ambulans-05/details", own | {"shifts": f"{day} {(ends.hour - 2) % 24:02d}:00-{ends:%H}:00"})
    incident = open_incident(drill, district(drill, "Waru", east=0.01), kind="kesehatan")
    found = {each["unit"]: each for each in candidates(drill, incident["id"])}
    drill.check(CLAUSES[6], found["ambulans-02"]["tier"] == "fit", f"ambulans-02 is {found['ambulans-02']['tier']}")
    said = "; ".join(each["sentence"] for each in found["ambulans-05"]["reasons"])
    drill.check(CLAUSES[7], found["ambulans-05"]["tier"] != "fit", f"{found['ambulans-05']['tier']}: {said}")
    drill.patch(f"incidents/{incident['id']}", {"closed_as": "cancelled"})
    drill.put("units/ambulans-05/details", own)


def exercise(drill: Drill) -> None:
    """Everything as on any day, and nothing of it in any figure."""
    before = _scored(drill)
    drill.post("exercises", {"name": "Latihan drill"})
    incident = open_incident(drill, district(drill, "Penajam", north=0.02), kind="kesehatan")
    drill.check(CLAUSES[8], incident["exercise"], incident["exercise"])
    mission = assign(drill, "ambulans-01", incident["id"])
    arrived = until_state(drill, mission, "at-scene", 1800)
    drill.check(CLAUSES[9], arrived, drill.mission(mission)["state"])
    until_state(drill, mission, "ended", 600, 10)
    drill.patch(f"incidents/{incident['id']}", {"closed_as": "resolved"})
    drill.delete("exercises/current")
    real = open_incident(drill, district(drill, "Penajam", north=0.02), kind="kesehatan")
    drill.check(CLAUSES[10], not real["exercise"], real["exercise"])
    drill.pass_time(30, 5)
    drill.check(CLAUSES[11], _scored(drill) == before, f"{before} arrivals scored before, {_scored(drill)} after")
    mission = assign(drill, "ambulans-02", real["id"])
    until_state(drill, mission, "ended", 2400, 5)
    drill.pass_time(30, 5)
    drill.check(CLAUSES[12], _scored(drill) > before, f"{_scored(drill)} arrivals scored")
    drill.patch(f"incidents/{real['id']}", {"closed_as": "resolved"})


def handover(drill: Drill) -> None:
    """From Diskominfo to BPBD, with units on their way."""
    sepaku = open_incident(drill, district(drill, "Sepaku", north=0.02), kind="kesehatan")
    babulu = open_incident(drill, district(drill, "Babulu", north=0.02), kind="kecelakaan")
    sent = {
        "ambulans-04": assign(drill, "ambulans-04", sepaku["id"]),
        "ambulans-03": assign(drill, "ambulans-03", babulu["id"]),
    }
    drill.kept["sepaku"], drill.kept["mission"] = sepaku["id"], sent["ambulans-04"]
    drill.pass_time(60, 5)
    before = {unit: _essence(drill.mission(mission)) for unit, mission in sent.items()}
    held = drill.get("command")["holder"]
    given = drill.post("command/handover", {"to": "bpbd", "by": "drill"})
    drill.check(CLAUSES[13], held == "diskominfo" and given["holder"] == "bpbd", f"{held} -> {given['holder']}")
    drill.pass_time(30, 5)
    after = {unit: _essence(drill.mission(mission)) for unit, mission in sent.items()}
    seen = {unit: status(drill, unit) for unit in sent}
    drill.check(CLAUSES[14], before == after and "available" not in seen.values(), seen)
    history = [(each["holder"], each["said_by"]) for each in drill.get("command")["history"]]
    drill.check(CLAUSES[15], history[:2] == [("bpbd", "drill"), ("diskominfo", "")], history)
    again = drill.ask("POST", "command/handover", {"to": "bpbd"})
    drill.check(CLAUSES[16], again.status_code == 409, again.status_code)


def far(drill: Drill) -> None:
    """28 km to the hospital."""
    incident, mission = drill.kept["sepaku"], drill.kept["mission"]
    until_state(drill, mission, "at-scene", 1800)
    found = hospitals(drill, incident)[0]
    place = drill.place("ambulans-04")
    away = metres(place, district(drill, "Penajam"))
    middle = (found["eta_s"] or {}).get("p50", 0)
    drill.check(
        CLAUSES[17], away > 28_000 and middle > 1000, f"{away / 1000:.0f} km straight, {middle / 60:.0f} minutes"
    )
    drill.patch(f"missions/{mission}", {"destination": {"place": "rsud-drill"}})
    until_state(drill, mission, "ended", 7200, 60)
    arrived = drill.mission(mission)["legs"][-1]
    drill.check(
        CLAUSES[18],
        arrived["arrived_at"] and status(drill, "ambulans-04") == "available",
        f"{arrived['arrived_at']}, {status(drill, 'ambulans-04')}",
    )


def _essence(mission: dict[str, Any]) -> tuple[Any, ...]:
    return mission["id"], mission["unit"], mission["incident"], mission["ended_at"], mission["assigned_at"]


def _scored(drill: Drill) -> int:
    """How many told arrival times the scores are made of."""
    scores = drill.get("eta/score")["scores"]
    return sum(each["told"] for each in scores if each["by"] == "all")


PLAN = Plan("ppu", CLAUSES, (table, wita, exercise, handover, far), units=11)
