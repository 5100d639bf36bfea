"""What crews say, newest first: folded from stored reports in any order, and shown in the live picture.

An alarm is named by when it was raised first. The newest of its reports says whether it still holds; the dispatcher's
acknowledgement is kept beside it, so a repeat that comes late does not raise it again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.feeds.crew import SILENT, Alarm, CrewAnswer, CrewSays, CrewSide, Health, InputState
from gateway.feeds.live import LivePicture
from gateway.services.accept_reports import Said
from gateway.services.missions import Clash
from gateway.storage import reports
from gateway.storage.reports import Row
from tracker.errors import BadInput
from tracker.wire import health as health_wire
from tracker.wire.reports import Answer, Emergency, Input, Status


class _Newest(msgspec.Struct):
    """Of one unit."""

    status: Row | None = None
    answer: Row | None = None
    emergency: Row | None = None
    inputs: dict[str, Row] = msgspec.field(default_factory=dict)
    health: reports.Health | None = None


class Crews:
    """One for a centre, in one event loop."""

    def __init__(self, centre: str, live: LivePicture) -> None:
        self.centre = centre
        self._live = live
        self._newest: dict[str, _Newest] = {}
        self._acknowledged: dict[str, tuple[datetime, datetime]] = {}  # by unit: alarm, when

    async def load(self, connection: AsyncConnection[Any]) -> None:
        """Begin with what the database holds."""
        self._acknowledged |= await reports.emergency_acks(connection, self.centre)
        said = Said(
            reports=await reports.newest(connection, self.centre), health=await reports.health(connection, self.centre)
        )
        self.committed(said)

    def committed(self, said: Said) -> None:
        """Take what was stored; quick, for it stands between the commit and the receipt."""
        changed = {unit for unit in map(self._take, said.reports) if unit}
        for health in said.health:
            newest = self._newest.setdefault(health.unit, _Newest())
            if newest.health is None or health.at >= newest.health.at:
                newest.health = health
                changed.add(health.unit)
        for unit in changed:
            self._live.crew(unit, self.side(unit))
        if changed:
            self._live.publish()

    def _take(self, row: Row) -> str | None:
        """The unit, if this is the newest of its kind."""
        newest, report = self._newest.setdefault(row.unit, _Newest()), row.report
        if isinstance(report, Status):
            if newest.status is not None and row.order <= newest.status.order:
                return None
            newest.status = row
        elif isinstance(report, Answer):
            if newest.answer is not None and row.order <= newest.answer.order:
                return None
            newest.answer = row
        elif isinstance(report, Emergency):
            if newest.emergency is not None and _alarm_order(row) <= _alarm_order(newest.emergency):
                return None
            newest.emergency = row
        else:
            before = newest.inputs.get(report.name)
            if before is not None and row.order <= before.order:
                return None
            newest.inputs[report.name] = row
        return row.unit

    def side(self, unit: str) -> CrewSide:
        """How a crew's side stands."""
        newest = self._newest.get(unit)
        if newest is None:
            return SILENT
        return CrewSide(
            _says(newest.status),
            _answer(newest.answer),
            self.alarm(unit),
            {name: _input(row) for name, row in sorted(newest.inputs.items())},
            _health(newest.health),
        )

    def alarm(self, unit: str) -> Alarm | None:
        """The emergency that a unit has raised and not taken back."""
        newest = self._newest.get(unit)
        row = None if newest is None else newest.emergency
        if row is None or not isinstance(row.report, Emergency) or not row.report.raised:
            return None
        alarm, at = self._acknowledged.get(unit, (None, None))
        return Alarm(row.report.since, row.report.source.value, row.said_at, at if alarm == row.report.since else None)

    async def acknowledge(self, connection: AsyncConnection[Any], unit: str, at: datetime) -> tuple[Alarm, bool]:
        """Note in the caller's transaction that the centre has seen a unit's alarm, and whether that is new. Call
        `acknowledged` once it is committed.

        Raises:
            Clash: the unit has raised none, or has taken it back.
        """
        alarm = self.alarm(unit)
        if alarm is None:
            raise Clash(f"unit {unit} has no emergency to acknowledge")
        new = await reports.acknowledge_emergency(connection, self.centre, unit, alarm.since, at)
        return msgspec.structs.replace(alarm, acknowledged_at=alarm.acknowledged_at or at), new

    def acknowledged(self, unit: str, alarm: Alarm) -> None:
        """It is stored: show it."""
        if alarm.acknowledged_at is not None:
            self._acknowledged[unit] = (alarm.since, alarm.acknowledged_at)
            self._live.crew(unit, self.side(unit))
            self._live.publish()


def _alarm_order(row: Row) -> tuple[Any, ...]:
    since = row.report.since if isinstance(row.report, Emergency) else row.said_at
    return since, *row.order


def _says(row: Row | None) -> CrewSays | None:
    if row is None or not isinstance(row.report, Status):
        return None
    return CrewSays(row.report.status.value, row.said_at, row.report.mission, row.report.source.value)


def _answer(row: Row | None) -> CrewAnswer | None:
    if row is None or not isinstance(row.report, Answer):
        return None
    return CrewAnswer(row.report.mission, row.report.accepted, row.report.reason, row.said_at)


def _input(row: Row) -> InputState:
    return InputState(isinstance(row.report, Input) and row.report.on, row.said_at)


def _health(stored: reports.Health | None) -> Health | None:
    if stored is None:
        return None
    try:
        said = health_wire.decode(stored.body)
    except BadInput:  # of an older version of this program; the page of the unit's health shows it as it is
        return Health(stored.at, stored.received_at, None, None, None, ())
    return Health(
        said.at, stored.received_at, said.supply_v, said.outbox_depth, said.clock_skew_s, tuple(_troubles(said))
    )


def _troubles(said: health_wire.Health) -> Iterable[str]:
    for receiver in said.receivers:
        if receiver.state != "ok":
            yield f"{receiver.source}: {receiver.detail or receiver.state}"
    for reason, items in said.lost.items():
        if items:
            yield f"{items} lost: {reason}"
