"""Calls come in to the demo's centre all day, and somebody answers them: `python -m gateway.demo.calls BOARD ROADS`.

Everything goes through the gateway's REST interface, as a call-taking system and a dispatcher would: an incident is
opened somewhere on the invented roads; if nobody at the board has assigned a unit after the time that a person needs,
the best candidate is; at the scene a hospital is chosen; when nobody works on it any more it is closed. Where a person
at the board did any of it, the step is left out. Incidents that people open are theirs: nothing here touches them.
"""

import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.demo.rest import AwayError, RefusedError, Rest
from gateway.demo.scenes import Scene, Scenes
from tracker import regions

PREFIX = "demo-"
"""Of the ids of this program's incidents and missions."""

EVERY_S = 45.0  # between two calls, on the average (exponential)
FIRST_S = 8.0  # after the start
NEAR_M, FAR_M = 500.0, 2_500.0  # from some unit: a demonstration shows arrivals, not only drives
DECIDE_S = 20.0  # about what a dispatcher needs to assign, and to choose a hospital
CLOSE_S = 15.0  # after the last unit is free
BUSIEST = 0.6  # part of the units that work at most: some are always free for whoever tries the board
EMPTY = 0.15  # part of the calls that nobody is sent to
TREATED_THERE = 0.2  # part of the patients that need no hospital
_LOOK_S = 2.0
_URGENCIES = ("emergency", "emergency", "urgent", "urgent", "routine")
_EMPTY = ("information", "prank")
_LINE = "119"
_HANDOVER_S = 60.0  # as long as the simulated crews take
_CAPABILITIES = ["icu", "surgery"]


