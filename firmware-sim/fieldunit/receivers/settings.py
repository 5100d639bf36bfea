"""A `[[receiver]]` of the unit's file: one source of positions in the vehicle."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.wire.topics import ID_PATTERN


class Kind(StrEnum):
    """How the bytes come."""

    SERIAL = "serial"
    TCP = "tcp"
    UDP = "udp"
    GPSD = "gpsd"
    FILE = "file"


class ReceiverSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The order of the receivers in the file is their priority, unless `priority` says otherwise."""

    source: Annotated[
        str, Meta(pattern=ID_PATTERN, description="name of the receiver in the track: gnss, modem, phone")
    ] = "gnss"
    kind: Annotated[Kind, Meta(description="how its data come: serial, tcp, udp, gpsd or file")]
    address: Annotated[
        str,
        Meta(
            min_length=1,
            description="the port (/dev/ttyUSB0, or a pattern like /dev/serial/by-id/*GPS*), HOST:PORT, or the file",
        ),
    ]
    baud: Annotated[
        int | None, Meta(description="speed of a serial port; left out, the usual ones are tried until NMEA comes")
    ] = None
    priority: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        Meta(description="lower counts more; left out: the order in this file"),
    ] = None
    quiet_s: Annotated[
        float, Meta(gt=0, le=60, description="a pause so long, in seconds, ends the second's burst of sentences")
    ] = 0.3
    no_data_s: Annotated[
        float, Meta(ge=1, le=3600, description="seconds without a byte after which it is said that nothing comes")
    ] = 10.0
    fallback_s: Annotated[
        float,
        Meta(ge=1, le=3600, description="seconds without a fix after which the next receiver's fixes are reported"),
    ] = 10.0
