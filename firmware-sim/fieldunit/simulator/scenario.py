"""A scenario: a fleet, its day, and what happens to it, as a TOML file that is checked before anything starts.

`scenarios/` beside this file has examples and a page that explains each field. Times that end in `_s` are seconds after
the start of the run; places are `[latitude, longitude]` in degrees.
"""

import math
import re
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fieldunit.simulator.faults import Fault, Kind
from fieldunit.simulator.names import unit_names
from fieldunit.simulator.places import Area, Zone
from fieldunit.simulator.receiver import CANYON, COLD, GNSS, HOT, MODEM, WARM, Model, Sky, Start
from fieldunit.simulator.vehicle import BEGINS, BUSY, REAL_DAY, Habits
from tracker import regions
from tracker.errors import TrackerError
from tracker.roads.closures import BrokenClosure, Closure
from tracker.wire.topics import ID_PATTERN

Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Part = Annotated[float, Meta(ge=0, le=1)]
UnitId = Annotated[str, Meta(pattern=ID_PATTERN)]
MOST_UNITS = 10_000


class ScenarioError(TrackerError):
    """This scenario cannot be meant; the sentence says where and what to write."""


class Where(Area, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An area and its times."""

    name: str = ""
    from_s: Seconds = 0.0
    to_s: Seconds | None = None  # None: to the end

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError("to_s is not after from_s")

    @property
    def zone(self) -> Zone:
        """To ask whether something lies in it."""
        return Zone(self, self.from_s, math.inf if self.to_s is None else self.to_s)


class Hole(Where, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where there is no mobile network."""


class Shut(Where, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A closed or slow stretch of roads."""

    factor: Annotated[float, Meta(ge=1, lt=1000)] | None = (
        None  # driving takes so many times as long; None: nobody does
    )


class Overhead(Where, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What receivers see of the sky there."""

    kind: Literal["canyon", "jammed", "noisy"]
    noise: Annotated[float, Meta(ge=1, le=100)] | None = None
    hidden: Annotated[int, Meta(ge=0, le=20)] | None = None
    echoes_hour: Annotated[float, Meta(ge=0, le=3600)] | None = None
    echo_m: Annotated[float, Meta(gt=0, le=1000)] | None = None

    @property
    def sky(self) -> Sky:
        """As a receiver takes it."""
        usual = {"canyon": CANYON, "jammed": Sky(blocked=True), "noisy": Sky(noise=8.0, hidden=4)}[self.kind]
        told = {name: getattr(self, name) for name in ("noise", "hidden", "echoes_hour", "echo_m")}
        return usual._replace(**{name: value for name, value in told.items() if value is not None})


class Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The power of a unit is away."""

    at_s: Seconds
    for_s: Annotated[float, Meta(gt=0, le=1e9)]


class OfUnit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is special about one unit."""

    name: UnitId
    sources: Annotated[tuple[Literal["gnss", "modem"], ...], Meta(min_length=1, max_length=2)] = ("gnss",)
    start: Literal["hot", "warm", "cold"] = "hot"
    clock_skew_s: float = 0.0
    clock_drift_ppm: float = 0.0
    power_cut: tuple[Cut, ...] = ()
    fault: tuple[Fault, ...] = ()  # of its first source

    @property
    def receiver_start(self) -> Start:
        """How its receivers are at the beginning."""
        return {"hot": HOT, "warm": WARM, "cold": COLD}[self.start]

    @property
    def models(self) -> list[Model]:
        """Its receivers, the best first."""
        return [{"gnss": GNSS, "modem": MODEM}[source] for source in self.sources]


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What crews do."""

    pace: Literal["busy", "real"] = "busy"
    own_calls: bool | None = None
    wait_s: Seconds | None = None
    turnout_s: Seconds | None = None
    scene_s: Seconds | None = None
    hospital_s: Seconds | None = None
    first_wait_s: Seconds | None = None
    reach_m: Annotated[float, Meta(gt=0, le=1e6)] | None = None
    emergencies: Part | None = None
    transports: Part | None = None

    @property
    def habits(self) -> Habits:
        """As a vehicle takes it."""
        told = {name: getattr(self, name) for name in Habits._fields}
        return (REAL_DAY if self.pace == "real" else BUSY)._replace(
            **{name: value for name, value in told.items() if value is not None}
        )


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it."""

    about: str = ""
    profile: str = "bojonegoro"
    roads: str | None = None  # file of a region, beside the scenario or by its whole path; None: main roads
    units: Annotated[int, Meta(ge=1, le=MOST_UNITS)] = 12
    interval_s: Annotated[float, Meta(ge=0.05, le=3600)] = 1.0
    statuses: bool = True
    modem_every: Annotated[int, Meta(ge=1, le=3600)] = 10
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] = 1
    begins: Annotated[datetime, Meta(tz=True)] = BEGINS
    duration_s: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    day: Day = Day()
    unit: tuple[OfUnit, ...] = ()
    hole: tuple[Hole, ...] = ()
    closure: tuple[Shut, ...] = ()
    sky: tuple[Overhead, ...] = ()

    def of_unit(self, name: str) -> OfUnit:
        """What is special about a unit; nothing, for most."""
        return next((each for each in self.unit if each.name == name), OfUnit(name=name))

    @property
    def closures(self) -> tuple[Closure, ...]:
        """With the moments at which they begin and end.

        Raises:
            BrokenClosure: one of them says nothing that could be acted on.
        """
        return tuple(
            Closure(
                f"closure-{number}",
                self.begins + timedelta(seconds=each.from_s),
                None if each.to_s is None else self.begins + timedelta(seconds=each.to_s),
                each.outline,
                factor=each.factor,
                reason=each.name,
            )
            for number, each in enumerate(self.closure, start=1)
        )


def shipped() -> list[str]:
    """Names of the examples."""
    files = (entry.name for entry in resources.files(__package__).joinpath("scenarios").iterdir())
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))


