r"""Sentences out of a byte stream: a serial line, a socket, a recorded file.

Between sentences there may be anything: a receiver's binary protocol, noise, the tail of a line that was cut. A
sentence begins with ``$`` or ``!`` and ends with its checksum; within it neither of these marks nor a byte outside
printable ASCII can stand (NMEA 0183, 5.3), so a mark inside a sentence begins a new one, and no valid sentence is lost
to the rubbish before it. Line ends do not matter. A sentence that ends otherwise (a line end, a strange byte) was cut;
if it has an address it is handed on, so that somebody counts it, and else it is noise.
"""

import re

_sentence = re.compile(
    rb"[$!](?:[\x20\x22\x23\x25-\x29\x2b-\x7e]*\*[0-9A-Fa-f]{2}"  # whole
    rb"|[A-Z]{2}[A-Z0-9]{2,8},[\x20\x22\x23\x25-\x29\x2b-\x7e]*(?:\*[0-9A-Fa-f]?)?(?=[^\x20-\x7e]|[$!]))"  # cut
)

MAX_SENTENCE = 1024
"""Bytes an unfinished sentence is waited for. NMEA allows 82; makers' own sentences are longer, some by far."""


class SentenceFramer:
    """Feed it bytes as they come; it gives the sentences that are complete, without their line ends."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, any number; returns the sentences they complete, in order."""
        return self._take(self._rest + data)

    def flush(self) -> list[bytes]:
        """The end of the stream: a sentence without a line end after it is complete, too, or cut."""
        found = self._take(self._rest + b"\n")
        self._rest = b""
        return found

    def _take(self, data: bytes) -> list[bytes]:
        found = []
        end = 0
        for match in _sentence.finditer(data):
            found.append(match[0])
            end = match.end()
        start = max(data.rfind(b"$"), data.rfind(b"!"))
        self._rest = data[start:] if start >= end and len(data) - start <= MAX_SENTENCE else b""
        return found
