"""Which district a place lies in, from a file of the operator's."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.roads.districts import DistrictsUnusable, load_districts

REAL = Path(__file__).parents[5] / "shared/data/indonesia/kecamatan.geojson"


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    """A polygon."""
    east, north = west + size, south + size
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def written(path: Path, *features: Any) -> Path:
    """A file of these features."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    """A district."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_a_place_lies_in_its_district_or_in_none(tmp_path: Path) -> None:
    """In the order asked; on a common border and in an overlap the first of the file."""
    path = written(
        tmp_path / "d.json", feature(square(110, -8), nama="Barat"), feature(square(111, -8), NAMOBJ="Timur"),
        feature(square(110.5, -8), name="Tengah"),
    )  # fmt: skip
    found = load_districts(path).of([-7.5, -7.5, -7.5, -7.5, 0.0], [111.7, 110.2, 111.0, 110.7, 110.2])
    assert found == ["Timur", "Barat", "Barat", "Barat", None]


@pytest.mark.skipif(not REAL.exists(), reason="needs the shared reference data")
def test_the_districts_of_five_regions_are_read() -> None:
    """309 kecamatan; the alun-alun of Bojonegoro lies in Bojonegoro, the open sea in none."""
    districts = load_districts(REAL)
    assert len(districts.names) == 309
    assert districts.of([-7.1502, -6.5], [111.8817, 112.0]) == ["Bojonegoro", None]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"\xff\xfe{", "this is no JSON"),
        (b"[1]", "no GeoJSON FeatureCollection with features"),
        (b'{"type": "FeatureCollection", "features": []}', "no GeoJSON FeatureCollection with features"),
        (b'{"features": [7]}', "feature 1 is none"),
        (b'{"features": [{"geometry": {"type": "Blob"}, "properties": {"name": "x"}}]}', "feature 1 is none"),
        (json.dumps({"features": [feature({"type": "Point", "coordinates": [1, 2]}, name="x")]}).encode(), "a Point"),
        (
            json.dumps({"features": [feature(square(1, 2), kode="35.22")]}).encode(),
            "feature 1 has kode, and",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path: Path, content: bytes | None, says: str) -> None:
    """With its path."""
    path = tmp_path / "d.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DistrictsUnusable, match=says) as told:
        load_districts(path)
    assert str(path) in str(told.value)