def load(which: str) -> Scenario:
    """A scenario from a file, or an example by its name.

    Raises:
        ScenarioError: it cannot be read, or not be meant.
    """
    path = Path(which)
    if which in shipped():
        text = resources.files(__package__).joinpath("scenarios", f"{which}.toml").read_text(encoding="utf-8")
        return read(which, text)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ScenarioError(
            f"there is no file {which}; give a scenario's file, or an example: {', '.join(shipped())}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ScenarioError(f"{which} cannot be read: {why}") from error
    scenario = read(which, text)
    if scenario.roads is not None:
        scenario = msgspec.structs.replace(scenario, roads=str(path.parent / scenario.roads))
    return scenario


def read(name: str, text: str) -> Scenario:
    """Read and check the text of a scenario.

    Raises:
        ScenarioError: it is no TOML, or says something that cannot be meant.
    """
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{name} is no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{name}: {_explained(str(error))}") from error
    _check(name, scenario)
    return scenario


def _check(name: str, scenario: Scenario) -> None:
    """What no single field tells."""
    if scenario.profile not in regions.names():
        raise ScenarioError(f"{name}: there is no profile {scenario.profile!r}; there is: {', '.join(regions.names())}")
    known = [each.name for each in scenario.unit]
    for twice in {each for each in known if known.count(each) > 1}:
        raise ScenarioError(f"{name}: unit {twice} stands there twice; write all about it into one [[unit]]")
    called = unit_names(scenario.units, regions.load(scenario.profile))
    missing = [each for each in known if each not in called]
    if missing:
        raise ScenarioError(
            f"{name}: there is no unit {missing[0]}; with units = {scenario.units} they are called "
            f"{called[0]} to {called[-1]}"
        )
    for each in scenario.unit:
        cuts = sorted((cut.at_s, cut.at_s + cut.for_s) for cut in each.power_cut)
        if any(end > begin for (_, end), (begin, _) in zip(cuts, cuts[1:], strict=False)):  # noqa: RUF007 - of pairs
            raise ScenarioError(f"{name}: the power cuts of {each.name} overlap")
    try:
        scenario.closures  # noqa: B018 - to see whether they can be made
    except BrokenClosure as error:
        raise ScenarioError(f"{name}: {error}") from error


_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "": Scenario, "day": Day, "unit": OfUnit, "hole": Hole, "closure": Shut, "sky": Overhead, "fault": Fault,
    "power_cut": Cut,
}  # fmt: skip

_CHOICES: dict[str, Sequence[str]] = {
    "fault.kind": [kind.value for kind in Kind], "sky.kind": ("canyon", "jammed", "noisy"),
    "start": ("hot", "warm", "cold"), "sources": ("gnss", "modem"), "pace": ("busy", "real"),
}  # fmt: skip


def _explained(error: str) -> str:
    """msgspec's sentence with the place in the words of the file: `unit 2, fault 1: …`."""
    match = _PATH.search(error)
    path = match["path"] if match else ""
    sentence = error[: match.start()] if match else error
    sentence = sentence[:1].lower() + sentence[1:]
    parts = re.findall(r"\.([A-Za-z_]+)|\[(\d+|\.\.\.)\]", path)
    words: list[str] = []
    for name, number in parts:
        if name:
            words.append(name)
        elif words and number != "...":
            words[-1] += f" {int(number) + 1}"
    if "unknown field" in sentence:
        table = next((name for name, _ in reversed(parts) if name and name in _STRUCTS), "")
        sentence += f"; the fields are {', '.join(_STRUCTS[table].__struct_fields__)}"
    if "invalid enum" in sentence:
        named = [name for name, _ in parts if name]
        choices = _CHOICES.get(".".join(named[-2:])) or _CHOICES.get(named[-1], ())
        sentence += f"; choose one of {', '.join(choices)}"
    return f"{', '.join(words)}: {sentence}" if words else sentence


def fields() -> dict[str, Sequence[str]]:
    """All fields by table, for who explains them; the scenario's own under ""."""
    return {table: struct.__struct_fields__ for table, struct in _STRUCTS.items()}
