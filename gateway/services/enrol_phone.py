"""A phone is enrolled: a secret of its own, and the two codes that set up the app, each with everything in it.

OwnTracks takes its configuration in an address, ``owntracks:///config?inline=`` with base64 of JSON (OwnTracks Booklet,
"Configuration file"). Traccar Client takes the server's address with the settings as its parameters, as a QR code in
its settings (Traccar Client, lib/configuration_service.dart). Both hold the secret: whoever photographs a code can
speak for the unit, so a code is for one phone and one look, and enrolling again makes it worthless.
"""

import base64
import json
import secrets
from urllib.parse import quote, urlencode

import msgspec

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # base32 of RFC 4648, lower case: 26 letters are 130 random bits
_SECRET_LETTERS = 26

ROUTE = "/phones/v1"
"""Where the gateway's web side takes what phones say; `gateway.http.phones`."""


class PhoneBroker(msgspec.Struct, frozen=True):
    """The broker as phones reach it."""

    host: str
    port: int
    tls: bool


def new_secret() -> str:
    """A secret for one phone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LETTERS))


def default_user(centre: str, unit: str) -> str:
    """The phone's name at the broker. No unit's and no bridge's id has a point in it, so it can be nobody else's."""
    return f"{centre}.{unit}"


def owntracks_code(broker: PhoneBroker, user: str, unit: str, secret: str) -> str:
    """The address that sets up OwnTracks: private MQTT with a password, moving mode, an answer asked for (QoS 1)."""
    configuration = {
        "_type": "configuration",
        "mode": 0,
        "host": broker.host,
        "port": broker.port,
        "tls": broker.tls,
        "auth": True,
        "username": user,
        "password": secret,
        "deviceId": "phone",
        "clientId": user,
        "tid": unit[-2:],
        "pubTopicBase": "owntracks/%u/%d",
        "pubQos": 1,
        "pubRetain": False,
        "cleanSession": False,
        "cmd": False,
        "monitoring": 2,
        "locatorInterval": 10,
        "locatorDisplacement": 30,
    }
    packed = base64.b64encode(json.dumps(configuration, separators=(",", ":")).encode())
    return f"owntracks:///config?inline={quote(packed, safe='')}"


def traccar_code(base_url: str, secret: str) -> str:
    """The address that sets up Traccar Client."""
    settings = {
        "id": secret,
        "accuracy": "high",
        "interval": 15,
        "distance": 50,
        "angle": 30,
        "buffer": "true",
        "wakelock": "true",
    }
    return f"{base_url.rstrip('/')}{ROUTE}/traccar?{urlencode(settings)}"


def driver_page(base_url: str, secret: str) -> str:
    """Where the driver consents, withdraws, and goes on and off duty."""
    return f"{base_url.rstrip('/')}{ROUTE}/driver/{secret}"
