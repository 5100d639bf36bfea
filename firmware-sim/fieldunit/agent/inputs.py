"""Digital inputs of the vehicle by name: siren, beacon, door, ignition, a button.

Two ways to read one, both files: a *value file* that holds 0 or 1 (/sys/class/gpio/gpio17/value, or whatever a driver
offers), and a *key* of the kernel's gpio-keys (/dev/input/event0), which has done the debouncing. Both can be
played by a test with an ordinary file or a pipe.

What a change means is not known here; it is told to whoever asked.
"""

import os
import struct
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.wire.topics import ID_PATTERN

POLL_S = 0.1
"""Ten times a second: a crew that presses a button for less does not mean it."""

_EVENT = struct.Struct("llHHi")  # struct input_event: time (two longs), type, code, value (linux/input.h)
_EV_KEY = 1


class InputKind(StrEnum):
    """How it is read."""

    VALUE = "value"
    KEY = "key"


class InputSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[input]]`."""

    name: Annotated[str, Meta(pattern=ID_PATTERN, description="what it is: siren, beacon, door, ignition")]
    kind: Annotated[InputKind, Meta(description="value: a file that holds 0 or 1; key: a device of gpio-keys")] = (
        InputKind.VALUE
    )
    path: Annotated[str, Meta(min_length=1, description="the file: /sys/class/gpio/gpio17/value, /dev/input/event0")]
    code: Annotated[
        Annotated[int, Meta(ge=0, le=767)] | None, Meta(description="of a key: its code in the device tree")
    ] = None
    active_low: Annotated[bool, Meta(description="true where the wire is at 0 volts when the thing is on")] = False


class _ValueInput:
    """A file that holds 0 or 1."""

    def __init__(self, settings: InputSettings) -> None:
        self._path = Path(settings.path)

    def read(self) -> bool | None:
        """Whether it reads 1; None where it cannot be read."""
        try:
            text = self._path.read_bytes().strip()
        except OSError:
            return None
        return None if text not in (b"0", b"1") else text == b"1"


class _KeyInput:
    """A key of an event device."""

    def __init__(self, settings: InputSettings) -> None:
        self._path = settings.path
        self._code = settings.code
        self._handle: int | None = None
        self._rest = b""
        self._pressed: bool | None = None

    def read(self) -> bool | None:
        """Whether it is pressed; None before the first event, and while the device is away."""
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            while data := os.read(self._handle, 64 * _EVENT.size):
                self._take(data)
        except BlockingIOError:
            pass  # all has been read
        except OSError:
            if self._handle is not None:
                os.close(self._handle)
            self._handle, self._pressed, self._rest = None, None, b""
        return self._pressed

    def _take(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) // _EVENT.size * _EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            if kind == _EV_KEY and (self._code is None or code == self._code):
                self._pressed = value != 0  # 2 is a repetition


class Inputs:
    """All inputs of a unit, looked at by one thread.

    Args:
        settings: the inputs.
        changed: told the name and whether it is on, when a wire has changed and stayed so for two looks, and once at
            the start for each that can be read. Called from the thread.
    """

    def __init__(self, settings: Sequence[InputSettings], changed: Callable[[str, bool], None]) -> None:
        self._inputs = [
            (each, _KeyInput(each) if each.kind is InputKind.KEY else _ValueInput(each)) for each in settings
        ]
        self._changed = changed
        self._raw: dict[str, bool | None] = {}
        self._state: dict[str, bool] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inputs", daemon=True)
        self._failure: BaseException | None = None

    @property
    def state(self) -> dict[str, bool]:
        """What is known, by name."""
        return dict(self._state)

    def start(self) -> None:
        """Begin, where there is an input at all."""
        if self._inputs:
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._inputs:
            self._thread.join(2.0)

    def check(self) -> None:
        """Raise what nobody foresaw."""
        if self._failure is not None:
            raise self._failure

    def look(self) -> None:
        """Look at each once."""
        for settings, source in self._inputs:
            read = source.read()
            on = None if read is None else read is not settings.active_low
            steady = on is not None and self._raw.get(settings.name) is on
            self._raw[settings.name] = on
            if steady and on is not None and self._state.get(settings.name) is not on:
                self._state[settings.name] = on
                self._changed(settings.name, on)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                began = time.monotonic()
                self.look()
                self._stop.wait(max(0.0, began + POLL_S - time.monotonic()))
        except BaseException as error:  # raised in `check`, by the thread that owns the unit
            self._failure = error
