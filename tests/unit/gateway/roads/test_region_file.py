"""A region comes back as it was saved, or not at all; a failed build leaves the old one."""

import argparse
import hashlib
import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from gateway.roads import command, region_file
from gateway.roads.osm_import import Imported, import_osm
from gateway.roads.region_file import BadRegionName, RegionFileUnusable, load, region_path, regions_in, save
from tests.fix_map import write_drawn
from tracker.errors import TrackerError
from tracker.roads.engines import CchEngine
from tracker.roads.router import Router

PICTURE = """
A----B----C
|    |    |
D----E----F
"""
WAYS = {"ABC": {"name": "Jalan Pahlawan", "oneway": "yes"}, "CFED": {"maxspeed": "40"}, "DA": {}, "BE": {"ref": "12"}}


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "small.osm.pbf"
    write_drawn(path, PICTURE, WAYS, {"E": {"barrier": "bollard"}})
    return path


@pytest.fixture
def imported(extract: Path) -> Imported:
    return import_osm(extract, "small")


@pytest.fixture
def saved(tmp_path: Path, imported: Imported) -> Path:
    path = region_path(tmp_path / "roads", "small")
    save(path, imported, CchEngine(imported.graph))
    return path


def sigap_roads(*words: str | Path) -> int:
    """Run the command as the console does."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def test_a_region_comes_back_as_it_was(saved: Path, imported: Imported) -> None:
    """Every array, name and report, positions to the last digit; the same costs without ordering the nodes again."""
    region = load(saved)
    for field in fields(imported.graph):
        before, after = getattr(imported.graph, field.name), getattr(region.graph, field.name)
        if isinstance(before, np.ndarray):
            assert before.dtype == after.dtype
            assert np.array_equal(before, after, equal_nan=before.dtype.kind == "f"), field.name
        else:
            assert before == after
    assert region.cut_off == imported.cut_off
    assert (region.ways_read, region.ways_kept) == (imported.ways_read, imported.ways_kept)
    fresh, loaded = Router(imported.graph), region.router()
    nodes = np.arange(imported.graph.nodes, dtype=np.uint32)
    matrix = CchEngine(region.graph, region.topology)
    matrix.customise(fresh.weights)
    truth = CchEngine(imported.graph)
    truth.customise(loaded.weights)
    assert np.array_equal(matrix.matrix(nodes, nodes), truth.matrix(nodes, nodes))


def test_the_order_of_the_nodes_is_the_one_that_was_found(saved: Path, imported: Imported, tmp_path: Path) -> None:
    """Any order gives right costs; only a good one gives them fast."""
    orders = []
    for name, topology in (("found", CchEngine(imported.graph).topology), ("loaded", load(saved).topology)):
        (tmp_path / name).mkdir()
        topology.save(str(tmp_path / name))
        orders.append((tmp_path / name / "order").read_bytes())
    assert orders[0] == orders[1]
    assert orders[0] != np.arange(imported.graph.nodes, dtype=np.uint32).tobytes()


def test_saving_twice_gives_the_same_bytes(tmp_path: Path, imported: Imported) -> None:
    """So that a region can be compared and cached by its digest."""
    digests = set()
    for name in ("one", "two"):
        path = tmp_path / name
        save(path, imported, CchEngine(imported.graph))
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("cut", [0, 7, 30, 47, 300, -1])
def test_a_file_cut_short_is_refused(saved: Path, cut: int) -> None:
    """Wherever it ends."""
    saved.write_bytes(saved.read_bytes()[:cut])
    with pytest.raises(RegionFileUnusable, match="sigap roads build"):
        load(saved)


def test_every_changed_byte_is_noticed(saved: Path) -> None:
    """In the magic, the digest, the header and the arrays."""
    whole = saved.read_bytes()
    for at in [*range(48), *range(48, len(whole), 97), len(whole) - 1]:
        changed = bytearray(whole)
        changed[at] ^= 0x10
        saved.write_bytes(changed)
        with pytest.raises(RegionFileUnusable):
            load(saved)
    saved.write_bytes(whole)
    assert load(saved).graph.nodes


def test_another_version_says_so(saved: Path) -> None:
    """Older or newer: build again, do not guess."""
    whole = bytearray(saved.read_bytes())
    whole[7] += 1
    saved.write_bytes(whole)
    with pytest.raises(RegionFileUnusable, match="another version"):
        load(saved)


def test_a_body_that_contradicts_itself_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a right digest, as from a program with a mistake: still no graph, and no crash in the engine."""
    region = load(saved)
    wrong = Imported(region.graph, region.cut_off, 1, 1)
    monkeypatch.setattr(region_file, "_order_of", lambda _: np.zeros(region.graph.nodes, np.uint32))
    save(saved, wrong, CchEngine(region.graph, region.topology))
    with pytest.raises(RegionFileUnusable, match="contradicts itself"):
        load(saved)


