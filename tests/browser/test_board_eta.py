"""Arrival times on the board, in a real browser on the stack that `sigap demo` starts.

Whether the demo has roads or not, the same must hold: a full line and "by road" with them, a dashed one and "straight
line" without. Units of the demo drive as they like and not where they are sent, so the unit under test is sent to where
it is going anyway.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from fieldunit.simulator.fleet import fleet_of
from tests.browser.test_board import CHROMIUM, REPORTS, UNITS, Board, until
from tests.fix_demo import Demo
from tracker.geodesy import distance
from tracker.regions import load

pytestmark = pytest.mark.slow

SENT = "ambulans-03"
SILENT_AFTER_S = 50
SEED = 1  # of `sigap-unit simulate`, unless it is told another
AHEAD_S = 800
STALE_S = 60.0
LOST_S = 180.0
Reading = dict[str, Any]


@pytest.fixture
def page() -> Iterator[Page]:
    """A page in Indonesian, in a browser that resolves no name but this machine's."""
    with sync_playwright() as playwright:
        names = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", names])
        yield chromium.new_context(locale="id-ID", viewport={"width": 1440, "height": 900}).new_page()
        chromium.close()


def where_it_will_be(unit: str, seconds: int) -> tuple[float, float]:
    """Latitude and longitude of a simulated unit so long after its start: the same seed, the same drive."""
    car = next(car for car in fleet_of(load("bojonegoro"), UNITS, 1.0, SEED) if car.name == unit)
    for _ in range(seconds):
        car.vehicle.advance(1.0)
    state = car.vehicle.state
    return state.latitude, state.longitude


def arrival(board: Board, unit: str) -> Reading | None:
    """What the list says of a unit's arrival, with the age of its fix, all at one instant; None if it goes nowhere.

    Keys: age (s), p10, p50, p90 (s; None: unknown), source, text.
    """
    found: list[Reading] = board.row(unit).evaluate_all(
        """rows => rows.flatMap(row => {
            const eta = row.querySelector('[data-testid="row-eta"]')
            if (eta === null) return []
            const number = text => text === undefined ? null : Number(text)
            const { p10S, p50S, p90S, source } = eta.dataset
            const interval = { p10: number(p10S), p50: number(p50S), p90: number(p90S) }
            return [{ age: Number(row.dataset.ageS), ...interval, source, text: eta.innerText }]
        })"""
    )
    return found[0] if found else None


def ways(board: Board, unit: str) -> list[Reading]:
    """The way of a unit as the map draws it: sure, straight, points."""
    drawn: list[Reading] = board.page.evaluate("() => window.__board?.routes() ?? []")
    return [way for way in drawn if way["unit"] == unit]


