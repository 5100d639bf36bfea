"""Who calls the demo's centre, and who answers when nobody at the board does."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.demo.calls import BUSIEST, CLOSE_S, DECIDE_S, EVERY_S, FIRST_S, PREFIX, Caller
from gateway.demo.rest import AwayError, RefusedError, Rest
from gateway.demo.scenes import HOSPITALS, Scenes
from gateway.roads.osm_import import import_osm
from tests.fix_map import write_drawn
from tracker.geodesy import distance
from tracker.regions import load
from tracker.roads.graph import RoadGraph

TOWN = """
A-----B-----C
|     |     |
D-----E-----F
"""
STREETS = {each: {"highway": "primary"} for each in ("ABC", "DEF", "AD", "BE", "CF")}


@pytest.fixture
def graph(tmp_path: Path) -> RoadGraph:
    """A small town."""
    drawing = tmp_path / "town.osm.pbf"
    write_drawn(drawing, TOWN, STREETS, step=200.0)
    return import_osm(drawing, "town").graph


class Gateway(Rest):
    """Remembers what it was told, and answers in the shapes of the true one."""

    def __init__(self, graph: RoadGraph) -> None:
        super().__init__("http://nowhere/")
        here = {"latitude": float(graph.node_latitude[0]), "longitude": float(graph.node_longitude[0])}
        self.units = [{"unit": f"u{at}", "position": here} for at in range(4)]
        self.incidents: dict[str, Any] = {}
        self.missions: list[dict[str, Any]] = []
        self.facilities: list[str] = []
        self.closed_calls: list[str] = []
        self.away = False
        self.refuses = False

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if self.away:
            raise AwayError("away")
        what, _, rest = path.partition("?")[0].partition("/")
        if method == "GET":
            return self._look(path, what, rest)
        assert body is not None
        if self.refuses and what == "missions":
            raise RefusedError("the unit is on another mission")
        if rest.endswith("/state"):
            assert body["beds"] > 0
        elif what == "facilities":
            self.facilities.append(rest)
        elif rest.endswith("/close"):
            self.closed_calls.append(body["as"])
        elif rest.endswith("/incident"):
            self.incidents[body["id"]] = {"destination": None, "closed": False, **body}
        elif what == "incidents":
            self.incidents[rest].update(body)
        elif what == "missions":
            self.missions.append({"state": "assigned", "ended_by": None, "ended_why": "", **body})
        return {}

    def _look(self, path: str, what: str, rest: str) -> Any:
        if rest.endswith("/candidates"):
            tiers = [("u0", "busy"), ("u1", "fit"), ("u2", "fit")]
            return {"candidates": [{"unit": unit, "tier": tier} for unit, tier in tiers]}
        if rest.endswith("/hospitals"):
            return {
                "hospitals": [{"place": {"id": f"rs-{tier}", "name": "RS"}, "tier": tier} for tier in ("closed", "fit")]
            }
        if what == "incidents":
            return {"incidents": [each for each in self.incidents.values() if not each["closed"]]}
        if what == "missions":
            return {"missions": [each for each in self.missions if "active" not in path or each["state"] != "ended"]}
        return {"units": self.units} if what == "units" else {"sops": [{"kind": "kesehatan"}]}


@pytest.fixture
def gateway(graph: RoadGraph) -> Gateway:
    """With four units that wait in the town."""
    return Gateway(graph)


@pytest.fixture
def caller(gateway: Gateway, graph: RoadGraph, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Whose calls all tell of something."""
    monkeypatch.setattr("gateway.demo.calls.EMPTY", 0.0)
    chance = random.Random(7)
    return Caller(gateway, Scenes(graph, load("bojonegoro")), chance, lambda _: None)


def opened(gateway: Gateway, caller: Caller) -> tuple[str, float]:
    """The first incident, and when it came."""
    caller.turn(0.0)
    caller.turn(FIRST_S)
    (incident,) = gateway.incidents
    return incident, FIRST_S


