"""A screen that nobody touches: `python -m tests.browser.board_watcher BOARD UNIT RECORD`.

It chooses the unit, and twice a second writes down what the board says of it, one JSON object a line, until the arrival
has been unknown for some seconds. Complaints of the page are written among them. On the way it takes two pictures.
"""

import json
import sys
import time
from pathlib import Path
from typing import TextIO

from playwright.sync_api import sync_playwright

from tests.fix_board import ARGUMENTS, CHROMIUM, REPORTS, Board

EVERY_S = 0.5
AFTER_END_S = 5.0


def watch(board: Board, unit: str, record: TextIO) -> None:
    """Read until the story is over."""
    board.row(unit).click()
    first: float | None = None
    unknown_since: float | None = None
    pictured = False
    while unknown_since is None or time.monotonic() - unknown_since < AFTER_END_S:
        begun = time.monotonic()
        reading = board.reading(unit) | {"complaints": board.complaints}
        print(json.dumps(reading), file=record, flush=True)
        p50 = reading["p50"]
        first = p50 if first is None else first
        if not pictured and p50 is not None and first is not None and p50 < first - 25:
            board.page.screenshot(path=REPORTS / "board-eta.png")
            pictured = True
        if first is not None and p50 is None and unknown_since is None:
            unknown_since = time.monotonic()
            board.page.screenshot(path=REPORTS / "board-eta-unknown.png")
        time.sleep(max(0.0, begun + EVERY_S - time.monotonic()))


def main(address: str, unit: str, record: str) -> None:
    """Open the board and watch it."""
    REPORTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright, Path(record).open("w") as lines:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = chromium.new_context(locale="id-ID", viewport={"width": 1440, "height": 900}).new_page()
        watch(Board(page, address), unit, lines)
        chromium.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