def test_an_arrival_falls_while_its_unit_drives_then_widens_and_is_unknown_when_its_fixes_stop(
    start_demo: Callable[..., Demo], page: Page
) -> None:
    """A unit is given a destination: its way is on the map and less time is left with every second. Its radio fails:
    the interval widens at both ends, the basis becomes its last known position, the middle stands, and after three
    minutes nobody knows. At no time does the board say that it is there."""
    demo = start_demo("--silence", f"{SENT}:{SILENT_AFTER_S}")
    demo.wait_for_board()
    board = Board(page, demo.board)
    latitude, longitude = where_it_will_be(SENT, AHEAD_S)
    answer = page.request.put(
        f"{demo.board}api/v1/units/{SENT}/destination",
        data={"latitude": latitude, "longitude": longitude, "urgency": "emergency"},
    )
    assert answer.ok, answer.text()
    readings: list[Reading] = []

    def known() -> bool:
        seen = arrival(board, SENT)
        if seen is not None and seen["p50"] is not None:
            readings.append(seen)
        return seen is not None and seen["p50"] is not None

    until(known, 15, "the arrival stands in the list")
    first = readings[0]
    until(lambda: known() and readings[-1]["p50"] <= first["p50"] - 10, 40, "the arrival falls")
    assert readings[-1]["age"] < 5, "it fell while fixes came"
    by_road = first["source"] == "road"
    assert first["source"] in ("road", "straight-line")
    until(lambda: len(ways(board, SENT)) == 1, 15, "its way is on the map")
    way = ways(board, SENT)[0]
    assert (way["sure"], way["straight"]) == (by_road, not by_road)
    end_longitude, end_latitude = way["points"][-1]
    assert distance(end_latitude, end_longitude, latitude, longitude) < 500
    board.row(SENT).click()
    expect(page.get_by_test_id("arrival-interval")).to_be_visible()
    page.screenshot(path=REPORTS / "board-eta.png")

    until(lambda: known() and readings[-1]["age"] > 8, SILENT_AFTER_S + 30, "its fixes stop")
    until(lambda: known() and readings[-1]["age"] > STALE_S + 5, STALE_S + 30, "its fix is stale")
    stale = readings[-1]
    assert stale["source"] == "last-known"
    assert "posisi terakhir" in stale["text"]
    until(lambda: not ways(board, SENT)[0]["sure"], 5, "its way is drawn as doubtful")

    until(lambda: not known(), LOST_S, "the arrival is unknown")
    last = readings[-1]
    assert abs(last["p50"] - stale["p50"]) < 5, "the middle stands once the fix is stale"
    assert last["age"] > LOST_S - 5
    # Only since it was stale: the interval that was told while it drove is told again within a minute, and narrower.
    grown = (last["p90"] - last["p10"]) - (stale["p90"] - stale["p10"])
    assert grown == pytest.approx(2 * (last["age"] - stale["age"]), abs=5), "a second at either end with each second"
    assert min(reading["p10"] for reading in readings) >= 1, "and never 0"
    expect(board.row(SENT)).to_contain_text("Tidak diketahui")
    expect(board.row(SENT)).to_contain_text("posisi terakhir berumur")
    expect(page.get_by_test_id("arrival-unknown")).to_be_visible()
    page.screenshot(path=REPORTS / "board-eta-unknown.png")
    assert board.complaints == []


def test_a_point_asks_every_unit_and_the_chosen_one_is_sent_and_recalled(demo_stack: Demo, page: Page) -> None:
    """The point is where a unit is, so that it lies on a road: that unit is the first of all. Another one is chosen,
    sent there by one press, and called back by another."""
    board = Board(page, demo_stack.board)
    board.row("ambulans-02").click()
    expect(page.get_by_test_id("detail")).to_be_visible()
    page.keyboard.press("Escape")
    order: list[list[Any]] = []

    def asked_where_it_is() -> bool:
        page.get_by_test_id("aim").click()
        rows = page.get_by_test_id("point-row")
        expect(rows).to_have_count(UNITS, timeout=15_000)
        order[:] = rows.evaluate_all("rows => rows.map(row => [row.dataset.unit, row.dataset.p50S])")
        return bool(order[0][0] == "ambulans-02")

    until(asked_where_it_is, 20, "the map has flown to the unit, which is the first there")
    times = [float(seconds) for _, seconds in order if seconds is not None]
    assert times == sorted(times)
    assert len(times) >= UNITS - 1  # the silenced one may be lost by now

    chosen = order[1][0]
    page.locator(f'[data-testid="point-row"][data-unit="{chosen}"]').click()
    expect(page.get_by_test_id("eta-interval")).to_be_visible(timeout=15_000)
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("mission")).to_be_visible(timeout=10_000)
    expect(page.get_by_test_id("send")).to_have_count(0)
    until(lambda: arrival(board, chosen) is not None, 10, "the list shows its arrival")
    until(lambda: len(ways(board, chosen)) == 1, 10, "the map shows its way")
    page.get_by_test_id("recall").click()
    expect(page.get_by_test_id("mission")).to_have_count(0, timeout=10_000)
    until(lambda: arrival(board, chosen) is None and ways(board, chosen) == [], 10, "both are gone")
    assert board.hosts == {"127.0.0.1"}
    assert board.complaints == []
