"""The crew on board of an agent: its cab between the uplink and the tablet, and what its status means for sampling."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from fieldunit.agent.agent import Agent
from fieldunit.agent.config import Config
from fieldunit.agent.sections import SettingError
from fieldunit.agent.unit import Unit
from fieldunit.crew.cab import Cab, Surroundings
from fieldunit.crew.orders import Handlers
from fieldunit.crew.server import CabServer
from fieldunit.crew.settings import address_of
from fieldunit.outbox import is_safe

_ALL = 1_000_000


class CrewUplink:
    """What a cab needs of a unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    @property
    def outbox_id(self) -> str:
        """Of the outbox that numbers are of."""
        return self._unit.outbox.id

    def report_status(self, body: bytes, device_time: datetime | None) -> int:
        """Take a report; its number."""
        return self._unit.report_status(body, device_time)

    def is_waiting(self, seq: int) -> bool:
        """Whether the centre has not confirmed it yet."""
        return self._unit.is_waiting(seq)

    def is_safe(self, seq: int) -> bool:
        """Whether a number is of the disk."""
        return is_safe(seq)

    def waiting_reports(self) -> dict[bytes, int]:
        """Bodies of the reports that wait, with their numbers."""
        return {item.body: item.seq for item in self._unit.outbox.reports(_ALL)}

    def reply(self, payload: bytes) -> None:
        """Publish on `command/reply`."""
        self._unit.reply(payload)


@contextlib.contextmanager
def crew_aboard(config: Config, agent: Agent, unit: Unit, tell: Callable[[str], None]) -> Iterator[Cab]:
    """The crew's side of a running agent, until the end of the block.

    Raises:
        SettingError: the page's address cannot be had.
    """

    def configure(settings: dict[str, Any], n: int) -> str:
        try:
            return agent.steering.configure(settings, n)
        except SettingError as error:
            raise ValueError(str(error)) from None

    handlers = Handlers(agent.steering.order, configure)
    cab = Cab(config.unit.id, config.state, config.crew, CrewUplink(unit), agent.now, handlers, tell)

    def changed() -> None:
        agent.status, agent.emergency = cab.status, cab.in_emergency

    with contextlib.ExitStack() as stack:
        stack.callback(cab.stop)
        address = address_of(config.crew)
        if address is not None:
            try:
                server = CabServer(
                    cab, _surroundings(agent, unit), address, pin=config.crew.pin, hosts=config.crew.hosts
                )
            except OSError as error:
                raise SettingError(
                    f"[crew] address = {config.crew.address!r} cannot be had ({error.strerror}): is another program "
                    "there, or is it no address of this unit?"
                ) from error
            stack.callback(server.stop)
            server.start()
            tell(f"the crew's page is at {server.url}")
        changed()
        cab.on_change = changed
        unit.on_receipt(cab.receipted)
        unit.on_command(cab.command)
        agent.on_input(cab.input_changed)
        cab.start()
        yield cab


def _surroundings(agent: Agent, unit: Unit) -> Surroundings:
    def gnss() -> dict[str, Any]:
        fix = agent.fix
        conditions = {name: (state, sentence) for name, state, sentence in agent.conditions()}
        state, sentence = conditions.get(agent.chosen or next(iter(conditions), ""), ("no-data", ""))
        age = None if fix is None else max(0.0, (agent.now()[0] - fix.time).total_seconds())
        satellites = None if fix is None else fix.satellites
        return {"state": state, "detail": sentence, "fix_age_s": age, "satellites": satellites}

    return Surroundings(
        lambda: unit.up, lambda: unit.gateway, gnss, lambda: unit.outbox.depth, lambda: agent.inputs.state
    )
