"""Which incidents a report may be about already: each limit from both sides, and what is never offered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tracker.geodesy import distance
from tracker.missions import ClosedAs, Incident, Place, Urgency
from tracker.missions.duplicates import CLOSED_FOR, NEARBY, NEARBY_FOR, SAME_PLACE, SAME_PLACE_FOR, duplicates

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
HERE = Place(-7.15, 111.90)
DEGREE = distance(-7.15, 111.90, -8.15, 111.90)
SECOND = timedelta(seconds=1)
JUST = timedelta(seconds=60)


def incident(away: float = 0.0, ago: timedelta = JUST, kind: str = "", name: str = "i1", **more: Any) -> Incident:
    """One that lies so many metres to the south and was opened so long ago."""
    place = Place(-7.15 - away / DEGREE, 111.90, more.pop("called", ""))
    return Incident(name, place, Urgency.URGENT, None, NOW - ago, kind=kind, **more)


@pytest.mark.parametrize(
    ("other", "kind", "offered"),
    [
        (incident(80), "", True),
        (incident(80), "kecelakaan", True),
        (incident(80, kind="kebakaran"), "kecelakaan", True),  # a crash that burns: somebody decides
        (incident(SAME_PLACE - 1, SAME_PLACE_FOR - SECOND), "", True),
        (incident(SAME_PLACE - 1, SAME_PLACE_FOR + SECOND), "", False),
        (incident(SAME_PLACE + 1, NEARBY_FOR - SECOND), "", True),
        (incident(SAME_PLACE + 1, NEARBY_FOR + SECOND), "", False),
        (incident(NEARBY - 1), "", True),
        (incident(NEARBY + 1), "", False),
        (incident(300, kind="kecelakaan"), "kecelakaan", True),
        (incident(300, kind="kebakaran"), "kecelakaan", False),
        (incident(300, kind="kebakaran"), "", True),
        (incident(0, HOUR := timedelta(hours=1), closed_at=NOW - CLOSED_FOR + SECOND), "", True),
        (incident(0, HOUR, closed_at=NOW - CLOSED_FOR - SECOND), "", False),
        (incident(0, HOUR, closed_at=NOW, closed_as=ClosedAs.PRANK), "", False),
        (incident(0, HOUR, closed_at=NOW, closed_as=ClosedAs.DUPLICATE), "", False),
        (incident(0, HOUR, closed_at=NOW, closed_as=ClosedAs.RESOLVED), "", True),
        (incident(0, -JUST), "", True),  # clocks differ
        (incident(20_000), "", False),
    ],
)
def test_what_is_near_in_place_and_time_is_offered(other: Incident, kind: str, offered: bool) -> None:
    """Within the limits, and not beyond them."""
    assert [each.incident for each in duplicates(HERE, NOW, [other], kind=kind)] == (["i1"] if offered else [])


def test_a_vague_place_reaches_as_far_as_it_may_be_off() -> None:
    """A village is known by its middle."""
    other = incident(1100)
    assert duplicates(HERE, NOW, [other]) == []
    (found,) = duplicates(HERE, NOW, [other], within=1000.0)
    assert found.distance_m == pytest.approx(1100, abs=0.2)


def test_the_likeliest_comes_first_and_says_why() -> None:
    """Near before far, young before old; a sentence for whoever decides."""
    crash = incident(80, JUST, "kecelakaan", "crash", called="Jl Veteran")
    fire = incident(90, timedelta(hours=2), "kebakaran", "fire")
    other = incident(300, timedelta(minutes=10), "", "other")
    done = incident(10, timedelta(hours=1), "", "done", closed_at=NOW - SECOND)
    found = duplicates(HERE, NOW, [fire, done, other, crash])
    assert [each.incident for each in found] == ["crash", "other", "done", "fire"]
    assert [each.sentence for each in found] == [
        "80 m away: kecelakaan at Jl Veteran, reported 60 s ago",
        "300 m away: an incident, reported 10 min ago",
        "10 m away: an incident, reported 60 min ago, closed since",
        "90 m away: kebakaran, reported 2.0 h ago",
    ]
