"""Learn speeds from the centre's finished drives: read them, match them to the roads, fit, judge, keep.

A function of what is stored and of the roads. It takes a processor for a while and therefore runs in a process of its
own: as `sigap eta learn`, by hand or by the gateway's night.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection

from gateway.services.estimate import driving_of
from gateway.storage import speed_models
from gateway.storage.speed_models import KeptModel
from tracker.eta import learning
from tracker.eta.finished import LeftOut, LegReader
from tracker.eta.intervals import FEWEST
from tracker.eta.learning import FOLDS, Leg
from tracker.eta.speeds import SpeedModel, encode, prior
from tracker.missions import By
from tracker.roads.engines import Engine
from tracker.roads.graph import Profile, RoadClass, RoadGraph
from tracker.roads.matching import Matcher
from tracker.roads.router import Router
from tracker.roads.snap import Snapper

SPAN = timedelta(days=360)
"""How far back drives are read where nobody says otherwise: the oldest count a sixteenth then."""

MOST_LEGS = 5_000
"""The latest; more would take the night."""

FEWEST_LEGS = 20
"""With fewer a model is chance, and is not used."""

SOME_WAY = 1000.0
"""Metres on roads of a class from which on its speed is told."""

Progress = Callable[[str, int, int], None]


class Errors(msgspec.Struct, frozen=True):
    """How predictions of drives that were not learned from fared."""

    mape: float  # 0.19 is 19 %
    mae_s: float
    bias_s: float  # predicted minus actual

    @classmethod
    def of(cls, predicted: NDArray[np.float64], actual: NDArray[np.float64]) -> "Errors":
        """Of predictions in seconds."""
        error = predicted - actual
        return cls(float((np.abs(error) / actual).mean()), float(np.abs(error).mean()), float(error.mean()))


class Report(msgspec.Struct, frozen=True):
    """What was learned."""

    since: datetime
    until: datetime
    found: int  # finished drives
    used: int
    left_out: dict[str, int]  # by reason
    before: Errors | None  # by the prior, on all drives that were used
    after: Errors | None  # each by a model of the others
    in_use: str | None  # version of the model that was in use until now
    newer: int  # drives since that one was learned
    in_use_on_newer: Errors | None
    after_on_newer: Errors | None
    ways: int  # directions of ways with a factor of their own
    speeds: dict[str, tuple[float, float]]  # by class that was driven: m/s between junctions before, and learned
    kept: bool
    because: str  # why it is used, or not


@dataclasses.dataclass(frozen=True)
class Ground:
    """Roads to learn on, for this process alone."""

    graph: RoadGraph
    router: Router
    reader: LegReader

    @classmethod
    def on(cls, graph: RoadGraph, engine: Engine) -> "Ground":
        """Over one region."""
        snappers = {profile: Snapper(graph, profile) for profile in Profile}
        matchers = {
            profile: Matcher(graph, engine.beside(), profile, snapper=snapper) for profile, snapper in snappers.items()
        }
        return cls(graph, Router(graph, engine=engine), LegReader(graph, matchers, snappers))


async def read_legs(
    connection: AsyncConnection[Any], centre: str, ground: Ground, since: datetime, until: datetime, tell: Progress
) -> tuple[list[Leg], Counter[LeftOut]]:
    """The drives that arrived in a span, and how many were left out for which reason."""
    finished = await speed_models.finished_legs(connection, centre, since, until, MOST_LEGS)
    legs: list[Leg] = []
    left_out: Counter[LeftOut] = Counter()
    for number, each in enumerate(finished):
        tell("matching drives to the roads", number, len(finished))
        if each.arrived_by is By.HAND:
            left_out[LeftOut.BY_HAND] += 1
            continue
        fixes = await speed_models.fixes_of(connection, centre, each)
        found = ground.reader.read(fixes, each.arrived_at, driving_of(each.unit_kind, each.urgency))
        if isinstance(found, LeftOut):
            left_out[found] += 1
        else:
            legs.append(found)
    return sorted(legs, key=lambda leg: leg.start), left_out


def learn(
    ground: Ground,
    legs: Sequence[Leg],
    left_out: Counter[LeftOut],
    zone: str,
    span: tuple[datetime, datetime],
    in_use: SpeedModel | None,
    tell: Progress,
) -> tuple[SpeedModel, Report]:
    """The model of these drives, and how good it is on drives that it has not seen.

    Args:
        legs: by start.
        left_out: for the report.
        zone: the centre's, an IANA name.
        span: that the drives were read from.
        in_use: the model until now; None: the prior.
        tell: what is being done, how much is done and how much there is.
    """
    base = prior(zone)
    if not legs:
        return base, _report(span, legs, left_out, base, in_use, None, "there is no drive to learn from")
    actual = np.array([leg.duration for leg in legs])
    before = learning.predict(ground.graph, ground.router, base, legs)
    after = _from_the_others(ground, legs, base, tell)
    model = learning.learn(ground.graph, ground.router, legs, base, tell)
    newer = np.array([in_use is not None and in_use.until is not None and leg.start > in_use.until for leg in legs])
    fared = Errors.of(before, actual), Errors.of(after, actual)
    rivals: tuple[Errors | None, Errors | None] = (None, None)
    if in_use is not None and newer.any():
        theirs = learning.predict(
            ground.graph, ground.router, in_use, [leg for leg, new in zip(legs, newer, strict=True) if new]
        )
        rivals = Errors.of(theirs, actual[newer]), Errors.of(after[newer], actual[newer])
    errors = (*fared, int(newer.sum()), *rivals)
    driven = _driven(ground.graph, legs)
    return model, _report(span, legs, left_out, model, in_use, errors, _verdict(len(legs), *fared), driven)


def _from_the_others(ground: Ground, legs: Sequence[Leg], base: SpeedModel, tell: Progress) -> NDArray[np.float64]:
    """Seconds that each drive is given by a model of the others, stretch of time by stretch of time."""
    predicted = np.empty(len(legs))
    for fold in range(FOLDS):
        tell("judging by drives not learned from", fold, FOLDS)
        low, high = fold * len(legs) // FOLDS, (fold + 1) * len(legs) // FOLDS
        others = [*legs[:low], *legs[high:]]
        model = learning.fit(ground.graph, others, base, legs[-1].start) if others else base
        predicted[low:high] = learning.predict(ground.graph, ground.router, model, legs[low:high])
    if len(legs) >= FEWEST:  # as `learning.learn` corrects what it learns
        actual = np.array([leg.duration for leg in legs])
        predicted *= np.exp(np.median(np.log(actual / predicted)))
    return predicted


def _driven(graph: RoadGraph, legs: Sequence[Leg]) -> list[int]:
    """The classes of road on which these drives led for some way."""
    metres = np.zeros(len(RoadClass))
    for leg in legs:
        arcs = leg.match.arcs
        np.add.at(metres, graph.arc_class[arcs], graph.arc_length[arcs] * leg.match.parts(graph))
    return np.flatnonzero(metres >= SOME_WAY).tolist()


def _verdict(used: int, before: Errors, after: Errors) -> str:
    if used < FEWEST_LEGS:
        return f"{used} drives are too few; {FEWEST_LEGS} are needed"
    if after.mape > before.mape:
        return "drives that it has not seen are predicted worse by it than without learning"
    return ""


_Found = tuple[Errors, Errors, int, Errors | None, Errors | None]


def _report(
    span: tuple[datetime, datetime],
    legs: Sequence[Leg],
    left_out: Counter[LeftOut],
    model: SpeedModel,
    in_use: SpeedModel | None,
    errors: _Found | None,
    refused: str,
    driven: Sequence[int] = (),
) -> Report:
    before, after, newer, theirs, ours = errors or (None, None, 0, None, None)
    base = prior(model.zone)
    speeds = {
        RoadClass(kind).name.lower().replace("_", " "): (1 / base.pace[kind], 1 / model.pace[kind]) for kind in driven
    }
    return Report(
        since=span[0],
        until=span[1],
        found=len(legs) + left_out.total(),
        used=len(legs),
        left_out={reason.value: count for reason, count in left_out.most_common()},
        before=before,
        after=after,
        in_use=None if in_use is None else in_use.version,
        newer=newer,
        in_use_on_newer=theirs,
        after_on_newer=ours,
        ways=len(model.ways),
        speeds=speeds,
        kept=not refused,
        because=refused or "drives that it has not seen are predicted better by it than without learning",
    )


def to_keep(model: SpeedModel, report: Report, graph: RoadGraph, now: datetime) -> KeptModel:
    """The model as it is stored."""
    return KeptModel(
        version=model.version,
        made_at=now,
        region=graph.region,
        extract=graph.source.digest,
        legs=model.legs,
        until=model.until,
        report=msgspec.to_builtins(report),
        body=encode(model),
    )
