"""Where the broker is and how to be let in; read from the command line or the environment, checked once."""

import ssl
from pathlib import Path
from typing import NamedTuple


class BrokerSettingError(ValueError):
    """A setting cannot be meant; the sentence says how it should look."""


class Broker(NamedTuple):
    """An MQTT broker as a unit sees it."""

    host: str
    port: int
    username: str | None = None  # None: the unit's id, where there is a password; otherwise nobody is named
    password: str | None = None
    tls: ssl.SSLContext | None = None  # None: not encrypted

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_broker(address: str, username: str | None, password: str | None, ca: str | None) -> Broker:
    """Read the settings.

    Args:
        address: `HOST:PORT`; an IPv6 address stands in brackets; without a port 8883 with TLS, else 1883.
        username: None for the unit's id.
        password: None for none.
        ca: file of the authority that signed the broker's certificate; None for no TLS.

    Raises:
        BrokerSettingError: one of them cannot be meant.
    """
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, "8883" if ca else "1883"
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise BrokerSettingError(f"{address!r} is no broker: write HOST:PORT, like 127.0.0.1:1883")
    if username is not None and password is None:
        raise BrokerSettingError("there is a user name for the broker but no password: give both, or neither")
    return Broker(host, int(port), username, password, _tls(ca) if ca else None)


def _tls(ca: str) -> ssl.SSLContext:
    if not Path(ca).is_file():
        raise BrokerSettingError(f"{ca} is no file: give the certificate of the broker's authority (PEM)")
    try:
        context = ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise BrokerSettingError(f"{ca} cannot be read as a certificate in PEM form: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
