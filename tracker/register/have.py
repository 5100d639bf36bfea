"""Reads EDXL-HAVE: what hospitals tell of beds and doors, as XML (OASIS, versions 1.0 and 2.0).

Elements are known by their local names, whatever their case: the two versions and their drafts differ in that, and a
message in which a bed count is spelt otherwise is no reason to send an ambulance to a full house. What is read:

    facility (2.0), Hospital (1.0)                   one hospital
    facilityID, organizationID                       its id
    facilityName, organizationName                   its name
    bedCapacity ... availableCount                   free beds, summed over kinds of beds, but not over sub-categories
    trafficStatus, EMSTrafficStatus                  closed: it takes no patients; normal, advisory: it does
    facilityStatus, facilityOperatingStatus          closed, evacuating: it takes no patients
    trafficReason, EMSTrafficReason                  why
    offloadTime, EMSOffloadTime                      minutes until a crew is free, or a duration (PT25M)
    lastUpdateTime, lastUpdated                      when that was so

No document type, so no entities: expat never gets to expand one. Size and depth are bounded.
"""

import re
from datetime import UTC, datetime
from xml.parsers import expat

from tracker.errors import BadInput, Reason
from tracker.register.states import Told

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 64
MAX_TEXT = 1000
MAX_BEDS = 100_000

NAMESPACE = "urn:oasis:names:tc:emergency:edxl:have:"
"""Of every version, in lower case: their spelling differs."""

_HOUSES = frozenset({"facility", "hospital"})
_FIELDS = {
    "facilityid": "id", "organizationid": "id", "facilityname": "name", "organizationname": "name",
    "trafficstatus": "traffic", "emstrafficstatus": "traffic", "facilitystatus": "status",
    "facilityoperatingstatus": "status", "trafficreason": "because", "emstrafficreason": "because",
    "offloadtime": "offload", "emsoffloadtime": "offload", "lastupdatetime": "at", "lastupdated": "at",
}  # fmt: skip
_SHUT = frozenset({"closed", "evacuating"})
_OPEN = frozenset({"normal", "advisory"})
_duration = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})(?:\.\d+)?S)?").fullmatch


def read(payload: bytes) -> list[Told]:
    """The hospitals of one message.

    Raises:
        BadInput: OVERSIZE, or PAYLOAD: it is no such message, or a field in it is none.
    """
    if len(payload) > MAX_BYTES:
        raise BadInput(Reason.OVERSIZE, f"{len(payload)} bytes, and a message has {MAX_BYTES} at most")
    reader = _Reader()
    try:
        reader.parser.Parse(payload, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two of encodings that it cannot read
        raise BadInput(Reason.PAYLOAD, f"this is no XML: {error}") from error
    return reader.told


class _Reader:
    """Follows the elements of one message."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._fields: dict[str, str] | None = None  # of the hospital that is read now
        self._depth = 0  # of its element
        self._beds: int | None = None
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        self.parser = parser

    def _refuse(self, *_: object) -> None:
        raise BadInput(Reason.PAYLOAD, "it declares a document type or an entity, and none is read here")

    def _start(self, tag: str, _: object) -> None:
        namespace, _, name = tag.rpartition(" ")
        name = name.lower()
        if not self._path and not namespace.lower().startswith(NAMESPACE):
            raise BadInput(Reason.PAYLOAD, f"its root is of {namespace or 'no namespace'}, not of EDXL-HAVE")
        self._path.append(name)
        if len(self._path) > MAX_DEPTH:
            raise BadInput(Reason.PAYLOAD, f"elements within elements, more than {MAX_DEPTH} deep")
        self._text.clear()
        if name in _HOUSES and self._fields is None:
            self._fields, self._beds, self._depth = {}, None, len(self._path)

    def _end(self, _: str) -> None:
        name, text = self._path.pop(), " ".join("".join(self._text).split())[:MAX_TEXT]
        self._text.clear()
        fields = self._fields
        if fields is None:
            return
        if len(self._path) < self._depth:
            self.told.append(self._hospital(fields))
            self._fields = None
        elif name in _FIELDS and text:
            fields.setdefault(_FIELDS[name], text)
        elif name == "availablecount" and "bedcapacity" in self._path and not self._within_a_part():
            self._beds = (self._beds or 0) + _number(text, "availableCount")
            if self._beds > MAX_BEDS:
                raise BadInput(Reason.PAYLOAD, f"more than {MAX_BEDS} free beds in one hospital")
        elif text and self._path and self._path[-1] in _FIELDS:  # a value within its element, as lists have it
            fields.setdefault(_FIELDS[self._path[-1]], text)

    def _within_a_part(self) -> bool:
        return any(name.startswith("subcategory") for name in self._path)

    def _hospital(self, fields: dict[str, str]) -> Told:
        if "id" not in fields and "name" not in fields:
            raise BadInput(Reason.PAYLOAD, "a facility has neither facilityID nor facilityName")
        states = {fields.get(name, "").lower() for name in ("traffic", "status")}
        opened = False if states & _SHUT else True if states & _OPEN else None
        return Told(
            facility=fields.get("id", ""), name=fields.get("name", ""), at=_time(fields.get("at")), beds=self._beds,
            open=opened, because=fields.get("because", ""), handover_s=_seconds(fields.get("offload")),
        )  # fmt: skip


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadInput(Reason.PAYLOAD, f"{what} is {text[:40]!r}, and no number")
    return int(text)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError) as error:
        raise BadInput(Reason.PAYLOAD, f"lastUpdateTime is {text[:40]!r}, and no time") from error


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    match = _duration(text)
    if match is not None and any(match.groups()):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return 3600.0 * hours + 60.0 * minutes + seconds
    return 60.0 * _number(text, "offloadTime")
