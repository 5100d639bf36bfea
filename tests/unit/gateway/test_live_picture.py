"""The live picture by itself: the newest value of each unit, and never a gap, whatever a client missed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.live import MAX_EARLY, LivePicture
from tracker.fix import UNUSABLE, Fix, Quality
from tracker.wire.presence import Presence

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
UNITS = ("ambulans-01", "ambulans-02", "ambulans-03")


def picture(*units: str) -> LivePicture:
    made = LivePicture()
    made.enrol((unit, unit.title(), "ambulance") for unit in units or UNITS)
    return made


def fix(second: int, quality: Quality = Quality.GOOD, latitude: float = -7.15) -> Fix:
    return Fix(time=START + timedelta(seconds=second), latitude=latitude, longitude=111.88, quality=quality)


def read(frame: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(frame)
    return decoded


def place(made: LivePicture, unit: str) -> float | None:
    state = made.state(unit)
    assert state is not None
    return None if state.position is None else state.position.latitude


def test_a_snapshot_shows_every_unit_with_or_without_a_position() -> None:
    """A unit that never sent is on the board too, and says so."""
    made = picture()
    made.apply("ambulans-02", "gnss", fix(1), START)
    frame = read(made.snapshot(START))
    assert (frame["type"], frame["stream"], frame["seq"]) == ("snapshot", made.stream, made.seq)
    assert frame["server_time"] == "2026-11-21T03:04:05Z"
    shown = {unit["unit"]: unit for unit in frame["units"]}
    assert shown.keys() == set(UNITS)
    assert shown["ambulans-01"]["position"] is None
    assert shown["ambulans-01"]["online"] is None
    assert shown["ambulans-02"]["position"]["fix_time"] == "2026-11-21T03:04:06Z"
    assert max(unit["seq"] for unit in frame["units"]) == frame["seq"]


def test_every_position_carries_its_times_quality_and_source() -> None:
    """What the dispatcher needs to trust it, in the fields of the contract."""
    made = picture()
    made.apply(
        "ambulans-01", "modem", fix(1, Quality.NOT_MEASURED | Quality.ROLLOVER_REPAIRED), START + timedelta(seconds=2)
    )
    (shown,) = [unit for unit in read(made.snapshot(START))["units"] if unit["position"]]
    assert shown["position"] == {
        "latitude": -7.15, "longitude": 111.88, "altitude_m": None, "speed_mps": None, "course_deg": None,
        "fix_time": "2026-11-21T03:04:06Z", "received_at": "2026-11-21T03:04:07Z", "source": "modem",
        "quality": ["rollover-repaired", "not-measured"], "mode": None, "satellites": None, "hdop": None,
        "horizontal_error_m": None,
    }  # fmt: skip


def test_an_older_fix_never_moves_a_marker_back() -> None:
    """The backlog arrives after the live fixes, in any order; an equal time moves nothing either."""
    made = picture()
    assert made.apply("ambulans-01", "gnss", fix(10, latitude=-7.10), START)
    before = made.seq
    assert not made.apply("ambulans-01", "gnss", fix(9, latitude=-7.09), START)
    assert not made.apply("ambulans-01", "gnss", fix(10, latitude=-7.11), START)
    assert (place(made, "ambulans-01"), made.seq) == (-7.10, before)


def test_no_fix_of_an_unusable_quality_moves_a_marker() -> None:
    """Null island, future, past and disputed dates: a fix of 2080 would hold the marker for half a century."""
    for flag in UNUSABLE:
        made = picture()
        assert not made.apply("ambulans-01", "gnss", fix(10**6, flag), START)
        assert made.apply("ambulans-01", "gnss", fix(1), START)
        assert place(made, "ambulans-01") == -7.15


def test_flags_that_are_only_notes_do_move_it() -> None:
    """A repaired date or a reckoned position is better than none."""
    for flag in set(Quality) - set(UNUSABLE):
        made = picture()
        assert made.apply("ambulans-01", "gnss", fix(1, flag), START)


def test_a_unit_that_nobody_enrolled_is_not_shown() -> None:
    """Neither by its fixes nor by its presence."""
    made = picture()
    before = made.seq
    assert not made.apply("stranger", "gnss", fix(1), START)
    made.present("stranger", Presence(online=True))
    assert made.state("stranger") is None
    assert made.seq == before


def test_what_a_unit_said_before_it_was_enrolled_is_not_forgotten() -> None:
    """Presence is retained and is heard once: enrolment may come after it. The newest word counts."""
    made = picture()
    made.present("early", Presence(online=True, interval_s=30.0))
    made.present("early", Presence(online=False, interval_s=30.0))
    made.enrol([("early", "Early", "ambulance")])
    state = made.state("early")
    assert state is not None
    assert (state.online, state.report_interval_s, state.stale_after_s) == (False, 30.0, 70.0)


def test_strangers_do_not_fill_the_memory_nor_make_old_news_of_new() -> None:
    """Only so many are remembered; of those the newest word, even when the room is full."""
    made = picture()
    for number in range(MAX_EARLY + 10):
        made.present(f"stranger-{number}", Presence(online=True))
    made.present("stranger-0", Presence(online=False))
    made.enrol([("stranger-0", "0", "x"), (f"stranger-{MAX_EARLY + 5}", "5", "x")])
    first, late = made.state("stranger-0"), made.state(f"stranger-{MAX_EARLY + 5}")
    assert first is not None
    assert late is not None
    assert (first.online, late.online) == (False, None)


def test_a_unit_that_takes_fixes_after_it_was_said_to_be_gone_is_not_shown_as_gone() -> None:
    """A retained "offline" of a device that was replaced: nobody takes it back. A fix of before it, delivered late,
    contradicts nothing; a word after the fix counts again; the same word heard at a reconnect is not another one."""
    made = picture()
    gone = Presence(online=False, interval_s=30.0)
    made.present("ambulans-01", gone, START + timedelta(seconds=10))
    told = []
    for second in (9, 11):
        made.apply("ambulans-01", "gnss", fix(second), START + timedelta(seconds=20))
        told.append(made.online("ambulans-01"))
    made.present("ambulans-01", gone, START + timedelta(seconds=30))
    state = made.state("ambulans-01")
    assert state is not None
    assert (*told, state.online, state.report_interval_s) == (False, None, None, 30.0)
    made.present("ambulans-01", Presence(online=True), START + timedelta(seconds=40))
    made.present("ambulans-01", gone, START + timedelta(seconds=50))
    assert made.online("ambulans-01") is False


def test_saying_the_same_again_is_no_change() -> None:
    """Enrolment is read every ten seconds, presence again at each reconnect: nobody is woken for it."""
    made = picture()
    made.present("ambulans-01", Presence(online=True))
    before = made.seq
    with made.watch() as changed:
        made.present("ambulans-01", Presence(online=True))
        made.enrol((unit, unit.title(), "ambulance") for unit in UNITS)
        assert not changed.is_set()
    assert made.seq == before


def test_a_renamed_unit_keeps_its_position() -> None:
    """The new name is a change; where it is, is not forgotten."""
    made = picture()
    made.apply("ambulans-01", "gnss", fix(1), START)
    since = made.seq
    made.enrol([("ambulans-01", "Melati", "motorcycle")])
    (shown,) = read(made.changes(since, START))["units"]
    assert (shown["name"], shown["kind"], shown["position"]["latitude"]) == ("Melati", "motorcycle", -7.15)


def test_two_pictures_never_have_the_same_stream() -> None:
    """A restarted gateway counts from one again: nobody may resume across."""
    assert LivePicture().stream != LivePicture().stream


def test_a_heartbeat_says_where_the_numbers_stand_and_nothing_else() -> None:
    """So that a client sees that it missed nothing."""
    made = picture()
    assert read(made.heartbeat(START)) == {
        "type": "heartbeat", "stream": made.stream, "seq": made.seq, "server_time": "2026-11-21T03:04:05Z",
    }  # fmt: skip


Step = tuple[str, int, int]
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("fix"), st.integers(0, 2), st.integers(0, 30)),
        st.tuples(st.just("bad"), st.integers(0, 2), st.integers(0, 1000)),
        st.tuples(st.just("presence"), st.integers(0, 2), st.integers(0, 1)),
        st.tuples(st.just("rename"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.sampled_from(["read", "resume", "again"]), st.integers(0, 2), st.just(0)),
    ),
    max_size=60,
)


class Watcher:
    """A client that applies what the contract says, and complains where the server breaks it."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.units: dict[str, dict[str, Any]] = {}

    def read(self, made: LivePicture) -> None:
        """The next frame of its socket."""
        if self.seq is None:
            frame = read(made.snapshot(START))
            self.units = {}
        else:
            frame = read(made.changes(self.seq, START))
            assert frame["from"] == self.seq, "a gap"
            assert all(unit["seq"] > self.seq for unit in frame["units"]), "old news"
        assert frame["seq"] >= (self.seq or 0)
        numbers = [unit["seq"] for unit in frame["units"]]
        assert numbers == sorted(set(numbers))
        assert all(number <= frame["seq"] for number in numbers)
        for unit in frame["units"]:
            held = self.units.get(unit["unit"])
            if held and held["position"]:
                assert unit["position"]["fix_time"] >= held["position"]["fix_time"], "moved back"
            self.units[unit["unit"]] = unit
        self.seq = frame["seq"]


