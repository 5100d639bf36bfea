"""Where each unit is, as retained messages: whoever subscribes has them all at once, and each change after that."""

import msgspec

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.feeds.positions import position_of
from gateway.mqtt.session import NotConnected, Session
from gateway.services.turns import keep_turning
from tracker.wire.topics import live_unit

ROUND_S = 2.0
"""A unit is told so often at most: these topics are for maps and other systems, whom a second or two cost nothing."""

_encode = msgspec.json.Encoder().encode


class LiveTopics:
    """One for a centre, on one session."""

    def __init__(self, centre: str, session: Session, live: LivePicture, clock: Clock = TRUE) -> None:
        self._centre = centre
        self._session = session
        self._live = live
        self._clock = clock
        self._seen = -1

    async def turn(self) -> None:
        """Tell of every unit that changed. After a broker was away all are told: it may have forgotten."""
        if not self._session.connected:
            self._seen = -1
        elif self._live.seq > self._seen:
            states, self._seen = self._live.changed(self._seen), self._live.seq
            now = self._clock.now()
            try:
                for state in states:
                    body = _encode(position_of(state, now))
                    await self._session.publish(live_unit(self._centre, state.unit), body, qos=0, retain=True)
            except NotConnected:
                self._seen = -1

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("live topics", self.turn, self._clock, ROUND_S)
