"""Topics of the wire, version 1: built and read here, nowhere else.

sigap/v1/{centre}/units/{unit}/live/{outbox}      epochs of NMEA, the newest data
sigap/v1/{centre}/units/{unit}/backlog/{outbox}   the same, older data
sigap/v1/{centre}/units/{unit}/nmea               bare NMEA of a third party's device, no receipts
sigap/v1/{centre}/units/{unit}/status/{outbox}    what the crew says: JSON lines, numbered like the epochs
sigap/v1/{centre}/units/{unit}/presence           retained JSON, and the last will
sigap/v1/{centre}/units/{unit}/health             JSON, each minute
sigap/v1/{centre}/units/{unit}/receipt/{outbox}   from the gateway
sigap/v1/{centre}/units/{unit}/command            from the gateway
sigap/v1/{centre}/units/{unit}/command/reply      what became of a command
sigap/v1/{centre}/gateway/presence                from the gateway, retained JSON

Other systems, of those who take calls and of those who look on:

sigap/v1/{centre}/live/{unit}                     from the gateway, retained JSON: where a unit is, and what it does
sigap/v1/{centre}/intake/incident                 an incident of a call-taking system, JSON
sigap/v1/{centre}/intake/answer                   from the gateway: what became of it
sigap/v1/{centre}/incidents/{incident}/state      from the gateway, retained JSON while it is open: units, status, eta

A *bridge* speaks for others: it sits at a base radio and passes on what the radios say.

sigap/v1/{centre}/bridges/{bridge}/units/{unit}/live/{outbox}     sentences of a radio whose unit the bridge knows
sigap/v1/{centre}/bridges/{bridge}/units/{unit}/backlog/{outbox}  the same, older data
sigap/v1/{centre}/bridges/{bridge}/units/{unit}/status/{outbox}   its status codes, as reports
sigap/v1/{centre}/bridges/{bridge}/units/{unit}/nmea              of a bridge that keeps nothing and wants no receipts
sigap/v1/{centre}/bridges/{bridge}/radios/{radio}/...             the same four, of a radio that is not in its table
sigap/v1/{centre}/bridges/{bridge}/receipt/{outbox}               from the gateway: one outbox for all of its radios
sigap/v1/{centre}/bridges/{bridge}/presence                       retained JSON, and the last will
"""

import re
from enum import StrEnum

import msgspec

from tracker.errors import BadInput, Reason

PREFIX = "sigap/v1"
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"
_is_id = re.compile(ID_PATTERN).fullmatch

MAX_PAYLOAD = 16 * 1024
"""Bytes in one message at most; the broker is set to refuse more."""


class Channel(StrEnum):
    """What a unit's topic carries: the part after the unit's id, without the outbox's."""

    LIVE = "live"
    BACKLOG = "backlog"
    NMEA = "nmea"
    STATUS = "status"
    PRESENCE = "presence"
    HEALTH = "health"
    RECEIPT = "receipt"
    COMMAND = "command"
    COMMAND_REPLY = "command/reply"


_WITH_OUTBOX = frozenset({Channel.LIVE, Channel.BACKLOG, Channel.STATUS, Channel.RECEIPT})


class UnitTopic(msgspec.Struct, frozen=True):
    """A unit's topic, taken apart; ``outbox`` is None exactly on the channels that have none."""

    centre: str
    unit: str
    channel: Channel
    outbox: str | None = None

    def __str__(self) -> str:
        tail = f"/{self.outbox}" if self.outbox is not None else ""
        return f"{PREFIX}/{self.centre}/units/{self.unit}/{self.channel.value}{tail}"


def checked_id(text: str) -> str:
    """The same text, if it is an id.

    Raises:
        BadInput: UNIT_ID, if it is outside the pattern.
    """
    if _is_id(text) is None:
        raise BadInput(Reason.UNIT_ID, f"{text[:40]!r} is not an id: 1 to 32 of a-z, 0-9 and '-', no '-' first")
    return text


def read_unit_topic(topic: str) -> UnitTopic:
    """Take a unit's topic apart.

    Raises:
        BadInput: TOPIC if it has not the shape, UNIT_ID if an id in it is outside the pattern.
    """
    parts = topic.split("/")
    if len(parts) not in (6, 7) or parts[0] != "sigap" or parts[1] != "v1" or parts[3] != "units":
        raise BadInput(Reason.TOPIC, f"{topic[:120]!r} is not a unit's topic")
    reply = parts[5:] == ["command", "reply"]
    try:
        channel = Channel.COMMAND_REPLY if reply else Channel(parts[5])
    except ValueError:
        raise BadInput(Reason.TOPIC, f"{topic[:120]!r} names no channel of ours") from None
    if not reply and (len(parts) == 7) != (channel in _WITH_OUTBOX):
        raise BadInput(Reason.TOPIC, f"{topic[:120]!r} has a wrong number of parts")
    outbox = checked_id(parts[6]) if channel in _WITH_OUTBOX else None
    return UnitTopic(checked_id(parts[2]), checked_id(parts[4]), channel, outbox)