class Caller:
    """The callers of a centre, and its dispatcher when nobody else is.

    Args:
        rest: the gateway.
        scenes: where things happen.
        chance: of calls and of people's slowness.
        say: told in a sentence what was done.
    """

    def __init__(self, rest: Rest, scenes: Scenes, chance: random.Random, say: Callable[[str], None]) -> None:
        self._rest = rest
        self._scenes = scenes
        self._chance = chance
        self._say = say
        self._next_call: float | None = None
        self._kinds: list[str] = []
        self._ready = False
        self._due: dict[tuple[str, str], float] = {}  # (step, incident): when a person would do it
        self._treated_there: set[str] = set()

    def turn(self, now: float) -> None:
        """Do what is due.

        Args:
            now: seconds of a clock that never goes back.

        Raises:
            AwayError: the gateway cannot be reached; nothing is lost by it.
        """
        if not self._ready:
            self._prepare()
        incidents = self._rest.get("incidents", open="true", limit=1000)["incidents"]
        missions = self._rest.get("missions", active="true", limit=1000)["missions"]
        units = self._rest.get("units")["units"]
        self._call(now, units, max(len(missions), len(incidents)))
        for incident in incidents:
            if incident["id"].startswith(PREFIX):
                self._dispatch(now, incident, [each for each in missions if each["incident"] == incident["id"]])
        open_ones = {incident["id"] for incident in incidents}
        self._due = {step: at for step, at in self._due.items() if step[1] in open_ones}
        self._treated_there &= open_ones

    def _prepare(self) -> None:
        """Hospitals to bring patients to, and what the centre calls its kinds of incident."""
        for number, scene in enumerate(self._scenes.hospitals(), 1):
            place = f"{PREFIX}rs-{number}"
            self._rest.put(
                f"facilities/{place}", kind="hospital", name=scene.name, latitude=scene.latitude,
                longitude=scene.longitude, grade="C", capabilities=_CAPABILITIES,
            )  # fmt: skip
            self._rest.put(f"facilities/{place}/state", beds=self._chance.randrange(1, 30), handover_s=_HANDOVER_S)
        self._kinds = [sop["kind"] for sop in self._rest.get("sops")["sops"]]
        self._ready = True

    def _call(self, now: float, units: list[Any], busy: int) -> None:
        if self._next_call is None:
            self._next_call = now + FIRST_S
        placed = [unit["position"] for unit in units if unit["position"] is not None]
        if now < self._next_call or not placed or busy >= BUSIEST * len(placed):
            return
        self._next_call = now + self._chance.expovariate(1 / EVERY_S)
        around = self._chance.choice(placed)
        scene = self._scenes.near(around["latitude"], around["longitude"], NEAR_M, FAR_M, self._chance)
        self._open(scene)

    def _open(self, scene: Scene) -> None:
        call, incident = self._new_id(), self._new_id()
        self._rest.post("calls", id=call, line=_LINE, latitude=scene.latitude, longitude=scene.longitude)
        if self._chance.random() < EMPTY:
            reason = self._chance.choice(_EMPTY)
            self._rest.post(f"calls/{call}/close", **{"as": reason})
            self._say(f"{call}: a call in {scene.name}, closed as {reason}")
            return
        place = {"latitude": scene.latitude, "longitude": scene.longitude, "name": scene.name}
        told: dict[str, Any] = {"kind": self._chance.choice(self._kinds)} if self._kinds else {}
        urgency = self._chance.choice(_URGENCIES)
        self._rest.post(f"calls/{call}/incident", id=incident, place=place, urgency=urgency, **told)
        self._say(f"{incident}: opened in {scene.name}")

    def _dispatch(self, now: float, incident: Any, active: list[Any]) -> None:
        name = incident["id"]
        try:
            if not active:
                self._assign_or_close(now, name)
            elif incident["destination"] is None and any(each["state"] == "at-scene" for each in active):
                self._choose_hospital(now, name)
        except RefusedError as refused:  # somebody at the board was quicker
            self._say(str(refused))

    def _assign_or_close(self, now: float, incident: str) -> None:
        before = self._rest.get("missions", incident=incident)["missions"]
        if any(mission["ended_by"] == "crew" and not mission["ended_why"] for mission in before):  # done, not refused
            if self._after(now, "close", incident, CLOSE_S):
                self._rest.patch(f"incidents/{incident}", closed=True, closed_as="resolved")
                self._say(f"{incident}: closed")
            return
        if not self._after(now, "assign", incident, DECIDE_S):
            return
        refused = {mission["unit"] for mission in before}
        candidates = self._rest.get(f"incidents/{incident}/candidates", limit=5)["candidates"]
        fit = [each for each in candidates if each["tier"] in ("fit", "short") and each["unit"] not in refused]
        if fit:
            self._rest.post("missions", id=self._new_id(), unit=fit[0]["unit"], incident=incident)
            self._say(f"{incident}: {fit[0]['unit']} assigned")

    def _choose_hospital(self, now: float, incident: str) -> None:
        if incident in self._treated_there or not self._after(now, "hospital", incident, DECIDE_S):
            return
        if self._chance.random() < TREATED_THERE:
            self._treated_there.add(incident)
            return
        hospitals = self._rest.get(f"incidents/{incident}/hospitals")["hospitals"]
        fit = [each["place"] for each in hospitals if each["tier"] not in ("closed", "unknown")]
        if fit:
            self._rest.patch(f"incidents/{incident}", destination={"place": fit[0]["id"]})
            self._say(f"{incident}: to {fit[0]['name']}")

    def _after(self, now: float, step: str, incident: str, about_s: float) -> bool:
        """Whether a person would have done it by now, who takes about so long from when it could first be done."""
        due = self._due.setdefault((step, incident), now + about_s * self._chance.uniform(0.6, 1.4))
        return now >= due

    def _new_id(self) -> str:
        return f"{PREFIX}{self._chance.getrandbits(48):012x}"


def main(board: str, roads: str, profile: str) -> None:
    """Call until a signal says to stop. A gateway that is away is asked again: the demo's supervisor knows why."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scenes = Scenes.read(Path(roads), regions.load(profile))
    caller = Caller(Rest(board), scenes, random.Random(), lambda text: print(text, flush=True))  # noqa: S311 - no secret
    while not stop.wait(_LOOK_S):
        try:
            caller.turn(time.monotonic())
        except AwayError as away:
            print(away, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
