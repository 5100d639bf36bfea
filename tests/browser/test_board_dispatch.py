"""Dispatch on the board, in a real browser, on the stack that `sigap demo` starts: from a call to its end."""

import random
import re
import uuid
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from gateway.demo.roads import DemoRoads
from gateway.demo.scenes import Scene, Scenes
from tests.fix_board import REPORTS, SLOW_S, Board, OpenBoard, one_alone, until
from tests.fix_demo import Demo
from tracker.regions import load

pytestmark = pytest.mark.slow

ARRIVES_S = 300.0
"""What is a minute away takes two with the turnout; a machine that is late with its fixes needs longer."""


@pytest.fixture(scope="module")
def scenes(demo_roads: DemoRoads) -> Scenes:
    """Points on the demo's roads."""
    return Scenes.read(demo_roads.file, load("bojonegoro"))


def ask(demo: Demo, method: str, path: str, **body: Any) -> Any:
    """As any other program asks."""
    answer = httpx.request(method, f"{demo.board}api/v1/{path}", json=body or None, timeout=60)
    assert answer.is_success, answer.text
    return answer.json()


def open_incident(demo: Demo, scene: Scene, urgency: str = "emergency") -> str:
    """Somebody else than the board opens an incident; returns its id."""
    incident = f"t-{uuid.uuid4().hex[:12]}"
    place = {"latitude": scene.latitude, "longitude": scene.longitude, "name": "Balai Desa Uji"}
    ask(demo, "POST", "incidents", id=incident, place=place, urgency=urgency, kind="kecelakaan")
    return incident


def a_minute_away(demo: Demo, scenes: Scenes, unit: str, place: dict[str, float]) -> Scene:
    """Where a unit can soon be, and yet has some way to go."""
    for number in range(50):
        scene = scenes.near(place["latitude"], place["longitude"], 150, 900, random.Random(number))
        eta = ask(demo, "GET", f"eta?unit={unit}&lat={scene.latitude}&lon={scene.longitude}")["eta_s"]
        if eta is not None and 45 < eta["p50"] < 80:
            return scene
    raise AssertionError("no crossing is a minute away: the roads are others than they were")


def row(board: Board, incident: str) -> Locator:
    """An incident in the list."""
    return board.page.locator(f'[data-testid="incident-row"][data-incident="{incident}"]')


