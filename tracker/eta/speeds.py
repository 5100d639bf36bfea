"""How fast one drives where and when: the speed model, and the weights it gives the router.

    seconds of an arc = (length x pace of its class x factor of its way + delay at its junction)
                        x factor of the hour of the week x factor of how one drives

and a drive takes, beside its arcs, a constant for pulling out and stopping, and what its goal takes beyond that
(`approaches`). In Indonesia 0 to 4 % of ways carry a speed
limit, so classes come first and tags second. A model is a value: the same legs give the same model, and its version is
a digest of its content. How it comes about: `learning`.
"""

import hashlib
import zoneinfo
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.eta.approaches import Approach, Approaches
from tracker.eta.intervals import Intervals
from tracker.eta.straight_line import Estimate
from tracker.measures import KILOMETRE_PER_HOUR
from tracker.roads.engines import Weights
from tracker.roads.graph import Profile, RoadClass, RoadGraph
from tracker.roads.weights import weights_of_seconds

FORMAT = 1
"""Of a model in a file. Raised whenever an older one would be misread."""

DAY_KINDS = 2  # Monday to Friday; Saturday and Sunday
HOURS = 24


class UnusableModel(TrackerError):
    """This is no speed model that can be read; the message says why."""


class Driving(StrEnum):
    """How one drives."""

    NORMAL = "normal"
    LIGHTS = "lights-and-siren"
    MOTORCYCLE = "motorcycle"

    @property
    def profile(self) -> Profile:
        """Whose access counts."""
        return Profile.MOTORCYCLE if self is Driving.MOTORCYCLE else Profile.CAR


PRIOR_SPEED = {
    RoadClass.MOTORWAY: 80, RoadClass.MOTORWAY_LINK: 45, RoadClass.TRUNK: 50, RoadClass.TRUNK_LINK: 35,
    RoadClass.PRIMARY: 45, RoadClass.PRIMARY_LINK: 33, RoadClass.SECONDARY: 40, RoadClass.SECONDARY_LINK: 30,
    RoadClass.TERTIARY: 35, RoadClass.TERTIARY_LINK: 28, RoadClass.UNCLASSIFIED: 30, RoadClass.RESIDENTIAL: 24,
    RoadClass.LIVING_STREET: 15, RoadClass.SERVICE: 14, RoadClass.BUSWAY: 35, RoadClass.ROAD: 24,
    RoadClass.TRACK: 18, RoadClass.ROUGH_TRACK: 10, RoadClass.PATH: 10, RoadClass.FERRY: 10,
}  # fmt: skip
"""Kilometres per hour at night, before anything is learned, without the delays at junctions.

Judgement within two bounds: the legal limits (Peraturan Menteri Perhubungan 111/2015, article 3: 60 to 100 on toll
roads, 80 between towns, 50 in towns, 30 in housing areas), and what taxis were found to drive in Porto (with
junctions: motorway 73, primary 38, secondary 29, tertiary 24, residential 32, living street 22)."""

_NIGHT, _SHOULDER, _MORNING, _DAY, _EVENING = 1.0, 1.12, 1.28, 1.32, 1.34
PRIOR_WEEKDAY = (
    *[_NIGHT] * 6, _SHOULDER, *[_MORNING] * 3, *[_DAY] * 6, *[_EVENING] * 4, 1.25, _SHOULDER, 1.05, _NIGHT,
)  # fmt: skip
"""Factor of each hour of the day on seconds, against the night. Drives in Jakarta took, over an empty road, 1.33 at
night, 1.75 from 6 to 10, 1.92 from 10 to 16 and 1.91 from 16 to 22; by the same ratios as 1 : 1.32 : 1.44 : 1.44,
drawn towards 1 because a regency is no metropolis."""

PRIOR_DRIVING = {Driving.NORMAL: 1.0, Driving.LIGHTS: 0.80, Driving.MOTORCYCLE: 0.85}
"""Factor on seconds. Lights and siren: 0.74 for transports of O'Brien 1999, 159 s saved (95 % 100 to 219) over nine
studies. Motorcycles: judgement; they pass what stands."""

