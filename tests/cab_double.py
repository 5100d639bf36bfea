"""A cab for tests, on a true outbox and without a broker: the test is the centre."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fieldunit.crew.cab import Cab, Surroundings
from fieldunit.crew.orders import Handlers
from fieldunit.crew.settings import CrewSettings
from fieldunit.outbox import Outbox, is_safe
from tracker.wire import command as wire
from tracker.wire import reports
from tracker.wire.command import Arrival, Assignment, Card, Command, Reply, Stop
from tracker.wire.reports import Clock, Report

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
STOPS = (Stop("to-scene", -7.15, 111.88, "Jl. Veteran 12"), Stop("to-hospital", -7.16, 111.9, "RSUD Sosodoro"))


class CabDouble:
    """The cab, the centre's side of it, and time. A restart begins again with what is on the disk."""

    def __init__(self, folder: Path, settings: CrewSettings | None = None) -> None:
        self.folder = folder
        self.settings = settings or CrewSettings()
        self.at, self.clock = NOON, Clock.GNSS
        self.replies: list[Reply] = []
        self.troubles: list[str] = []
        self.rates: list[tuple[float | None, datetime | None, int]] = []
        self.configured: list[tuple[dict[str, Any], int]] = []
        self.configure: Callable[[dict[str, Any], int], str] = lambda settings, n: self._configured(settings, n)
        self._n = 0
        self.start()

    def start(self) -> None:
        """As after a power cut."""
        self.outbox = Outbox(self.folder / "unit.outbox")
        self.cab = Cab(
            "ambulans-01", self.folder, self.settings, self, lambda: (self.at, self.clock),
            Handlers(self._rate, lambda settings, n: self.configure(settings, n)), self.troubles.append,
        )  # fmt: skip

    def restart(self) -> None:
        """End without a word, and start."""
        self.cab.store.close()
        self.outbox.close()
        self.start()

    def close(self) -> None:
        """Give the files free."""
        self.cab.stop()
        self.outbox.close()

    # What the cab needs of a unit

    @property
    def outbox_id(self) -> str:
        return self.outbox.id

    def report_status(self, body: bytes, device_time: datetime | None) -> int:
        return self.outbox.append_report(body, device_time)

    def is_waiting(self, seq: int) -> bool:
        return bool(self.outbox.get([seq]))

    def is_safe(self, seq: int) -> bool:
        return is_safe(seq)

    def waiting_reports(self) -> dict[bytes, int]:
        return {item.body: item.seq for item in self.outbox.reports(1000)}

    def reply(self, payload: bytes) -> None:
        self.replies.append(wire.decode_reply(payload))

    # The centre

    @property
    def said(self) -> list[Report]:
        """Reports in the outbox, in order."""
        return [reports.read_body(item.body) for item in self.outbox.reports(1000)]

    def receive(self) -> list[Report]:
        """The centre takes all reports, and receipts them."""
        taken = self.outbox.reports(1000)
        ranges = tuple((item.seq, item.seq) for item in taken)
        self.outbox.delete(ranges)
        self.cab.receipted(ranges)
        self.cab.look()
        return [reports.read_body(item.body) for item in taken]

    def wait(self, seconds: float) -> None:
        """Time passes, and the cab looks."""
        self.at += timedelta(seconds=seconds)
        self.cab.look()

    def head(self, name: str | None = None, expires_in_s: float | None = None, n: int | None = None) -> dict[str, Any]:
        """What every command has."""
        self._n += 1
        number = self._n if n is None else n
        expires = None if expires_in_s is None else self.at + timedelta(seconds=expires_in_s)
        return {"id": name or f"c-{number}", "n": number, "issued_at": self.at, "expires_at": expires}

    def assignment(self, mission: str = "m-1", notes: str = "", **head: Any) -> Assignment:
        """An order to drive."""
        eta = Arrival(240.0, 300.0, 420.0, self.at, "road", "to-scene")
        return Assignment(**self.head(**head), card=Card(mission, "emergency", STOPS, notes, self.at, eta, "assigned"))

    def command(self, command: Command) -> list[Reply]:
        """The centre sends; what was answered."""
        self.replies.clear()
        self.cab.command(wire.encode(command))
        return list(self.replies)

    def _rate(self, interval_s: float | None, until: datetime | None, n: int) -> str:
        self.rates.append((interval_s, until, n))
        return "set"

    def _configured(self, settings: dict[str, Any], n: int) -> str:
        self.configured.append((settings, n))
        return "set"


def surroundings() -> Surroundings:
    """A unit that is well."""
    return Surroundings(
        lambda: True,
        lambda: True,
        lambda: {"state": "ok", "detail": "9 satellites", "fix_age_s": 0.4, "satellites": 9},
        lambda: 0,
        dict,
    )
