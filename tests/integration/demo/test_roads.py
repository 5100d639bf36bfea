"""The demo's roads are made once, and again when they are not what they were."""

import os
from pathlib import Path

import pytest

from gateway.demo.errors import ChildDiedError
from gateway.demo.roads import DemoRoads
from gateway.roads.region_file import load


def test_roads_are_made_once_and_again_when_the_file_was_changed(tmp_path: Path) -> None:
    """The second start has nothing to do; a damaged file, or one of other programs, is replaced by a whole one."""
    first = DemoRoads(tmp_path / "roads", "bojonegoro")
    assert not first.current
    assert first.begin(os.environ)
    first.finish()
    nodes = load(first.file).graph.nodes
    assert nodes > 10_000

    second = DemoRoads(tmp_path / "roads", "bojonegoro")
    assert second.current
    assert not second.begin(os.environ)
    second.finish()

    first.file.write_bytes(first.file.read_bytes()[:-1])
    third = DemoRoads(tmp_path / "roads", "bojonegoro")
    assert third.begin(os.environ)
    assert not DemoRoads(tmp_path / "roads", "bojonegoro").current, "half made is not made"
    third.finish()
    assert load(third.file).graph.nodes == nodes

    note = tmp_path / "roads" / "made-by"
    note.write_text("0" * 64 + note.read_text()[64:])
    assert not third.current, "other programs made it"


def test_roads_that_cannot_be_made_end_the_start_with_the_reason(tmp_path: Path) -> None:
    """The last words of whoever tried are in the error; nothing is left that would pass for roads."""
    roads = DemoRoads(tmp_path / "roads", "bojonegoro")
    (tmp_path / "roads" / "bojonegoro.osm.pbf").mkdir(parents=True)  # so the invented roads cannot be written
    assert roads.begin(os.environ)
    with pytest.raises(ChildDiedError, match=r"sigap roads ended with exit code 1.*\n.*cannot be written"):
        roads.finish()
    assert not roads.current
