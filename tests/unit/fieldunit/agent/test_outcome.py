"""What a run says of itself at its end."""

from fieldunit.agent import outcome
from fieldunit.uplink.delivery import Tally


def test_what_the_centre_keeps_apart_is_counted_apart() -> None:
    """The fates of what was receipted, in every line."""
    tallies = [Tally(9, 9, 0, quarantined=2, declined=1), Tally(4, 3, 1, quarantined=3)]
    assert outcome.line("units=2", outcome.total(tallies)) == (
        "units=2 sent=13 receipted=12 waiting=1 quarantined=5 declined=1"
    )


def test_a_bare_device_knows_nothing_of_the_centre() -> None:
    """It gets no receipts: no count is better than a 0."""
    assert outcome.line("unit=a", Tally(3, 2, 0, 1), bare=True) == "unit=a sent=3 receipted=2 waiting=0 lost=1"


def test_only_a_unit_of_which_nothing_was_taken_is_asked_whether_it_is_enrolled() -> None:
    """A few refused fixes of a known unit have other reasons."""
    known = Tally(9, 9, 0, quarantined=1)
    assert outcome.quarantine_sentence({"a": Tally(9, 9, 0)}) is None
    assert outcome.quarantine_sentence({"a": known}) == (
        "1 fix lies in the centre's quarantine and not in its tracks; `sigap quarantine` there says why"
    )
    strange = outcome.quarantine_sentence({"a": known, "b": Tally(9, 8, 1, quarantined=8)})
    assert strange is not None
    assert strange.endswith("says why (is the unit enrolled? `sigap enrol b`)")
    assert strange.startswith("9 fixes lie")
