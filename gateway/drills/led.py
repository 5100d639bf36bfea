"""A child process that is led by lines of JSON: one order, one answer."""

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from gateway.demo.child import Child
from gateway.demo.errors import ChildDiedError
from gateway.demo.interruption import held

_STOP_S = 12.0


class Led:
    """It runs from the making on.

    Args:
        name: for messages.
        command: program and arguments.
        log: receives its standard error.
        environment: its whole environment.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        with held():
            self.child = Child(
                name, command, log, environment=environment, output=subprocess.PIPE, orders=subprocess.PIPE
            )
        self._rest = b""

    def ask(self, order: Mapping[str, Any], within_s: float = 300.0) -> dict[str, Any]:
        """Give an order and wait for its answer.

        Raises:
            ChildDiedError: it has ended, or does not answer in time.
        """
        pipe = self.child.process.stdin
        if pipe is None:
            raise AssertionError("it was made with a pipe")
        try:
            pipe.write(msgspec.json.encode(order) + b"\n")
            pipe.flush()
        except BrokenPipeError:
            self.child.process.wait(_STOP_S)
            raise self.child.died() from None
        while not (line := self.line(within_s)).startswith(b"{"):
            pass  # a word to people
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    def line(self, within_s: float) -> bytes:
        """The next line it says.

        Raises:
            ChildDiedError: it says none in time.
        """
        pipe = self.child.process.stdout
        if pipe is None:
            raise AssertionError("it was made with a pipe")
        deadline = time.monotonic() + within_s
        while b"\n" not in self._rest:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ChildDiedError(self.child.name, f"says nothing for {within_s:g} s", self.child.last_lines())
            part = os.read(pipe.fileno(), 65536)
            if not part:
                self.child.process.wait(_STOP_S)
                raise self.child.died()
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def stop(self) -> None:
        """Let it end with its orders."""
        if self.child.process.stdin is not None:
            with suppress(BrokenPipeError):  # it has ended already
                self.child.process.stdin.close()
        try:
            self.child.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
        self._close()

    def kill(self) -> None:
        """As a power cut of the process."""
        self.child.kill()
        self._close()

    def _close(self) -> None:
        for pipe in (self.child.process.stdin, self.child.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was not written is nobody's any more
                    pipe.close()
