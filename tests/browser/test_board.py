"""The board in a real browser, on the stack that `sigap demo` starts: what a dispatcher sees and may trust."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from tests.fix_demo import SILENCED, Demo

pytestmark = pytest.mark.slow

CHROMIUM = os.environ.get("SIGAP_TEST_CHROMIUM", "/usr/bin/chromium")
REPORTS = Path(__file__).parents[1] / "reports"
UNITS = 12
POLL_S = 0.2


def until(true: Callable[[], bool], within_s: float, what: str) -> None:
    """Poll until something is true of the page.

    In Python, because the page's policy forbids the evaluation of text that the browser's own polling needs.
    """
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(POLL_S)


class Board:
    """An open page, with all that it asked for and complained of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", self._note)
        page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).hostname or socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.goto(address)
        expect(self.rows).to_have_count(UNITS, timeout=30_000)
        until(lambda: any(unit["painted"] for unit in self.drawn()), 30, "the map shows a unit")

    def _note(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob"):  # the page's own bytes
            self.hosts.add(address.hostname or request.url)

    @property
    def rows(self) -> Locator:
        """The rows of the list."""
        return self.page.get_by_test_id("unit-row")

    @property
    def banner(self) -> Locator:
        """The banner of a blind page."""
        return self.page.get_by_test_id("banner")

    def row(self, unit: str) -> Locator:
        """The row of one unit."""
        return self.page.locator(f'[data-testid="unit-row"][data-unit="{unit}"]')

    def age_s(self, unit: str) -> float:
        """The age of a unit's fix, as shown, in seconds."""
        return float(self.row(unit).get_attribute("data-age-s") or "nan")

    def states(self) -> dict[str, str]:
        """The state of each unit in the list, read at one instant."""
        found: dict[str, str] = self.rows.evaluate_all(
            "rows => Object.fromEntries(rows.map(row => [row.dataset.unit, row.dataset.state]))"
        )
        return found

    def drawn(self) -> list[dict[str, Any]]:
        """Each unit as the map draws it: unit, lng, lat, state, painted."""
        found: list[dict[str, Any]] = self.page.evaluate("() => window.__board?.drawn() ?? []")
        return found

    def places(self) -> dict[str, tuple[float, float]]:
        """Where the map draws each unit, degrees."""
        return {unit["unit"]: (unit["lng"], unit["lat"]) for unit in self.drawn()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. It resolves no name but this machine's, so that a leak fails and does not merely go unseen."""
    with sync_playwright() as playwright:
        names = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", names])
        yield chromium
        chromium.close()


@pytest.fixture
def open_board(browser: Browser, demo_stack: Demo) -> Iterator[Callable[..., Board]]:
    """Open the board; keyword arguments are the browser context's."""
    contexts = []

    def open_one(**context: Any) -> Board:
        settings = {"locale": "id-ID", "viewport": {"width": 1440, "height": 900}, **context}
        contexts.append(browser.new_context(**settings))
        return Board(contexts[-1].new_page(), demo_stack.board)

    yield open_one
    for context in contexts:
        context.close()


OpenBoard = Callable[..., Board]


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
    until(lambda: len(board.drawn()) == UNITS, 30, "twelve units on the map")
    first = board.places()

    def moved() -> int:
        return sum(place != first[unit] for unit, place in board.places().items())

    until(lambda: moved() >= UNITS // 2, 20, "half of the units move")
    expect(board.row("ambulans-01")).to_contain_text(re.compile(r"\d+ km/j"))
    REPORTS.mkdir(exist_ok=True)
    board.page.screenshot(path=REPORTS / "board.png")


def test_a_silenced_unit_grows_old_in_words_and_signs_while_the_others_stay_fresh(open_board: OpenBoard) -> None:
    """Nothing arrives from it, and yet its age ticks; past its limit it is called stale in the list and on the map."""
    board = open_board()
    until(lambda: board.age_s(SILENCED) > 5, 60, "the unit falls silent")
    ages: list[float] = []

    def only_the_silenced_is_stale() -> bool:
        states = board.states()
        ages.append(board.age_s(SILENCED))
        return states.pop(SILENCED) == "stale" and set(states.values()) == {"fresh"}

    until(only_the_silenced_is_stale, 120, "the silenced unit is stale and all others are fresh")
    assert ages == sorted(ages)
    assert ages[-1] > 60
    expect(board.row(SILENCED)).to_contain_text("usang")
    until(
        lambda: {unit["state"] for unit in board.drawn() if unit["unit"] == SILENCED} == {"stale"},
        5,
        "the map draws it stale",
    )


def test_a_blind_page_says_so_within_five_seconds_and_heals_by_itself(open_board: OpenBoard, demo_stack: Demo) -> None:
    """The gateway is halted, not killed: its sockets stay open, and only silence tells. Healed, nothing is doubled."""
    board = open_board()
    gateway = _gateway(demo_stack)
    expect(board.banner).to_have_count(0)
    os.kill(gateway, signal.SIGSTOP)
    halted = time.monotonic()
    try:
        expect(board.banner).to_be_visible(timeout=15_000)
        blind_after = time.monotonic() - halted
        expect(board.banner).to_contain_text("TIDAK ADA DATA")
        assert board.page.title().startswith("⚠")
        board.page.screenshot(path=REPORTS / "banner.png")
    finally:
        os.kill(gateway, signal.SIGCONT)
    healed = time.monotonic()
    expect(board.banner).to_have_count(0, timeout=15_000)
    until(lambda: list(board.states().values()).count("fresh") >= UNITS - 1, 15, "fresh again")
    assert time.monotonic() - healed < 10
    assert blind_after < 6  # five seconds, and one for a busy machine
    expect(board.rows).to_have_count(UNITS)


def test_no_request_leaves_the_machine_and_the_policy_is_kept(open_board: OpenBoard) -> None:
    """A tour through all the page can do reaches 127.0.0.1 only, and breaks no rule of its content policy."""
    board = open_board(color_scheme="light")
    board.row("ambulans-02").click()
    board.page.get_by_test_id("map").click(position={"x": 300, "y": 250})
    expect(board.page.get_by_test_id("eta-interval")).to_be_visible(timeout=15_000)
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
    until(lambda: len(canvas.screenshot()) > 0.8 * before, 20, "the map is painted again")
    until(lambda: any(unit["painted"] for unit in board.drawn()), 20, "units painted again")


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
