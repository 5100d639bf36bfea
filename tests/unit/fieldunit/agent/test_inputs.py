"""Named inputs, from value files and key events; a wire that bounces is one change."""

import os
import struct
from pathlib import Path

from fieldunit.agent.inputs import InputKind, Inputs, InputSettings
from tests.agent_settings import make_config, receiver
from tests.receiving_centre import eventually
from tests.running_agent import running_agent
from tracker.wire import reports


def test_a_value_file_is_a_wire(tmp_path: Path) -> None:
    """Its state at the start is told, then each change that stays for two looks; what is absent is not off."""
    path = tmp_path / "value"
    told: list[tuple[str, bool]] = []
    inputs = Inputs([InputSettings(name="siren", path=str(path))], lambda name, on: told.append((name, on)))
    inputs.look()
    inputs.look()
    assert told == []
    assert inputs.state == {}
    for value in ("0", "0", "1", "0", "1", "1", "1", "nonsense", "1"):
        path.write_text(f"{value}\n")
        inputs.look()
    assert told == [("siren", False), ("siren", True)]
    assert inputs.state == {"siren": True}


def test_a_wire_that_is_low_when_on(tmp_path: Path) -> None:
    """Optocouplers turn it round."""
    path = tmp_path / "value"
    path.write_text("0")
    settings = InputSettings(name="door", path=str(path), active_low=True)
    inputs = Inputs([settings], lambda *_: None)
    inputs.look()
    inputs.look()
    assert inputs.state == {"door": True}


def test_a_key_of_an_event_device(tmp_path: Path) -> None:
    """Only its own code counts, events may come in pieces, and a device that goes is opened again."""
    path = tmp_path / "event0"
    os.mkfifo(path)

    def event(kind: int, code: int, value: int) -> bytes:
        return struct.pack("llHHi", 1, 2, kind, code, value)

    told: list[bool] = []
    settings = InputSettings(name="key-1", kind=InputKind.KEY, path=str(path), code=30)
    inputs = Inputs([settings], lambda _, on: told.append(on))
    inputs.look()
    writing = os.open(path, os.O_WRONLY)
    said = event(1, 31, 1) + event(1, 30, 1) + event(0, 0, 0)
    os.write(writing, said[:30])
    inputs.look()
    assert told == []
    os.write(writing, said[30:])
    inputs.look()
    inputs.look()
    assert told == [True]
    os.write(writing, event(1, 30, 0))
    inputs.look()
    inputs.look()
    assert told == [True, False]
    os.close(writing)


def test_an_input_is_reported_with_the_best_time(tmp_path: Path) -> None:
    """Under its name, to the centre; and the siren makes the drive one with lights."""
    siren = tmp_path / "siren"
    siren.write_text("0")
    more = f'[[input]]\nname = "siren"\npath = "{siren}"\n'
    config = make_config(tmp_path, receivers=receiver(tmp_path / "gnss"), more=more)
    with running_agent(config) as running:
        eventually(lambda: running.unit.bodies)
        siren.write_text("1")
        eventually(lambda: len(running.unit.bodies) == 2)
    first, second = (reports.read_body(body) for body in running.unit.bodies)
    assert isinstance(first, reports.Input)
    assert isinstance(second, reports.Input)
    assert [(first.name, first.on), (second.name, second.on)] == [("siren", False), ("siren", True)]
    assert first.clock is reports.Clock.SYSTEM
    assert second.at > first.at