@given(_steps)
def test_whoever_reads_when_ever_sees_the_newest_of_each_unit(steps: list[Step]) -> None:
    """Any interleaving of changes and of three clients that read at their own speed, resume, or start again: after a
    read each knows exactly what the picture holds, and no frame lost or repeated anything."""
    made = picture()
    watchers = [Watcher() for _ in range(3)]
    newest: dict[str, int] = {}
    for what, who, value in steps:
        unit = UNITS[who]
        if what == "fix":
            moved = made.apply(unit, "gnss", fix(value, latitude=-7 - value / 100), START)
            assert moved == (value > newest.get(unit, -1))
            newest[unit] = max(value, newest.get(unit, -1))
        elif what == "bad":
            assert not made.apply(unit, "gnss", fix(value, Quality.FUTURE), START)
        elif what == "presence":
            made.present(unit, Presence(online=bool(value)))
        elif what == "rename":
            made.enrol([(unit, f"name {value}", "ambulance")])
        elif what == "again":
            watchers[who] = Watcher()
        else:
            watchers[who].read(made)
            assert watchers[who].units == {each["unit"]: each for each in read(made.snapshot(START))["units"]}
    for unit in UNITS:
        expected = None if unit not in newest else -7 - newest[unit] / 100
        assert place(made, unit) == expected


@given(_steps)
def test_numbers_only_rise_and_no_two_units_share_one(steps: list[Step]) -> None:
    """That is what makes "what changed since" a question with one answer."""
    made = picture()
    last = made.seq
    for what, who, value in steps:
        if what == "fix":
            made.apply(UNITS[who], "gnss", fix(value), START)
        elif what == "presence":
            made.present(UNITS[who], Presence(online=bool(value)))
        assert made.seq >= last
        last = made.seq
        numbers = [state.seq for state in made.states()]
        assert len(set(numbers)) == len(numbers)
        assert max(numbers) == made.seq
