"""One receiver as the agent sees it: what its reader tells becomes its condition and its dated sightings."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fieldunit.agent.clock import WINDOW, DeviceClock
from fieldunit.agent.epochs import Dater, Sighting, sight
from fieldunit.receivers.condition import Condition, State
from fieldunit.receivers.reader import Closed, Event, Heard, Opened, Quiet
from fieldunit.receivers.settings import ReceiverSettings
from fieldunit.sampling.sampler import Sampler
from fieldunit.sampling.settings import SamplingSettings
from tracker.errors import Reason
from tracker.wire.stream import EpochReader, RawEpoch


class Moment(NamedTuple):
    """Both clocks at one moment, seconds."""

    monotonic: float
    system: float


class Source:
    """State of one receiver; used by one thread.

    Args:
        settings: of the receiver.
        sampling: for its sampler.
        clock: the unit's.
        patience_s: for the first date.
    """

    def __init__(
        self, settings: ReceiverSettings, sampling: SamplingSettings, clock: DeviceClock, patience_s: float
    ) -> None:
        self.name = settings.source
        self.fallback_s = settings.fallback_s
        self.condition = Condition(settings.no_data_s)
        self.sampler: Sampler[Sighting] = Sampler(sampling.parked_radius_m, sampling.parked_after_s)
        self._epochs = EpochReader()
        self._dater = Dater(clock, patience_s)
        self._clock = clock
        self._burst: Moment | None = None  # when the burst under way began

    @property
    def refused(self) -> dict[Reason, int]:
        """Lines that could not be read, by reason, since the start."""
        return dict(self._epochs.refused)

    def take(self, event: Event) -> list[Sighting]:
        """What an event of the reader completes."""
        if isinstance(event, Opened):
            if event.anew:
                self.condition.opened(event.at, event.name)
            else:
                self.condition.renamed(event.name)
            return []
        if isinstance(event, Closed):
            self.condition.closed(event.state, event.sentence)
            return self._flush(event.at)
        if isinstance(event, Quiet):
            return self._flush(event.at)
        return self._hear(event)

    def tick(self, monotonic: float, system: float) -> list[Sighting]:
        """What waits for a date is looked at now and then."""
        return self._sighted(self._dater.due(monotonic), Moment(monotonic, system))

    def finish(self, monotonic: float, system: float) -> list[Sighting]:
        """The end: what is under way, and what waits."""
        self._burst = self._burst or Moment(monotonic, system)
        return self._flush(monotonic) + self._sighted(self._dater.release(), Moment(monotonic, system))

    def tell(self, monotonic: float) -> tuple[State, str]:
        """How it is."""
        return self.condition.tell(monotonic)

    def _hear(self, event: Heard) -> list[Sighting]:
        now = Moment(event.at, event.system_time)
        self.condition.data(event.at)
        if self._burst is None:
            self._burst = now
        ready: list[RawEpoch] = []
        bad = sum(self._epochs.refused.values())
        for line in event.lines:
            completed = self._epochs.feed(line)
            if bad == sum(self._epochs.refused.values()):
                self.condition.sentence(event.at, line)
            else:
                bad += 1
            for epoch in completed:
                ready += self._dater.take(epoch, event.at)
        return self._sighted(ready, self._burst)

    def _flush(self, monotonic: float) -> list[Sighting]:
        began = self._burst
        self._burst = None
        ready = [ready for epoch in self._epochs.flush() for ready in self._dater.take(epoch, monotonic)]
        if began is None:
            return []
        return self._sighted(ready, began)

    def _sighted(self, epochs: Sequence[RawEpoch], moment: Moment) -> list[Sighting]:
        found = []
        at: datetime | None = None
        for epoch in epochs:
            device_time = self._dater.device_time(epoch, *moment)
            sighting = sight(epoch, self.name, device_time)
            if sighting is not None:
                found.append(sighting)
                at = device_time if sighting.fix is not None and _is_receivers(device_time, epoch) else None
        if at is not None:  # of the last epoch only: those before it came at another moment
            self._clock.fix(at, moment.monotonic, moment.system)
        return found


def _is_receivers(at: datetime | None, epoch: RawEpoch) -> bool:
    """Whether a time is the receiver's own, if need be put right by weeks; the unit's clock must not confirm itself."""
    return at is not None and epoch.device_time is not None and not (at - epoch.device_time) % WINDOW
