"""What a simulated crew does with the centre's commands: it goes where it is sent, and answers each command once.

A repeated command gets the reply it had. What a vehicle without a crew cannot do is refused with the reason.
"""

from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

from fieldunit.simulator.roads import Roads, RoadsError
from fieldunit.simulator.vehicle import Call, Vehicle
from tracker.errors import BadInput
from tracker.roads.snap import Snap
from tracker.wire.command import (
    Assignment,
    Command,
    Configuration,
    Outcome,
    Rate,
    Reply,
    Stop,
    UpdateMission,
    decode,
    encode_reply,
)
from tracker.wire.reports import Answer, Clock

_REMEMBERED = 1000


class Answered(NamedTuple):
    """What goes back to the centre."""

    reply: bytes  # of `command/reply`
    answer: Answer | None  # the crew's word on a mission


class Orders:
    """The commands of one vehicle. One thread, the one that drives it.

    Args:
        vehicle: who obeys.
        roads: for finding the places.
    """

    def __init__(self, vehicle: Vehicle, roads: Roads) -> None:
        self.mute = False
        """Whether nobody looks: the unit has a command, and its crew neither answers nor drives."""
        self._vehicle = vehicle
        self._roads = roads
        self._replies: OrderedDict[str, bytes] = OrderedDict()
        self._newest = -1  # number of the newest mission order

    def take(self, payload: bytes, now: datetime) -> Answered | None:
        """Do what a command says; None for what is no command: nobody could be answered.

        Args:
            payload: as it came.
            now: aware, UTC, by the unit's clock.
        """
        try:
            command = decode(payload)
        except BadInput:
            return None
        if command.id in self._replies:
            return Answered(self._replies[command.id], None)
        if self.mute and isinstance(command, Assignment):
            return Answered(encode_reply(Reply(command.id, Outcome.RECEIVED, now, "")), None)  # repeated, so not kept
        outcome, detail, answer = self._done(command, now)
        reply = encode_reply(Reply(command.id, outcome, now, detail))
        self._replies[command.id] = reply
        while len(self._replies) > _REMEMBERED:
            self._replies.popitem(last=False)
        return Answered(reply, answer)

    def _done(self, command: Command, now: datetime) -> tuple[Outcome, str, Answer | None]:
        if command.expires_at is not None and command.expires_at <= now:
            return Outcome.EXPIRED, "", None
        try:
            if isinstance(command, Assignment):
                return self._assigned(command, now)
            if isinstance(command, UpdateMission):
                self._updated(command)
        except RoadsError as error:
            return Outcome.REFUSED, str(error), None
        if isinstance(command, Rate | Configuration):
            return Outcome.REFUSED, "a simulated vehicle reports as its scenario says", None
        return Outcome.DONE, "", None

    def _assigned(self, command: Assignment, now: datetime) -> tuple[Outcome, str, Answer | None]:
        card = command.card
        if command.n <= self._newest:
            return Outcome.DONE, "a newer order holds", None
        self._newest = command.n
        if card.mission != self._vehicle.mission:
            call = Call(card.mission, self._scene(card.stops), self._destination(card.stops), card.urgency != "routine")
            self._vehicle.assign(call)
        answer = Answer(at=now, clock=Clock.GNSS, mission=card.mission, accepted=True)
        return Outcome.DONE, "", answer

    def _updated(self, command: UpdateMission) -> None:
        if command.mission != self._vehicle.mission:
            return
        if command.ended:
            self._vehicle.release()
        elif command.stops is not None:
            if (scene := self._scene(command.stops)) is not None:
                self._vehicle.correct(scene)
            if (destination := self._destination(command.stops)) is not None:
                self._vehicle.redirect(destination)

    def _scene(self, stops: tuple[Stop, ...]) -> Snap | None:
        return next((self._place(stop) for stop in stops if stop.leg == "to-scene"), None)

    def _destination(self, stops: tuple[Stop, ...]) -> Snap | None:
        return next((self._place(stop) for stop in reversed(stops) if stop.leg != "to-scene"), None)

    def _place(self, stop: Stop) -> Snap:
        return self._roads.nearest(stop.latitude, stop.longitude)
