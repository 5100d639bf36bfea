"""What the centre changes about the sampling: checked, kept over a restart, and never half."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldunit.agent.sections import SettingError
from fieldunit.agent.steering import Steering
from fieldunit.sampling.policy import Rule
from fieldunit.sampling.settings import BudgetSettings, SamplingSettings
from fieldunit.sampling.situation import Situation

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)


def steering(folder: Path, sentences: list[str] | None = None, sampling: SamplingSettings | None = None) -> Steering:
    told: list[str] = [] if sentences is None else sentences
    return Steering(sampling or SamplingSettings(), BudgetSettings(), folder, NOW, told.append)


def interval(of: Steering, situation: Situation = Situation.PARKED, now: datetime = NOW) -> float | None:
    return of.decide(situation, now).rule.interval_s


def test_a_configuration_survives_a_restart(tmp_path: Path) -> None:
    """Only the lines that were named change; the file's values come back when the centre says so."""
    first = steering(tmp_path)
    assert first.configure({"sampling": {"parked_s": 120}}, 1) == "set"
    assert first.configure({"sampling": {"on_call_s": 3}, "budget": {"bytes_per_day": 1_000_000}}, 2) == "set"
    again = steering(tmp_path)
    assert interval(again) == 120
    assert interval(again, Situation.ON_CALL) == 3
    assert interval(again, Situation.DRIVING) == 10
    assert again.budget.limit == 1_000_000
    again.configure({"reset": True}, 3)
    assert interval(steering(tmp_path)) == 60
    assert steering(tmp_path).budget.limit is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sampling": {"parked_s": 120, "on_call_s": "soon"}}, "seconds between fixes during a mission"),
        ({"sampling": {"parked_s": 120, "parkd_s": 1}}, "did you mean parked_s"),
        ({"sampling": {"parked_s": 120}, "broker": {"address": "evil:1883"}}, "there is no section 'broker' to set"),
        ({"sampling": 5}, "is no section"),
        ({"budget": {"bytes_per_day": 5}}, "100000 or more"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    """Not even the lines beside it that could."""
    made = steering(tmp_path)
    with pytest.raises(SettingError, match=sentence):
        made.configure(settings, 1)
    assert interval(made) == interval(steering(tmp_path)) == 60


def test_an_order_holds_until_its_end_and_over_a_restart(tmp_path: Path) -> None:
    """Then the unit's own policy is back by itself."""
    made = steering(tmp_path)
    assert made.order(2.0, NOW + timedelta(minutes=10), 1) == "a fix each 2 s"
    assert interval(steering(tmp_path)) == 2
    assert interval(made, now=NOW + timedelta(minutes=10)) == 60
    made.order(None, None, 2)
    assert interval(steering(tmp_path)) == 60


def test_the_newer_command_holds_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    """They may come late, and twice."""
    made = steering(tmp_path)
    made.order(2.0, None, 8)
    assert made.order(30.0, None, 7) == "a newer command about the rate holds"
    made.configure({"sampling": {"parked_s": 120}}, 9)
    assert made.configure({"sampling": {"parked_s": 30}}, 6) == "a newer configuration holds"
    assert interval(made) == 2
    assert made.sampling.parked_s == 120


def test_what_was_spent_of_the_day_survives_a_restart(tmp_path: Path) -> None:
    """A unit that starts anew each hour has no new budget each hour."""
    made = steering(tmp_path)
    made.configure({"budget": {"bytes_per_day": 100_000}}, 1)
    for _ in range(200):
        made.spent(300, NOW)
    made.save(NOW)
    assert steering(tmp_path).budget.spent(NOW) == 200 * 360
    assert steering(tmp_path).budget.spent(NOW + timedelta(days=1)) == 0


def test_a_broken_memory_is_told_and_forgone(tmp_path: Path) -> None:
    """The unit's file holds, and the next command is kept again."""
    (tmp_path / "steering.json").write_bytes(b'{"settings":')
    sentences: list[str] = []
    made = steering(tmp_path, sentences)
    assert "cannot be read" in sentences[0]
    made.configure({"sampling": {"parked_s": 120}}, 1)
    assert interval(steering(tmp_path)) == 120


def test_what_was_set_once_and_cannot_be_any_more_is_told(tmp_path: Path) -> None:
    """A newer program with narrower bounds starts all the same."""
    (tmp_path / "steering.json").write_bytes(b'{"settings":{"sampling":{"parked_s":1e9}}}')
    sentences: list[str] = []
    assert interval(steering(tmp_path, sentences)) == 60
    assert "does not hold any more" in sentences[0]


def test_a_disk_that_takes_nothing_is_said_in_the_reply(tmp_path: Path) -> None:
    """The setting holds until the restart."""
    folder = tmp_path / "gone"
    folder.mkdir()
    sentences: list[str] = []
    made = steering(folder, sentences)
    folder.rmdir()
    assert made.configure({"sampling": {"parked_s": 120}}, 1) == "set, but not kept: the disk takes nothing"
    assert interval(made) == 120
    made.save(NOW)
    assert len(sentences) == 1


def test_an_interval_is_announced_when_it_is_worth_it(tmp_path: Path) -> None:
    """Not each step of a stretched one: presence costs data, too."""
    made = steering(tmp_path)
    assert [made.to_announce(Rule(each)) for each in (10.0, 10.0, 11.0, 12.4, 12.6, 60.0, 10.0)] == [
        10.0, None, None, None, 12.6, 60.0, 10.0,
    ]  # fmt: skip