class BridgeTopic(msgspec.Struct, frozen=True):
    """What a bridge says for somebody: a unit, or a radio of which it does not know whose it is."""

    centre: str
    bridge: str
    known: bool  # whether `name` is a unit's id; else it is a radio's
    name: str
    channel: Channel  # LIVE, BACKLOG, STATUS or NMEA
    outbox: str | None = None

    def __str__(self) -> str:
        tail = f"/{self.outbox}" if self.outbox is not None else ""
        kind = "units" if self.known else "radios"
        return f"{PREFIX}/{self.centre}/bridges/{self.bridge}/{kind}/{self.name}/{self.channel.value}{tail}"


_OF_BRIDGE = frozenset({Channel.LIVE, Channel.BACKLOG, Channel.STATUS, Channel.NMEA})


def read_bridge_topic(topic: str) -> BridgeTopic | None:
    """Take a bridge's topic apart; None for what is no bridge's at all.

    Raises:
        BadInput: TOPIC if it has not the shape, UNIT_ID if an id in it is outside the pattern.
    """
    parts = topic.split("/")
    if len(parts) < 4 or parts[3] != "bridges":
        return None
    if len(parts) not in (8, 9) or parts[:2] != ["sigap", "v1"] or parts[5] not in ("units", "radios"):
        raise BadInput(Reason.TOPIC, f"{topic[:120]!r} is not a bridge's topic")
    channel = next((each for each in _OF_BRIDGE if each.value == parts[7]), None)
    if channel is None or (len(parts) == 9) != (channel in _WITH_OUTBOX):
        raise BadInput(Reason.TOPIC, f"{topic[:120]!r} names no channel of a bridge, or has a wrong number of parts")
    outbox = checked_id(parts[8]) if len(parts) == 9 else None
    return BridgeTopic(
        checked_id(parts[2]), checked_id(parts[4]), parts[5] == "units", checked_id(parts[6]), channel, outbox
    )


def every_bridge(centre: str, channel: Channel) -> str:
    """The subscription filter for one channel of all units and radios of all bridges of a centre."""
    return f"{PREFIX}/{checked_id(centre)}/bridges/+/+/+/{channel.value}{'/+' if channel in _WITH_OUTBOX else ''}"


def bridge_receipt(centre: str, bridge: str, outbox: str) -> str:
    """Where a bridge hears which numbers of its outbox it may forget."""
    return f"{PREFIX}/{checked_id(centre)}/bridges/{checked_id(bridge)}/receipt/{checked_id(outbox)}"


def every_bridges_presence(centre: str) -> str:
    """The subscription filter for the presence of all bridges of a centre."""
    return f"{PREFIX}/{checked_id(centre)}/bridges/+/presence"


def read_bridge_presence(topic: str) -> str | None:
    """The bridge whose presence a topic is; None for any other topic."""
    parts = topic.split("/")
    ours = len(parts) == 6 and parts[:2] == ["sigap", "v1"] and parts[3] == "bridges" and parts[5] == "presence"
    return parts[4] if ours and _is_id(parts[4]) else None


def bridge_presence(centre: str, bridge: str) -> str:
    """Where a bridge says whether it is there."""
    return f"{PREFIX}/{checked_id(centre)}/bridges/{checked_id(bridge)}/presence"


def live_unit(centre: str, unit: str) -> str:
    """Where other systems read how a unit stands."""
    return f"{PREFIX}/{checked_id(centre)}/live/{checked_id(unit)}"


def intake_incident(centre: str) -> str:
    """Where call-taking systems tell of incidents."""
    return f"{PREFIX}/{checked_id(centre)}/intake/incident"


def intake_answer(centre: str) -> str:
    """Where they hear what became of it."""
    return f"{PREFIX}/{checked_id(centre)}/intake/answer"


def incident_state(centre: str, incident: str) -> str:
    """Where they read how an incident stands."""
    return f"{PREFIX}/{checked_id(centre)}/incidents/{checked_id(incident)}/state"


def gateway_presence(centre: str) -> str:
    """Where the gateway of a centre says whether it is there."""
    return f"{PREFIX}/{checked_id(centre)}/gateway/presence"


def every_unit(centre: str, channel: Channel) -> str:
    """The subscription filter for one channel of all units of a centre."""
    return f"{PREFIX}/{checked_id(centre)}/units/+/{channel.value}{'/+' if channel in _WITH_OUTBOX else ''}"