PRIOR_JUNCTION = 2.0
"""Seconds for each junction of three roads or more that an arc ends at."""

PRIOR_ACCESS = 20.0
"""Seconds of a drive beside its arcs: half for pulling out, half for stopping."""

LIMIT_DRIVEN = 0.8
"""Part of a tagged limit that is driven on the whole."""


class WayFactor(msgspec.Struct, frozen=True, array_like=True):
    """What was learned of one direction of a way of the map."""

    way: int  # the map's id
    forward: bool
    factor: float  # on seconds
    seconds: float  # of driving that it rests on, older ones counting less


class SpeedModel(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of speeds in a region."""

    format: int = FORMAT
    zone: str  # IANA time zone in which the hours are
    pace: tuple[float, ...]  # [RoadClass] seconds per metre
    hours: tuple[tuple[float, ...], ...]  # [DAY_KINDS][HOURS] factor on seconds at the full hour, even in between
    junction: float  # seconds
    access: float  # seconds
    driving: dict[Driving, float]  # factor on seconds
    ways: tuple[WayFactor, ...] = ()
    approaches: tuple[Approach, ...] = ()
    intervals: Intervals = Intervals()
    legs: int = 0  # that it was learned from
    until: datetime | None = None  # when the youngest of them began

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits of a digest of the content; the same for equal models."""
        return hashlib.sha256(encode(self)).hexdigest()[:12]

    def hour_factor(self, when: datetime) -> float:
        """Factor of the hour of the week on seconds.

        Raises:
            ValueError: the time has no zone.
        """
        if when.tzinfo is None:
            raise ValueError("a time without a zone")
        local = when.astimezone(zoneinfo.ZoneInfo(self.zone))
        following = local + timedelta(hours=1)
        part = local.minute / 60 + local.second / 3600
        here, there = (self.hours[day_kind(hour)][hour.hour] for hour in (local, following))
        return here * (1 - part) + there * part


def day_kind(local: datetime) -> int:
    """0 from Monday to Friday, 1 on Saturday and Sunday."""
    return int(local.weekday() >= 5)


def prior(zone: str) -> SpeedModel:
    """The model of a region where nothing was learned yet.

    Raises:
        UnusableModel: there is no such time zone.
    """
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise UnusableModel(f"there is no time zone {zone!r}") from error
    weekend = tuple(1 + (factor - 1) * 0.8 for factor in PRIOR_WEEKDAY)
    return SpeedModel(
        zone=zone,
        pace=tuple(1 / (PRIOR_SPEED[kind] * KILOMETRE_PER_HOUR) for kind in RoadClass),
        hours=(PRIOR_WEEKDAY, weekend),
        junction=PRIOR_JUNCTION,
        access=PRIOR_ACCESS,
        driving=dict(PRIOR_DRIVING),
    )


class Speeds:
    """A model laid over a network: what does not depend on the time is worked out once."""

    def __init__(self, graph: RoadGraph, model: SpeedModel) -> None:
        self.graph, self.model = graph, model
        self._seconds = arc_pace(graph, model) * graph.arc_length * way_factors(graph, model)
        self._seconds += model.junction * ends_at_junction(graph)
        self._fixed = np.flatnonzero(~np.isnan(graph.arc_fixed_time))
        self._approaches = Approaches(model.approaches)

    def seconds(self, driving: Driving, when: datetime) -> NDArray[np.float64]:
        """[m] seconds of each arc; a ferry keeps its own whatever the hour."""
        seconds: NDArray[np.float64] = self._seconds * (self.model.hour_factor(when) * self.model.driving[driving])
        seconds[self._fixed] = self.graph.arc_fixed_time[self._fixed]
        return seconds

    def weights(self, driving: Driving, when: datetime) -> Weights:
        """uint32[m] milliseconds for the router, `INFINITE` where this way of driving may not go."""
        return weights_of_seconds(self.graph, self.seconds(driving, when), driving.profile)

    def approach(self, latitude: float, longitude: float) -> float:
        """Seconds that a goal (degrees) takes beyond the constant of a drive; it can at most take all of it away."""
        return max(-self.model.access, self._approaches.at(latitude, longitude))

    def estimate(self, duration: float, *, standing: bool = True) -> Estimate:
        """The estimate for a route of so many seconds by these weights.

        Args:
            duration: seconds, of `Route.duration`, and of `approach` to the goal.
            standing: whether the unit has still to set out; one under way has only the stopping before it.
        """
        return self.model.intervals.around(duration + self.model.access * (1.0 if standing else 0.5))

    def estimates(self, durations: NDArray[np.float64]) -> NDArray[np.float64]:
        """`estimate` for many routes of units that have still to set out: p10, p50, p90 as float64[3, ...]."""
        return self.model.intervals.spread(durations + self.model.access)


def weights(graph: RoadGraph, model: SpeedModel, driving: Driving, when: datetime) -> Weights:
    """Weights of a model once; who asks again keeps a `Speeds`."""
    return Speeds(graph, model).weights(driving, when)


def arc_pace(graph: RoadGraph, model: SpeedModel) -> NDArray[np.float64]:
    """[m] seconds per metre by class and tagged limit, at night.

    Where a way has a limit, its speed is the geometric mean of the class's and `LIMIT_DRIVEN` of the limit, and never
    above the limit.
    """
    by_class = 1.0 / np.array(model.pace)[graph.arc_class]
    limit = graph.way_speed[graph.arc_way].astype(np.float64)
    tagged = np.fmin(np.sqrt(by_class * LIMIT_DRIVEN * limit), limit)
    return np.asarray(1.0 / np.where(np.isnan(limit) | (limit <= 0), by_class, tagged), np.float64)


def way_factors(graph: RoadGraph, model: SpeedModel) -> NDArray[np.float64]:
    """[m] learned factor of each arc's way and direction; 1 where nothing is known."""
    factors = np.ones(graph.arcs)
    if model.ways:
        keys = np.array([way.way * 2 + way.forward for way in model.ways], np.int64)
        values = np.array([way.factor for way in model.ways])
        order = np.argsort(keys)
        wanted = graph.way_id[graph.arc_way] * 2 + graph.arc_forward
        place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
        factors = np.where(keys[order][place] == wanted, values[order][place], 1.0)
    return factors


def ends_at_junction(graph: RoadGraph) -> NDArray[np.bool_]:
    """[m] whether three edges or more meet where an arc ends."""
    arcs = graph.edge_arcs
    drawn = np.where(arcs[:, 1] >= 0, arcs[:, 1], arcs[:, 0])
    ends = np.concatenate((graph.arc_tail[drawn], graph.arc_head[drawn])).astype(np.int64)
    meeting = np.bincount(ends, minlength=graph.nodes)
    at: NDArray[np.bool_] = meeting[graph.arc_head] >= 3
    return at


def encode(model: SpeedModel) -> bytes:
    """A model as JSON, equal models as equal bytes."""
    return msgspec.json.encode(model, order="deterministic")


def decode(data: bytes) -> SpeedModel:
    """A model from `encode`.

    Raises:
        UnusableModel: it is none, or of another format.
    """
    try:
        if msgspec.json.decode(data, type=_Format).format != FORMAT:
            raise UnusableModel("this speed model is of another format; learn it again")
        model = msgspec.json.decode(data, type=SpeedModel)
    except msgspec.DecodeError as error:
        raise UnusableModel(f"this is no speed model: {error}") from error
    sizes = {len(model.pace) == len(RoadClass), len(model.hours) == DAY_KINDS, set(model.driving) == set(Driving)}
    if sizes != {True} or any(len(hours) != HOURS for hours in model.hours):
        raise UnusableModel("this speed model lacks classes, hours or ways of driving")
    return model


class _Format(msgspec.Struct):
    format: int
