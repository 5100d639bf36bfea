"""What the crew does is kept before it is answered, sent once, and shown as received when it is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fieldunit.crew.cab import Refused
from fieldunit.crew.settings import ButtonSettings, CrewSettings
from tests.cab_double import NOON, CabDouble, surroundings
from tracker.wire.command import EmergencyAck
from tracker.wire.reports import Answer, Clock, CrewStatus, Emergency, Report, Source, Status


@pytest.fixture
def double(tmp_path: Path) -> Iterator[CabDouble]:
    """Nothing said yet."""
    made = CabDouble(tmp_path)
    yield made
    made.close()


def statuses(said: list[Report]) -> list[CrewStatus]:
    return [each.status for each in said if isinstance(each, Status)]


def test_every_status_goes_out_with_its_time_and_its_clock(double: CabDouble) -> None:
    """In order."""
    for second, status in enumerate(CrewStatus):
        double.at = NOON + timedelta(seconds=second)
        double.cab.press_status(status)
    assert statuses(double.said) == list(CrewStatus)
    assert [each.at for each in double.said] == [NOON + timedelta(seconds=second) for second in range(len(CrewStatus))]
    assert {each.clock for each in double.said} == {Clock.GNSS}
    assert double.cab.status is CrewStatus.OUT_OF_SERVICE


def test_a_press_that_waited_in_the_tablet_has_the_time_of_the_finger(double: CabDouble) -> None:
    """Not that of its arrival; and the newest by finger is the status."""
    double.cab.press_status(CrewStatus.ON_SCENE)
    double.cab.press_status(CrewStatus.EN_ROUTE, ago_s=90.0)
    assert [each.at for each in double.said] == [NOON, NOON - timedelta(seconds=90)]
    assert double.cab.status is CrewStatus.ON_SCENE


def test_the_same_press_twice_is_one(double: CabDouble) -> None:
    """A page that did not hear the answer sends it again, also after a restart."""
    double.cab.press_status(CrewStatus.EN_ROUTE, "0123456789abcdef")
    double.cab.press_status(CrewStatus.EN_ROUTE, "0123456789abcdef", 5.0)
    double.restart()
    double.cab.press_status(CrewStatus.EN_ROUTE, "0123456789abcdef", 9.0)
    assert len(double.said) == 1


def test_it_is_shown_as_received_when_the_centre_has_it(double: CabDouble) -> None:
    """And still after a restart; also where the receipt was heard by nobody."""
    double.cab.press_status(CrewStatus.EN_ROUTE)
    view = double.cab.view(surroundings())
    assert (view["waiting"], view["presses"][0]["received"]) == (1, False)
    double.receive()
    for _ in range(2):
        view = double.cab.view(surroundings())
        assert (view["waiting"], view["presses"][0]["received"]) == (0, True)
        double.restart()
    double.cab.press_status(CrewStatus.ON_SCENE)
    double.outbox.delete([(0, 10**9)])  # receipted as the power went
    double.restart()
    assert double.cab.view(surroundings())["waiting"] == 0


def test_a_receipt_that_nobody_heard_is_found_out(double: CabDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """It came while the unit started and the cab did not listen yet: the outbox is asked now and then."""
    double.cab.press_status(CrewStatus.EN_ROUTE)
    double.cab.look()
    double.outbox.delete([(0, 10**9)])
    double.cab.look()
    assert double.cab.view(surroundings())["waiting"] == 1, "it has just been asked"
    monkeypatch.setattr(double.cab, "_ask_at", 0.0)
    double.cab.look()
    assert double.cab.view(surroundings())["waiting"] == 0


@pytest.mark.parametrize("cut_before", ["outbox", "note"])
def test_a_power_cut_between_finger_and_outbox_loses_nothing_and_says_nothing_twice(
    double: CabDouble, monkeypatch: pytest.MonkeyPatch, cut_before: str
) -> None:
    """Between the disk and the outbox, and between the outbox and the note of its number."""

    class PowerCutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise PowerCutError

    if cut_before == "outbox":
        monkeypatch.setattr(double, "report_status", cut)
    else:
        given = double.cab.store.press
        calls = iter((given, cut))
        monkeypatch.setattr(double.cab.store, "press", lambda *what: next(calls)(*what))
    with pytest.raises(PowerCutError):
        double.cab.press_status(CrewStatus.EN_ROUTE)
    monkeypatch.undo()
    double.restart()
    assert statuses(double.said) == [CrewStatus.EN_ROUTE]
    assert double.said[0].at == NOON
    double.restart()
    assert len(double.said) == 1


def test_another_outbox_is_given_what_the_centre_never_confirmed(double: CabDouble, tmp_path: Path) -> None:
    """The file was moved away: its numbers mean nothing in the new one."""
    double.cab.press_status(CrewStatus.EN_ROUTE)
    double.cab.store.close()
    double.outbox.close()
    for path in tmp_path.glob("unit.outbox*"):
        path.unlink()
    double.start()
    assert statuses(double.said) == [CrewStatus.EN_ROUTE]


def test_a_status_names_the_mission_and_available_ends_it_here(double: CabDouble) -> None:
    """What is said afterwards names it no more."""
    double.command(double.assignment())
    for status in (CrewStatus.EN_ROUTE, CrewStatus.AVAILABLE, CrewStatus.OUT_OF_SERVICE):
        double.cab.press_status(status)
    assert [each.mission for each in double.said if isinstance(each, Status)] == ["m-1", "m-1", None]
    assert double.cab.card is not None
    assert double.cab.card.answer == "finished"


def test_accepting_says_so_and_acknowledges(double: CabDouble) -> None:
    """An answer, and the status that goes with it."""
    double.command(double.assignment())
    double.cab.answer("m-1", accepted=True)
    answer, status = double.said
    assert isinstance(answer, Answer)
    assert answer.accepted
    assert isinstance(status, Status)
    assert (status.status, status.mission) == (CrewStatus.ACKNOWLEDGED, "m-1")


def test_refusing_needs_a_reason_and_the_mission_that_is_shown(double: CabDouble) -> None:
    """A refusal of yesterday's mission must not hit today's."""
    with pytest.raises(Refused):
        double.cab.answer("m-1", accepted=False, reason="ban bocor")
    double.command(double.assignment())
    for mission, reason in (("m-0", "ban bocor"), ("m-1", "  ")):
        with pytest.raises(Refused):
            double.cab.answer(mission, accepted=False, reason=reason)
    assert double.said == []
    double.cab.answer("m-1", accepted=False, reason="ban bocor")
    (answer,) = double.said
    assert isinstance(answer, Answer)
    assert (answer.accepted, answer.reason) == (False, "ban bocor")


def alarms(said: list[Report]) -> list[tuple[bool, int]]:
    """Each emergency report: raised, and seconds since it was raised first."""
    return [
        (each.raised, round((each.at - each.since).total_seconds())) for each in said if isinstance(each, Emergency)
    ]


def test_an_emergency_is_repeated_until_it_is_acknowledged(double: CabDouble) -> None:
    """Each repeat is a report of its own and names the same alarm; over a restart; the command ends it."""
    double.cab.emergency(True)
    assert alarms(double.receive()) == [(True, 0)]
    for second in (15, 30, 45):
        double.wait(14)
        assert double.receive() == []
        double.wait(1)
        assert alarms(double.receive()) == [(True, second)]
        double.restart()
    double.command(EmergencyAck(**double.head(), since=NOON))
    assert double.cab.view(surroundings())["emergency"]["acknowledged"]
    for _ in range(10):
        double.wait(15)
    assert double.receive() == []
    double.cab.emergency(False)
    assert alarms(double.receive()) == [(False, 195)]
    assert not double.cab.in_emergency


def test_without_a_network_the_emergency_does_not_fill_the_outbox(double: CabDouble) -> None:
    """The outbox sends the one that waits by itself; once the centre has it, repeating goes on."""
    double.cab.emergency(True)
    for _ in range(100):
        double.wait(15)
    assert len(double.said) == 1
    double.receive()
    double.wait(15)
    assert len(double.said) == 1


def test_an_acknowledgement_of_another_emergency_ends_nothing(double: CabDouble) -> None:
    """It was of yesterday's."""
    double.cab.emergency(True)
    (reply,) = double.command(EmergencyAck(**double.head(), since=NOON - timedelta(days=1)))
    assert reply.detail == "that emergency is over"
    double.receive()
    double.wait(15)
    assert len(double.said) == 1


