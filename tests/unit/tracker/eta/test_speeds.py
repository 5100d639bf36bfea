"""The speed model and the weights it gives the router."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from tests.fix_map import draw
from tracker.eta.approaches import Approach
from tracker.eta.speeds import (
    Driving,
    SpeedModel,
    Speeds,
    UnusableModel,
    WayFactor,
    decode,
    encode,
    ends_at_junction,
    prior,
    weights,
)
from tracker.measures import KILOMETRE_PER_HOUR
from tracker.roads.engines import INFINITE
from tracker.roads.graph import RoadClass

MODEL = prior("Asia/Jakarta")
NIGHT = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)  # Thursday, 03:00 in Jakarta
NOON = datetime(2026, 11, 19, 5, 0, tzinfo=UTC)  # Thursday, 12:00
ROADS = draw(
    """
    A---------B---------C
              |         |
              D---------E
    """,
    {
        "AB": {"highway": "primary"},
        "BC": {"highway": "primary", "maxspeed": "20"},
        "BD": {"highway": "residential"},
        "CE": {"highway": "residential"},
        "DE": {"highway": "residential", "motorcar": "no"},
    },
)


def seconds(model: SpeedModel, ends: str, when: datetime = NIGHT, driving: Driving = Driving.NORMAL) -> float:
    """Seconds of the arc between two letters."""
    arc = ROADS.arc(ends)
    assert arc is not None
    return float(weights(ROADS.graph, model, driving, when)[arc]) / 1000


def test_an_arc_takes_its_length_at_its_class_and_the_delay_at_its_junction() -> None:
    """100 m of a primary road at night, to a junction and to a dead end, to the millisecond."""
    speed = 1 / MODEL.pace[RoadClass.PRIMARY]
    length = float(ROADS.graph.arc_length[ROADS.arc("AB")])
    assert seconds(MODEL, "AB") == pytest.approx(length / speed + MODEL.junction, abs=6e-4)
    assert seconds(MODEL, "BA") == pytest.approx(length / speed, abs=6e-4)
    assert ends_at_junction(ROADS.graph)[ROADS.arc("AB")]


def test_a_limit_slows_down_and_is_never_exceeded() -> None:
    """A primary road tagged with 20 km/h is driven at 20 at most; one without a limit faster."""
    length = float(ROADS.graph.arc_length[ROADS.arc("CB")])
    driven = length / (seconds(MODEL, "CB") - MODEL.junction) / KILOMETRE_PER_HOUR
    assert driven <= 20.01
    assert 1 / MODEL.pace[RoadClass.PRIMARY] / KILOMETRE_PER_HOUR > 40


def test_the_hour_counts_in_the_centre_s_own_zone() -> None:
    """Noon in Jakarta is slower than three in the morning, and it is noon there at five in UTC."""
    assert seconds(MODEL, "AB", NOON) / seconds(MODEL, "AB") == pytest.approx(
        MODEL.hours[0][12] / MODEL.hours[0][3], rel=1e-3
    )
    with pytest.raises(ValueError, match="zone"):
        MODEL.hour_factor(datetime(2026, 11, 19, 5, 0))  # noqa: DTZ001 # that is the point


def test_the_hours_change_without_a_step() -> None:
    """Over a whole week, from minute to minute, also over midnight into the weekend, by less than 1 %."""
    factors = [MODEL.hour_factor(NIGHT + timedelta(minutes=minute)) for minute in range(7 * 24 * 60)]
    assert max(abs(after / before - 1) for before, after in pairwise(factors)) < 0.01


def test_how_one_drives_counts() -> None:
    """Lights and siren are faster, and only motorcycles take what is closed to cars."""
    lights, normal = seconds(MODEL, "AB", NIGHT, Driving.LIGHTS), seconds(MODEL, "AB")
    assert lights / normal == pytest.approx(MODEL.driving[Driving.LIGHTS], rel=1e-3)
    closed = ROADS.arc("DE")
    assert closed is not None
    assert weights(ROADS.graph, MODEL, Driving.NORMAL, NIGHT)[closed] == INFINITE
    assert weights(ROADS.graph, MODEL, Driving.MOTORCYCLE, NIGHT)[closed] < INFINITE


def test_a_way_has_a_factor_in_each_direction() -> None:
    """Twice as slow from A to B, and as ever from B to A. The drawing's first way has the id 1."""
    learned = msgspec.structs.replace(MODEL, ways=(WayFactor(1, True, 2.0, 300.0), WayFactor(99, True, 9.0, 1.0)))
    assert seconds(learned, "AB") - MODEL.junction == pytest.approx(
        2 * (seconds(MODEL, "AB") - MODEL.junction), abs=2e-3
    )
    assert seconds(learned, "BA") == seconds(MODEL, "BA")


def test_a_unit_under_way_does_not_pull_out_again() -> None:
    """Its estimate lacks half of the constant."""
    speeds = Speeds(ROADS.graph, MODEL)
    assert speeds.estimate(300).p50 - speeds.estimate(300, standing=False).p50 == pytest.approx(MODEL.access / 2)


def test_a_goal_takes_what_it_took_before() -> None:
    """A hospital with a long ramp; one that is quickly entered saves the constant of a drive and no more."""
    cells = (Approach(-7151, 111881, 45.0), Approach(-7151, 111890, -300.0))
    speeds = Speeds(ROADS.graph, msgspec.structs.replace(MODEL, approaches=cells))
    assert speeds.approach(-7.1513, 111.8806) == 45.0
    assert speeds.approach(-7.151, 111.890) == -MODEL.access
    assert speeds.approach(-7.2, 111.881) == 0.0


def test_a_model_of_before_approaches_is_read() -> None:
    """Its file has no such field; nothing is known of places then."""
    known = msgspec.json.decode(encode(MODEL))
    del known["approaches"]
    assert decode(msgspec.json.encode(known)) == MODEL


def test_a_model_survives_its_file_and_knows_its_version() -> None:
    """Equal content, equal version; any change, another one."""
    learned = msgspec.structs.replace(MODEL, ways=(WayFactor(1, True, 2.0, 300.0),), until=NOON, legs=3)
    learned = msgspec.structs.replace(learned, approaches=(Approach(-7151, 111881, 45.0),))
    assert decode(encode(learned)) == learned
    assert decode(encode(learned)).version == learned.version != MODEL.version
    assert msgspec.structs.replace(MODEL, junction=2.1).version != MODEL.version


@pytest.mark.parametrize("wrong", [b"", b"{}", b"[1]", b'{"format": 0}', b'{"format": 1, "zone": "x"}'])
def test_what_is_no_model_is_refused_in_a_sentence(wrong: bytes) -> None:
    """Never another error than ours."""
    with pytest.raises(UnusableModel):
        decode(wrong)


def test_a_model_that_lacks_a_class_is_refused() -> None:
    """And so is a time zone that does not exist."""
    with pytest.raises(UnusableModel, match="lacks"):
        decode(encode(msgspec.structs.replace(MODEL, pace=(0.1,))))
    with pytest.raises(UnusableModel, match="zone"):
        prior("Asia/Bojonegoro")


def test_the_prior_is_within_the_law() -> None:
    """No class is driven faster than the highest limit of its kind, and links not faster than their roads."""
    speed = 1 / np.array(MODEL.pace) / KILOMETRE_PER_HOUR
    assert speed[RoadClass.MOTORWAY] <= 100
    assert speed.max() == speed[RoadClass.MOTORWAY]
    assert max(speed[kind] for kind in RoadClass if kind != RoadClass.MOTORWAY) <= 80
    assert speed[RoadClass.RESIDENTIAL] <= 30
