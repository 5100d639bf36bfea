"""Shows a run on a terminal: one line that changes. Where stderr is no terminal, nothing is shown."""

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from fieldunit.agent.outcome import total
from fieldunit.agent.unit import ReportingUnit

_EVERY_S = 0.5


class Progress:
    """One line on stderr.

    Args:
        what: what is under way, in a word or two.
        units: whose counts are shown.
        expected: reports there will be; None when nobody knows.
    """

    def __init__(self, what: str, units: Sequence[ReportingUnit], expected: int | None) -> None:
        self._units = units
        self._shown = 0.0
        columns = [TextColumn("{task.description}"), TimeElapsedColumn(), TextColumn("{task.fields[counts]}")]
        if expected is not None:
            columns[1:1] = [BarColumn(), MofNCompleteColumn()]
        console = Console(stderr=True)
        self._bar = Bar(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task: TaskID = self._bar.add_task(what, total=expected, counts="")

    def say(self, sentence: str) -> None:
        """Print a line above."""
        if self._bar.disable:
            print(sentence, file=sys.stderr, flush=True)
        else:
            self._bar.console.print(sentence, markup=False, highlight=False)

    def look(self, reported: int | None = None) -> None:
        """Look at the counts, if it is time."""
        if self._bar.disable or time.monotonic() - self._shown < _EVERY_S:
            return
        self._shown = time.monotonic()
        tally = total([unit.tally() for unit in self._units])
        counts = f"sent {tally.sent}, receipted {tally.receipted}, waiting {tally.waiting}"
        if tally.quarantined:
            counts += f", quarantined {tally.quarantined}"
        self._bar.update(self._task, completed=reported, counts=counts)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
