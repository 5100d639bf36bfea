"""The agent: receivers -> epochs -> the choice of a source -> sampling -> the outbox, and what it says of itself.

One thread does all of it, and waits for the disk. Receivers and inputs have threads of their own and put events into
its queue; the uplink has its thread and takes what is appended. Nothing in the loop waits for anything but the queue
and the disk, so its turning is what the watchdog watches.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fieldunit.agent.clock import DeviceClock
from fieldunit.agent.config import Config
from fieldunit.agent.epochs import Sighting
from fieldunit.agent.inputs import Inputs
from fieldunit.agent.source import Source
from fieldunit.agent.steering import Steering
from fieldunit.agent.unit import Unit
from fieldunit.receivers.preference import Preference
from fieldunit.receivers.reader import Closed, Event, Reader, open_port
from fieldunit.sampling.policy import Rule
from fieldunit.sampling.sampler import Point
from fieldunit.sampling.situation import Situation, situation_of
from tracker.fix import Fix
from tracker.wire import reports
from tracker.wire.reports import Clock, CrewStatus

TICK_S = 1.0
"""What is not an event is looked at so often: readers that failed, the watchdog, the health message's time."""

SAVE_S = 60.0

LIGHTS = ("siren", "beacon")
"""Inputs that mean a drive with lights."""

_WAITING_EVENTS = 10_000  # of receivers: far more than a second's; a reader that outruns the disk waits


