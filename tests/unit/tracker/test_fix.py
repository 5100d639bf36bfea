"""The flags of a fix, as numbers, words and permission to move a marker."""

from itertools import combinations

from tracker.errors import BadInput, Reason
from tracker.fix import UNUSABLE, Mode, Quality, Solution


def test_good_has_no_reasons_and_is_usable() -> None:
    """Zero is good, and nothing else is."""
    assert Quality.GOOD.value == 0
    assert Quality.GOOD.usable
    assert Quality.GOOD.reasons == []


def test_every_flag_has_its_own_bit_and_word() -> None:
    """Counters and API go by the words, the database by the bits."""
    assert [flag.value for flag in Quality] == [1 << place for place in range(len(Quality))]
    assert len({flag.reasons[0] for flag in Quality}) == len(Quality)
    assert Quality.NULL_ISLAND.reasons == ["null-island"]


def test_reasons_of_any_two_flags_are_both_their_words() -> None:
    """In the order of the bits, none lost."""
    for one, other in combinations(Quality, 2):
        assert (one | other).reasons == one.reasons + other.reasons


def test_one_unusable_flag_is_enough() -> None:
    """Whatever else is known of the fix."""
    for flag in Quality:
        assert flag.usable == (flag not in UNUSABLE)
        assert (flag | Quality.NOT_MEASURED).usable == flag.usable
    assert Quality(sum(UNUSABLE)) == UNUSABLE


def test_modes_and_solutions_are_the_numbers_of_the_standard() -> None:
    """They are stored as such: GSA field 2, GGA field 6."""
    assert [mode.value for mode in Mode] == [2, 3]
    assert [solution.value for solution in Solution] == list(range(1, 9))


def test_a_bad_input_says_its_reason_and_its_detail_in_one_line() -> None:
    """It carries both as values, too."""
    error = BadInput(Reason.CHECKSUM, "the checksum does not match")
    assert (error.reason, error.detail) == (Reason.CHECKSUM, "the checksum does not match")
    assert str(error) == "checksum: the checksum does not match"


def test_reasons_are_words_for_a_url_and_a_column() -> None:
    """Lower case with hyphens, none twice."""
    assert all(reason.value.replace("-", "").isalpha() and reason.value.islower() for reason in Reason)
    assert len({reason.value for reason in Reason}) == len(Reason)
