"""What a profile says of its centre: who calls it, who belongs to it, how it works, which words it uses.

Everything here is a centre's own to change, so the code asks the profile and knows no centre. What no source states is
absent, and never a guess. The words of statuses and the seconds of the escalation are those of `tracker.missions`;
regions and missions do not know each other, and whoever reads both puts them together.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

import msgspec

from tracker.wire.topics import checked_id


class AgencyKind(StrEnum):
    """What an agency is, wherever it is."""

    DINKES = "dinkes"  # health office
    DAMKAR = "damkar"  # fire brigade
    BPBD = "bpbd"  # disaster management
    POLRES = "polres"  # police
    PMI = "pmi"  # red cross
    SATPOL_PP = "satpol-pp"  # municipal order
    DINSOS = "dinsos"  # social affairs
    PUPR = "pupr"  # public works
    DISKOMINFO = "diskominfo"  # communication: holds the number 112 in many places
    HOSPITAL = "hospital"


class Takes(StrEnum):
    """Which calls come in under a number."""

    ALL = "all"
    MEDICAL = "medical"


class Interval(StrEnum):
    """From when to when a response is measured; services differ in it, so that their minutes cannot be compared."""

    CALL_TO_SCENE = "call-to-scene"
    DISPATCH_TO_SCENE = "dispatch-to-scene"
    DEPART_TO_SCENE = "depart-to-scene"


class Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number that people call."""

    number: str  # digits
    takes: Takes = Takes.ALL


class Province(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The province that sees the centre; or that it is, when it has members."""

    code: str  # of the interior ministry (Kemendagri)
    name: str


class Agency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who owns units, and is sent for."""

    id: str
    name: str
    kind: AgencyKind


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which agency commands the centre."""

    holder: str  # id of an agency
    to_be_handed_to: str | None = None  # id of another; None: nothing of the kind is planned


class ResponseTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How soon a unit shall be there."""

    minutes: float
    interval: Interval


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What nobody acknowledges: seconds until each step of `tracker.missions.escalation.Ladder`, rising."""

    again_s: float = 30.0
    next_unit_s: float = 60.0
    supervisor_s: float = 120.0
    next_unit_by_itself: bool = False  # whether the next unit is assigned, or only proposed


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What people there call each status of `tracker.missions.statuses`; none may be missing."""

    available: str
    assigned: str
    acknowledged: str
    en_route: str
    on_scene: str
    patient_aboard: str
    at_hospital: str
    handed_over: str
    out_of_service: str
    emergency: str

    def by_status(self) -> Mapping[str, str]:
        """Label of each status, by the status's own value."""
        labels: dict[str, str] = msgspec.to_builtins(self)
        return labels


class Sop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the centre's table: who goes to what, by which of its procedures."""

    kind: str  # id of the kind of emergency
    name: str  # what people call it
    agencies: tuple[str, ...]  # ids; the first leads
    sop: str | None = None  # where the procedure stands; None: the centre has not said


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A centre of a province, with the counts of its regency or city."""

    id: str
    name: str
    code: str  # of the interior ministry (Kemendagri), which districts and villages begin with
    bps: str  # of the statistics office (BPS), which the health ministry's numbers of facilities begin with
    districts: int
    desa: int
    kelurahan: int
    puskesmas: int
    hospitals: int


class VillageUnits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One unit for each village, by rule instead of by row."""

    prefix: str  # of ids: {prefix}-{member's code without dots}-{001, 002, ...}
    label: str  # of names: {label} {member's code}-{001, 002, ...}
    kind: str
    agency: str  # id
    private: bool  # citizens' own vehicles: tracked with consent and on duty only


def check_agencies(
    agencies: tuple[Agency, ...], sops: tuple[Sop, ...], command: Command | None, owners: Mapping[str, str]
) -> None:
    """Whether every agency that is spoken of is there, and nothing stands twice.

    Args:
        agencies: of the centre.
        sops: its table.
        command: who commands it.
        owners: agency of each unit (or rule) that names one.

    Raises:
        BadInput: UNIT_ID, if an id is none.
        ValueError: it contradicts itself.
    """
    known = {checked_id(agency.id) for agency in agencies}
    if len(known) < len(agencies):
        raise ValueError("an agency stands in it twice")
    if len({checked_id(sop.kind) for sop in sops}) < len(sops):
        raise ValueError("a kind of emergency stands in it twice")
    asked = [(f"the kind {sop.kind}", agency) for sop in sops for agency in sop.agencies]
    asked += owners.items()
    if command is not None:
        if command.holder == command.to_be_handed_to:
            raise ValueError(f"command is to be handed from {command.holder} to itself")
        asked += [("command", agency) for agency in (command.holder, command.to_be_handed_to) if agency is not None]
    for who, agency in asked:
        if agency not in known:
            raise ValueError(f"{who} names {agency!r}, which is no agency of it")
    for sop in sops:
        if not sop.agencies:
            raise ValueError(f"nobody is sent to the kind {sop.kind}")


def check_ways(
    numbers: tuple[Number, ...],
    target: ResponseTarget | None,
    escalation: Escalation,
    labels: Labels | None,
) -> None:
    """Whether numbers can be dialled, the target can be met, the escalation rises, and no label is empty.

    Raises:
        ValueError: not so.
    """
    for each in numbers:
        if not (each.number.isascii() and each.number.isdigit()):
            raise ValueError(f"{each.number!r} cannot be dialled")
    if target is not None and not 0 < target.minutes < float("inf"):
        raise ValueError(f"a response target of {target.minutes} minutes")
    steps = [0.0, escalation.again_s, escalation.next_unit_s, escalation.supervisor_s]
    if not all(earlier < later for earlier, later in pairwise(steps)) or steps[-1] == float("inf"):
        raise ValueError("the steps of its escalation do not come one after the other")
    if labels is not None and (empty := [status for status, label in labels.by_status().items() if not label.strip()]):
        raise ValueError(f"it has no word for {', '.join(empty)}")