class Agent:
    """One unit's agent.

    Args:
        config: of the unit.
        unit: with its outbox and uplink open.
        tell: told in a sentence what whoever runs the unit should know.
        every_tick: called each second from the loop; raises what went wrong elsewhere.
    """

    def __init__(
        self, config: Config, unit: Unit, tell: Callable[[str], None], every_tick: Callable[[], None] = lambda: None
    ) -> None:
        self._unit = unit
        self._tell = tell
        self._every_tick = every_tick
        earliest = datetime.combine(config.clock.earliest, datetime.min.time(), UTC)
        self.clock = DeviceClock(earliest, trust_system=config.clock.trust_system)
        self.steering = Steering(config.sampling, config.budget, config.state, self.now()[0], tell)
        patience = config.clock.patience_s
        self.sources = {
            each.source: Source(each, self.steering.sampling, self.clock, patience) for each in config.receivers
        }
        names = list(self.sources)
        fallbacks = [source.fallback_s for source in self.sources.values()]
        self._preference = Preference(names, fallbacks, time.monotonic())
        self._events: queue.Queue[Event] = queue.Queue(_WAITING_EVENTS)
        self._readers = [Reader(each, open_port(each), self._events.put) for each in config.receivers]
        self.inputs = Inputs(config.inputs, self._input_changed)
        self._lights_wired = any(each.name in LIGHTS for each in config.inputs)
        self._on_input: list[Callable[[str, bool], None]] = []
        self._on_fix: list[Callable[[Fix], None]] = []
        self._states: dict[str, str] = {}
        self.chosen: str | None = None
        """The source whose fixes are reported."""
        self._saved = time.monotonic()
        self.status: CrewStatus | None = None
        """The crew's last; set by whoever hears the crew."""
        self.emergency = False
        """Whether one is raised; likewise."""
        self.situation = Situation.DRIVING
        self.rule = Rule(None)
        self.fix: Fix | None = None
        """The last of the chosen source, reported or not."""
        self.reported = 0

    def now(self) -> tuple[datetime, Clock]:
        """The unit's best UTC, and which clock told it; any thread may ask."""
        return self.clock.now(time.monotonic(), time.time())

    def on_input(self, callback: Callable[[str, bool], None]) -> None:
        """Who hears that an input changed, from the inputs' thread, after it was reported."""
        self._on_input.append(callback)

    def on_fix(self, callback: Callable[[Fix], None]) -> None:
        """Who hears of each fix of the chosen source, from the agent's thread; it must be quick."""
        self._on_fix.append(callback)

    def run(self, stop: threading.Event) -> None:
        """Work until the stop event is set."""
        for reader in self._readers:
            reader.start()
        self.inputs.start()
        try:
            tick = time.monotonic()
            while not stop.is_set():
                with contextlib.suppress(queue.Empty):
                    self._take(self._events.get(timeout=max(0.0, min(tick - time.monotonic(), TICK_S))))
                if time.monotonic() >= tick:
                    tick = time.monotonic() + TICK_S
                    self._tick()
        finally:
            self._end()

    def conditions(self) -> list[tuple[str, str, str]]:
        """Each source with its state and sentence."""
        now = time.monotonic()
        return [(name, *source.tell(now)) for name, source in self.sources.items()]

    def _take(self, event: Event) -> None:
        source = self.sources[event.source]
        for sighting in source.take(event):
            self._sighted(source, sighting, event.at)
        if isinstance(event, Closed):
            self._preference.gone(event.source, event.at)

    def _tick(self) -> None:
        now = time.monotonic()
        for reader in self._readers:
            reader.check()
        self.inputs.check()
        for source in self.sources.values():
            for sighting in source.tick(now, time.time()):
                self._sighted(source, sighting, now)
        for name, state, sentence in self.conditions():
            if self._states.get(name) != state:
                self._states[name] = state
                self._tell(f"{name}: {sentence}")
        if now - self._saved >= SAVE_S:
            self._saved = now
            self.steering.save(self.now()[0])
        self._every_tick()

    def _end(self) -> None:
        self.inputs.stop()
        stopping = [threading.Thread(target=reader.stop) for reader in self._readers]
        for thread in stopping:
            thread.start()
        while any(thread.is_alive() for thread in stopping):  # a full queue would hold a reader
            try:
                self._take(self._events.get(timeout=0.05))
            except queue.Empty:
                continue
        while not self._events.empty():
            self._take(self._events.get())
        now = time.monotonic()
        for source in self.sources.values():
            for sighting in source.finish(now, time.time()):
                self._sighted(source, sighting, now)
        self.steering.save(self.now()[0])

    def _sighted(self, source: Source, sighting: Sighting, now: float) -> None:
        fix = sighting.fix
        if fix is not None:
            source.condition.fix(now, fix.satellites)
        if not self._preference.fix(source.name, now):
            return
        if self.chosen != source.name:
            self._switch(source.name)
        utc = self.now()[0]
        if fix is None:  # contradicts itself: the centre judges it
            self._report([sighting], utc)
            return
        self.fix = fix
        for callback in self._on_fix:
            callback(fix)
        point = Point(fix.time.timestamp(), fix.latitude, fix.longitude, fix.speed, fix.course, sighting)
        left = source.sampler.see(point)
        self._decide(source, utc)
        if left and self.rule.interval_s is not None:
            self._report(source.sampler.leave(point), utc)
        else:
            self._report(source.sampler.offer(point, self.rule), utc)

    def _switch(self, name: str) -> None:
        before, self.chosen = self.chosen, name
        if before is not None:
            self._tell(f"positions now come from {name}, no more from {before}")
            self.sources[before].sampler.forget()
        self.sources[name].sampler.forget()

    def _decide(self, source: Source, utc: datetime) -> None:
        settings = self.steering.sampling  # the centre may have changed them
        source.sampler.parked_radius_m = settings.parked_radius_m
        source.sampler.parked_after_s = settings.parked_after_s
        known = self.inputs.state
        wired = [known[name] for name in LIGHTS if name in known]
        lights = any(wired) if self._lights_wired else None
        situation = situation_of(self.status, emergency=self.emergency, lights=lights, parked=source.sampler.parked)
        self.situation, self.rule = self.steering.decide(situation, utc)
        interval = self.steering.to_announce(self.rule)
        if interval is not None:
            self._unit.announce(interval)

    def _report(self, sightings: Sequence[Sighting], utc: datetime) -> None:
        for sighting in sightings:
            self._unit.report(sighting.report)
            self.reported += 1
            self.steering.spent(sighting.size, utc)

    def _input_changed(self, name: str, on: bool) -> None:
        at, clock = self.now()
        body = reports.body(reports.Input(at=at, clock=clock, name=name, on=on))
        self._unit.report_status(body, at)
        for callback in self._on_input:
            callback(name, on)
