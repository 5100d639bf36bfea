"""The machine under the unit: its disk, and the outbox on it."""

import os
import tempfile
import time
from pathlib import Path

from fieldunit.agent.config import Config
from fieldunit.doctor.finding import Finding, Level
from fieldunit.outbox import Outbox, OutboxError, outbox_path

SPARE = 2
"""Times the outbox's bound that should be free: itself, and its log."""

SLOW_SYNC_S = 0.5
"""For a few kilobytes to be on the disk; slower, and a receiver at 1 Hz is heard late."""

_TRIES = 5


def disk(config: Config) -> list[Finding]:
    """Whether the state folder can be written, has room, and keeps what it is given."""
    folder = config.state
    if not folder.is_dir():
        return [Finding("disk", Level.FAILED, f"{folder} is no folder: make it, owned by the unit's user")]
    try:
        slowest = max(_sync(folder) for _ in range(_TRIES))
    except OSError as error:
        return [
            Finding("disk", Level.FAILED, f"{folder} cannot be written ({error.strerror}): fixes are in memory only")
        ]
    told = os.statvfs(folder)
    free = told.f_bavail * told.f_frsize
    wanted = SPARE * config.outbox.max_bytes
    found = []
    if free < wanted:
        found.append(
            Finding(
                "disk",
                Level.WARNING,
                f"{free / 1e6:.0f} MB are free in {folder}; a full outbox needs {wanted / 1e6:.0f}: make room, or "
                "lower [outbox] max_bytes",
            )
        )
    if slowest > SLOW_SYNC_S:
        found.append(
            Finding(
                "disk",
                Level.WARNING,
                f"a write to {folder} takes up to {slowest:.1f} s to be safe: the card may be worn out; replace it",
            )
        )
    if found:
        return found
    detail = f"{folder} has {free / 1e6:.0f} MB free and keeps a write within {slowest * 1000:.0f} ms"
    return [Finding("disk", Level.OK, detail)]


def outbox(config: Config) -> tuple[Finding, bool]:
    """How much waits; and whether the agent runs, which then holds it."""
    path = outbox_path(config.state, config.unit.id)
    if not path.exists():
        return Finding("outbox", Level.OK, f"{path} is not there yet; the agent makes it"), False
    try:
        with Outbox(path) as opened:
            told = opened.statistics()
    except OutboxError as error:
        if "in use" in str(error):
            return Finding("outbox", Level.OK, "the agent runs and holds it"), True
        return Finding("outbox", Level.FAILED, str(error)), False
    lost = sum(told.lost.values())
    if lost:
        return Finding("outbox", Level.WARNING, f"{told.depth} items wait; {lost} were lost: {dict(told.lost)}"), False
    return Finding("outbox", Level.OK, f"{told.depth} items wait, none was ever lost"), False


def _sync(folder: Path) -> float:
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())
    return time.monotonic() - began
