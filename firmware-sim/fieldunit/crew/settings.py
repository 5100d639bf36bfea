"""What the unit's file may say of the crew's side.

[crew]
address = "127.0.0.1:8119"          where the page is served; left out: nowhere
pin = "482913"                      each tablet is asked for it once; needed unless the address is loopback
hosts = ["cab.local"]               further names that a tablet may know the unit by

[[crew.button]]
input = "key-3"                     name of an [[input]]
means = "on-scene"                  a status, or emergency
"""

import ipaddress
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from tracker.wire.reports import CrewStatus
from tracker.wire.topics import ID_PATTERN

EMERGENCY = "emergency"
MEANINGS = frozenset({EMERGENCY, *(status.value for status in CrewStatus)})


class ButtonSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[crew.button]]`."""

    input: Annotated[str, Meta(pattern=ID_PATTERN, description="name of the [[input]] that it is wired to")]
    means: Annotated[str, Meta(description=f"what a press says: {', '.join(sorted(MEANINGS))}")]


class CrewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[crew]`."""

    address: Annotated[
        str | None, Meta(description="where the page for the tablet is served, ADDRESS:PORT; left out: nowhere")
    ] = None
    pin: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{6,12}$")] | None,
        Meta(description="six to twelve digits that each tablet is asked for once"),
    ] = None
    hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9.-]{1,100}$")], ...],
        Meta(description="further names of this unit that a tablet may use"),
    ] = ()
    emergency_repeat_s: Annotated[
        float, Meta(ge=1, le=600, description="seconds after which an emergency is repeated until it is acknowledged")
    ] = 15.0
    button: tuple[ButtonSettings, ...] = ()


class Address(NamedTuple):
    """Where to listen."""

    host: str  # an IP address
    port: int


class CrewSettingError(ValueError):
    """The sentence says which line of `[crew]` cannot be meant, and what it may say."""


def address_of(settings: CrewSettings) -> Address | None:
    """Where the page is served; None: nowhere.

    Raises:
        CrewSettingError: the address cannot be meant, or everybody on the vehicle's network could press.
    """
    if settings.address is None:
        return None
    host, _, port = settings.address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        where = ipaddress.ip_address(host)
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise CrewSettingError(f"address = {settings.address!r} is none; write ADDRESS:PORT, like 127.0.0.1:8119")
    if not where.is_loopback and settings.pin is None:
        raise CrewSettingError(
            f'address = {settings.address!r} lets everybody on that network press; set pin = "..." with six digits or '
            "more, or listen on 127.0.0.1 only"
        )
    return Address(str(where), number)


def check(settings: CrewSettings, inputs: set[str]) -> None:
    """Whether the lines fit each other and the unit's inputs.

    Raises:
        CrewSettingError: they do not.
    """
    address_of(settings)
    for button in settings.button:
        if button.means not in MEANINGS:
            raise CrewSettingError(f"means = {button.means!r} is none of {', '.join(sorted(MEANINGS))}")
        if button.input not in inputs:
            raise CrewSettingError(f"input = {button.input!r} is the name of no [[input]]")
