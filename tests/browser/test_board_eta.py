"""Arrival times on the board, in a real browser, on the stack that `sigap demo` starts and the roads it invents."""

import pytest
from playwright.sync_api import expect

from tests.fix_board import SLOW_S, UNITS, Board, OpenBoard, Reading, Watched, one_alone, until
from tests.fix_demo import Demo
from tracker.geodesy import distance

pytestmark = pytest.mark.slow

STALE_S = 60.0
LOST_S = 180.0


def known(readings: list[Reading]) -> list[Reading]:
    """Those that give an arrival time."""
    return [reading for reading in readings if reading["p50"] is not None]


def test_an_arrival_falls_while_its_unit_drives_then_widens_and_is_unknown_when_its_fixes_stop(
    watched: Watched,
) -> None:
    """A unit is given a destination: its way is on the map and less time is left with every second. Its radio fails:
    the interval widens at both ends, the basis becomes its last known position, the middle stands, and after three
    minutes nobody knows. At no time does the board say that it is there."""
    begun: list[Reading] = []

    def over(reading: Reading) -> bool:
        begun.extend(known([reading])[: 1 - len(begun)])
        return bool(begun) and reading["p50"] is None

    unknown = watched.wait_for(over, 400)
    readings = known(watched.readings)
    fresh = [reading for reading in readings if reading["age"] < 5]
    assert {reading["source"] for reading in fresh} == {"road"}
    assert fresh[-1]["p50"] <= readings[0]["p50"] - 25, "it fell while fixes came"
    seen = [reading["ways"] for reading in fresh if reading["ways"]]
    assert all(len(ways) == 1 for ways in seen)
    ((way,), *_) = seen
    assert (way["sure"], way["straight"]) == (True, False)
    longitude, latitude = way["points"][-1]
    assert distance(latitude, longitude, watched.story.latitude, watched.story.longitude) < 50

    stale = [reading for reading in readings if reading["age"] > STALE_S + 2]
    assert len(stale) > 30, "watched all the time: twice a second, on a slow machine every few seconds"
    assert {reading["source"] for reading in stale} == {"last-known"}
    assert all("posisi terakhir" in reading["arrival"] for reading in stale)
    assert not any(way["sure"] for reading in stale[10:] for way in reading["ways"]), "its way is drawn as doubtful"
    middles = [reading["p50"] for reading in stale]
    assert max(middles) - min(middles) < 5, "the middle stands once the fix is stale"
    first, last = stale[0], stale[-1]
    # Only since it was stale: the interval that was told while it drove is told again within a minute, and narrower.
    grown = (last["p90"] - last["p10"]) - (first["p90"] - first["p10"])
    assert grown == pytest.approx(2 * (last["age"] - first["age"]), abs=5), "a second at either end with each second"

    assert last["age"] < LOST_S + 1.5, "known up to the limit, and unknown beyond it, however seldom one looked"
    assert unknown["age"] > LOST_S - 1.5
    assert min(reading["p10"] for reading in readings) >= 1, "and never 0"
    assert "Tidak diketahui" in unknown["row"]
    assert "posisi terakhir berumur" in unknown["row"]
    assert "Tidak diketahui" in unknown["card"]
    assert watched.readings[-1]["complaints"] == []


def arrives(board: Board, unit: str) -> bool:
    """Whether the list tells an arrival of a unit."""
    return board.reading(unit)["p50"] is not None


def test_a_point_asks_every_unit_and_the_chosen_one_is_sent_and_recalled(
    open_still_board: OpenBoard, still_stack: Demo
) -> None:
    """The point is where a unit stands, so that it lies on a road: that unit is the first of all. Another one is
    chosen, sent there by one press, and called back by another."""
    board = open_still_board()
    page, here = board.page, one_alone(still_stack)
    board.row(here).click()
    expect(page.get_by_test_id("detail")).to_have_attribute("data-unit", here)
    until(lambda: board.centred(here), SLOW_S, "the map has flown to the unit")
    page.keyboard.press("Escape")
    page.get_by_test_id("aim").click()
    rows = page.get_by_test_id("point-row")
    expect(rows).to_have_count(UNITS)
    order = rows.evaluate_all("rows => rows.map(row => [row.dataset.unit, row.dataset.p50S])")
    assert order[0][0] == here
    times = [float(seconds) for _, seconds in order]
    assert times == sorted(times)

    chosen = order[-1][0]  # the longest under way
    page.locator(f'[data-testid="point-row"][data-unit="{chosen}"]').click()
    expect(page.get_by_test_id("eta-interval")).to_be_visible()
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("mission")).to_be_visible()
    expect(page.get_by_test_id("send")).to_have_count(0)
    until(lambda: arrives(board, chosen), SLOW_S, "the list shows its arrival")
    until(lambda: len(board.reading(chosen)["ways"]) == 1, SLOW_S, "the map shows its way")
    (way,) = board.reading(chosen)["ways"]
    assert (way["sure"], way["straight"]) == (True, False), "by road"
    page.get_by_test_id("recall").click()
    expect(page.get_by_test_id("mission")).to_have_count(0)
    until(lambda: not arrives(board, chosen) and board.reading(chosen)["ways"] == [], SLOW_S, "both are gone")
    assert board.hosts == {"127.0.0.1"}
    assert board.complaints == []
