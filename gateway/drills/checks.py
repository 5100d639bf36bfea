"""What must hold in a drill, each under the name of its clause; nothing that was promised may go unsaid."""

from collections.abc import Callable, Sequence


class UnknownClauseError(Exception):
    """The drill checks what it has not promised."""


class Checks:
    """Prints a line for each clause as it is seen: `ok name: what was seen`, or `FAILED name: what was seen`.

    Args:
        clauses: everything that will be checked.
        say: prints a line.
    """

    def __init__(self, clauses: Sequence[str], say: Callable[[str], None]) -> None:
        self._say = say
        self._open = dict.fromkeys(clauses)
        self.failed = self.held = 0

    def __call__(self, clause: str, holds: object, seen: object) -> bool:
        """Say whether a clause holds.

        Raises:
            UnknownClauseError: it is not among the clauses, or was said already.
        """
        if clause not in self._open:
            raise UnknownClauseError(clause)
        del self._open[clause]
        self.failed += not holds
        self.held += bool(holds)
        self._say(f"{'ok' if holds else 'FAILED'} {clause}: {seen}")
        return bool(holds)

    def finish(self, why: str) -> bool:
        """Whether all hold; what was not seen at all has failed."""
        for clause in list(self._open):
            self(clause, False, f"not seen: {why}")
        return not self.failed
