"""A serial port that is followed by its adapter's own name; what it cannot do is said in words."""

import errno
import os
from pathlib import Path

import pytest
import serial

from fieldunit.receivers.condition import State
from fieldunit.receivers.port import PortError
from fieldunit.receivers.serial_port import SerialPort
from tests.receiver_double import ReceiverDouble


def test_a_path_that_is_renamed_is_followed(tmp_path: Path) -> None:
    """ttyUSB0 becomes ttyUSB1: the adapter's name in by-id, noted while it was there, leads to it."""
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    port = SerialPort(str(tmp_path / "ttyUSB0"), 9600, by_id)
    with ReceiverDouble(tmp_path / "ttyUSB0") as before, ReceiverDouble(tmp_path / "ttyUSB1") as after:
        before.plug()
        (by_id / "usb-other").symlink_to(tmp_path / "ttyS0")
        (by_id / "usb-GPS").symlink_to(tmp_path / "ttyUSB0")
        port.open()
        before.write(b"one")
        assert port.read(1.0) == b"one"
        before.unplug()
        with pytest.raises(PortError, match="was the plug pulled"):
            port.read(1.0)
        port.close()
        with pytest.raises(PortError, match="is the receiver plugged in"):
            port.open()
        after.plug()
        (by_id / "usb-GPS").unlink()
        (by_id / "usb-GPS").symlink_to(tmp_path / "ttyUSB1")
        port.open()
        after.write(b"two")
        assert port.read(1.0) == b"two"
        assert port.name == f"{os.path.realpath(tmp_path / 'ttyUSB1')} at 9600 baud"
        port.close()


@pytest.mark.parametrize(
    ("number", "state", "words"),
    [
        (errno.EACCES, State.PERMISSION, "dialout"),
        (errno.EBUSY, State.BUSY, "ModemManager"),
        (errno.ENODEV, State.NO_PORT, "plugged in"),
        (errno.EINVAL, State.NO_PORT, "cannot be opened as a serial port"),
    ],
)
def test_why_it_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, state: State, words: str
) -> None:
    """And what to do."""
    (tmp_path / "tty").touch()

    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(number, os.strerror(number))

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(PortError, match=words) as told:
        SerialPort(str(tmp_path / "tty"), None).open()
    assert told.value.state is state


def test_a_port_that_another_program_holds_is_busy(tmp_path: Path) -> None:
    """Two readers of one line get half of it each."""
    with ReceiverDouble(tmp_path / "tty") as double:
        double.plug()
        first, second = SerialPort(str(tmp_path / "tty"), 9600), SerialPort(str(tmp_path / "tty"), 9600)
        first.open()
        with pytest.raises(PortError, match="in use by another program") as told:
            second.open()
        assert told.value.state is State.BUSY
        first.close()
        second.open()
        second.close()
