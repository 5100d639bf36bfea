"""EDXL-HAVE as hospitals send it, and as somebody sends it who means harm."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BadInput, Reason
from tracker.register import Facility
from tracker.register.have import MAX_BYTES, read
from tracker.register.states import Told, after

TWO = """<?xml version="1.0" encoding="UTF-8"?>
<have:HAVE xmlns:have="urn:oasis:names:tc:emergency:edxl:have:2.0" xmlns:ct="urn:oasis:names:tc:emergency:edxl:ct:1.0">
  <have:facility>
    <have:facilityInformation>
      <have:facilityID>rsud</have:facilityID><have:facilityName>RSUD Sosodoro</have:facilityName>
    </have:facilityInformation>
    <have:serviceList><have:serviceListItem><have:serviceName>ICU</have:serviceName>
      <have:bedCapacity><have:capacity><have:availableCount>3</have:availableCount></have:capacity></have:bedCapacity>
      <have:bedCapacity>
        <have:capacity><have:availableCount>4</have:availableCount></have:capacity>
        <have:subCategoryBedType><have:availableCount>2</have:availableCount></have:subCategoryBedType>
      </have:bedCapacity>
    </have:serviceListItem></have:serviceList>
    <have:trafficStatus><ct:Value>Normal</ct:Value></have:trafficStatus>
    <have:offloadTime>25</have:offloadTime>
    <have:lastUpdateTime>2026-11-21T10:00:00+07:00</have:lastUpdateTime>
  </have:facility>
  <have:facility>
    <have:facilityInformation><have:facilityName>RS  Aisyiyah </have:facilityName></have:facilityInformation>
    <have:facilityStatus>Evacuating</have:facilityStatus><have:trafficReason>banjir</have:trafficReason>
    <have:offloadTime>PT1H5M</have:offloadTime>
  </have:facility>
</have:HAVE>"""
ONE = """<HospitalStatus xmlns="urn:oasis:names:tc:emergency:EDXL:HAVE:1.0"><Hospital>
  <Organization><OrganizationInformation><OrganizationID>urn:rs:padangan</OrganizationID></OrganizationInformation></Organization>
  <EmergencyDepartmentStatus><EMSTraffic><EMSTrafficStatus>Closed</EMSTrafficStatus>
    <EMSTrafficReason>IGD penuh</EMSTrafficReason></EMSTraffic></EmergencyDepartmentStatus>
  <HospitalBedCapacityStatus><BedCapacity><BedType>AdultICU</BedType>
    <Capacity><AvailableCount>0</AvailableCount><BaselineCount>9</BaselineCount></Capacity></BedCapacity>
  </HospitalBedCapacityStatus></Hospital></HospitalStatus>"""
NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


def test_a_message_of_two_hospitals_is_read() -> None:
    """Beds are summed over kinds and not over parts of kinds; what is not told is unknown, and not closed or none."""
    rsud, aisyiyah = read(TWO.encode())
    assert rsud == Told(
        facility="rsud", name="RSUD Sosodoro", at=datetime(2026, 11, 21, 3, 0, tzinfo=UTC), beds=7, open=True,
        handover_s=1500.0,
    )  # fmt: skip
    assert aisyiyah == Told(facility="", name="RS Aisyiyah", open=False, because="banjir", handover_s=3900.0)


def test_the_first_version_is_read_as_well() -> None:
    """With capitals, and beds that are all taken."""
    (padangan,) = read(ONE.encode())
    assert padangan == Told(facility="urn:rs:padangan", beds=0, open=False, because="IGD penuh")


BOMB = """<!DOCTYPE have [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<HAVE xmlns="urn:oasis:names:tc:emergency:edxl:have:2.0"><facility><facilityID>&b;</facilityID></facility></HAVE>"""
FILE = """<!DOCTYPE have SYSTEM "file:///etc/passwd"><HAVE xmlns="urn:oasis:names:tc:emergency:edxl:have:2.0"/>"""
DEEP = '<HAVE xmlns="urn:oasis:names:tc:emergency:edxl:have:2.0">' + "<x>" * 100 + "</x>" * 100 + "</HAVE>"
HEAD, TAIL = '<HAVE xmlns="urn:oasis:names:tc:emergency:edxl:have:2.0"><facility>', "</facility></HAVE>"


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        (BOMB, Reason.PAYLOAD, "document type or an entity"),
        (FILE, Reason.PAYLOAD, "document type or an entity"),
        (DEEP, Reason.PAYLOAD, "deep"),
        ("<HAVE/>", Reason.PAYLOAD, "no namespace"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", Reason.PAYLOAD, "not of EDXL-HAVE"),
        (ONE[:-20], Reason.PAYLOAD, "no XML"),
        ("", Reason.PAYLOAD, "no XML"),
        (" " * (MAX_BYTES + 1), Reason.OVERSIZE, "bytes"),
        (f"{HEAD}<bedCapacity><availableCount>many</availableCount></bedCapacity>{TAIL}", Reason.PAYLOAD, "no number"),
        (f"{HEAD}<facilityID>x</facilityID><lastUpdateTime>today</lastUpdateTime>{TAIL}", Reason.PAYLOAD, "no time"),
        (f"{HEAD}<facilityID>x</facilityID><offloadTime>-3</offloadTime>{TAIL}", Reason.PAYLOAD, "no number"),
        (
            f"{HEAD}<bedCapacity><availableCount>999999</availableCount></bedCapacity>{TAIL}",
            Reason.PAYLOAD,
            "free beds",
        ),
        (f"{HEAD}{TAIL}", Reason.PAYLOAD, "neither"),
    ],
)
def test_what_is_no_such_message_is_refused_with_a_sentence(text: str, reason: Reason, says: str) -> None:
    """No entity is ever expanded and no file is read; a number that is none is not guessed."""
    with pytest.raises(BadInput, match=says) as refused:
        read(text.encode())
    assert refused.value.reason is reason


@given(st.binary(max_size=300), st.integers(0, len(TWO)))
def test_whatever_comes_is_read_or_refused(noise: bytes, at: int) -> None:
    """Nothing but `BadInput` comes out of it."""
    whole = TWO.encode()
    for payload in (noise, whole[:at] + noise + whole[at:]):
        with suppress(BadInput):
            assert len(read(payload)) <= 3


def test_a_word_that_was_overtaken_changes_nothing() -> None:
    """By the time of the beds; a clock far ahead of ours is not believed."""
    house = Facility("rsud", "hospital", "RSUD", -7.15, 111.88, beds=3, beds_at=NOW)
    assert after(house, Told(facility="rsud", at=NOW - timedelta(minutes=1), beds=9, open=False), NOW) == house
    ahead = after(house, Told(facility="rsud", at=NOW + timedelta(hours=3), beds=9), NOW + timedelta(minutes=2))
    assert (ahead.beds, ahead.beds_at) == (9, NOW + timedelta(minutes=2))
    closed = after(house, Told(facility="rsud", open=False), NOW)
    assert (closed.beds, closed.diversion_because) == (3, "it takes no patients")
    assert after(closed, Told(facility="rsud", open=True), NOW).diversion_because is None


@pytest.mark.parametrize("encoding", ["utf-7", "foo", "rot13", "base64", "idna", "hex"])
def test_an_encoding_that_cannot_be_read_is_no_message(encoding: str) -> None:
    """Whatever the reader makes of it, the sender is told."""
    with pytest.raises(BadInput):
        read(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())
