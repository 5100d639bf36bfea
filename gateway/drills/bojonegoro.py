"""BOOSTER 119 of Bojonegoro."""

from gateway.drills.drill import Drill, Plan

CLAUSES = ("a report with a location opens an incident", "the nearest unit is assigned and drives", "it arrives")


def report(drill: Drill) -> None:
    """A report with a location."""
    lat, lon = drill.place("ambulans-03")
    made = drill.post("incidents", {"place": {"latitude": lat + 0.02, "longitude": lon}, "urgency": "emergency"})
    drill.check(CLAUSES[0], made["id"], made["id"])
    mission = drill.post("missions", {"unit": "ambulans-03", "incident": made["id"]})
    drill.pass_time(30)
    told = drill.mission(mission["id"])
    drill.check(CLAUSES[1], told["state"] == "to-scene", told["state"])
    began = drill.now
    drill.pass_time(1200, 5, lambda: drill.mission(mission["id"])["state"] == "at-scene")
    drill.check(CLAUSES[2], drill.mission(mission["id"])["state"] == "at-scene", drill.elapsed(began))


PLAN = Plan("bojonegoro", CLAUSES, (report,), units=6)
