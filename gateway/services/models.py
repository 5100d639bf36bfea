"""Which speed model is in use: the newest that is stored, if it can be used on the roads that are loaded."""

from datetime import datetime

import msgspec
import numpy as np
import structlog

from gateway.services.estimate import Estimator
from gateway.storage.speed_models import KeptModel
from tracker.eta.speeds import SpeedModel, UnusableModel, decode
from tracker.roads.graph import RoadGraph

log = structlog.get_logger()

FEWEST_WAYS = 0.5
"""Of the ways with a factor of their own that must still be there: maps grow, and ways are cut and joined; a model of
which half is elsewhere is of another region."""


class Usable(msgspec.Struct, frozen=True):
    """A model that fits the roads."""

    model: SpeedModel
    ways: float  # part of its ways that the roads have; 1 if it has none
    elsewhere: bool  # learned on another extract


def usable(kept: KeptModel, graph: RoadGraph) -> Usable:
    """The model, for these roads. Its factors go by the map's ids of ways: those that are gone count for nothing, those
    that are new have the pace of their class.

    Raises:
        UnusableModel: it cannot be read, or is of other roads; with what to do.
    """
    model = decode(kept.body)
    ids = np.unique([way.way for way in model.ways])
    share = float(np.isin(ids, graph.way_id).mean()) if len(ids) else 1.0
    if share < FEWEST_WAYS:
        raise UnusableModel(
            f"speed model {kept.version} was learned on roads of {kept.region} of which {share:.0%} are in the roads"
            f" of {graph.region} that are loaded; `sigap eta learn` learns another"
        )
    return Usable(model, share, kept.extract != graph.source.digest)


def adopt(estimator: Estimator, kept: KeptModel, now: datetime) -> bool:
    """Make arrival times by this model from now on, if it can be used; whether it is."""
    network = estimator.network
    if network is None or estimator.speeds.version == kept.version:
        return False
    try:
        found = usable(kept, network.graph)
    except UnusableModel as error:
        log.warning("speed model not used: arrival times are made as before", why=str(error))
        return False
    estimator.learn(found.model, now)
    log.info(
        "speed model in use", version=kept.version, made_at=kept.made_at.isoformat(), legs=kept.legs,
        ways_here=f"{found.ways:.0%}", other_extract=found.elsewhere,
    )  # fmt: skip
    return True
