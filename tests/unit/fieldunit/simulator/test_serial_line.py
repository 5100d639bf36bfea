"""A receiver on a pseudo-terminal is a serial port to whoever opens it, and its plug can be pulled."""

import contextlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import serial

from fieldunit.simulator.build import cars_for, roads_for
from fieldunit.simulator.scenario import read
from fieldunit.simulator.serial_line import SerialLine, SerialLineError, SerialUnit
from tracker.wire.framing import SentenceFramer
from tracker.wire.stream import EpochReader

BEGAN = datetime(2026, 11, 23, 3, tzinfo=UTC)


def heard(port: serial.Serial, count: int, seconds: float = 10.0) -> list[bytes]:
    """So many sentences from the port."""
    framer, found, deadline = SentenceFramer(), list[bytes](), time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        found += framer.feed(port.read(100))
    return found


def test_what_is_said_is_read_as_from_a_cable(tmp_path: Path) -> None:
    """By pyserial, at any speed, byte for byte, sentence by sentence."""
    line = SerialLine(tmp_path / "gnss")
    with serial.Serial(str(tmp_path / "gnss"), 9600, timeout=0.1) as port:
        line.say([b"$GNRMC,1*00", b"$GNGGA,2*00"])
        assert heard(port, 2) == [b"$GNRMC,1*00", b"$GNGGA,2*00"]
    line.close()
    assert not (tmp_path / "gnss").is_symlink()


def test_what_nobody_reads_is_overwritten_by_what_is_newer(tmp_path: Path) -> None:
    """Saying never waits, and whoever opens the port late hears the present, not the past."""
    line = SerialLine(tmp_path / "gnss")
    for number in range(2000):
        line.say([b"$GNTXT,%04d,%s*00" % (number, b"x" * 60)])
    port = os.open(
        tmp_path / "gnss", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK
    )  # which empties no buffer, unlike pyserial
    said = b""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(port, 4096):
            said += chunk
    os.close(port)
    assert b"$GNTXT,0000," not in said
    assert b"$GNTXT,1999," in said
    line.close()


def test_a_pulled_plug_ends_the_line_and_comes_back_under_its_name(tmp_path: Path) -> None:
    """The reader is told as by a USB adapter that is gone."""
    line = SerialLine(tmp_path / "gnss")
    port = serial.Serial(str(tmp_path / "gnss"), 9600, timeout=0.1)
    line.unplug()
    assert not line.plugged
    assert not os.path.lexists(tmp_path / "gnss")
    with pytest.raises(serial.SerialException):
        port.read(10)
    port.close()
    line.say([b"$GNTXT,to nobody*00"])
    line.plug()
    with serial.Serial(str(tmp_path / "gnss"), 9600, timeout=0.1) as again:
        line.say([b"$GNTXT,back*00"])
        assert heard(again, 1) == [b"$GNTXT,back*00"]
    line.close()


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    """A file is not overwritten; a link that an earlier run left is."""
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(SerialLineError, match="is there already and no link"):
        SerialLine(tmp_path / "taken")
    with pytest.raises(SerialLineError, match="cannot be made"):
        SerialLine(tmp_path / "no" / "folder")
    (tmp_path / "left").symlink_to("/dev/pts/none")
    SerialLine(tmp_path / "left").close()


def test_a_vehicle_is_heard_through_the_port_from_its_cold_start_on(tmp_path: Path) -> None:
    """The epochs that come out of the port are those that the simulated receiver said, without a fix and with one; a
    power cut pulls the plug."""
    text = "units = 1\n[[unit]]\nname = 'ambulans-01'\nstart = 'cold'\n[[unit.power_cut]]\nat_s = 60\nfor_s = 5\n"
    scenario = read("f.toml", text)
    [car], [twin] = (cars_for(scenario, roads_for(scenario)) for _ in range(2))
    line = SerialLine(tmp_path / "gnss")
    unit = SerialUnit(car, line)
    said: list[bytes] = []
    read_back: list[bytes] = []
    with serial.Serial(str(tmp_path / "gnss"), 4800, timeout=0.1) as port:
        for second in range(1, 60):
            now = BEGAN + timedelta(seconds=second)
            unit.hear(car, car.see(now), now)
            unit.surroundings(covered=True, powered=car.powered)
            lines = [line for seen in twin.see(now) for line in seen.lines]
            said += lines
            read_back += heard(port, len(lines))
    assert read_back == said
    reader = EpochReader()
    epochs = [epoch for line in read_back for epoch in reader.feed(line)]
    assert epochs[-1].device_time is not None
    assert sum(b",V," in line for line in read_back) > 15
    assert sum(b",A," in line for line in read_back) > 15
    for second, plugged in ((60, False), (64, False), (65, True)):
        while car.vehicle.elapsed < second:
            now = BEGAN + timedelta(seconds=car.vehicle.elapsed + 1)
            unit.hear(car, car.see(now), now)
            unit.surroundings(covered=True, powered=car.powered)
        assert line.plugged is plugged
    line.close()
