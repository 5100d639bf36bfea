"""Why somebody stands where they stand in a ranking: a code that screens translate, its values, and a sentence."""

from enum import StrEnum

import msgspec


class Why(StrEnum):
    """Of a unit or a hospital; the sentence's blanks are the names of its values."""

    # Against it, from the worst on
    ETA_UNKNOWN = "arrival unknown: {because}"
    IN_DANGER = "its crew is in danger"
    OUT_OF_SERVICE = "out of service"
    OFF_SHIFT = "off its shift"
    CREW_SPENT = "its crew has {hours:.1f} h left, and this takes {needed:.1f} h"
    WRONG_AGENCY = "of {agency}, and {wanted} is wanted"
    NO_AGENCY = "of no agency that is known, and {wanted} is wanted"
    NOT_CONNECTED = "not connected: it has to be told by voice"
    LACKS = "lacks {what}"
    SENT = "sent to this incident already: {status}"
    CAPABILITIES_UNKNOWN = "nobody has said what it can do, and {what} is needed"
    BUSY = "{status} on another mission"
    LESS_URGENT = "would leave a mission that is less urgent"
    CLOSED = "takes no patients: {because}"
    NO_BEDS = "no free bed told at {at}"
    # What moves it
    ARRIVES = "arrives in {p50:.0f} s, by {p90:.0f} s in nine of ten drives"
    NOTE = "{note}"
    TURNOUT = "{seconds:.0f} s until it is under way"
    OLD_FIX = "its position is {age:.0f} s old: ranked by where it may be"
    COVERAGE = "leaves the region {seconds:.0f} s later at its next call, on the average"
    HANDOVER = "{seconds:.0f} s until the crew is free again"
    BEDS = "{beds} free beds"
    BEDS_UNKNOWN = "free beds unknown"
    BEDS_OLD = "{beds} free beds were told {hours:.0f} h ago: unknown by now"
    FITS = "has {what}"


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One reason."""

    why: str  # name of the `Why`, in lower case with hyphens: what a screen translates
    values: dict[str, float | str]
    sentence: str  # English


def reason(why: Why, **values: float | str) -> Reason:
    """A reason with its values filled in."""
    return Reason(_CODES[why], values, why.value.format(**values))


_CODES = {why: why.name.lower().replace("_", "-") for why in Why}
