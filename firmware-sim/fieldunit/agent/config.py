"""The one file of a unit, `sigap-unit agent --config FILE` (TOML): read once, checked at once, explained where wrong.

    [unit]                                 [[receiver]]
    id = "ambulans-01"                     source = "gnss"
    centre = "bojonegoro"                  kind = "serial"
    state = "/var/lib/sigap-unit"          address = "/dev/serial/by-id/*GPS*"

    [broker]                               [sampling]
    address = "psc.example.id:8883"        parked_s = 60
    tls_ca = "/etc/sigap/ca.pem"
    password_file = "/etc/sigap/password"  [budget]
                                           bytes_per_day = 20_000_000

Receivers and inputs may stand there several times. All sections but the first three may be left out. A section's struct
lies beside the code that it steers; only those that steer nothing but the wiring are here.
"""

import datetime as dt
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from fieldunit.agent.clock import BUILT
from fieldunit.agent.inputs import InputSettings
from fieldunit.agent.sections import SettingError, read_section
from fieldunit.crew import settings as crew
from fieldunit.crew.settings import CrewSettingError, CrewSettings
from fieldunit.outbox import LIMIT_BYTES
from fieldunit.outbox.outbox import SMALLEST_BYTES
from fieldunit.receivers.reader import open_port
from fieldunit.receivers.settings import Kind, ReceiverSettings
from fieldunit.receivers.tcp import AddressError
from fieldunit.sampling.settings import BudgetSettings, SamplingSettings
from fieldunit.uplink.broker import Broker, BrokerSettingError, read_broker
from tracker.wire.topics import ID_PATTERN

_Id = Meta(pattern=ID_PATTERN)
_NonEmpty = Meta(min_length=1)


class UnitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[unit]`."""

    id: Annotated[str, Meta(pattern=ID_PATTERN, description="the unit's id as enrolled: a-z, 0-9 and '-'")]
    centre: Annotated[str, Meta(pattern=ID_PATTERN, description="the centre's id: a-z, 0-9 and '-'")]
    state: Annotated[
        str,
        Meta(min_length=1, description="the only folder that is written: outbox and settings; it outlives restarts"),
    ] = "/var/lib/sigap-unit"


class BrokerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[broker]`. The password is better in a file, or in the environment as SIGAP_UNIT_PASSWORD."""

    address: Annotated[str, Meta(min_length=1, description="the MQTT broker, HOST:PORT")]
    username: Annotated[str | None, Meta(description="name at the broker; left out: the unit's id")] = None
    password: Annotated[str | None, Meta(description="password at the broker; better in password_file")] = None
    password_file: Annotated[str | None, Meta(description="file whose first line is the password at the broker")] = None
    tls_ca: Annotated[
        str | None,
        Meta(description="certificate (PEM) of the authority that signed the broker's; left out: not encrypted"),
    ] = None
    certificate: Annotated[str | None, Meta(description="this unit's own certificate (PEM), where the broker asks")] = (
        None
    )
    key: Annotated[
        str | None, Meta(description="private key (PEM) of that certificate; left out: in the same file")
    ] = None
    pins: Annotated[
        tuple[str, ...], Meta(description="keys that the broker may have: Base64 of the SHA-256 of its public key")
    ] = ()
    reconnect_min_s: Annotated[
        float, Meta(gt=0, le=60, description="ceiling of the first wait before a reconnect, seconds")
    ] = 1.0


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[outbox]`."""

    max_bytes: Annotated[
        int,
        Meta(ge=SMALLEST_BYTES, le=100_000_000_000, description="bytes on the disk beyond which old track is thinned"),
    ] = LIMIT_BYTES


class ClockSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[clock]`."""

    earliest: Annotated[
        dt.date, Meta(description="no date before this day is believed; of a receiver's, 1024 weeks are added")
    ] = BUILT
    trust_system: Annotated[
        bool,
        Meta(description="whether the system's clock may date what the receiver does not; false without a clock chip"),
    ] = True
    patience_s: Annotated[
        float, Meta(ge=0, le=3600, description="seconds for which fixes wait for the receiver's first date")
    ] = 10.0


class HealthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[health]`."""

    interval_s: Annotated[float, Meta(ge=1, le=3600, description="seconds between health messages")] = 60.0
    supply_file: Annotated[str | None, Meta(description="file that holds the supply voltage")] = None
    supply_scale: Annotated[
        float, Meta(gt=0, le=1e6, description="volts by which the number in supply_file is multiplied")
    ] = 1.0
    signal_file: Annotated[str | None, Meta(description="file that holds the mobile network's signal in dBm")] = None


class Config(NamedTuple):
    """Everything in the file."""

    path: Path
    unit: UnitSettings
    broker: BrokerSettings
    receivers: Sequence[ReceiverSettings]  # the preferred one first
    sampling: SamplingSettings
    budget: BudgetSettings
    outbox: OutboxSettings
    clock: ClockSettings
    health: HealthSettings
    inputs: Sequence[InputSettings]
    crew: CrewSettings

    @property
    def state(self) -> Path:
        """The folder that is written."""
        return Path(self.unit.state)


def read_config(path: Path) -> Config:
    """Read and check a unit's file.

    Raises:
        SettingError: it cannot be read, or a line in it cannot be meant.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is no text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path} is no TOML: {error}") from error
    reading = _Reading(path.name, tables)
    config = Config(
        path=path,
        unit=reading.one("unit", UnitSettings, needed=True),
        broker=reading.one("broker", BrokerSettings, needed=True),
        receivers=_by_priority(reading.several("receiver", ReceiverSettings)),
        sampling=reading.one("sampling", SamplingSettings),
        budget=reading.one("budget", BudgetSettings),
        outbox=reading.one("outbox", OutboxSettings),
        clock=reading.one("clock", ClockSettings),
        health=reading.one("health", HealthSettings),
        inputs=reading.several("input", InputSettings),
        crew=reading.one("crew", CrewSettings),
    )
    reading.finish()
    _check(path.name, config)
    return config


