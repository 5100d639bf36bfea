"""gpsd's regression logs: we and gpsd agree, and each difference is known."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.corpus import gpsd

EXCEPTIONS = tomllib.loads(Path(__file__).with_name("exceptions.toml").read_text(encoding="utf-8"))["exception"]


@pytest.fixture(scope="module")
def results() -> Sequence[gpsd.LogResult]:
    if not gpsd.FOLDER.is_dir():
        pytest.skip(f"the recorded logs are not part of the project, and {gpsd.FOLDER} is absent")
    return gpsd.run(gpsd.FOLDER)


def test_we_place_what_gpsd_places(results: Sequence[gpsd.LogResult]) -> None:
    """Time of day and position to 1e-6 degrees in 99.5 % of the epochs; with full UTC and speed in 97 %."""
    summary = gpsd.summarise(results)
    assert summary.epochs >= 1500
    assert summary.percent >= 99.5
    assert summary.percent_full >= 97


def test_each_difference_is_listed_with_its_reason(results: Sequence[gpsd.LogResult]) -> None:
    """No log differs in more, or in fewer, epochs than the table says."""
    present = {result.name for result in results}
    expected = {(row["log"], row["kind"]): row["epochs"] for row in EXCEPTIONS if row["log"] in present}
    found = {(result.name, kind): count for result in results for kind, count in result.exceptions.items()}
    assert found == expected
    assert all(row["reason"] for row in EXCEPTIONS)


def test_logs_of_binary_protocols_are_told_from_nmea(results: Sequence[gpsd.LogResult]) -> None:
    """A log whose reports stem from SiRF, UBX or Trimble data does not count; one that mixes counts for its NMEA."""
    assert [result.name for result in results if result.binary and result.fixes and not result.epochs] == []
    by_name = {result.name: result for result in results}
    if not {"sirf2.log", "ublox-zed-f9r.log", "mt3339.log"} <= by_name.keys():
        pytest.skip("this folder holds other logs")
    assert (by_name["sirf2.log"].epochs, by_name["sirf2.log"].binary) == (0, 615)
    assert by_name["mt3339.log"].binary == 0
    mixed = by_name["ublox-zed-f9r.log"]
    assert mixed.epochs > 0
    assert mixed.binary > 0
