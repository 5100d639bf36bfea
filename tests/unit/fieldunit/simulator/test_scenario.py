"""Scenarios: what is shipped can be driven, what cannot be meant is refused in the words of the file."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from fieldunit.simulator.build import cars_for, roads_for
from fieldunit.simulator.faults import Kind
from fieldunit.simulator.fleet import tick_time
from fieldunit.simulator.roads import RoadsError
from fieldunit.simulator.scenario import Scenario, ScenarioError, fields, load, read, shipped

PAGE = Path(__file__).parents[4] / "firmware-sim/fieldunit/simulator/scenarios/README.md"
SECOND = 1_795_230_000


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_drives(name: str) -> None:
    """Its closures touch roads, its units exist, and for a minute each of its vehicles is heard."""
    scenario = load(name)
    assert scenario.about
    scenario = msgspec.structs.replace(scenario, units=min(scenario.units, 30))
    cars = cars_for(scenario, roads_for(scenario))
    assert len(cars) == scenario.units
    heard = set()
    for tick in range(60):
        for car in cars:
            if car.reports(tick_time(SECOND + tick, 1.0)):
                heard.add(car.name)
    assert heard == {car.name for car in cars}


def test_the_shipped_scenarios_cover_what_the_simulator_can_do() -> None:
    """Between them: two sources, cold start, power cut, hole, closure, slow zone, houses, jammer, clock, each fault."""
    scenarios = [load(name) for name in shipped()]
    specials = [unit for scenario in scenarios for unit in scenario.unit]
    assert any(len(unit.sources) == 2 for unit in specials)
    assert any(unit.start == "cold" for unit in specials)
    assert any(unit.power_cut for unit in specials)
    assert any(unit.clock_skew_s for unit in specials)
    assert any(scenario.hole for scenario in scenarios)
    assert {closure.factor is None for scenario in scenarios for closure in scenario.closure} == {True, False}
    assert {sky.kind for scenario in scenarios for sky in scenario.sky} == {"canyon", "jammed", "noisy"}
    told = {fault.kind for unit in specials for fault in unit.fault}
    assert told >= set(Kind) - {Kind.NO_FIX, Kind.SILENT}  # these two are what a jammer and a loose plug do


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("=", "f.toml is no TOML: Invalid statement (at line 1, column 1)"),
        ("unit = 3", "f.toml: unit: expected `array`, got `int`"),
        ('units = "many"', "f.toml: units: expected `int`, got `str`"),
        ("units = 0", "f.toml: units: expected `int` >= 1"),
        ("vehicles = 3", "f.toml: object contains unknown field `vehicles`; the fields are about, profile, roads, "),
        ("begins = 2026-11-23T06:30:00", "f.toml: begins: expected `datetime` with a timezone component"),
        ('profile = "mars"', "f.toml: there is no profile 'mars'; there is: banyuwangi"),
        ('[[hole]]\nname = "a"', "f.toml: hole 1: give either centre and radius_m, or corners"),
        ("[[hole]]\ncentre = [111.9, -7.1]\nradius_m = 9", "hole 1: 111.9, -7.1 lies nowhere on Earth: latitude"),
        ("[[hole]]\ncorners = [[-7, 111], [-8, 111]]", "f.toml: hole 1: corners make no area"),
        (
            "[[sky]]\nkind='fog'\ncentre=[-7, 111]\nradius_m=9",
            "sky 1, kind: invalid enum value 'fog'; choose one of ca",
        ),
        ("[[closure]]\ncentre=[-7, 111]\nradius_m=9\nfrom_s=9\nto_s=3", "closure 1: to_s is not after from_s"),
        ('[[unit]]\nname = "ambulans-13"', "there is no unit ambulans-13; with units = 12 they are called ambulans-01"),
        ('[[unit]]\nname = "ambulans-3"', "f.toml: there is no unit ambulans-3; with units = 12"),
        ("[[unit]]\nname='ambulans-01'\n[[unit]]\nname='ambulans-01'", "unit ambulans-01 stands there twice"),
        (
            "[[unit]]\nname='ambulans-01'\n[[unit.fault]]\nkind='drunk'\nat_s=1",
            "unit 1, fault 1, kind: invalid enum value 'drunk'; choose one of null-island, swapped, frozen,",
        ),
        (
            "[[unit]]\nname='ambulans-01'\n[[unit.fault]]\nkind='jump'\nat=1",
            "unit 1, fault 1: object contains unknown field `at`; the fields are kind, at_s, for_s, metres, bearing",
        ),
        (
            "[[unit]]\nname='ambulans-01'\npower_cut=[{at_s=5, for_s=9}, {at_s=8, for_s=1}]",
            "f.toml: the power cuts of ambulans-01 overlap",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(text: str, sentence: str) -> None:
    """The file, the table and its number, the field, and what may be written instead."""
    with pytest.raises(ScenarioError) as refused:
        read("f.toml", text)
    assert sentence in str(refused.value)


def test_a_closure_that_touches_no_road_is_told(tmp_path: Path) -> None:
    """It would change nothing, so it is a mistake; so is a region's file that is none."""
    closure = '[[closure]]\nname = "the sea"\ncentre = [-6.0, 111.0]\nradius_m = 500\n'
    with pytest.raises(RoadsError, match=r"closure-1 \(the sea\) touches no road"):
        roads_for(read("f.toml", closure))
    (tmp_path / "s.toml").write_text('roads = "none.roads"')
    with pytest.raises(RoadsError, match=r"none\.roads cannot be read: No such file or directory; give"):
        roads_for(load(str(tmp_path / "s.toml")))
    (tmp_path / "none.roads").write_text("no region")
    with pytest.raises(RoadsError, match=r"none\.roads: this is no region of roads; build it again with"):
        roads_for(load(str(tmp_path / "s.toml")))


