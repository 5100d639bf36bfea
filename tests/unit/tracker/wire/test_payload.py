r"""Payloads: groups behind TAG blocks, bare lines, and whatever else arrives."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.property.sentences import sealed
from tracker.errors import BadInput, Reason
from tracker.fix import Fix, Quality
from tracker.wire import payload, tagblock
from tracker.wire.payload import Reading, Unreadable, encode_epoch
from tracker.wire.tagblock import TagBlock
from tracker.wire.topics import MAX_PAYLOAD

AT = datetime(2026, 11, 21, 3, 4, 5, 200_000, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 22, 3, 4, 6, tzinfo=UTC)
RMC = "GNRMC,030405.20,A,0709.12345,S,11152.67890,E,10.00,87.10,211126,,,A"
GGA = "GNGGA,030405.20,0709.12345,S,11152.67890,E,1,09,0.9,25.3,M,12.1,M,,"
GSV = "GPGSV,1,1,00"


def lines(*bodies: str) -> list[bytes]:
    return [sealed(body.encode()) for body in bodies]


def bare(*bodies: str) -> bytes:
    return b"".join(line + b"\r\n" for line in lines(*bodies))


def readings(message: bytes) -> list[Reading]:
    found = payload.decode(message, RECEIVED)
    assert all(isinstance(item, Reading) for item in found), found
    return [item for item in found if isinstance(item, Reading)]


def fixes(message: bytes) -> list[Fix]:
    found = [reading.fix for reading in readings(message)]
    assert None not in found
    return [fix for fix in found if fix is not None]


def unreadable(message: bytes) -> list[Unreadable]:
    return [item for item in payload.decode(message, RECEIVED) if isinstance(item, Unreadable)]


def test_a_message_is_what_the_wire_describes() -> None:
    """The payload stays pure NMEA, CR LF after each line."""
    message = encode_epoch("gnss", 10234, AT, lines(RMC, GGA))
    block = b"\\s:gnss,n:10234,c:1795230245200*43\\"
    assert message == block + b"\r\n".join(lines(RMC, GGA)) + b"\r\n"
    (reading,) = readings(message)
    assert (reading.sequence, reading.source, reading.reason, reading.device_time) == (10234, "gnss", None, AT)
    assert reading.fix is not None
    assert (reading.fix.time, reading.fix.satellites, reading.fix.quality) == (AT, 9, Quality.GOOD)


def test_several_epochs_in_one_message_come_out_in_order() -> None:
    """Each with its own number, source and clock, without a date of their own."""
    parts = []
    for number in range(5):
        at = AT + timedelta(seconds=number)
        body = GGA.replace("030405.20", at.strftime("%H%M%S.20"))
        parts.append(encode_epoch("modem" if number % 2 else "gnss", number, at, lines(body)))
    found = readings(b"".join(parts))
    assert [reading.sequence for reading in found] == [0, 1, 2, 3, 4]
    assert [reading.source for reading in found] == ["gnss", "modem", "gnss", "modem", "gnss"]
    times = [reading.fix.time for reading in found if reading.fix is not None]
    assert times == [AT + timedelta(seconds=number) for number in range(5)]


def test_a_bad_line_does_not_take_its_epoch_with_it() -> None:
    """The line goes to the quarantine, the fix into the database, both under one number."""
    cut = lines(GGA)[0][:30]
    found = payload.decode(encode_epoch("gnss", 7, AT, [*lines(RMC), cut]), RECEIVED)
    assert [type(item) for item in found] == [Unreadable, Reading]
    assert isinstance(found[0], Unreadable)
    assert (found[0].sequence, found[0].reason, found[0].raw) == (7, Reason.TRUNCATED, cut)
    assert isinstance(found[1], Reading)
    assert found[1].fix is not None


def test_an_epoch_of_bad_lines_only_gives_no_reading() -> None:
    """Nobody may say "no fix" of what could not be read."""
    found = payload.decode(encode_epoch("gnss", 7, AT, [b"$GPRMC,1*00", b"noise"]), RECEIVED)
    assert [(type(item), item.sequence, item.reason) for item in found] == [
        (Unreadable, 7, Reason.CHECKSUM),
        (Unreadable, 7, Reason.NOT_NMEA),
    ]


@pytest.mark.parametrize("bodies", [(GSV,), (RMC.replace(",A,0709", ",V,0709"),), (RMC, GGA.replace(",E,1,", ",E,0,"))])
def test_an_epoch_without_a_fix_says_so(bodies: tuple[str, ...]) -> None:
    """Read well, nothing to store: the unit gets its receipt."""
    (reading,) = readings(encode_epoch("gnss", 7, AT, lines(*bodies)))
    assert (reading.sequence, reading.fix, reading.reason) == (7, None, Reason.NO_FIX)


def test_an_epoch_that_contradicts_itself_is_kept_as_it_came() -> None:
    """Two times under one number."""
    message = encode_epoch("gnss", 7, AT, lines(RMC, GGA.replace("05.20", "06.20")))
    (item,) = payload.decode(message, RECEIVED)
    assert isinstance(item, Unreadable)
    assert (item.sequence, item.reason) == (7, Reason.DISAGREEMENT)
    assert item.raw.count(b"$") == 2


def test_a_bad_tag_block_loses_its_group_and_no_other() -> None:
    """Whose lines these are is not known, so they are not stored under another's number."""
    good = encode_epoch("gnss", 8, AT, lines(RMC))
    bad = encode_epoch("gnss", 7, AT, lines(RMC, GGA)).replace(b"n:7", b"n:9")
    found = payload.decode(bad + good, RECEIVED)
    assert [(type(item), item.sequence) for item in found] == [(Unreadable, None), (Reading, 8)]
    assert isinstance(found[0], Unreadable)
    assert found[0].reason is Reason.TAG_BLOCK
    assert found[0].raw.count(b"$") == 2


