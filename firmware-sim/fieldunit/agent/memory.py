"""Small things that the agent remembers over a restart, as one JSON file each in the state folder.

Written whole beside the old one, synced, and put in its place: a power cut leaves the old or the new one. What cannot
be written is told and forgone, since a full disk must not end the unit; what cannot be read is as if it had never been.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class Memory:
    """A file of one struct.

    Args:
        path: the file.
        trouble: told in a sentence what went wrong.
    """

    def __init__(self, path: Path, trouble: Callable[[str], None]) -> None:
        self._path = path
        self._trouble = trouble
        self._told: str | None = None

    def recall(self, shape: type[S]) -> S | None:
        """What was remembered; None where there is nothing that can be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=shape)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._tell(f"{self._path} cannot be read ({error}); the settings of the unit's file hold")
            return None

    def remember(self, value: msgspec.Struct) -> bool:
        """Keep it; returns whether it is on the disk."""
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(msgspec.json.encode(value))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            self._tell(f"{self._path} cannot be written ({error.strerror}); after a restart this unit will not know it")
            return False
        self._told = None
        return True

    def _tell(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._trouble(sentence)
