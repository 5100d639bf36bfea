"""Crew and centre over the whole road: true agent, true Mosquitto, true gateway, and what is killed between them."""

import time
from itertools import pairwise
from typing import Any

import pytest

from tests.fix_cab import UNIT, Road, Vehicle
from tests.fix_gateway import until
from tracker.wire.reports import CrewStatus

SCENE = (-7.15, 111.90)


def toward(seconds: float) -> tuple[float, float]:
    """From four kilometres west, 15 metres a second."""
    return SCENE[0], 111.865 + seconds * 15 / 110_300


def done(road: Road, command: str) -> bool:
    return road.outcome(command) == "done"


def test_every_kind_of_command_is_acknowledged_and_survives_what_is_killed(road: Road) -> None:
    """Given while the unit is away, over a SIGKILL of the gateway and of the unit; each done once."""
    road.network_off()
    bodies: list[dict[str, Any]] = [
        {"kind": "message", "text": "Bensin di SPBU Kalitidu", "urgent": True},
        {"kind": "rate", "interval_s": 2.5},
        {"kind": "configuration", "settings": {"sampling": {"parked_s": 45}}},
        {"kind": "ping", "expires_in_s": 600},
    ]
    given = {body["kind"]: road.ask("POST", f"units/{UNIT}/commands", body, 201)["id"] for body in bodies}
    mission = road.send_unit(SCENE, "2 pasien")
    road.gateway.kill()
    road.vehicle.kill()
    road.gateway.start()
    road.network_on()
    road.vehicle.start()
    until(lambda: all(done(road, given[kind]) for kind in ("rate", "configuration", "ping")), 60)
    until(lambda: road.outcome(given["message"]) == "received", what="somebody has to read it")
    card = until(lambda: road.vehicle.look()["mission"])
    assert (card["mission"], card["notes"], card["stops"][0]["name"]) == (
        mission, "2 pasien", "Pasar Banjarejo, Jl. Veteran 12",
    )  # fmt: skip
    road.vehicle.kill()
    road.vehicle.start()
    view = road.vehicle.look()
    assert view["mission"]["mission"] == mission
    assert [message["text"] for message in view["messages"]] == ["Bensin di SPBU Kalitidu"]
    road.vehicle.press("read", {"message": given["message"]}, expect=422)  # it has no press
    assert road.outcome(given["message"]) == "received"


@pytest.mark.parametrize("victim", ["gateway", "vehicle"])
@pytest.mark.parametrize("moment", ["before it is sent", "before its answer", "after its answer"])
def test_whoever_is_killed_at_whatever_step_a_message_is_shown_once(road: Road, victim: str, moment: str) -> None:
    """The proxy holds the road where the step is; then one end is killed and started again."""
    if moment == "before it is sent":
        road.network_off()
    kept = road.ask("POST", f"units/{UNIT}/commands", {"kind": "message", "text": "satu", "id": "satu"}, 201)
    shown = []
    if moment == "before its answer":
        until(lambda: road.vehicle.look()["messages"])
        road.network_off()
    elif moment == "after its answer":
        until(lambda: road.outcome("satu") == "received")
    end: Any = getattr(road, victim)
    end.kill()
    end.start()
    road.network_on()
    until(lambda: road.outcome(kept["id"]) == "received", 60)
    shown = [message["id"] for message in road.vehicle.look()["messages"]]
    assert shown == ["satu"]


def test_a_crew_drives_a_mission_and_button_and_receiver_stand_side_by_side(road: Road) -> None:
    """Assignment, acceptance, arrival times in the cab, statuses that move the mission, its end."""
    vehicle = road.vehicle
    vehicle.drive(toward)
    mission = road.send_unit(SCENE, "gang buntu, lewat belakang pasar")
    until(lambda: vehicle.look()["mission"])
    eta = until(lambda: vehicle.look()["mission"]["eta"], 60, "an arrival time in the cab")
    assert eta["p10"] <= eta["p50"] <= eta["p90"]
    vehicle.press("answer", {"mission": mission, "accepted": True})
    for status in ("en-route", "on-scene", "patient-aboard"):
        vehicle.press("status", {"status": status})
        time.sleep(0.01)
    until(lambda: road.ask("GET", f"missions/{mission}")["state"] == "transporting")
    until(lambda: vehicle.look()["mission"]["state"] == "transporting", what="the card follows")
    leg = road.ask("GET", f"missions/{mission}")["legs"][0]
    assert (leg["arrived_by"], leg["left_by"]) == ("crew", "crew")
    pressed = {report["status"]: report for report in road.said("status")}
    assert leg["arrived_at"] == pressed["on-scene"]["c"]
    assert pressed["on-scene"]["mission"] == mission
    road.ask("PATCH", f"missions/{mission}", {"notes": "bawa ke IGD"})
    until(lambda: vehicle.look()["mission"]["notes"] == "bawa ke IGD")
    for status in ("at-hospital", "handed-over", "available"):
        vehicle.press("status", {"status": status})
    until(lambda: road.ask("GET", f"missions/{mission}")["state"] == "ended")
    until(lambda: vehicle.look()["mission"] is None, what="the card goes")
    settled = ("done", "superseded", "expired")
    until(lambda: all(each["outcome"] in settled for each in road.commands().values()), what="every command's outcome")