def test_a_scenario_that_is_not_there_is_told_with_the_examples() -> None:
    """Whoever mistypes a name sees the names."""
    with pytest.raises(
        ScenarioError, match=r"there is no file fload; .* example: coverage-hole, flood, jamming, mass, n"
    ):
        load("fload")


def test_every_field_is_explained() -> None:
    """The page beside the examples has a line for each field of each table."""
    page = PAGE.read_text(encoding="utf-8")
    for table, names in fields().items():
        heading = f"## `[[{table}]]`" if table not in ("", "day") else "## `[day]`" if table else "## The fleet"
        heading = {"fault": "## `[[unit.fault]]`", "power_cut": "## `[[unit.power_cut]]`"}.get(table, heading)
        assert heading in page, heading
        section = page.split(heading, 1)[1].split("\n## ", 1)[0]
        for name in names:
            if name not in ("unit", "hole", "closure", "sky", "day", "fault", "power_cut"):
                assert f"| `{name}` |" in section, f"{name} of {heading} is not explained"


def test_what_is_told_of_a_unit_is_what_it_has() -> None:
    """Outage, skew, sources and holes reach the vehicle they are told of, and no other."""
    scenario = read(
        "f.toml",
        "units = 2\nmodem_every = 5\n[[hole]]\ncentre = [-7.15, 111.89]\nradius_m = 90000\nfrom_s = 20\nto_s = 30\n"
        "[[unit]]\nname = 'ambulans-02'\nsources = ['gnss', 'modem']\nclock_skew_s = 3.0\nclock_drift_ppm = 1000.0\n"
        "[[unit.power_cut]]\nat_s = 40\nfor_s = 5\n",
    )
    one, two = cars_for(scenario, roads_for(scenario))
    sources: dict[str, int] = {}
    for second in range(1, 61):
        now = tick_time(SECOND + second, 1.0)
        plain, special = one.reports(now), two.reports(now)
        assert len(plain) == 1
        assert plain[0].epoch.device_time == plain[0].fix_time == now
        assert one.covered is two.covered is not (20 <= second < 30)
        assert one.powered
        assert two.powered is not (40 <= second < 45)
        for report in special:
            sources[report.epoch.source] = sources.get(report.epoch.source, 0) + 1
            assert report.fix_time == now
            assert report.epoch.device_time == now + timedelta(seconds=3 + second / 1000)
    assert sources["modem"] in (9, 10, 11)
    assert 44 <= sources["gnss"] <= 53  # five seconds without power, some more to find the sky again


def test_a_scenario_says_what_vehicles_do_and_when() -> None:
    """Habits and the hour for traffic."""
    scenario = read(
        "f.toml", "begins = 2026-11-23T22:00:00+07:00\n[day]\npace = 'real'\nscene_s = 5\nown_calls = false"
    )
    assert scenario.day.habits.scene_s == 5
    assert scenario.day.habits.wait_s == 3 * 3600
    [car, *_] = cars_for(scenario, roads_for(scenario))
    assert car.vehicle.moment == scenario.begins
    assert Scenario().day.habits.own_calls