def test_an_incident_appears_a_candidate_is_assigned_its_arrival_falls_and_its_status_changes_by_itself(
    open_still_board: OpenBoard, still_stack: Demo, scenes: Scenes
) -> None:
    """Nobody touches the board but for two presses: one assigns, one chooses the hospital. Then the unit drives, is
    there, and goes on; the board tells each by itself, by the centre's names."""
    board = open_still_board()
    page = board.page
    here = one_alone(still_stack)
    fleet = {unit["unit"]: unit["position"] for unit in ask(still_stack, "GET", "units")["units"]}
    place = fleet[here]
    ask(
        still_stack, "PUT", "facilities/rs-uji", kind="hospital", name="RS Uji", latitude=place["latitude"],
        longitude=place["longitude"],
    )  # fmt: skip
    scene = a_minute_away(still_stack, scenes, here, place)
    incident = open_incident(still_stack, scene)

    panel = page.get_by_test_id("incident")
    expect(panel).to_have_attribute("data-incident", incident)  # it comes to view by itself
    expect(panel).to_contain_text("Kecelakaan")
    expect(row(board, incident)).to_contain_text("belum ada unit")
    expect(page.get_by_test_id("incident-said")).to_have_text("Insiden baru: Gawat darurat, Kecelakaan, Balai Desa Uji")
    first = page.get_by_test_id("candidate").first
    expect(first).to_have_attribute("data-tier", "fit")
    expect(first.get_by_test_id("reasons")).to_contain_text("tiba dalam")
    expect(first).to_have_attribute("data-unit", here)
    first.get_by_test_id("assign").click()

    line = row(board, incident).locator(f'[data-testid="mission-line"][data-unit="{here}"]')
    expect(line).to_be_visible()
    expect(page.locator(f'[data-testid="candidate"][data-unit="{here}"]')).to_have_count(0)
    seen: list[tuple[str, float | None]] = []

    def look() -> tuple[str, float | None]:
        status, left = line.evaluate("line => [line.dataset.status, line.dataset.p50S ?? null]")
        seen.append((status, None if left is None else float(left)))
        return seen[-1]

    until(lambda: look()[1] is not None, SLOW_S, "its arrival is told")
    begun = seen[-1][1]
    assert begun is not None
    page.screenshot(path=REPORTS / "board-incident.png")
    page.locator('[data-testid="hospital"][data-place="rs-uji"]').get_by_test_id("choose-hospital").click()
    expect(page.get_by_test_id("hospital-chosen")).to_have_text("RS Uji")

    def fell() -> bool:
        left = look()[1]
        return left is not None and left < begun - 15

    until(fell, ARRIVES_S, "its arrival falls while it drives")
    until(lambda: look()[0] == "on-scene", ARRIVES_S, "it is there, and the board says so by itself")
    label = ask(still_stack, "GET", "centre")["labels"]["on-scene"]
    expect(line.get_by_test_id("mission-status")).to_have_text(label)
    page.screenshot(path=REPORTS / "board-on-scene.png")
    until(lambda: look()[0] in ("patient-aboard", "at-hospital"), ARRIVES_S, "it goes on to the hospital")
    order = [status for status, _ in seen]
    wanted = ["available", "assigned", "acknowledged", "en-route", "on-scene", "patient-aboard", "at-hospital"]
    assert [wanted.index(status) for status in order] == sorted(wanted.index(status) for status in order)

    page.get_by_test_id("end").click()
    page.get_by_test_id("end-as").select_option("resolved")
    page.get_by_test_id("end-sure").click()
    expect(row(board, incident)).to_have_count(0)
    expect(panel).to_have_count(0)
    closed = ask(still_stack, "GET", f"incidents/{incident}")
    assert (closed["closed_at"] is not None, closed["closed_as"]) == (True, "resolved")
    assert ask(still_stack, "GET", f"missions?incident={incident}&active=true")["missions"] == []
    assert board.hosts == {"127.0.0.1"}
    assert board.complaints == []


def test_an_incident_is_opened_from_the_map_and_from_what_was_pasted(
    open_still_board: OpenBoard, still_stack: Demo, scenes: Scenes
) -> None:
    """A click on the map fills the form; so does pasted text. Without a place in it nothing can be opened; Esc gives
    up, and whoever is called away to another incident finds the form as it was. The first touch gives the page its
    voice."""
    board = open_still_board()
    page = board.page
    sound = page.get_by_test_id("sound")
    expect(sound).to_have_text(re.compile("SUARA MATI"))
    page.get_by_test_id("aim").click()
    expect(sound).not_to_have_text(re.compile("SUARA MATI"))
    page.get_by_test_id("point-open").click()
    expect(page.get_by_test_id("new-where")).to_have_value(re.compile(r"^-7\.\d{6}, 111\.\d{6}$"))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("new-incident")).to_have_count(0)

    page.get_by_test_id("incident-new").click()
    expect(page.get_by_test_id("new-where")).to_be_focused()
    page.keyboard.type("di depan pasar")
    expect(page.get_by_test_id("new-open")).to_be_disabled()
    scene = scenes.near(-7.15, 111.89, 0, 2000, random.Random(2))
    page.get_by_test_id("new-where").fill(f"https://maps.google.com/?q={scene.latitude},{scene.longitude}")
    page.get_by_test_id("new-name").fill("Depan Pasar Uji")
    page.get_by_label("Rutin").check()
    other = open_incident(still_stack, scenes.near(-7.15, 111.89, 2000, 5000, random.Random(5)), "routine")
    row(board, other).click()
    expect(page.get_by_test_id("new-incident")).to_have_count(0)
    page.get_by_test_id("incident-new").click()
    expect(page.get_by_test_id("new-name")).to_have_value("Depan Pasar Uji")
    ask(still_stack, "PATCH", f"incidents/{other}", closed=True, closed_as="information")
    page.get_by_test_id("new-open").click()
    panel = page.get_by_test_id("incident")
    expect(panel).to_contain_text("Depan Pasar Uji")
    incident = str(panel.get_attribute("data-incident"))
    kept = ask(still_stack, "GET", f"incidents/{incident}")
    assert (kept["urgency"], kept["place"]["name"]) == ("routine", "Depan Pasar Uji")
    assert kept["place"]["latitude"] == pytest.approx(scene.latitude)
    row(board, incident).focus()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    ask(still_stack, "PATCH", f"incidents/{incident}", closed=True, closed_as="information")
    expect(row(board, incident)).to_have_count(0)  # others end incidents too
    assert board.complaints == []