def test_a_call_is_assigned_brought_to_a_hospital_and_closed_at_a_humans_pace(
    gateway: Gateway, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step comes no sooner than a person could: to the best unit that is fit, a hospital that takes patients."""
    monkeypatch.setattr("gateway.demo.calls.TREATED_THERE", 0.0)
    monkeypatch.setattr("gateway.demo.calls.EVERY_S", 1e9)
    incident, now = opened(gateway, caller)
    assert incident.startswith(PREFIX)
    assert len(gateway.facilities) == HOSPITALS
    caller.turn(now + 0.5 * DECIDE_S)
    assert gateway.missions == []
    now += 1.5 * DECIDE_S
    caller.turn(now)
    (mission,) = gateway.missions
    assert (mission["unit"], mission["incident"]) == ("u1", incident)
    caller.turn(now + DECIDE_S)
    assert gateway.incidents[incident]["destination"] is None, "nobody knows yet where the patient shall go"
    mission["state"] = "at-scene"
    for later in (now + DECIDE_S, now + 3 * DECIDE_S):
        caller.turn(later)
    assert gateway.incidents[incident]["destination"] == {"place": "rs-fit"}
    mission.update(state="ended", ended_by="crew")
    now += 3 * DECIDE_S
    for later in (now, now + 2 * CLOSE_S):
        caller.turn(later)
    assert (gateway.incidents[incident]["closed"], gateway.incidents[incident]["closed_as"]) == (True, "resolved")


def test_what_somebody_at_the_board_did_is_left_as_it_is(gateway: Gateway, caller: Caller) -> None:
    """A unit that a person sent is not sent again, and incidents that people opened are theirs."""
    incident, now = opened(gateway, caller)
    gateway.missions.append({"id": "m", "unit": "u3", "incident": incident, "state": "assigned", "ended_by": None})
    gateway.incidents["b-1"] = {"id": "b-1", "destination": None, "closed": False}
    for later in range(int(now), int(now + 4 * DECIDE_S)):
        caller.turn(float(later))
    assert not any(mission["incident"] in (incident, "b-1") for mission in gateway.missions[1:])


def test_a_crew_that_refused_is_not_asked_again(gateway: Gateway, caller: Caller) -> None:
    """The incident goes to the next one, and is not closed."""
    incident, now = opened(gateway, caller)
    refused = {
        "id": "m",
        "unit": "u1",
        "incident": incident,
        "state": "ended",
        "ended_by": "crew",
        "ended_why": "rusak",
    }
    gateway.missions.append(refused)
    for later in (now, now + 2 * DECIDE_S):
        caller.turn(later)
    assert [mission["unit"] for mission in gateway.missions] == ["u1", "u2"]
    assert not gateway.incidents[incident]["closed"]


def test_a_gateway_that_is_away_or_refuses_is_asked_again(gateway: Gateway, caller: Caller) -> None:
    """A restart in the middle loses no incident."""
    incident, now = opened(gateway, caller)
    gateway.away = True
    with pytest.raises(AwayError):
        caller.turn(now + 1)
    gateway.away, gateway.refuses = False, True
    for later in (now + 2, now + 2 * DECIDE_S):
        caller.turn(later)
    assert gateway.missions == []
    gateway.refuses = False
    caller.turn(now + 2 * DECIDE_S + 1)
    assert [mission["incident"] for mission in gateway.missions] == [incident]


def test_some_units_stay_free_for_whoever_tries_the_board(gateway: Gateway, caller: Caller) -> None:
    """However long it runs and however long missions take, no more than a part of the units is busy."""
    for second in range(0, int(60 * EVERY_S), 2):
        caller.turn(float(second))
    assert 0 < len(gateway.missions) <= BUSIEST * len(gateway.units) + 1


def test_scenes_lie_on_roads_and_as_far_away_as_wanted(graph: RoadGraph) -> None:
    """Each is a crossing of the region; hospitals have a name that nobody takes for a real one."""
    scenes = Scenes(graph, load("bojonegoro"))
    here = float(graph.node_latitude[0]), float(graph.node_longitude[0])
    crossings = set(zip(graph.node_latitude.tolist(), graph.node_longitude.tolist(), strict=True))
    chance = random.Random(1)
    for _ in range(20):
        scene = scenes.near(*here, 300.0, 1500.0, chance)
        assert (scene.latitude, scene.longitude) in crossings
        assert 300 <= distance(*here, scene.latitude, scene.longitude) <= 1500
    assert scenes.near(*here, 1e6, 2e6, chance)[:2] == pytest.approx(here)
    hospitals = scenes.hospitals()
    assert hospitals[0].name == "RS Demo Bojonegoro"
    assert np.unique([each.name for each in hospitals]).size == HOSPITALS


def test_nobody_is_sent_to_a_call_that_only_asks_or_jokes(
    gateway: Gateway, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is closed as what it was, and no incident is made of it."""
    monkeypatch.setattr("gateway.demo.calls.EMPTY", 1.0)
    for second in range(0, int(20 * EVERY_S), 2):
        caller.turn(float(second))
    assert set(gateway.closed_calls) == {"information", "prank"}
    assert gateway.incidents == {}
