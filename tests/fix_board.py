"""The board in a real browser, and one screen that is watched for as long as its story takes.

The story: a unit of the demo drives, is given the place where it is going anyway for a destination, and loses its radio
for good. What the board says of it is read twice a second, by a process of its own (`board_watcher`), from the first
second until nobody knows any more: four minutes, in which other tests use the same demo.
"""

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright

from fieldunit.simulator.fleet import fleet_of
from fieldunit.simulator.roads import roads_of
from gateway.demo.child import Child
from gateway.demo.roads import DemoRoads
from tests.fix_demo import Demo
from tracker.geodesy import distance
from tracker.regions import load

CHROMIUM = os.environ.get("SIGAP_TEST_CHROMIUM", "/usr/bin/chromium")
REPORTS = Path(__file__).parent / "reports"
UNITS = 12
SILENT_AFTER_S = 60
SEED = 1  # of `sigap-unit simulate`, unless it is told another
POLL_S = 0.2
SLOW_S = 60.0
"""What takes a second on a good machine may take so long on two busy cores that paint without a graphics card. It is
how long a test waits for what it checks, never what it checks."""
ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
_END_S = 60.0

expect.set_options(timeout=1000 * SLOW_S)  # of every page that tests open, the board or another

Reading = dict[str, Any]


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
        page.set_default_timeout(1000 * SLOW_S)
        page.goto(address)
        expect(self.rows).to_have_count(UNITS)
        until(lambda: any(unit["painted"] for unit in self.drawn()), SLOW_S, "the map shows a unit")

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

    def centred(self, unit: str) -> bool:
        """Whether the map's middle is where it draws the unit: within some 10 m."""
        (place,) = [each for each in self.drawn() if each["unit"] == unit]
        middle = self.page.evaluate("() => window.__board.middle()")
        return all(float(abs(middle[axis] - place[axis])) < 1e-4 for axis in ("lng", "lat"))

    def reading(self, unit: str) -> Reading:
        """What the board says of one unit and of the others, all at one instant.

        Keys: age (s), p10, p50, p90 (s; None: unknown, or no destination), source, arrival and row (their text), card
        (the text of the mission in the panel), ways (sure, straight, points), states and drawn (by unit).
        """
        found: Reading = self.page.evaluate(
            """unit => {
                const rows = [...document.querySelectorAll('[data-testid="unit-row"]')]
                const row = rows.find(row => row.dataset.unit === unit)
                const eta = row?.querySelector('[data-testid="row-eta"]')
                const number = text => text === undefined ? null : Number(text)
                return {
                    age: number(row?.dataset.ageS), row: row?.innerText ?? '', arrival: eta?.innerText ?? null,
                    p10: number(eta?.dataset.p10S), p50: number(eta?.dataset.p50S), p90: number(eta?.dataset.p90S),
                    source: eta?.dataset.source ?? null,
                    card: document.querySelector('[data-testid="mission"]')?.innerText ?? '',
                    ways: (window.__board?.routes() ?? []).filter(way => way.unit === unit),
                    states: Object.fromEntries(rows.map(row => [row.dataset.unit, row.dataset.state])),
                    drawn: Object.fromEntries((window.__board?.drawn() ?? []).map(each => [each.unit, each.state])),
                }
            }""",
            unit,
        )
        return found


OpenBoard = Callable[..., Board]


@dataclass(frozen=True)
class Story:
    """A unit of the demo that drives from the first minute on, and where its drive ends."""

    unit: str
    latitude: float
    longitude: float


@pytest.fixture(scope="session")
def story(demo_roads: DemoRoads) -> Story:
    """The same roads and seed, the same drives: the first unit that is on its way soon and has far to go."""
    profile = load("bojonegoro")
    for car in fleet_of(profile, UNITS, 1.0, SEED, roads_of(profile, demo_roads.file)):
        car.vehicle.advance(15.0)
        drive, end = car.vehicle._drive, car.vehicle._drive_ends
        if drive is not None and drive.duration > SILENT_AFTER_S + 600:
            return Story(car.name, end.latitude, end.longitude)
    raise AssertionError("no unit of the demo drives: choose another moment, or another seed")


def one_alone(demo: Demo) -> str:
    """A unit that has none near it, so that it is the first at the point where it is."""
    places = {unit["unit"]: unit["position"] for unit in _units(demo)}

    def apart(unit: str) -> float:
        mine = places[unit]
        others = [place for other, place in places.items() if other != unit]
        return min(distance(mine["latitude"], mine["longitude"], it["latitude"], it["longitude"]) for it in others)

    return str(max(places, key=apart))


