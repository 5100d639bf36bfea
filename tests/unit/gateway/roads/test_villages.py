"""Files of villages as operators have them."""

import json
from pathlib import Path

import pytest

from gateway.roads.villages import VillagesUnusable, load_villages


@pytest.mark.parametrize(
    "text",
    [
        "name,latitude,longitude\nLuwihaji,-7.2694,111.4868\n",
        "kode;nama;lat;lon\n35.22.01.2001;Luwihaji;-7.2694;111.4868\n",
        "\ufeffDesa\tLintang\tBujur\tKecamatan\nLuwihaji\t-7.2694\t111.4868\tNgraho\n",
    ],
)
def test_tables_of_usual_sources_are_read(tmp_path: Path, text: str) -> None:
    """Commas, semicolons or tabs; English or Indonesian heads."""
    (tmp_path / "v.csv").write_text(text, encoding="utf-8")
    (found,) = load_villages(tmp_path / "v.csv")
    assert (found.name, found.latitude, found.longitude, found.kind) == ("Luwihaji", -7.2694, 111.4868, "village")
    assert found.within == ("Ngraho" if "Kecamatan" in text else None)


def test_polygons_give_a_point_within(tmp_path: Path) -> None:
    """The middle of a village that is bent may lie in another one."""
    bent = [[[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [0, 1], [0, 0]]]
    feature = {"type": "Feature", "properties": {"NAMOBJ": "Bengkok", "WADMKC": "Malo"},
               "geometry": {"type": "Polygon", "coordinates": bent}}  # fmt: skip
    (tmp_path / "v.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (found,) = load_villages(tmp_path / "v.geojson")
    assert (found.name, found.within) == ("Bengkok", "Malo")
    assert (0 <= found.latitude <= 1 and 0 <= found.longitude <= 3) or 2 <= found.longitude <= 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"name,latitude,longitude\n", "no village"),
        (b"name,latitude,longitude\nA,x,111\n", "row 2"),
        (b"name,latitude,longitude\n,-7,111\n", "row 2"),
        (b"name,latitude,longitude\nA,-97,111\n", "row 2"),
        (b"a,b\n1,2\n", "row 2"),
        (b"{", "GeoJSON"),
        (b'{"features": [{"geometry": null, "properties": {}}]}', "GeoJSON"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    """And which row it is."""
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(VillagesUnusable, match=says):
        load_villages(tmp_path / "v")
    with pytest.raises(VillagesUnusable, match="No such file"):
        load_villages(tmp_path / "none")