def test_a_region_that_was_never_built_is_named_with_those_that_were(saved: Path) -> None:
    """And a name is never a path."""
    with pytest.raises(RegionFileUnusable, match=r"no such region \(built: small\)"):
        load(region_path(saved.parent, "mars"))
    for name in ("../small", "Small", "", "a/b"):
        with pytest.raises(BadRegionName, match="is no name of a region"):
            region_path(saved.parent, name)
    assert regions_in(saved.parent) == ["small"]
    assert regions_in(saved.parent / "nowhere") == []


def test_a_failed_write_leaves_the_old_region(saved: Path, imported: Imported, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at the last moment: the old file, and nothing beside it."""
    before = saved.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(saved, imported, CchEngine(imported.graph))
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_build_and_info_tell_what_they_made(
    extract: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes, kilometres cut off, and where the file lies; the folder comes from the option or the environment."""
    assert sigap_roads("build", extract, "--name", "small", "--data", tmp_path / "regions") == 0
    built = capsys.readouterr().out
    assert f"region=small file={tmp_path / 'regions' / 'small.roads'} bytes=" in built.splitlines()[-1]
    monkeypatch.setenv("SIGAP_ROADS_DIR", str(tmp_path / "regions"))
    assert sigap_roads("info", "small") == 0
    told = capsys.readouterr().out
    assert "motor-ambulance" in told
    assert told.strip() in built


@pytest.mark.parametrize("content", [b"", b"noise" * 100, None])
def test_a_build_from_a_broken_file_leaves_the_old_region(extract: Path, tmp_path: Path, content: bytes | None) -> None:
    """Empty, noise, or not there at all."""
    folder = tmp_path / "regions"
    sigap_roads("build", extract, "--name", "small", "--data", folder)
    before = (folder / "small.roads").read_bytes()
    wrong = tmp_path / "wrong.osm.pbf"
    if content is not None:
        wrong.write_bytes(content)
    with pytest.raises(TrackerError, match=r"wrong\.osm\.pbf"):
        sigap_roads("build", wrong, "--name", "small", "--data", folder)
    assert (folder / "small.roads").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["small.roads"]


def test_nobody_said_where(extract: Path, tmp_path: Path) -> None:
    """The error names both ways to say it; a folder that cannot be written is named as well."""
    with pytest.raises(TrackerError, match="SIGAP_ROADS_DIR"):
        sigap_roads("build", extract, "--name", "small")
    (tmp_path / "file").touch()
    with pytest.raises(TrackerError, match="cannot be written"):
        sigap_roads("build", extract, "--name", "small", "--data", tmp_path / "file")


def test_the_invented_roads_of_a_profile_are_a_region(tmp_path: Path) -> None:
    """Written where it was asked for, read by the same importer; a folder that is not there is named."""
    assert sigap_roads("synthetic", "bojonegoro", tmp_path / "one.osm.pbf") == 0
    assert import_osm(tmp_path / "one.osm.pbf", "bojonegoro").graph.nodes > 3000
    with pytest.raises(TrackerError, match="cannot be written"):
        sigap_roads("synthetic", "bojonegoro", tmp_path / "no folder" / "out.osm.pbf")
