"""What the person at the terminal sees. Progress goes to standard error; standard output has the address and
the account.

Where nobody watches, plain lines are printed, and the live line is left out.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from gateway.demo.report import Report


class Display:
    """Progress while the demo sets up, one changing line while it runs."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def step(self, doing: str) -> None:
        """Something that takes a moment begins."""
        if self._status is None:
            self._console.print(f"{doing} …", markup=False)
        else:
            self._status.update(doing)

    def done(self, what: str) -> None:
        """It is done."""
        self._console.print(f"✓ {what}", markup=False, soft_wrap=True)

    def moved(self, port: int, what: str, address: str) -> None:
        """A server had to go elsewhere than where people look for it."""
        self._console.print(
            f"port {port} is taken by another program; the {what} is at {address}", markup=False, soft_wrap=True
        )

    def live(self, units: int, of: int, stored: int | None, median_ms: float | None) -> None:
        """Renew the live line.

        Args:
            units: with a fresh position.
            of: all of them.
            stored: fixes since the gateway's start; None if it did not say.
            median_ms: from vehicle to board, of the last fixes; None before the first.
        """
        if self._status is not None:
            self._status.update(live_line(units, of, stored, median_ms))

    def explain(self, report: Report) -> None:
        """Say what the last line has no room for."""
        if report.waiting:
            self._console.print(
                f"{report.waiting} fixes wait in the outboxes of their units: not delivered, and not lost", markup=False
            )
        if report.lost:
            self._console.print(f"{report.lost} fixes are neither stored nor on their unit: LOST", markup=False)
        self._console.print(f"latency measured on {report.seen} of {report.sent} fixes", markup=False)


def live_line(units: int, of: int, stored: int | None, median_ms: float | None) -> str:
    """The live line without its spinner; see `Display.live`. A line that a terminal of 80 columns breaks is drawn
    again and again instead of changing.
    """
    parts = [f"{units} of {of} live"]
    if stored is not None:
        parts.append(f"{stored:,} stored")
    if median_ms is not None:
        parts.append(f"{median_ms:.0f} ms to the board")
    return " · ".join([*parts, "Ctrl-C stops"])
