"""What a drill's parts work with: the centre's API, the fleet, and time that passes when a drill says so."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

from gateway.drills.checks import Checks
from gateway.drills.stack import Stack

BEGINS = datetime(2026, 11, 23, 3, tzinfo=UTC)
"""When held time begins: a Monday, 10:00 in western Indonesia."""

_PATIENCE_S = 120.0
"""True seconds for what is under way to arrive; what does not is a fault that the drill shall show."""

_ROUNDS = 200
_ROUND_S = 0.005

T = TypeVar("T")


class Refused(Exception):
    """The API answered otherwise than the drill had to expect."""


class NotDelivered(Exception):
    """Units that can be reached wait for the centre's receipts, and none come."""


class Plan(NamedTuple):
    """One drill."""

    profile: str
    clauses: tuple[str, ...]
    parts: "tuple[Callable[[Drill], None], ...]"
    units: int  # vehicles that drive
    every_s: float = 10.0  # between two fixes
    members: tuple[str, ...] = ()  # of a province: whose roads are made
    begin: Callable[[Stack, contextlib.ExitStack], None] = lambda _stack, _opened: None
    """Called before the servers start; what it opens is closed when all has ended."""


class Drill:
    """One run of a plan.

    Args:
        plan: what is done and what must hold.
        stack: its servers run.
        say: prints a line.
        held: whether time is held; otherwise it is the machine's.
        without: features that are switched off, to see that it is noticed.
        only: parts by their names, in the plan's order; the clauses of the others are not asked for. None: all.
    """

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        say: Callable[[str], None],
        *,
        held: bool = True,
        without: Sequence[str] = (),
        only: Sequence[str] = (),
    ) -> None:
        self.plan, self.stack, self.held, self.without = plan, stack, held, tuple(without)
        self._only = frozenset(only)
        self.check = Checks(plan.clauses, say)
        self.now = BEGINS if held else datetime.now(UTC)
        self.began = self.now
        self.kept: dict[str, Any] = {}
        """What one part leaves to the next."""
        self._say = say
        self._client = httpx.Client(timeout=30.0)

    def run(self) -> bool:
        """All parts, one after the other; whether every clause holds. A part that fails does not end the others."""
        why, whole = "no part came to it", not self._only
        self.start_gateway()
        self.stack.start_fleet(self.plan.units, self.plan.every_s, seed=1)
        self.pass_time(2 * self.plan.every_s)
        for part in self.plan.parts:
            if self._only and part.__name__ not in self._only:
                continue
            try:
                part(self)
            except Exception as error:  # the list of what holds is the drill's answer, also where one thing breaks
                why = f"{part.__name__} broke off: {type(error).__name__}: {error}".partition("\n")[0]
                self._say(f"# {why}")
                whole = True
        return self.check.finish(why) if whole else not self.check.failed

    def start_gateway(self) -> None:
        """Also after it was killed."""
        self.stack.start_gateway(self.now if self.held else None, self.without)

    def kill_gateway(self) -> None:
        """As a power cut of its process."""
        if self.stack.gateway is not None:
            self.stack.gateway.kill()
            self.stack.gateway = None

    # Time

    def pass_time(self, seconds: float, tick_s: float = 1.0, until: Callable[[], object] = lambda: False) -> bool:
        """Let time go on, tick by tick; returns early, with True, when something has come true."""
        ends = self.now + timedelta(seconds=seconds)
        while self.now < ends:
            if until():
                return True
            self.tick(min(timedelta(seconds=tick_s), ends - self.now))
        return bool(until())

    def tick(self, by: timedelta, **befalls: Any) -> None:
        """Let time go on once. It ends when all that was under way between the processes has arrived."""
        self.now += by
        if not self.held:
            time.sleep(max(0.0, (self.now - datetime.now(UTC)).total_seconds()))
        to = {"to": self.now.isoformat()}
        gateway, fleet = self.stack.gateway, self.stack.fleet
        if gateway is not None:
            gateway.ask(to)
        if fleet is None:
            return
        patience = _PATIENCE_S if gateway is not None and self.held else 0.0
        waiting = fleet.ask(to | {"patience_s": patience} | befalls)["waiting"]
        if not self.held or gateway is None:
            return
        if waiting:
            raise NotDelivered(
                f"{len(waiting)} units have no receipt for what they sent: {dict(list(waiting.items())[:5])}"
            )
        for _ in range(_ROUNDS):  # commands that came up meanwhile: units answer them before time goes on
            if not gateway.ask({})["open"]:
                return
            fleet.ask({"patience_s": patience})
            time.sleep(_ROUND_S)

    def settle(self) -> None:
        """Let all that is due now be done, without any time."""
        self.tick(timedelta())

    def order(self, **befalls: Any) -> None:
        """Tell the fleet what befalls it; see `fieldunit.simulator.steps`."""
        self.tick(timedelta(), **befalls)

    def wait(self, look: Callable[[], T], within_s: float, tick_s: float = 1.0) -> T:
        """Let time pass until something is true, and return it; what is to be seen then in any case."""
        self.pass_time(within_s, tick_s, look)
        return look()

    def elapsed(self, since: datetime) -> float:
        """Seconds of the drill's time."""
        return (self.now - since).total_seconds()

    def eventually(self, look: Callable[[], T], within_s: float = 10.0) -> T:
        """For what goes by the machine's time, as deliveries to other systems do: look again and again."""
        deadline = time.monotonic() + within_s
        while not (seen := look()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return seen

    # The API

    def ask(self, method: str, path: str, body: Any = None, **parameters: Any) -> httpx.Response:
        """Any answer."""
        return self._client.request(method, f"{self.stack.url}/api/v1/{path}", json=body, params=parameters)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a good answer.

        Raises:
            Refused: it is not good.
        """
        return self._good(self.ask("GET", path, **parameters))

    def post(self, path: str, body: Any = None) -> Any:
        """Likewise."""
        return self._good(self.ask("POST", path, body))

    def put(self, path: str, body: Any = None) -> Any:
        """Likewise."""
        return self._good(self.ask("PUT", path, body))

    def patch(self, path: str, body: Any = None) -> Any:
        """Likewise."""
        return self._good(self.ask("PATCH", path, body))

    def delete(self, path: str) -> Any:
        """Likewise."""
        return self._good(self.ask("DELETE", path))

    def _good(self, answer: httpx.Response) -> Any:
        if answer.status_code >= 300:
            request = answer.request
            raise Refused(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    # What is asked for again and again

    def unit(self, unit: str) -> dict[str, Any]:
        """One unit, as the board has it."""
        found: dict[str, Any] = next(each for each in self.get("units")["units"] if each["unit"] == unit)
        return found

    def place(self, unit: str) -> tuple[float, float]:
        """Where it is, in degrees."""
        position = self.unit(unit)["position"]
        return position["latitude"], position["longitude"]

    def mission(self, mission: str) -> dict[str, Any]:
        """One mission."""
        found: dict[str, Any] = self.get(f"missions/{mission}")
        return found

    def missions_of(self, incident: str) -> list[dict[str, Any]]:
        """Those to an incident, the oldest first."""
        found = [each for each in self.get("missions")["missions"] if each["incident"] == incident]
        return sorted(found, key=lambda each: each["assigned_at"])


@contextlib.contextmanager
def running(plan: Plan, directory: Path) -> Iterator[Stack]:
    """The servers of a plan, and the end of all that runs."""
    with contextlib.ExitStack() as opened:
        stack = Stack(directory, plan.profile, plan.members)
        plan.begin(stack, opened)
        try:
            stack.start_servers()
            yield stack
        finally:
            stack.stop()
