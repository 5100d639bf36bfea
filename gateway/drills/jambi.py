"""Bahagia 112 of Jambi: one call, and everybody who is needed goes to one incident."""

from typing import Any

from gateway.drills.drill import Drill, Plan
from gateway.drills.scenes import (
    House,
    alarms,
    assign,
    candidates,
    district,
    furnish,
    incident_of,
    report,
    status,
    until_state,
)

SENT = {"bpbd": "BPBD", "damkar": "fire", "dinkes": "medical", "polres": "police", "dinsos": "social"}

CLAUSES = (
    "one call opens one incident",
    "its kind names the agencies that go: medical, fire, police, social and BPBD",
    *(f"{name}: the first candidate is a unit of that agency" for name in SENT.values()),
    "five units of five agencies are on the one incident",
    "each unit has its own arrival time",
    "each unit has its own status",
    "all of them arrive, each at its own time",
    "a unit that has arrived does not make the others arrive",
    "one that breaks down on the way is an alarm, and the next one of its agency is named",
    "the others go on when one breaks down",
    "the incident stays open until it is closed, and ends with its reason",
    "a medical call on 119 comes in the same way and stands in the same list",
    "on 119 only the medical agency is asked for",
    "a second caller about the same place is offered the incident that is open",
    "he is joined to it, and nobody is sent twice",
)


def one_call(drill: Drill) -> None:
    """A landslide: five agencies."""
    furnish(drill, (House("rsud-drill", "RSUD drill", "Paal Merah", ("igd", "bedah")),))
    place = district(drill, "Jelutung", north=0.008)
    taken = report(drill, "112", place, number="0811000101")
    incident = incident_of(drill, taken, kind="bencana-alam")
    drill.kept["incident"], drill.kept["place"] = incident["id"], place
    opened = drill.get("incidents")["incidents"]
    drill.check(CLAUSES[0], [each["id"] for each in opened] == [incident["id"]], f"{len(opened)} incident")
    drill.check(CLAUSES[1], set(incident["agencies"]) == set(SENT), ", ".join(incident["agencies"]))
    sent: dict[str, tuple[str, str]] = {}
    for agency, name in SENT.items():
        first = candidates(drill, incident["id"], agency=agency)[0]
        own = drill.get(f"units/{first['unit']}/details")["agency"]
        drill.check(f"{name}: the first candidate is a unit of that agency", own == agency, f"{first['unit']} of {own}")
        sent[agency] = first["unit"], assign(drill, first["unit"], incident["id"])
    drill.kept["sent"] = sent


def together(drill: Drill) -> None:
    """Each its own arrival time and status."""
    incident, sent = drill.kept["incident"], drill.kept["sent"]
    units = {unit for unit, _ in sent.values()}
    missions = drill.missions_of(incident)
    drill.check(CLAUSES[7], {each["unit"] for each in missions} == units and len(units) == 5, sorted(units))
    drill.pass_time(20)
    told = {unit: _left(drill.unit(unit)) for unit in units}
    drill.check(CLAUSES[8], all(told.values()) and len(set(told.values())) == 5, told)
    drill.order(break_down=["polisi-01" if "polisi-01" in units else sent["polres"][0]])
    drill.pass_time(30)
    seen = {unit: status(drill, unit) for unit in units}
    drill.check(CLAUSES[9], len(set(seen.values())) > 1, seen)


def breakdown(drill: Drill) -> None:
    """The police car stops on the way."""
    sent = drill.kept["sent"]
    broken = sent["polres"][0]
    found = alarms(drill, "breakdown", broken)
    named = (found[0].get("values") or {}).get("next_unit") if found else None
    drill.check(
        CLAUSES[12],
        found and str(named).startswith("polisi") and status(drill, broken) == "out-of-service",
        f"{broken} is {status(drill, broken)}; next: {named}",
    )
    others = [unit for agency, (unit, _) in sent.items() if agency != "polres"]
    going = {unit: status(drill, unit) for unit in others}
    drill.check(CLAUSES[13], all(each not in ("available", "out-of-service") for each in going.values()), going)


def arrivals(drill: Drill) -> None:
    """All but the broken one arrive, each at its own time."""
    missions = {unit: mission for agency, (unit, mission) in drill.kept["sent"].items() if agency != "polres"}
    first: dict[str, Any] = {}

    def arrived() -> dict[str, str]:
        found = {each["unit"]: each["legs"][0]["arrived_at"] for each in drill.missions_of(drill.kept["incident"])}
        found = {unit: at for unit, at in found.items() if unit in missions}
        return {unit: at for unit, at in found.items() if at is not None}

    def begun() -> bool:
        here = arrived()
        if here and not first:
            first.update(here)
        return len(here) == len(missions)

    drill.pass_time(1500, 10, begun)
    times = arrived()
    drill.check(CLAUSES[10], len(times) == 4 and len(set(times.values())) == 4, times)
    drill.check(
        CLAUSES[11], 0 < len(first) < 4, f"when {', '.join(first)} was there, the others were still on their way"
    )


def closing(drill: Drill) -> None:
    """Closed by somebody, not by an arrival."""
    incident = drill.kept["incident"]
    for _, mission in drill.kept["sent"].values():
        until_state(drill, mission, "ended", 240, 10)
    for each in drill.missions_of(incident):
        if each["ended_at"] is None:
            drill.patch(f"missions/{each['id']}", {"state": "ended"})
    before = drill.get(f"incidents/{incident}")["closed_at"]
    after = drill.patch(f"incidents/{incident}", {"closed_as": "resolved"})
    drill.check(
        CLAUSES[14], before is None and after["closed_as"] == "resolved", f"{before} before, {after['closed_as']}"
    )


def medical(drill: Drill) -> None:
    """119, and a second caller about the same crash."""
    place = district(drill, "Danau Sipin", east=0.01)
    taken = report(drill, "119", place, number="0811000102")
    incident = incident_of(drill, taken, kind="kesehatan")
    listed = [each["id"] for each in drill.get("incidents")["incidents"]]
    drill.check(
        CLAUSES[15], incident["id"] in listed and drill.kept["incident"] in listed, f"line {taken['call']['line']}"
    )
    drill.check(CLAUSES[16], incident["agencies"] == ["dinkes"], incident["agencies"])
    again = report(drill, "112", (place[0] + 0.0007, place[1]), number="0811000103")
    offered = [each["incident"] for each in again["duplicates"]]
    drill.check(CLAUSES[17], incident["id"] in offered, [each["sentence"] for each in again["duplicates"]])
    unit = candidates(drill, incident["id"])[0]["unit"]
    assign(drill, unit, incident["id"])
    drill.post(f"calls/{again['call']['id']}/incident", {"join": incident["id"]})
    missions = drill.missions_of(incident["id"])
    calls = drill.get("calls", incident=incident["id"])["calls"]
    drill.check(CLAUSES[18], len(calls) == 2 and len(missions) == 1, f"{len(calls)} calls, {len(missions)} mission")


def _left(unit: dict[str, Any]) -> float | None:
    seconds = (unit.get("eta") or {}).get("eta_s") or {}
    return seconds.get("p50")


PLAN = Plan("jambi", CLAUSES, (one_call, together, breakdown, arrivals, closing, medical), units=10)
