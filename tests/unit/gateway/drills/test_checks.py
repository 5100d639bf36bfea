"""What a drill says of what it promised."""

import pytest

from gateway.drills.checks import Checks, UnknownClauseError
from gateway.drills.plans import PLANS


def test_each_clause_is_a_line_and_one_that_does_not_hold_fails_the_drill() -> None:
    """The line has the clause's name and what was seen."""
    said: list[str] = []
    check = Checks(("it is there", "it moves"), said.append)
    assert check("it is there", [1], "one")
    assert not check("it moves", None, "0 m")
    assert said == ["ok it is there: one", "FAILED it moves: 0 m"]
    assert (check.held, check.failed) == (1, 1)
    assert not check.finish("never needed")


def test_what_was_promised_and_never_seen_has_failed() -> None:
    """A drill that breaks off does not pass by saying nothing."""
    said: list[str] = []
    check = Checks(("it is there", "it moves"), said.append)
    check("it is there", True, "one")
    assert not check.finish("the part broke off")
    assert said[-1] == "FAILED it moves: not seen: the part broke off"


def test_nothing_is_checked_that_was_not_promised_and_nothing_twice() -> None:
    """A clause under another name, or a second time, is a fault of the drill."""
    check = Checks(("it is there",), lambda _: None)
    with pytest.raises(UnknownClauseError, match="it flies"):
        check("it flies", True, "")
    check("it is there", True, "")
    with pytest.raises(UnknownClauseError):
        check("it is there", True, "")
    assert check.finish("")


def test_every_centre_has_a_drill_of_fifteen_clauses_and_more() -> None:
    """Each clause once."""
    assert sorted(PLANS) == ["banyuwangi", "bojonegoro", "jambi", "ppu", "sumsel"]
    for plan in PLANS.values():
        assert len(set(plan.clauses)) == len(plan.clauses) >= 15
