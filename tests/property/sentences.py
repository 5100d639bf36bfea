"""Sentences for the property tests: in order, slightly wrong, and hostile."""

from hypothesis import strategies as st

from tracker.wire.checksum import xor

PRINTABLE = bytes(byte for byte in range(0x20, 0x7F) if byte not in b"$!*\\")


def sealed(body: bytes, mark: bytes = b"$") -> bytes:
    """A sentence with its checksum."""
    return b"%b%b*%02X" % (mark, body, xor(body))


def _decimal(most: int, digits: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda whole, fraction: f"{whole}.{fraction}" if fraction else str(whole),
        st.integers(0, most),
        st.text("0123456789", max_size=digits),
    )


_clock = st.builds(
    lambda h, m, s, f: f"{h:02}{m:02}{s:02}{f}",
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 61),
    st.sampled_from(["", ".", ".0", ".20", ".123", ".999999", ".1234567"]),
)
_date = st.builds(
    lambda d, m, y: f"{d:02}{m:02}{y:02}", st.integers(0, 32), st.integers(0, 13), st.integers(0, 99)
) | st.sampled_from(["", "000000", "2208-1"])


def _coordinate(most: int, width: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda degrees, minutes, fraction: f"{degrees:0{width}}{minutes:02}{fraction}",
        st.integers(0, most),
        st.integers(0, 60),
        st.sampled_from(["", ".", ".0", ".1234", ".99999", ".1234567", ".1234567891"]),
    )


_latitude = _coordinate(91, 2)
_longitude = _coordinate(181, 3)
_north = st.sampled_from(["N", "S", "N", "S", "", "n", "E"])
_east = st.sampled_from(["E", "W", "E", "W", "", "X"])
_number = _decimal(400, 3) | st.sampled_from(["", "-1.5", "360", "360.0", "0", "00.0"])
_letter = st.sampled_from(["A", "D", "E", "N", "R", "F", "", "X", "AN", "a", "V"])
_hostile = st.sampled_from(
    ["nan", "inf", "-inf", "1e5", "1_0", " 1", "1 ", "+1", "0x10", "9" * 40, "-", ".", "--1", "A,A", "\x7f", "\t", "é"]
) | st.text(max_size=6)
_talker = st.sampled_from(["GP", "GN", "GL", "IN", "BD", "Q1", "PG", "gp", "G"])
_small = st.integers(0, 40).map(str) | st.just("")
_any = st.text("0123456789.-ANMT", max_size=6)

_FIELDS: dict[str, list[st.SearchStrategy[str]]] = {
    "RMC": [_clock, st.sampled_from("AAAV"), _latitude, _north, _longitude, _east, _number, _number,
            _date, _any, _any, _letter, _letter],
    "GGA": [_clock, _latitude, _north, _longitude, _east, st.sampled_from(["1", "2", "4", "5", "6", "0", "9", ""]),
            _small, _number, _number, st.sampled_from(["M", "M", "", "f"]), _any, st.just("M"), _any, _any],
    "GNS": [_clock, _latitude, _north, _longitude, _east, _letter, _small, _number, _number, _any, _any, _any],
    "GLL": [_latitude, _north, _longitude, _east, _clock, st.sampled_from(["A", "A", "V", ""]), _letter],
    "VTG": [_number, st.sampled_from(["T", "T", "", "M"]), _number, st.just("M"), _number, st.sampled_from("NNK"),
            _number, st.sampled_from("KKN"), _letter],
    "GSA": [st.sampled_from("AM"), st.sampled_from(["1", "2", "3", "", "4"]), *[_small] * 12, _number, _number,
            _number, _any],
    "GST": [_clock, *[_number] * 7],
    "ZDA": [_clock, st.integers(0, 32).map("{:02}".format), st.integers(0, 13).map("{:02}".format),
            st.sampled_from(["2026", "1970", "1980", "2080", "0000", "", "99999", "26"]), _any, _any],
}  # fmt: skip


@st.composite
def sentences(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(_FIELDS)) -> bytes:
    """A sentence of a kind of interest, mostly readable; sometimes a field of it is hostile, missing or too many."""
    kind = draw(st.sampled_from(kinds))
    fields = [draw(field) for field in _FIELDS[kind]]
    twist = draw(st.integers(0, 9))
    if twist == 0:
        fields[draw(st.integers(0, len(fields) - 1))] = draw(_hostile)
    elif twist == 1:
        fields = fields[: draw(st.integers(0, len(fields)))]
    elif twist == 2:
        fields += draw(st.lists(_any, max_size=3))
    body = ",".join([draw(_talker) + kind, *fields]).encode("utf-8", "surrogatepass")
    return sealed(body)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A sentence with a few bytes changed, cut or put in; with its old checksum or a new one."""
    line = bytearray(draw(sentences()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(line) - 1)))
        line[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    if draw(st.booleans()) and b"*" in line:
        return sealed(bytes(line[1 : line.index(b"*")]))
    return bytes(line) + draw(st.sampled_from([b"", b"\r\n", b"\n", b" ", b"\r\r\n"]))


valid_body = st.builds(
    lambda address, rest: address + b"," + rest,
    st.sampled_from([b"GPRMC", b"GNGGA", b"GPTXT", b"PUBX", b"AIVDM", b"GPGSV"]),
    st.lists(st.sampled_from(PRINTABLE), max_size=90).map(bytes),
)
"""What may stand between the mark and the checksum of a well-formed sentence."""
