"""Puts one unit's agent together from its file and runs it: the one place that knows all its parts."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from fieldunit.agent.agent import Agent
from fieldunit.agent.config import Config, broker_of
from fieldunit.agent.crew_aboard import crew_aboard
from fieldunit.agent.health_report import HealthReport
from fieldunit.agent.ledger import Ledger
from fieldunit.agent.notify import Notifier
from fieldunit.agent.sections import SettingError
from fieldunit.agent.unit import Station, open_unit
from fieldunit.outbox import open_outbox, outbox_path
from fieldunit.sampling.policy import Rule
from fieldunit.uplink.network import Network

STUCK_S = 30.0
"""Without a sign from the uplink's thread for so long the watchdog is not fed: systemd starts us anew."""


def run(
    config: Config,
    stop: threading.Event,
    tell: Callable[[str], None],
    *,
    ledger: Path | None = None,
    started: Callable[[Agent], None] = lambda _: None,
) -> None:
    """Run until the stop event is set.

    Args:
        tell: told in a sentence what whoever runs the unit should know.
        ledger: file for a line for each fix made safe.
        started: told when all is running; for tests and for whoever rides on it.

    Raises:
        SettingError: the state folder cannot be used, or the broker's settings cannot be meant.
        fieldunit.outbox.OutboxError: another process holds the outbox.
    """
    broker = broker_of(config)
    _make_state(config.state)
    with contextlib.ExitStack() as stack:
        book = None if ledger is None else stack.enter_context(Ledger(ledger))
        station = Station(config.unit.centre, broker, config.state, book, tell, config.broker.reconnect_min_s)
        path = outbox_path(config.state, config.unit.id)
        outbox = open_outbox(path, tell, limit_bytes=config.outbox.max_bytes)
        stack.callback(outbox.close)
        network = stack.enter_context(Network())
        interval_s = Rule(config.sampling.driving_s).announced_s
        unit = open_unit(station, config.unit.id, outbox, network, interval_s)
        notifier = Notifier()
        stack.callback(notifier.close)
        pulse = _Pulse(network)
        agent: Agent

        def every_tick() -> None:
            network.check()
            cab.check()
            health.look()
            if pulse.beats():
                notifier.alive("; ".join(f"{source}: {sentence}" for source, _, sentence in agent.conditions()))

        agent = Agent(config, unit, tell, every_tick)
        health = HealthReport(config, agent, unit)
        cab = stack.enter_context(crew_aboard(config, agent, unit, tell))
        notifier.ready()
        started(agent)
        try:
            agent.run(stop)
        finally:
            notifier.stopping()


class _Pulse:
    """Whether the uplink's thread still turns."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._beaten = time.monotonic()

    def beats(self) -> bool:
        """Ask it, and say whether it has answered of late."""
        self._network.call(self._beat)
        return time.monotonic() - self._beaten < STUCK_S

    def _beat(self) -> None:
        self._beaten = time.monotonic()


def _make_state(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"[unit] state = {folder} cannot be made ({error.strerror}): give a folder where this user may write"
        ) from error