def test_a_tag_block_with_nothing_behind_it_was_cut() -> None:
    """Its number is known."""
    (item,) = payload.decode(encode_epoch("gnss", 7, AT, lines(RMC)).partition(b"$")[0], RECEIVED)
    assert isinstance(item, Unreadable)
    assert (item.sequence, item.reason) == (7, Reason.TRUNCATED)


def test_bare_lines_are_split_by_their_time_of_day() -> None:
    """A third party's device: no numbers, the source is gnss."""
    message = bare(RMC, GGA, RMC.replace("05.20", "06.20"))
    assert [(reading.sequence, reading.source) for reading in readings(message)] == [(None, "gnss")] * 2
    assert [fix.time for fix in fixes(message)] == [AT, AT + timedelta(seconds=1)]


def test_any_date_in_a_bare_message_serves_all_of_it() -> None:
    """Also what stands before it, and over midnight; only a message without any date is dated on receipt."""
    before, after = GGA.replace("030405.20", "235959.20"), GGA.replace("030405.20", "000001.20")
    dated = RMC.replace("030405.20", "000000.20")
    midnight = AT.replace(hour=0, minute=0, second=0)
    second = timedelta(seconds=1)
    found = fixes(bare(before, dated, after))
    assert [fix.time for fix in found] == [midnight - second, midnight, midnight + second]
    assert [fix.quality for fix in found] == [Quality.GOOD] * 3
    (alone,) = fixes(bare(GGA))
    assert (alone.time.date(), alone.quality) == (RECEIVED.date(), Quality.DATED_ON_RECEIPT)


def test_a_block_without_a_number_names_source_and_clock() -> None:
    """Devices that put one before each sentence; sentences of one instant still make one fix."""

    block = tagblock.encode(TagBlock("phone", None, AT))
    later = bare(GGA.replace("05.20", "06.20"))
    message = b"".join([block, bare(GGA), block, bare("GPVTG,90.0,T,,M,20.0,N,,K"), block, later])
    found = readings(message)
    assert [(reading.source, reading.device_time) for reading in found] == [("phone", AT)] * 2
    assert [fix.time for fix in fixes(message)] == [AT, AT + timedelta(seconds=1)]
    assert fixes(message)[0].speed == pytest.approx(10.288888)


def test_a_payload_that_is_too_large_is_not_looked_at() -> None:
    """The broker refuses it; handed straight to the decoder it is one entry, whole."""
    for size in (MAX_PAYLOAD + 1, 1_000_000):
        (item,) = unreadable(b"\xff" * size)
        assert (item.reason, item.sequence, len(item.raw)) == (Reason.OVERSIZE, None, size)
    assert readings(bare(*[RMC] * (MAX_PAYLOAD // len(bare(RMC)))))


@pytest.mark.parametrize("message", [b"", b"\r\n", b"\r\n \r\n"])
def test_an_empty_payload_is_not_silence(message: bytes) -> None:
    """It came, so it is counted."""
    assert [(item.reason, item.raw) for item in unreadable(message)] == [(Reason.NOT_NMEA, message)]


def test_binary_noise_is_not_nmea() -> None:
    """Each line of it, with its bytes."""
    found = unreadable(b"\xb5\x62\x01\x02\n\x00\x00")
    assert [(item.reason, item.raw) for item in found] == [
        (Reason.NOT_NMEA, b"\xb5\x62\x01\x02"),
        (Reason.NOT_NMEA, b"\x00\x00"),
    ]


def test_the_limit_holds_what_a_place_cannot_be() -> None:
    """Latitude 91 is refused; a time in 1980, in 2080 and the place 0, 0 are stored with what is known against them."""
    assert unreadable(bare(RMC.replace("0709.12345", "9100.00000")))[0].reason is Reason.OUT_OF_RANGE
    assert fixes(bare(RMC.replace("211126", "060180")))[0].quality is Quality.PAST
    assert fixes(bare(GGA, "GPZDA,030405.20,06,01,2080,00,00"))[0].time.year == 2080
    null = RMC.replace("0709.12345", "0000.00000").replace("11152.67890", "00000.00000")
    assert fixes(bare(null))[0].quality is Quality.NULL_ISLAND


def test_what_is_no_epoch_is_not_encoded() -> None:
    """Our own mistakes are found on the unit."""
    for wrong in ([], [b""], [b"$A*00\r\n$B*00"], [b"\r\n"]):
        with pytest.raises(ValueError, match="one or more lines"):
            encode_epoch("gnss", 1, AT, wrong)
    with pytest.raises(BadInput):
        encode_epoch("No Id", 1, AT, lines(RMC))