def test_pressing_again_after_it_was_seen_raises_another(double: CabDouble) -> None:
    """It is worse now: a new alarm with a name of its own."""
    double.cab.emergency(True)
    double.command(EmergencyAck(**double.head(), since=NOON))
    double.at += timedelta(seconds=100)
    double.cab.emergency(True)
    raised = [each for each in double.said if isinstance(each, Emergency)]
    assert [each.since for each in raised] == [NOON, NOON + timedelta(seconds=100)]


def test_taking_back_what_was_never_raised_says_nothing(double: CabDouble) -> None:
    """Two tablets, one finger each."""
    assert double.cab.emergency(False) is None
    assert double.said == []


def test_a_clock_that_was_set_back_still_repeats(double: CabDouble) -> None:
    """GNSS time came and the system's was ahead."""
    double.cab.emergency(True)
    double.receive()
    double.at -= timedelta(hours=3)
    double.cab.look()
    assert len(double.receive()) == 1
    double.wait(15)
    assert len(double.receive()) == 1


def test_wired_buttons_are_presses(tmp_path: Path) -> None:
    """On the way down only; what is wired to nothing of the crew's is not the cab's business."""
    buttons = (ButtonSettings(input="key-1", means="on-scene"), ButtonSettings(input="key-9", means="emergency"))
    double = CabDouble(tmp_path, CrewSettings(button=buttons))
    for name in ("key-1", "key-9", "siren"):
        double.cab.input_changed(name, True)
        double.cab.input_changed(name, False)
    status, emergency = double.said
    assert isinstance(status, Status)
    assert status.status is CrewStatus.ON_SCENE
    assert isinstance(emergency, Emergency)
    assert emergency.source is Source.INPUT
    double.close()


def test_a_disk_that_takes_nothing_does_not_take_the_buttons_away(double: CabDouble) -> None:
    """It is said, shown, and what matters is in the outbox all the same."""
    double.cab.store.close()
    double.folder.joinpath("crew.sqlite").unlink()
    double.folder.joinpath("crew.sqlite").mkdir()
    double.cab.press_status(CrewStatus.EN_ROUTE)
    assert statuses(double.said) == [CrewStatus.EN_ROUTE]
    view = double.cab.view(surroundings())
    assert not view["kept"]
    assert len(double.troubles) == 1
    (reply,) = double.command(double.assignment())
    assert (reply.outcome, double.cab.card is not None) == ("received", True), "the centre goes on sending it"
    double.folder.joinpath("crew.sqlite").rmdir()
    (reply,) = double.command(double.assignment(n=1))
    assert reply.outcome == "done"
    assert double.cab.store.kept


def test_the_thread_of_the_cab_ends_with_it(tmp_path: Path) -> None:
    """And takes receipts as they come."""
    double = CabDouble(tmp_path)
    double.cab.start()
    double.cab.press_status(CrewStatus.AVAILABLE)
    double.receive()
    double.cab.check()
    double.close()
    assert not double.cab._thread.is_alive()
