"""The one file of a bridge: where its radio and its broker are. The table of radios in it is `table`.

centre = "bojonegoro"
bridge = "induk"                        # its id, and its user name at the broker
state = "/var/lib/sigap-radio"          # folder of the outbox; it must outlive a restart

[broker]
address = "psc.example.id:8883"
password_file = "/etc/sigap/induk.password"
tls_ca = "/etc/sigap/ca.pem"

[port]
device = "/dev/serial/by-id/usb-FTDI_*" # path or pattern
baud = 9600
"""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from fieldunit.uplink.broker import Broker, read_broker
from tracker.wire.topics import ID_PATTERN


class ConfigError(ValueError):
    """The file cannot be meant; the sentence says what should stand there."""


Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Text = Annotated[str, Meta(min_length=1)]


class BrokerSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[broker]`. The password lies in a file of its own, which only the bridge may read."""

    address: Text
    password_file: Text | None = None
    tls_ca: Text | None = None


class PortSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[port]`: the base radio's serial port."""

    device: Text
    baud: Annotated[int, Meta(ge=300, le=921_600)] = 9600


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file."""

    centre: Id
    bridge: Id
    state: Text
    broker: BrokerSection
    port: PortSection
    radios: dict[str, str] = {}  # read by `table`, with lines in its errors
    statuses: dict[str, str] = {}


def read_config(path: Path) -> Config:
    """Read the file.

    Raises:
        ConfigError: it is not there, is no TOML, or lacks something.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(said, Config)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path.name}: {error}") from None


def broker_of(config: Config) -> Broker:
    """Where the broker is; the bridge's id is the user name.

    Raises:
        ConfigError: the password's file cannot be read.
        fieldunit.uplink.broker.BrokerSettingError: the address or a certificate cannot be meant.
    """
    password = None
    if config.broker.password_file is not None:
        try:
            password = Path(config.broker.password_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the password in {config.broker.password_file} cannot be read: {error}") from error
    return read_broker(config.broker.address, config.bridge if password else None, password, config.broker.tls_ca)
