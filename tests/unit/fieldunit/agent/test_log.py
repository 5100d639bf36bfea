"""A recorded log becomes the reports that the unit would have made."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from fieldunit.agent.log import LogError, read_log, shifted
from tracker.errors import Reason
from tracker.wire.checksum import xor


def sentence(body: str) -> bytes:
    return b"$%s*%02X\r\n" % (body.encode(), xor(body.encode()))


def gga(clock: str, quality: int = 1) -> bytes:
    return sentence(f"GPGGA,{clock},0709.00000,S,11153.00000,E,{quality},08,1.0,3.0,M,,M,,")


def rmc(clock: str, day: str = "211126") -> bytes:
    return sentence(f"GPRMC,{clock},A,0709.00000,S,11153.00000,E,1.00,,{day},,,A")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "drive.log"


def test_epochs_with_a_fix_are_taken_and_others_counted(log: Path) -> None:
    """Without a fix there is nothing to send; a broken line is counted by its reason."""
    broken = rmc("120002.00").replace(b"1.00", b"9.00")
    log.write_bytes(rmc("120000.00") + gga("120000.00") + gga("120001.00", quality=0) + broken + rmc("120003.50"))
    found = read_log(log)
    assert [report.fix_time for report in found.reports] == [
        datetime(2026, 11, 21, 12, tzinfo=UTC),
        datetime(2026, 11, 21, 12, 0, 3, 500_000, tzinfo=UTC),
    ]
    assert found.reports[0].epoch.lines == (rmc("120000.00").strip(), gga("120000.00").strip())
    assert found.no_fix == 1
    assert found.refused == {Reason.CHECKSUM: 1}


def test_what_comes_before_the_first_date_is_dated_by_what_comes_after(log: Path) -> None:
    """Over a midnight, too."""
    log.write_bytes(gga("235959.00") + rmc("000000.00", "221126"))
    assert [report.fix_time for report in read_log(log).reports] == [
        datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 22, tzinfo=UTC),
    ]


def test_a_log_without_a_date_needs_one(log: Path) -> None:
    """It would be another drive each time it is replayed; with a date it is one drive, over midnight."""
    log.write_bytes(gga("235959.00") + gga("000000.00"))
    with pytest.raises(LogError, match="--date YYYY-MM-DD"):
        read_log(log)
    assert [report.fix_time for report in read_log(log, date(2024, 2, 28)).reports] == [
        datetime(2024, 2, 28, 23, 59, 59, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
    ]


def test_sentences_that_contradict_each_other_are_the_centres_to_judge(log: Path) -> None:
    """They are sent, and no fix time is promised."""
    far = sentence("GPGGA,120000.00,0809.00000,S,11153.00000,E,1,08,1.0,3.0,M,,M,,")
    log.write_bytes(rmc("120000.00") + far)
    [report] = read_log(log).reports
    assert report.fix_time is None


def test_a_log_without_a_fix_or_without_a_file_says_so(log: Path) -> None:
    """In a sentence that names the file."""
    with pytest.raises(LogError, match=r"drive\.log cannot be read"):
        read_log(log)
    log.write_bytes(gga("120000.00", quality=0))
    with pytest.raises(LogError, match=r"drive\.log holds no fix"):
        read_log(log)


def test_a_shifted_report_is_one_of_another_time(log: Path) -> None:
    """Sentences, device time and fix time move together."""
    log.write_bytes(rmc("120000.25"))
    [report] = read_log(log).reports
    moved = shifted(report, timedelta(days=1, seconds=1))
    assert moved.fix_time == moved.epoch.device_time == datetime(2026, 11, 22, 12, 0, 1, 250_000, tzinfo=UTC)
    assert moved.epoch.lines == (rmc("120001.25", "221126").strip(),)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x7fELF" * 999, b"root:x:0:0:root:/root:/bin/bash\n"])
def test_what_is_no_log_is_told_as_such(log: Path, content: bytes) -> None:
    """Not by a count of epochs, which helps nobody who has named the wrong file."""
    log.write_bytes(content)
    with pytest.raises(LogError, match=r"drive\.log holds no NMEA sentence: is it a log of a receiver\?$"):
        read_log(log)


def test_a_log_of_broken_sentences_is_told_apart(log: Path) -> None:
    """It may be the right file, with something wrong about its checksums."""
    log.write_bytes(rmc("120000.00").replace(b"1.00", b"9.00"))
    with pytest.raises(LogError, match="1 lines look like one and are broken"):
        read_log(log)
