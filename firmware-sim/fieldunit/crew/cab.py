"""The cab: what the crew does and is told, held together.

A press goes to the disk first, then into the outbox, and is answered after both; a restart between the two puts it into
the outbox then. The centre's receipts say which presses it has. A press has an id of the page's own, so a page that did
not hear the answer may send it again.

An emergency is repeated, each time as a report of its own, until a command acknowledges it. While the centre has not
confirmed the last of them nothing is added: the outbox sends that one again by itself.
"""

import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from fieldunit.crew.orders import Handlers, Orders
from fieldunit.crew.settings import EMERGENCY, CrewSettings
from fieldunit.crew.store import EmergencyState, MissionCard, Press, Store
from tracker.wire import reports
from tracker.wire.receipt import Range
from tracker.wire.reports import Answer, Clock, CrewStatus, Emergency, Report, Source, Status

LONGEST_AGO_S = 24 * 3600.0
"""A page that lost its unit keeps presses, and says how long ago they were."""

TICK_S = 0.5

ASK_S = 5.0
"""How often the outbox itself is asked what it still has."""


class Uplink(Protocol):
    """What the cab needs of the way to the centre; `agent.unit.Unit` with its outbox fits."""

    @property
    def outbox_id(self) -> str:
        """Of the outbox that numbers are of."""

    def report_status(self, body: bytes, device_time: datetime | None) -> int:
        """Take a report; its number."""

    def is_waiting(self, seq: int) -> bool:
        """Whether the centre has not confirmed it yet."""

    def is_safe(self, seq: int) -> bool:
        """Whether a number is of the disk, not of a memory that ends with the process."""

    def waiting_reports(self) -> dict[bytes, int]:
        """Bodies of the reports that wait, with their numbers."""

    def reply(self, payload: bytes) -> None:
        """Publish on `command/reply`."""


class Surroundings(NamedTuple):
    """What the rest of the unit knows, for the page. Callables may be called from any thread and must be quick."""

    broker: Callable[[], bool]  # whether there is a connection
    centre: Callable[[], bool | None]  # whether the centre's gateway is there; None: it has said nothing
    gnss: Callable[[], dict[str, Any]]  # state (ok, no-fix, ...), detail, fix_age_s, satellites
    outbox_depth: Callable[[], int]
    inputs: Callable[[], dict[str, bool]]


class Refused(ValueError):
    """What the page asks for cannot be; the sentence says why."""


