"""A broker that answers without a centre behind it is noticed, once."""

import pytest

from fieldunit.agent.centre_watch import PATIENCE_S, CentreWatch
from fieldunit.agent.unit import Report
from fieldunit.uplink.delivery import Tally


class Listener:
    """A unit of which only the connection matters."""

    name = "a"

    def __init__(self) -> None:
        self.up = False
        self.gateway: bool | None = None

    def report(self, report: Report) -> None:
        raise NotImplementedError

    def report_past(self, reports: object) -> None:
        raise NotImplementedError

    def silence(self) -> None:
        raise NotImplementedError

    def tally(self) -> Tally:
        raise NotImplementedError


class Stage:
    """Two units, a watch, a clock set by hand, and what was said."""

    def __init__(self) -> None:
        self.now = 0.0
        self.units = [Listener(), Listener()]
        self.watch = CentreWatch("surabaya", self.units, lambda: self.now)
        self.said: list[str] = []

    def pass_time(self, seconds: float) -> None:
        self.watch.look(self.said.append)
        self.now += seconds
        self.watch.look(self.said.append)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_centre_without_a_gateway_is_told_once(stage: Stage) -> None:
    """After the time that a retained presence needs by far, and at the end."""
    stage.pass_time(100)
    assert (stage.said, stage.watch.verdict()) == ([], None), "without a broker nobody can know"
    stage.units[0].up = True
    stage.pass_time(PATIENCE_S - 0.1)
    assert stage.said == []
    stage.pass_time(60)
    sentence = "no gateway of centre 'surabaya' has said that it is there; fixes wait in the outbox"
    assert (stage.said, stage.watch.verdict()) == ([sentence], sentence)


def test_one_unit_that_hears_the_gateway_is_enough(stage: Stage) -> None:
    """Presence comes to each connection at its own time."""
    stage.units[0].up = stage.units[1].up = stage.units[1].gateway = True
    stage.pass_time(60)
    assert (stage.said, stage.watch.verdict()) == ([], None)


def test_a_gateway_that_has_left_is_told_as_such(stage: Stage) -> None:
    """Its name is right: it is not running."""
    stage.units[0].up, stage.units[0].gateway = True, False
    stage.pass_time(PATIENCE_S)
    assert stage.said == ["the gateway of centre 'surabaya' has said that it is away; fixes wait in the outbox"]


def test_the_first_moment_of_a_connection_is_no_evidence(stage: Stage) -> None:
    """A short run may end before the broker has told anything."""
    stage.units[0].up = True
    stage.pass_time(0.1)
    assert stage.watch.verdict() is None
