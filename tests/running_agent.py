"""An agent that runs in a thread, over a unit that remembers."""

import contextlib
import threading
from collections.abc import Iterator
from typing import cast

from fieldunit.agent.agent import Agent
from fieldunit.agent.config import Config
from fieldunit.agent.health_report import HealthReport
from fieldunit.agent.unit import Unit
from tests.recording_unit import RecordingUnit
from tracker.wire import health
from tracker.wire.health import Health


class RunningAgent:
    """The agent with what it said."""

    def __init__(self, config: Config) -> None:
        self.unit = RecordingUnit()
        unit = cast("Unit", self.unit)
        self.sentences: list[str] = []
        self.agent = Agent(config, unit, self.sentences.append, self._tick)
        self._health = HealthReport(config, self.agent, unit)
        self.failure: BaseException | None = None

    def _tick(self) -> None:
        self._health.look()

    @property
    def states(self) -> list[str]:
        """The first receiver's states as health told them, each once in a row."""
        states: list[str] = []
        for message in self.told():
            state = message.receivers[0].state
            if states[-1:] != [state]:
                states.append(state)
        return states

    def told(self) -> list[Health]:
        """Every health message."""
        return [health.decode(payload) for payload in list(self.unit.health)]


@contextlib.contextmanager
def running_agent(config: Config) -> Iterator[RunningAgent]:
    """Run it until the block is left; what went wrong in it is raised there."""
    running = RunningAgent(config)
    stop = threading.Event()

    def run() -> None:
        try:
            running.agent.run(stop)
        except BaseException as error:
            running.failure = error

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield running
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive(), "the agent does not end"
        if running.failure is not None:
            raise running.failure
