"""Commands: each executed once, answered as often as it is sent, whatever is cut off between."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cab_double import NOON, STOPS, CabDouble, surroundings
from tracker.wire.command import (
    Arrival,
    Command,
    Configuration,
    Outcome,
    Ping,
    Rate,
    TextMessage,
    UpdateMission,
)
from tracker.wire.reports import Clock


@pytest.fixture
def double(tmp_path: Path) -> Iterator[CabDouble]:
    """Nothing said yet."""
    made = CabDouble(tmp_path)
    yield made
    made.close()


def test_every_kind_is_answered_and_executed_once(double: CabDouble) -> None:
    """Sent three times each, over a restart."""
    orders: list[Command] = [
        Ping(**double.head()),
        Rate(**double.head(), interval_s=2.0, until=NOON + timedelta(hours=1)),
        Configuration(**double.head(), settings={"sampling": {"parked_s": 120}}),
        double.assignment(),
    ]
    first = [double.command(order) for order in orders]
    assert [[reply.outcome for reply in replies] for replies in first] == [[Outcome.DONE]] * 4
    again = [double.command(order) for order in orders]
    double.restart()
    assert again == first == [double.command(order) for order in orders]
    assert double.rates == [(2.0, NOON + timedelta(hours=1), 2)]
    assert double.configured == [({"sampling": {"parked_s": 120}}, 3)]


def test_a_power_cut_before_the_reply_is_kept_does_it_again_under_the_same_number(
    double: CabDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handlers do not mind: the number says that it is the same."""

    class PowerCutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise PowerCutError

    order = Rate(**double.head(), interval_s=2.0)
    monkeypatch.setattr(double.cab.store, "command", cut)
    with pytest.raises(PowerCutError):
        double.command(order)
    monkeypatch.undo()
    double.restart()
    assert double.command(order)[0].outcome is Outcome.DONE
    assert double.rates == [(2.0, None, 1), (2.0, None, 1)]
    double.restart()
    double.command(order)
    assert len(double.rates) == 2


def test_what_a_handler_refuses_is_refused_with_its_reason(double: CabDouble) -> None:
    """And what breaks in it has failed, and is said."""

    def refuse(_settings: dict[str, Any], _n: int) -> str:
        raise ValueError("there is no section 'engine'")

    def break_down(_settings: dict[str, Any], _n: int) -> str:
        raise RuntimeError("no")

    for configure, outcome in ((refuse, Outcome.REFUSED), (break_down, Outcome.FAILED)):
        double.configure = configure
        (reply,) = double.command(Configuration(**double.head(), settings={"engine": {}}))
        assert reply.outcome is outcome
    assert len(double.troubles) == 1


def test_what_came_too_late_is_not_done_if_the_time_is_known(double: CabDouble) -> None:
    """A system clock may be hours ahead: it has no say."""
    order = Rate(**double.head(expires_in_s=60), interval_s=2.0)
    double.at += timedelta(seconds=61)
    assert double.command(order)[0].outcome is Outcome.EXPIRED
    double.clock = Clock.SYSTEM
    assert double.command(Rate(**double.head(expires_in_s=-60), interval_s=3.0))[0].outcome is Outcome.DONE
    assert [rate[0] for rate in double.rates] == [3.0]


def test_a_message_is_received_until_somebody_has_read_it(double: CabDouble) -> None:
    """Sent again it is not shown twice; once read it is done, also after a restart."""
    order = TextMessage(**double.head("pesan-1"), text="Bensin di SPBU Kalitidu", urgent=True)
    assert double.command(order)[0].outcome is Outcome.RECEIVED
    double.restart()
    assert double.command(order)[0].outcome is Outcome.RECEIVED
    (shown,) = double.cab.view(surroundings())["messages"]
    assert (shown.text, shown.urgent, shown.read) == ("Bensin di SPBU Kalitidu", True, False)
    double.replies.clear()
    double.cab.read_message("pesan-1")
    assert [(reply.id, reply.outcome) for reply in double.replies] == [("pesan-1", Outcome.DONE)]
    double.restart()
    assert double.command(order)[0].outcome is Outcome.DONE


def test_the_card_follows_the_highest_number_in_any_order(double: CabDouble) -> None:
    """An assignment that comes late does not take back what came after it."""
    first, second = double.assignment("m-1"), double.assignment("m-2", "gang buntu")
    double.command(second)
    assert double.command(first)[0].detail == "a newer command holds"
    card = double.cab.card
    assert card is not None
    assert (card.mission, card.notes, card.stops) == ("m-2", "gang buntu", STOPS)


def test_updates_change_what_they_name(double: CabDouble) -> None:
    """Notes, stops, urgency, state; an older one changes nothing; another mission's neither."""
    double.command(double.assignment())
    older = UpdateMission(**double.head(), mission="m-1", notes="tua")
    double.command(UpdateMission(**double.head(), mission="m-1", notes="baru", stops=STOPS[:1], urgency="urgent"))
    double.command(UpdateMission(**double.head(), mission="m-1", state="at-scene"))
    double.command(older)
    double.command(UpdateMission(**double.head(), mission="m-9", notes="lain"))
    card = double.cab.card
    assert card is not None
    assert (card.notes, len(card.stops), card.urgency, card.state) == ("baru", 1, "urgent", "at-scene")


def test_arrival_times_have_an_order_of_their_own(double: CabDouble) -> None:
    """An arrival time that overtakes other news does not make it old, and the newest arrival time stays."""
    double.command(double.assignment())
    news = UpdateMission(**double.head(), mission="m-1", notes="baru")
    soon, sooner = (
        UpdateMission(**double.head(), mission="m-1", eta=Arrival(1.0, p50, 900.0, NOON)) for p50 in (100.0, 50.0)
    )
    for order in (sooner, soon, news):
        double.command(order)
    card = double.cab.card
    assert card is not None
    assert card.eta is not None
    assert (card.notes, card.eta.p50) == ("baru", 50.0)
    double.command(UpdateMission(**double.head(), mission="m-1", eta_unknown=True))
    assert double.cab.card is not None
    assert double.cab.card.eta is None


def test_a_mission_that_is_over_is_gone_and_stays_gone(double: CabDouble) -> None:
    """Also when its assignment comes once more under another id, but from before."""
    late = double.assignment(name="c-late")
    double.command(double.assignment())
    double.command(UpdateMission(**double.head(), mission="m-1", ended=True))
    assert double.cab.card is None
    double.command(late)
    assert double.cab.card is None
    double.restart()
    assert double.cab.card is None


def test_told_again_in_full_the_crews_answer_stays(double: CabDouble) -> None:
    """The centre could not know what the unit has."""
    double.command(double.assignment())
    double.cab.answer("m-1", accepted=True)
    double.command(double.assignment(notes="lantai 2"))
    card = double.cab.card
    assert card is not None
    assert (card.answer, card.notes) == ("accepted", "lantai 2")


def test_what_cannot_be_read_is_said_and_answered_where_it_has_an_id(double: CabDouble) -> None:
    """A newer centre learns that this unit does not know its command."""
    double.cab.command(b'{"id":"c-9","kind":"dance","n":1,"issued_at":"2026-11-22T05:00:00Z"}')
    double.cab.command(b"\xff")
    assert [(reply.id, reply.outcome) for reply in double.replies] == [("c-9", Outcome.FAILED)]
    assert len(double.troubles) == 2