COUNT_TONES = """() => {
    const make = AudioContext.prototype.createOscillator
    window.tones = 0
    AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this) }
}"""


def test_an_alarm_is_seen_and_heard_until_somebody_has_acknowledged_it(
    open_still_board: OpenBoard, still_stack: Demo
) -> None:
    """By the eye in a row of its own, by the ear again and again; acknowledged, it is silent and gone from the page."""
    board = open_still_board()
    page, unit = board.page, "ambulans-09"
    page.evaluate(COUNT_TONES)
    page.get_by_role("heading", name="SIGAP").click()
    expect(page.get_by_test_id("sound")).not_to_have_text(re.compile("SUARA MATI"))

    def tones() -> int:
        return int(page.evaluate("() => window.tones"))

    assert tones() == 0
    ask(still_stack, "POST", f"units/{unit}/status", status="emergency", by="uji")
    alarm = page.get_by_test_id("alarm")
    expect(alarm).to_contain_text("Awak dalam bahaya: Ambulans 09")
    until(lambda: tones() >= 6, SLOW_S, "it calls twice: one may not have listened")
    page.screenshot(path=REPORTS / "board-alarm.png")
    alarm.get_by_test_id("alarm-ack").click()
    expect(alarm).to_have_count(0)
    page.wait_for_timeout(1500)  # a tone that was under way
    before = tones()
    page.wait_for_timeout(6000)  # it would have called again
    assert tones() == before
    (kept, *_) = ask(still_stack, "GET", "alarms")["alarms"]
    assert (kept["unit"], kept["acknowledged_at"] is not None) == (unit, True)
    ask(still_stack, "POST", f"units/{unit}/status", status="emergency", raised=False)
    assert board.complaints == []


@pytest.mark.parametrize("light", ["light", "dark"])
def test_axe_finds_nothing_in_an_incident_a_form_and_alarms(
    open_still_board: OpenBoard, still_stack: Demo, scenes: Scenes, light: str
) -> None:
    """In both lights, on a desk and on a phone: nothing is wider than the screen, every button is big enough."""
    incident = open_incident(still_stack, scenes.near(-7.15, 111.89, 0, 3000, random.Random(3)), "urgent")
    board = open_still_board(color_scheme=light, bypass_csp=True)
    page = board.page

    def look(what: str) -> None:
        page.wait_for_timeout(300)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{what}: {found.generate_report()}"
        page.screenshot(path=REPORTS / f"board-{what}-{light}.png")
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), what
        sides = page.locator("button:visible").evaluate_all(
            "all => all.flatMap(b => { const r = b.getBoundingClientRect(); return [r.width, r.height] })"
        )
        assert min(sides) >= 24, what

    row(board, incident).click()
    expect(page.get_by_test_id("candidate").first).to_be_visible()
    look("dispatch")
    page.get_by_test_id("incident-new").click()
    look("form")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    look("dispatch-phone")
    ask(still_stack, "PATCH", f"incidents/{incident}", closed=True)