class Cab:
    """One unit's. Any thread may call.

    Args:
        unit: id, for the page.
        folder: of the state.
        now: the best UTC, and which clock told it.
        trouble: told in a sentence what went wrong.
    """

    def __init__(
        self,
        unit: str,
        folder: Path,
        settings: CrewSettings,
        uplink: Uplink,
        now: Callable[[], tuple[datetime, Clock]],
        handlers: Handlers,
        trouble: Callable[[str], None],
    ) -> None:
        self.unit = unit
        self.settings = settings
        self.now = now
        self._uplink = uplink
        self._trouble = trouble
        self._means = {button.input: button.means for button in settings.button}
        self._lock = threading.RLock()
        self._receipted: list[tuple[Range, ...]] = []  # not looked at yet; appended from the uplink's thread
        self._ask_at = 0.0
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crew", daemon=True)
        self._failure: BaseException | None = None
        self.store = Store(folder / "crew.sqlite", trouble)
        self.orders = Orders(self.store, handlers, trouble)
        self._ordinal = max((press.ordinal for press in self.store.presses.values()), default=0)
        self.revision = 0
        """Another one whenever something that the page shows is another."""
        self.on_change: Callable[[], None] = lambda: None
        """Told when mission or status changed: how often to report depends on them."""
        self._recover()

    # Life

    def start(self) -> None:
        """Begin to look after the emergency and the receipts."""
        self._thread.start()

    def stop(self) -> None:
        """End, and give the file free."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        with self._lock:
            self.store.close()

    def check(self) -> None:
        """Raise what nobody foresaw."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.wait(TICK_S)
                self._wake.clear()
                self.look()
        except BaseException as error:  # raised in `check`, by the thread that owns the unit
            self._failure = error

    def look(self) -> None:
        """Look after what time and the uplink change."""
        with self._lock:
            if self._receipted:
                self._note_receipts()
            if time.monotonic() >= self._ask_at:
                self._ask_at = time.monotonic() + ASK_S
                self._ask_outbox()
            self._repeat_emergency()

    # What the crew does

    def press_status(self, status: CrewStatus, press: str | None = None, ago_s: float = 0.0) -> Press:
        """A status was chosen."""
        with self._lock:
            if press is not None and press in self.store.presses:
                return self.store.presses[press]
            at, clock = self._moment(ago_s)
            card = self.card
            mission = card.mission if card is not None and card.answer not in ("refused", "finished") else None
            report = Status(at=at, clock=clock, status=status, source=Source.CREW, mission=mission)
            if card is not None and mission is not None and status is CrewStatus.AVAILABLE:
                card.answer = "finished"
            made = self._say("status", status.value, report, press)
        self.on_change()
        return made

    def answer(
        self, mission: str, accepted: bool, reason: str = "", press: str | None = None, ago_s: float = 0.0
    ) -> Press:
        """The crew takes its mission, or does not.

        Raises:
            Refused: it has another mission, or none; or a refusal without a reason.
        """
        with self._lock:
            if press is not None and press in self.store.presses:
                return self.store.presses[press]
            card = self.card
            if card is None or card.mission != mission:
                raise Refused("this mission is not the unit's any more")
            if not accepted and not reason.strip():
                raise Refused("a refusal needs a reason")
            at, clock = self._moment(ago_s)
            report = Answer(at=at, clock=clock, mission=mission, accepted=accepted, reason=reason[: reports.MAX_TEXT])
            card.answer = "accepted" if accepted else "refused"
            made = self._say("answer", card.answer, report, press)
            if accepted:
                status = Status(at=at, clock=clock, status=CrewStatus.ACKNOWLEDGED, source=Source.CREW, mission=mission)
                self._say("status", CrewStatus.ACKNOWLEDGED.value, status, None)
        self.on_change()
        return made

    @property
    def in_emergency(self) -> bool:
        """Whether one is raised."""
        return self.store.memory.emergency is not None

    def emergency(
        self, raised: bool, press: str | None = None, ago_s: float = 0.0, source: Source = Source.CREW
    ) -> Press | None:
        """The crew is in danger, or takes it back. Raising one that is raised says it once more."""
        with self._lock:
            if press is not None and press in self.store.presses:
                return self.store.presses[press]
            there = self.store.memory.emergency
            if there is None and not raised:
                return None
            at, _ = self._moment(ago_s)
            new = raised and (there is None or there.acknowledged)  # one that was seen to is another one now
            since = at if new or there is None else there.since
            made = self._say_emergency(raised, since, source, press, ago_s)
            if new:
                self.store.memory.emergency = EmergencyState(since, source.value, made.id, at)
            elif raised and there is not None:
                there.last_press = made.id
            else:
                self.store.memory.emergency = None
            with self.store.change(memory=True):
                pass
        self.on_change()
        return made

    def input_changed(self, name: str, on: bool) -> None:
        """A wire changed: perhaps a button of the crew. (That it changed is reported by whoever looks at the wires.)"""
        means = self._means.get(name)
        if means is None or not on:
            return
        if means == EMERGENCY:
            self.emergency(True, source=Source.INPUT)
        else:
            self.press_status(CrewStatus(means))

    def read_message(self, message: str) -> None:
        """Somebody has read the centre's words.

        Raises:
            Refused: there are none of that id.
        """
        with self._lock:
            reply = self.orders.read(message, self.now()[0])
            if reply is None:
                raise Refused("there is no such message")
            self.revision += 1
        self._uplink.reply(reply)

    # Tablets

    def let_in(self, tablet: str, most: int) -> None:
        """A tablet has entered the PIN; the oldest beyond so many must enter it again."""
        with self._lock:
            self.store.memory.tablets = [*self.store.memory.tablets, tablet][-most:]
            with self.store.change(memory=True):
                pass

    def is_let_in(self, tablet: str) -> bool:
        """Whether it has."""
        return tablet in self.store.memory.tablets

    # What the centre does

    def command(self, payload: bytes) -> None:
        """A command arrived; `Unit.on_command` calls this."""
        with self._lock:
            replies = self.orders.take(payload, *self.now())
            self.revision += 1
        for reply in replies:
            self._uplink.reply(reply)
        self.on_change()

    def receipted(self, ranges: tuple[Range, ...]) -> None:
        """The centre has these numbers; `Unit.on_receipt` calls this, in a thread that must not wait."""
        self._receipted.append(ranges)
        self._wake.set()

    # What is known

    @property
    def card(self) -> MissionCard | None:
        """The mission that the unit is on, as far as it knows."""
        card = self.store.memory.card
        return None if card is None or card.ended else card

    @property
    def status(self) -> CrewStatus | None:
        """What the crew said last."""
        with self._lock:
            said = [press for press in self.store.presses.values() if press.kind == "status"]
        return CrewStatus(max(said, key=lambda press: (press.at, press.ordinal)).value) if said else None

    def view(self, around: Surroundings) -> dict[str, Any]:
        """All that the page shows."""
        with self._lock:
            now, clock = self.now()
            presses = sorted(self.store.presses.values(), key=lambda press: press.ordinal)
            emergency, card = self.store.memory.emergency, self.card
            last = None if emergency is None else self.store.presses.get(emergency.last_press)
            return {
                "unit": self.unit,
                "revision": self.revision,
                "now": now,
                "clock": clock.value,
                "broker": around.broker(),
                "centre": around.centre(),
                "gnss": around.gnss(),
                "outbox_depth": around.outbox_depth(),
                "kept": self.store.kept,
                "status": self.status,
                "presses": [
                    {"id": each.id, "kind": each.kind, "value": each.value, "at": each.at, "received": each.received}
                    for each in presses[-12:]
                ],
                "waiting": sum(not each.received for each in presses),
                "mission": card,
                "messages": self.store.memory.messages[-10:],
                "emergency": None
                if emergency is None
                else {
                    "since": emergency.since,
                    "acknowledged": emergency.acknowledged,
                    "received": last is None or last.received,
                },
                "inputs": {name: on for name, on in around.inputs().items() if name not in self._means},
            }

    # Between finger and outbox

    def _moment(self, ago_s: float) -> tuple[datetime, Clock]:
        now, clock = self.now()
        return now - timedelta(seconds=min(max(ago_s, 0.0), LONGEST_AGO_S)), clock

    def _say(self, kind: str, value: str, report: Report, press: str | None) -> Press:
        """To the disk, and then into the outbox."""
        self._ordinal += 1
        made = Press(
            press or secrets.token_hex(8), self._ordinal, kind, value, report.at, reports.body(report).decode()
        )
        with self.store.change() as changing:
            self.store.press(changing, made)
        self._hand_over(made)
        self.revision += 1
        return made

    def _hand_over(self, press: Press) -> None:
        press.seq = self._uplink.report_status(press.body.encode(), press.at)
        press.outbox = self._uplink.outbox_id
        with self.store.change() as changing:
            self.store.press(changing, press)

    def _recover(self) -> None:
        """After a start: what the outbox has, what it has not, and what the centre has taken meanwhile."""
        there = self._uplink.waiting_reports()
        for press in list(self.store.presses.values()):
            if press.received:
                continue
            elsewhere = press.outbox != self._uplink.outbox_id  # not handed over, or to an outbox that is gone
            if press.seq is None or elsewhere or not self._uplink.is_safe(press.seq):
                if (seq := there.get(press.body.encode())) is None:
                    self._hand_over(press)
                else:
                    press.outbox, press.seq = self._uplink.outbox_id, seq
            press.received = press.seq is not None and not self._uplink.is_waiting(press.seq)
            with self.store.change() as changing:
                self.store.press(changing, press)

    def _note_receipts(self) -> None:
        taken, self._receipted = self._receipted, []
        ranges = [each for of_one in taken for each in of_one]
        with self.store.change() as changing:
            for press in list(self.store.presses.values()):
                if press.received or press.seq is None or press.outbox != self._uplink.outbox_id:
                    continue
                seq = press.seq
                if any(first <= seq <= last for first, last in ranges):
                    press.received = True
                    self.store.press(changing, press)
                    self.revision += 1

    def _ask_outbox(self) -> None:
        """What the outbox has no more, the centre has: also where its receipt came before anybody listened."""
        with self.store.change() as changing:
            for press in list(self.store.presses.values()):
                if press.received or press.seq is None or press.outbox != self._uplink.outbox_id:
                    continue
                if not self._uplink.is_waiting(press.seq):
                    press.received = True
                    self.store.press(changing, press)
                    self.revision += 1

    def _say_emergency(self, raised: bool, since: datetime, source: Source, press: str | None, ago_s: float) -> Press:
        at, clock = self._moment(ago_s)
        report = Emergency(at=at, clock=clock, raised=raised, since=since, source=source)
        return self._say("emergency", "raised" if raised else "taken-back", report, press)

    def _repeat_emergency(self) -> None:
        there = self.store.memory.emergency
        if there is None or there.acknowledged:
            return
        last = self.store.presses.get(there.last_press)
        now, _ = self.now()
        age = (now - there.said_at).total_seconds()
        if last is not None and not last.received:
            return
        if 0 <= age < self.settings.emergency_repeat_s:
            return
        made = self._say_emergency(True, there.since, Source(there.source), None, 0.0)
        there.last_press, there.said_at = made.id, now
        with self.store.change(memory=True):
            pass
