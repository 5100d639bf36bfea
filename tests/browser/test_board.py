"""The board in a real browser, on the stack that `sigap demo` starts: what a dispatcher sees and may trust."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.fix_board import REPORTS, SLOW_S, UNITS, OpenBoard, Watched, until
from tests.fix_demo import Demo

pytestmark = pytest.mark.slow

WATCH_BANNER = """() => {
    const seen = window.seenBanner = { at: null, heldUp: 0 }
    let last = performance.now()
    const look = () => {
        const now = performance.now()
        seen.heldUp = Math.max(seen.heldUp, now - last - 50)
        last = now
        if (document.querySelector('[data-testid="banner"]')) seen.at = now
        else setTimeout(look, 50)
    }
    look()
}"""
"""When the banner came, and how long a timer of the page came late at worst, milliseconds."""


def _gateway(demo: Demo) -> int:
    """Process id of the demo's gateway."""
    for pid in demo.processes():
        words = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
        if b"serve" in words:
            return pid
    raise AssertionError("the demo has no gateway")


def test_twelve_units_are_listed_drawn_and_moving(open_board: OpenBoard) -> None:
    """Each unit stands in the list and on the map, and units that drive change their place."""
    board = open_board()
    until(lambda: len(board.drawn()) == UNITS, SLOW_S, "twelve units on the map")
    first = board.places()

    def moved() -> int:
        return sum(place != first[unit] for unit, place in board.places().items())

    until(lambda: moved() >= UNITS // 2, SLOW_S, "half of the units move")
    expect(board.row("ambulans-01")).to_contain_text(re.compile(r"\d+ km/j"))
    REPORTS.mkdir(exist_ok=True)
    board.page.screenshot(path=REPORTS / "board.png")


def test_a_silenced_unit_grows_old_in_words_and_signs_while_the_others_stay_fresh(watched: Watched) -> None:
    """Nothing arrives from it, and yet its age ticks; past its limit it is called stale in the list and on the map."""
    silent = watched.story.unit
    watched.wait_for(lambda reading: reading["age"] is not None and reading["age"] > 80, 400)
    readings = [reading for reading in watched.readings if reading["states"][silent] in ("ageing", "stale")]
    ages = [reading["age"] for reading in readings]
    assert ages == sorted(ages)
    (stale, *_) = [reading for reading in readings if reading["states"][silent] == "stale"]
    assert stale["age"] >= 60
    assert all(reading["age"] <= 60 for reading in readings if reading["states"][silent] == "ageing")
    assert "usang" in stale["row"]
    others = [{reading["states"][unit] for unit in reading["states"] if unit != silent} for reading in readings]
    assert {"fresh"} in others
    later = [reading for reading in readings if reading["age"] > 70]
    assert {reading["drawn"][silent] for reading in later} == {"stale"}


def test_a_blind_page_says_so_within_five_seconds_and_heals_by_itself(open_board: OpenBoard, demo_stack: Demo) -> None:
    """The gateway is halted, not killed: its sockets stay open, and only silence tells. Healed, nothing is doubled."""
    board = open_board()
    gateway = _gateway(demo_stack)
    expect(board.banner).to_have_count(0)
    board.page.evaluate(WATCH_BANNER)
    os.kill(gateway, signal.SIGSTOP)
    try:
        halted = board.page.evaluate("() => performance.now()")
        expect(board.banner).to_be_visible()
        expect(board.banner).to_contain_text("TIDAK ADA DATA")
        assert board.page.title().startswith("⚠")
        board.page.screenshot(path=REPORTS / "banner.png")
        seen = board.page.evaluate("() => window.seenBanner")
    finally:
        os.kill(gateway, signal.SIGCONT)
    # By the page's own clock, and but for as long as this machine kept the page from its work at most.
    assert (seen["at"] - halted) / 1000 < 5 + max(0.5, seen["heldUp"] / 1000)
    expect(board.banner).to_have_count(0)
    until(lambda: list(board.states().values()).count("fresh") >= UNITS - 1, SLOW_S, "fresh again")
    expect(board.rows).to_have_count(UNITS)


def test_no_request_leaves_the_machine_and_the_policy_is_kept(open_board: OpenBoard) -> None:
    """A tour through all the page can do reaches 127.0.0.1 only, and breaks no rule of its content policy."""
    board = open_board(color_scheme="light")
    board.row("ambulans-02").click()
    answer = board.page.locator('[data-testid="eta-interval"], [data-testid="eta-unknown"]')

    def estimated() -> bool:
        board.page.get_by_test_id("map").click(position={"x": 420, "y": 330})
        expect(answer).to_be_visible()
        return board.page.get_by_test_id("eta-interval").count() == 1

    until(estimated, 2 * SLOW_S, "the map has flown to the unit, where there are roads")
    board.page.emulate_media(color_scheme="dark")
    board.page.get_by_test_id("language").click()
    expect(board.page.locator("html")).to_have_attribute("lang", "en")
    assert board.hosts == {"127.0.0.1"}
    assert board.complaints == []


def test_the_keyboard_finds_a_unit_and_lets_it_go(open_board: OpenBoard) -> None:
    """Slash, a part of the name, Enter, and Esc: no hand on the mouse."""
    board = open_board()
    board.page.keyboard.press("/")
    board.page.keyboard.type("11")
    expect(board.rows).to_have_count(1)
    board.page.keyboard.press("Enter")
    detail = board.page.get_by_test_id("detail")
    expect(detail).to_have_attribute("data-unit", "ambulans-11")
    expect(detail).to_contain_text("UTC")
    board.page.keyboard.press("ArrowDown")
    expect(board.row("ambulans-11")).to_be_focused()
    board.page.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    board.page.keyboard.press("Escape")
    expect(board.rows).to_have_count(UNITS)


def test_a_panel_that_a_key_opened_has_the_focus_and_gives_it_back(open_board: OpenBoard) -> None:
    """From the list into the panel without thirty tabs, and back to the same row."""
    board = open_board()
    row = board.row("ambulans-04")
    row.focus()
    board.page.keyboard.press("Enter")
    expect(board.page.get_by_test_id("detail")).to_be_focused()
    row.focus()
    board.page.keyboard.press("Enter")  # it is open already
    expect(board.page.get_by_test_id("detail")).to_be_focused()
    board.page.keyboard.press("Tab")
    board.page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_the_map_comes_back_after_the_graphics_card_was_lost(open_board: OpenBoard) -> None:
    """A board stays open for weeks; drivers reset. The units are painted again without a reload."""
    board = open_board()
    canvas = board.page.get_by_test_id("map")
    before = len(canvas.screenshot())  # bytes of PNG: a blank map has a fraction of them
    board.page.evaluate(
        """() => new Promise(resolve => {
            const canvas = document.querySelector('canvas')
            const card = canvas.getContext('webgl2').getExtension('WEBGL_lose_context')
            canvas.addEventListener('webglcontextrestored', resolve, { once: true })
            canvas.addEventListener('webglcontextlost', () => setTimeout(() => card.restoreContext()), { once: true })
            card.loseContext()
        })"""
    )
    until(lambda: len(canvas.screenshot()) > 0.8 * before, SLOW_S, "the map is painted again")
    until(lambda: any(unit["painted"] for unit in board.drawn()), SLOW_S, "units painted again")


def test_a_laptop_at_twice_the_size_still_shows_list_and_panel(open_board: OpenBoard) -> None:
    """Zoomed to 200 %, 1366 x 768 pixels are 683 x 384: what does not fit is scrolled to."""
    board = open_board(viewport={"width": 683, "height": 384})
    board.row("ambulans-04").click()
    board.page.get_by_test_id("detail").get_by_role("button").first.click()
    expect(board.page.get_by_test_id("detail")).to_have_count(0)
    assert board.page.evaluate("() => document.documentElement.scrollWidth") <= 683


def test_a_phone_shows_list_and_map_without_sideways_scrolling(open_board: OpenBoard) -> None:
    """At 390 pixels nothing is wider than the screen, and every button is at least 24 pixels high and wide."""
    board = open_board(viewport={"width": 390, "height": 844})
    assert board.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    board.row("ambulans-04").click()
    expect(board.page.get_by_test_id("detail")).to_be_visible()
    sides = board.page.locator("button:visible").evaluate_all(
        "all => all.flatMap(b => { const r = b.getBoundingClientRect(); return [r.width, r.height] })"
    )
    assert min(sides) >= 24
    board.page.screenshot(path=REPORTS / "phone.png")
