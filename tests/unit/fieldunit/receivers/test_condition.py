"""How a receiver is, in a sentence; and which of several counts."""

import pytest

from fieldunit.receivers.condition import Condition, State
from fieldunit.receivers.preference import Preference

RMC, GSV = b"$GPRMC,1*00", b"$GPGSV,3,1,11,01*00"


def opened() -> Condition:
    condition = Condition(10.0)
    condition.opened(0.0, "/dev/ttyUSB0 at 9600 baud")
    return condition


def test_nobody_is_blamed_before_it_can_be_known() -> None:
    """A receiver that talks each second is starting for some seconds, then it is something."""
    condition = opened()
    assert condition.tell(0.5)[0] is State.STARTING
    assert condition.tell(9.9)[0] is State.STARTING
    assert condition.tell(10.1)[0] is State.NO_DATA


def test_the_reasons_in_their_order() -> None:
    """Noise, no position, no fix, and all is well."""
    condition = opened()
    for second in range(1, 9):
        condition.data(float(second))
    assert condition.tell(8.0)[0] is State.WRONG_BAUD
    for second in range(9, 17):
        condition.data(float(second))
        condition.sentence(float(second), GSV)
    state, sentence = condition.tell(16.0)
    assert state is State.NO_POSITION
    assert "sends only GPGSV" in sentence
    for second in range(17, 30):
        condition.data(float(second))
        condition.sentence(float(second), RMC)
    state, sentence = condition.tell(29.0)
    assert state is State.NO_FIX
    assert "(11 satellites in view)" in sentence
    condition.fix(30.0, 7)
    assert condition.tell(30.0) == (State.OK, "fixes from /dev/ttyUSB0 at 9600 baud, 7 satellites")


def test_one_that_falls_silent_has_not_become_noise() -> None:
    """It stays what it was until it is called silent."""
    condition = opened()
    condition.data(1.0)
    condition.sentence(1.0, RMC)
    condition.fix(1.0, None)
    assert [condition.tell(at)[0] for at in (2.0, 8.0, 11.0, 11.1)] == [State.OK, State.OK, State.OK, State.NO_DATA]


def test_what_was_behind_a_port_is_forgotten_with_it() -> None:
    """Another receiver may be plugged in."""
    condition = opened()
    condition.data(1.0)
    condition.sentence(1.0, RMC)
    condition.fix(1.0, 9)
    condition.closed(State.NO_PORT, "gone")
    assert condition.tell(2.0) == (State.NO_PORT, "gone")
    condition.opened(3.0, "/dev/ttyUSB1")
    assert condition.tell(3.1)[0] is State.STARTING
    assert condition.satellites is None


@pytest.fixture
def preference() -> Preference:
    return Preference(["gnss", "modem", "phone"], [10.0, 10.0, 10.0], started=0.0)


def test_at_the_start_the_preferred_one_is_waited_for(preference: Preference) -> None:
    """A phone has its fix at once, and it is not the one that is wanted."""
    assert not preference.fix("phone", 1.0)
    assert preference.fix("gnss", 2.0)


def test_one_takes_over_when_all_better_ones_are_silent(preference: Preference) -> None:
    """And gives way at the first fix of a better one."""
    assert preference.fix("gnss", 1.0)
    assert not preference.fix("modem", 11.0)
    assert not preference.fix("phone", 11.1)
    assert preference.fix("modem", 11.2)
    assert not preference.fix("phone", 12.0)
    assert preference.fix("gnss", 13.0)
    assert not preference.fix("modem", 13.1)


def test_a_port_that_is_gone_is_not_waited_for(preference: Preference) -> None:
    """Its plug was pulled: the next one counts from its next fix."""
    assert preference.fix("gnss", 1.0)
    preference.gone("gnss", 2.0)
    assert not preference.fix("phone", 2.1)  # the modem may still come
    assert preference.fix("modem", 2.2)