def broker_of(config: Config, environment: dict[str, str] | None = None) -> Broker:
    """The broker with its password, from the file, the file it names, or the environment (which wins).

    Raises:
        SettingError: a file cannot be read, or the settings contradict each other.
    """
    settings = config.broker
    password = (os.environ if environment is None else environment).get("SIGAP_UNIT_PASSWORD")
    if password is None and settings.password_file is not None:
        try:
            password = Path(settings.password_file).read_text(encoding="utf-8").splitlines()[0]
        except (OSError, UnicodeDecodeError, IndexError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no line of text"
            raise SettingError(
                f"{config.path.name}, [broker]: password_file {settings.password_file} gives no password ({why})"
            ) from error
    try:
        return read_broker(
            settings.address,
            settings.username,
            password or settings.password,
            settings.tls_ca,
            certificate=settings.certificate,
            key=settings.key,
            pins=settings.pins,
        )
    except BrokerSettingError as error:
        raise SettingError(f"{config.path.name}, [broker]: {error}") from None


S = TypeVar("S", bound=msgspec.Struct)


class _Reading:
    """Takes the sections out of a file one by one; what is left is unknown."""

    def __init__(self, name: str, tables: dict[str, Any]) -> None:
        self._name = name
        self._tables = tables

    def one(self, section: str, shape: type[S], *, needed: bool = False) -> S:
        if needed and section not in self._tables:
            raise SettingError(f"{self._name}: the section [{section}] is missing")
        return read_section(f"{self._name}, [{section}]", self._tables.pop(section, {}), shape)

    def several(self, section: str, shape: type[S]) -> list[S]:
        found = self._tables.pop(section, [])
        if not isinstance(found, list):
            raise SettingError(f"{self._name}: [{section}] may stand there several times: write [[{section}]]")
        return [
            read_section(f"{self._name}, [[{section}]] number {number}", table, shape)
            for number, table in enumerate(found, 1)
        ]

    def finish(self) -> None:
        if self._tables:
            known = "unit, broker, receiver, sampling, budget, outbox, clock, health, input, crew"
            raise SettingError(f"{self._name}: there is no section {next(iter(self._tables))!r}; there are {known}")


def _by_priority(receivers: list[ReceiverSettings]) -> list[ReceiverSettings]:
    ranked = enumerate(receivers)
    return [each for _, each in sorted(ranked, key=lambda r: (r[0] if r[1].priority is None else r[1].priority, r[0]))]


def _check(name: str, config: Config) -> None:
    if not config.receivers:
        raise SettingError(f"{name}: there is no [[receiver]]: name at least one source of positions")
    for what, names in (
        ("[[receiver]] source", [each.source for each in config.receivers]),
        ("[[input]] name", [each.name for each in config.inputs]),
    ):
        if twice := next((each for each in names if names.count(each) > 1), None):
            raise SettingError(f"{name}: {what} {twice!r} stands there twice; each needs a name of its own")
    try:
        crew.check(config.crew, {each.name for each in config.inputs})
    except CrewSettingError as error:
        raise SettingError(f"{name}, [crew]: {error}") from None
    for receiver in config.receivers:
        where = f"{name}, [[receiver]] {receiver.source}"
        if receiver.baud is not None and receiver.kind is not Kind.SERIAL:
            raise SettingError(f"{where}: only a serial port has a baud")
        if receiver.baud is not None and not 300 <= receiver.baud <= 4_000_000:
            raise SettingError(f"{where}: baud = {receiver.baud} is no speed of a serial port: from 300 to 4000000")
        try:
            open_port(receiver)
        except AddressError as error:
            raise SettingError(f"{where}: {error}") from None
    if config.broker.password is not None and config.broker.password_file is not None:
        raise SettingError(f"{name}, [broker]: give password or password_file, not both")