class Watched:
    """What the watched screen has said so far."""

    def __init__(self, child: Child, record: Path, story: Story) -> None:
        self.story = story
        self.child = child
        self._record = record

    @property
    def readings(self) -> list[Reading]:
        """All of them, in order."""
        lines = self._record.read_text().splitlines(keepends=True) if self._record.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, true: Callable[[Reading], bool], within_s: float) -> Reading:
        """The first reading of which something is true."""
        found: list[Reading] = []

        def seen() -> bool:
            found[:] = [reading for reading in self.readings if true(reading)][:1]
            return bool(found)

        if not seen():
            self.child.wait_ready(seen, within_s)
        return found[0]


@pytest.fixture(scope="session")
def demo_stack(reachable_dir: Path, demo_roads: DemoRoads, story: Story) -> Iterator[Demo]:
    """A demo with twelve units for all tests of the board; the radio of the story's unit fails."""
    data = reachable_dir / "demo-board"
    shutil.copytree(demo_roads.directory, data / "roads")
    demo = Demo(data, "--calls", "crews", "--silence", f"{story.unit}:{SILENT_AFTER_S}")
    try:
        demo.wait_for_board()
        yield demo
    finally:
        demo.child.stop(_END_S)


@pytest.fixture(scope="session")
def watched(demo_stack: Demo, story: Story, reachable_dir: Path) -> Iterator[Watched]:
    """The story's unit is given its destination, and a screen watches it from then on."""
    goal = {"latitude": story.latitude, "longitude": story.longitude, "urgency": "emergency"}
    answer = httpx.put(f"{demo_stack.board}api/v1/units/{story.unit}/destination", json=goal, timeout=10)
    assert answer.is_success, answer.text
    record, log = reachable_dir / "watched.jsonl", reachable_dir / "watched.log"
    words = [demo_stack.board, story.unit, str(record)]
    child = Child("the watched screen", [sys.executable, "-m", "tests.browser.board_watcher", *words], log)
    try:
        yield Watched(child, record, story)
    finally:
        child.stop(_END_S)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. It resolves no name but this machine's, so that a leak fails and does not merely go unseen."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


class _Opened:
    """The pages that a test opens on one demo."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser = browser
        self._demo = demo
        self._contexts: list[BrowserContext] = []

    def board(self, **context: Any) -> Board:
        """One more; keyword arguments are the browser context's."""
        settings = {"locale": "id-ID", "viewport": {"width": 1440, "height": 900}, **context}
        self._contexts.append(self._browser.new_context(**settings))
        return Board(self._contexts[-1].new_page(), self._demo.board)

    def close(self) -> None:
        """All of them."""
        for context in self._contexts:
            context.close()


@pytest.fixture
def open_board(browser: Browser, demo_stack: Demo, watched: Watched) -> Iterator[OpenBoard]:
    """Open the board; keyword arguments are the browser context's. The story begins with the first that does."""
    with contextlib.closing(_Opened(browser, demo_stack)) as opened:
        yield opened.board
    assert watched.child.process.poll() in (None, 0), watched.child.last_lines()


@pytest.fixture(scope="session")
def still_stack(reachable_dir: Path, demo_roads: DemoRoads) -> Iterator[Demo]:
    """A demo whose twelve units stand at home until somebody sends them."""
    data = reachable_dir / "demo-still"
    shutil.copytree(demo_roads.directory, data / "roads")
    demo = Demo(data, "--calls", "none")
    try:
        demo.wait_for_board()
        until(lambda: all(unit["position"] is not None for unit in _units(demo)), SLOW_S, "every unit has a place")
        yield demo
    finally:
        demo.child.stop(_END_S)


def _units(demo: Demo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{demo.board}api/v1/units", timeout=60).json()["units"]
    return found


@pytest.fixture
def open_still_board(browser: Browser, still_stack: Demo) -> Iterator[OpenBoard]:
    """As `open_board`, of the demo where all stand."""
    with contextlib.closing(_Opened(browser, still_stack)) as opened:
        yield opened.board


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a screen share one browser and its demos, so they belong together wherever tests are dealt out.

    While the story takes its minutes, others are told that wait more than they work: after the rest, the board's
    tests, which begin the story; then those of other pages and of whole programs; last who waits for its end.
    """

    def turn(item: pytest.Item) -> int:
        if item.path.parent.name == "drills":
            return -1  # the longest file: begun last, it would be waited for on one core
        fixtures = getattr(item, "fixturenames", ())
        if "watched" in fixtures:
            return 1 if "open_board" in fixtures else 3
        return 2 if item.path.parent.name in ("browser", "acceptance") else 0

    for item in items:
        item.add_marker(pytest.mark.xdist_group("screen" if item.path.parent.name == "browser" else "programs"))
    items.sort(key=turn)
