"""Where the broker is and how to be let in; read from the command line or the environment, checked once."""

import ssl
from collections.abc import Sequence
from typing import NamedTuple

from fieldunit.uplink.tls import TlsSettingError, make_context


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


def read_broker(
    address: str,
    username: str | None,
    password: str | None,
    ca: str | None,
    *,
    certificate: str | None = None,
    key: str | None = None,
    pins: Sequence[str] = (),
) -> Broker:
    """Read the settings.

    Args:
        address: `HOST:PORT`; an IPv6 address stands in brackets; without a port 8883 with TLS, else 1883.
        username: None for the unit's id.
        password: None for none.
        ca: file of the authority that signed the broker's certificate; None for no TLS.
        certificate: file of the unit's own, where the broker asks for one.
        key: file of its private key; None: it is in the same file.
        pins: of the broker's public key, see `uplink.tls`.

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
    if not ca:
        if certificate or key or pins:
            raise BrokerSettingError("a certificate or a pin needs TLS: give the broker's authority as well")
        return Broker(host, int(port), username, password)
    try:
        tls = make_context(ca, certificate=certificate, key=key, pins=pins)
    except TlsSettingError as error:
        raise BrokerSettingError(str(error)) from error
    return Broker(host, int(port), username, password, tls)
