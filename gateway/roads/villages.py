"""Villages (desa, kelurahan) with a point each, from a file of the operator's: what callers name most often.

No list is shipped: open ones have the names without points, or points without a licence. A table (CSV) or a GeoJSON
file is read, with the columns and properties that the usual sources have.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import shapely

from tracker.errors import TrackerError
from tracker.locate.gazetteer import Entry

_NAME = (
    "name",
    "nama",
    "desa",
    "village",
    "kelurahan",
    "namobj",
    "wadmkd",
    "nmdesa",
    "name_4",
    "nama_desa",
    "shapename",
)
_LATITUDE = ("latitude", "lat", "y", "lintang")
_LONGITUDE = ("longitude", "lon", "lng", "long", "x", "bujur")
_WITHIN = ("district", "kecamatan", "wadmkc", "nmkec", "name_3", "nama_kecamatan")


class VillagesUnusable(TrackerError):
    """This file cannot be used; the message says why."""


def load_villages(path: Path) -> list[Entry]:
    """Read a CSV table or a GeoJSON FeatureCollection of points or polygons.

    Raises:
        VillagesUnusable: it is missing, neither of the two, or a row has no name or no point.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise VillagesUnusable(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise VillagesUnusable(f"{path}: this is no UTF-8: {error}") from error
    rows = _features(path, text) if text.lstrip().startswith("{") else _table(path, text)
    entries = [_entry(path, number, row) for number, row in rows]
    if not entries:
        raise VillagesUnusable(f"{path}: there is no village in it")
    return entries


def _table(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    for number, row in enumerate(reader, start=2):
        yield number, {str(key).strip().lower(): value for key, value in row.items() if isinstance(value, str)}
    if reader.fieldnames is None:
        raise VillagesUnusable(f"{path}: it is empty")


def _features(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        features = json.loads(text)["features"]
        for number, feature in enumerate(features, start=1):
            point = shapely.geometry.shape(feature["geometry"]).representative_point()
            properties = {str(key).lower(): value for key, value in (feature["properties"] or {}).items()}
            yield number, {**properties, "latitude": point.y, "longitude": point.x}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, shapely.errors.ShapelyError) as error:
        raise VillagesUnusable(f"{path}: this is no GeoJSON FeatureCollection of villages: {error}") from error


def _entry(path: Path, number: int, row: Mapping[str, Any]) -> Entry:
    name, latitude, longitude, within = (
        next((row[key] for key in keys if row.get(key) not in (None, "")), None)
        for keys in (_NAME, _LATITUDE, _LONGITUDE, _WITHIN)
    )
    try:
        point = float(str(latitude)), float(str(longitude))
    except ValueError:
        point = (float("nan"), float("nan"))
    if name is None or not (abs(point[0]) <= 90 and abs(point[1]) <= 180):
        raise VillagesUnusable(
            f"{path}: row {number} has {name!r} at {latitude}, {longitude}; a village has a name ({', '.join(_NAME)}), "
            f"a latitude ({', '.join(_LATITUDE)}) and a longitude ({', '.join(_LONGITUDE)})"
        )
    note = "the middle of the village"
    return Entry(
        str(name).strip(), "village", *point, "villages", None if within is None else str(within).strip(), note
    )