def test_arrival_times_come_at_a_modest_rate(road: Road) -> None:
    """At most one in 15 s, however often they change."""
    road.vehicle.drive(lambda seconds: (SCENE[0], 111.87 - seconds * 15 / 110_300))  # away: a second later each second
    road.send_unit(SCENE)
    seen: dict[str, float] = {}

    def enough() -> bool:
        for name, each in road.commands().items():
            if each["kind"] == "update-mission" and "eta" in each["payload"]:
                seen.setdefault(name, time.monotonic())
        return len(seen) >= 3

    until(enough, 90)
    assert all(later - sooner > 14 for sooner, later in pairwise(sorted(seen.values())))


def test_a_refusal_reaches_the_dispatcher_with_its_reason(road: Road) -> None:
    """The mission ends, the card goes, and the reason stands with the unit."""
    mission = road.send_unit(SCENE)
    until(lambda: road.vehicle.look()["mission"])
    road.vehicle.press("answer", {"mission": mission, "accepted": False, "reason": "Kendaraan rusak"})
    until(lambda: road.ask("GET", f"missions/{mission}")["state"] == "ended")
    assert road.ask("GET", f"missions/{mission}")["ended_why"] == "Kendaraan rusak"
    until(lambda: road.vehicle.look()["mission"] is None)
    units = {unit["unit"]: unit for unit in road.ask("GET", "units")["units"]}
    assert units[UNIT]["crew"]["answer"]["reason"] == "Kendaraan rusak"


def test_an_emergency_is_repeated_until_the_centre_acknowledges_it(road: Road) -> None:
    """Over lost coverage and a power cut; afterwards it is quiet, and the crew sees that the centre knows."""
    road.network_off()
    road.vehicle.press("emergency", {"raised": True})
    road.vehicle.kill()
    road.vehicle.start()
    road.network_on()
    until(lambda: len(road.said("emergency")) >= 3, 30, "repeats")
    assert len({report["since"] for report in road.said("emergency")}) == 1
    unit = road.ask("GET", "units")["units"][0]
    assert unit["crew"]["emergency"]["acknowledged_at"] is None
    road.ask("POST", f"units/{UNIT}/emergency/ack")
    until(lambda: road.vehicle.look()["emergency"]["acknowledged"], what="the crew sees it")
    until(lambda: road.vehicle.look()["waiting"] == 0)
    count = len(road.said("emergency"))
    time.sleep(5)  # more than two repeats
    assert len(road.said("emergency")) == count
    road.vehicle.press("emergency", {"raised": False})
    until(lambda: road.ask("GET", "units")["units"][0]["crew"].get("emergency") is None)


def test_statuses_do_not_wait_behind_a_backlog(road: Road) -> None:
    """Every status pressed without a network comes in order, with its own time, and is shown as received."""
    road.network_off()
    for status in CrewStatus:
        road.vehicle.press("status", {"status": status.value})
        time.sleep(0.02)
    view = road.vehicle.look()
    assert view["waiting"] == len(CrewStatus)
    pressed = [(press["value"], press["at"]) for press in view["presses"]]
    road.vehicle.kill()
    road.network_on()
    road.vehicle.start()
    until(lambda: len(road.said("status")) == len(CrewStatus))
    assert [(report["status"], report["c"]) for report in road.said("status")] == pressed
    until(lambda: road.vehicle.look()["waiting"] == 0, what="all are shown as received")


def test_the_agent_with_its_page_stays_small(road: Road) -> None:
    """Below 60 MB with a tablet that looks ten times a second."""
    vehicle: Vehicle = road.vehicle
    vehicle.drive(toward)
    for _ in range(100):
        vehicle.look()
        time.sleep(0.02)
    print(f"\nagent with page: {vehicle.resident_bytes / 1e6:.1f} MB")
    assert vehicle.resident_bytes < 60e6
