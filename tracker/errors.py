"""What can be wrong with what others send us, on the ground floor so that everybody can name it.

    TrackerError
    └── BadInput      the sender's fault; carries a Reason, and a sentence for whoever looks into the quarantine

An error carries plain values and forms its own sentence.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why something was not stored as a good fix. The value is what the database, the counters and the API show."""

    OVERSIZE = "oversize"  # the payload is larger than the wire allows
    TOPIC = "topic"  # the topic is not one of ours, or not UTF-8
    UNIT_ID = "unit-id"  # the id is outside the pattern
    NOT_ENROLLED = "not-enrolled"  # the centre does not know this unit
    TAG_BLOCK = "tag-block"  # the TAG block cannot be read
    NOT_NMEA = "not-nmea"  # binary noise, another protocol
    TRUNCATED = "truncated"  # the line was cut: no '*hh' at its end
    CHECKSUM = "checksum"  # '*hh' is there and does not match
    FIELD = "field"  # a field is not of its type
    OUT_OF_RANGE = "out-of-range"  # a field has its type, but no such value exists: latitude 91
    DISAGREEMENT = "disagreement"  # sentences of one epoch contradict each other
    CONTRADICTION = "contradiction"  # the same unit, source and fix time is stored with another position
    NO_FIX = "no-fix"  # read well: the receiver says it has no position
    NOT_ALLOWED = "not-allowed"  # a bridge that may not speak for this unit
    UNKNOWN_PHONE = "unknown-phone"  # nobody's phone: counted, and nothing of it is kept
    NO_CONSENT = "no-consent"  # of a private phone: counted, and nothing of it is kept
    OFF_DUTY = "off-duty"  # likewise
    PAYLOAD = "payload"  # JSON that is not the message its topic promises
    STORAGE = "storage"  # the database refuses these values; seldom, and worth a look


class TrackerError(Exception):
    """Root of every error this domain raises on purpose."""


class BadInput(TrackerError):
    """Something sent to us cannot be read.

    Args:
        reason: the kind, for counters and the quarantine.
        detail: one sentence on what was found where; never more than a line.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
