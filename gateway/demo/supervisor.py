"""Runs a stack from its start to its account, and stops it in order whatever happens in between.

The order: the fleet first, which delivers what it has; then the account, while the database still runs; then
gateway, broker and database. A Ctrl-C at any moment leads there; a second one leads there quickly.
"""

import http.client
import json
import time

from gateway.demo.display import Display
from gateway.demo.interruption import ignore_interrupts
from gateway.demo.latency import LatencyMeter
from gateway.demo.ledger import Ledger
from gateway.demo.report import Report, account
from gateway.demo.stack import CENTRE, Stack
from gateway.demo.viewer import Viewer

_LOOK_S = 0.25
_ASK_STORED_S = 2.0
_LAST_SIGHT_S = 2.0  # after the fleet's end, for positions still on their way to the viewer


def supervise(stack: Stack, display: Display) -> Report | None:
    """Run it to its end.

    Returns:
        The account, or None if it was stopped before the fleet drove, or in a hurry.

    Raises:
        DemoError: if it could not start, or a part of it failed; everything is stopped by then.
    """
    report = None
    try:
        try:
            report = _run(stack, display)
        finally:
            stack.stop_fleet()
            stack.stop_servers()
    except KeyboardInterrupt:
        ignore_interrupts()
        stack.abandon()
    return report


def _run(stack: Stack, display: Display) -> Report | None:
    stack.check_wishes()
    with display:
        try:
            stack.start_servers(display)
        except KeyboardInterrupt:
            display.done("stopped before it had started")
            return None
        print(f"database={stack.database_url}\nbroker={stack.broker_address}\nboard={stack.board}", flush=True)
        watch = _Watch(stack, display)
        try:
            watch.viewer.start(within_s=5.0)
            stack.start_fleet()
            stack.start_calls()
            watch.until_the_fleet_ends()
        except KeyboardInterrupt:
            display.step("stopping: the fleet delivers what it has")
        stack.stop_fleet()
        watch.last_sight()
        display.step("counting")
        return account(stack.database_url, CENTRE, stack.ledger, stack.fleet_directory, watch.latency)


class _Watch:
    """Looks at the fleet's ledger, at the live feed and after the children, while the demo runs."""

    def __init__(self, stack: Stack, display: Display) -> None:
        self.latency = LatencyMeter()
        self.viewer = Viewer(stack.board)
        self._stack = stack
        self._display = display
        self._ledger = Ledger(stack.ledger)
        self._stored: int | None = None
        self._asked_at = 0.0

    def until_the_fleet_ends(self) -> None:
        while self._stack.check():
            self._look()
            if time.monotonic() - self._asked_at >= _ASK_STORED_S:
                self._asked_at = time.monotonic()
                self._stored = stored_by(self._stack.board)
            median = self.latency.recent_median()
            self._display.live(self.viewer.live_units(), self._stack.wishes.units, self._stored, median)
            time.sleep(_LOOK_S)

    def last_sight(self) -> None:
        """Wait a moment for what is still on its way to the viewer, and end its watch."""
        deadline = time.monotonic() + _LAST_SIGHT_S
        self._look()
        while self.latency.outstanding and time.monotonic() < deadline:
            time.sleep(0.05)
            self._look()
        self.viewer.stop()

    def _look(self) -> None:
        for entry in self._ledger.new_entries():
            self.latency.published((entry.unit, entry.source, entry.fix_time), entry.at_ns)
        for key, at_ns in self.viewer.arrivals():
            self.latency.arrived(key, at_ns)
        self.latency.forget_before(time.time_ns())


def stored_by(board: str) -> int | None:
    """How many fixes the gateway says it has stored since its start; None if it does not answer."""
    connection = http.client.HTTPConnection(board.removeprefix("http://").rstrip("/"), timeout=1)
    try:
        connection.request("GET", "/api/v1/intake")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    stored = answer.get("counters", {}).get("stored") if isinstance(answer, dict) else None
    return stored if isinstance(stored, int) else None
