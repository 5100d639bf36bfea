"""Districts as areas, from a GeoJSON file of the operator's: which one a place lies in.

No list of them is shipped: borders are for those who answer for them. In Indonesia the file is one of kecamatan.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from tracker.errors import TrackerError

NAMES = ("name", "nama", "district", "kecamatan", "namobj", "wadmkc", "nmkec", "name_3", "shapename")
"""Properties that hold a district's name, in lower case, the first that is there: plain ones, and those of the files
that BIG, BPS, GADM and geoBoundaries give out."""

CODES = ("code", "kode", "kemendagri", "kdcpum", "adm3_pcode")
"""Properties that hold a district's code, likewise; not every file has them."""


class DistrictsUnusable(TrackerError):
    """This file cannot be used; the message says why."""


class Districts:
    """Areas with their names. Where areas overlap the first in the file counts."""

    def __init__(self, names: Sequence[str], areas: Sequence[Any], codes: Sequence[str | None] = ()) -> None:
        self.names = list(names)
        self.codes = list(codes) or [None] * len(self.names)
        self._areas = np.asarray(areas, dtype=object)
        self._found: dict[str | None, Any] = {}
        self._tree = shapely.STRtree(list(areas))

    def area(self, district: str | None) -> Any:
        """The polygon of a district by its name or code, or of all that a code begins, as a regency's does; of all
        districts for None. None if there is no such district."""
        key = None if district is None else district.strip().casefold()
        if key not in self._found:
            chosen = [
                at
                for at, (name, code) in enumerate(zip(self.names, self.codes, strict=True))
                if key is None
                or key == name.casefold()
                or (code is not None and (key == code or code.startswith(f"{key}.")))
            ]
            self._found[key] = shapely.union_all(self._areas[chosen]) if chosen else None
        return self._found[key]

    def of(self, latitude: Sequence[float], longitude: Sequence[float]) -> list[str | None]:
        """The district of each place, degrees; None outside of all."""
        found: list[str | None] = [None] * len(latitude)
        points, areas = self._tree.query(shapely.points(longitude, latitude), predicate="intersects")
        order = np.lexsort((areas, points))[::-1]
        for point, area in zip(points[order].tolist(), areas[order].tolist(), strict=True):
            found[point] = self.names[area]
        return found


def load_districts(path: Path) -> Districts:
    """Read a GeoJSON FeatureCollection of polygons.

    Raises:
        DistrictsUnusable: it is missing, no GeoJSON, without areas, or its areas have no names.
    """
    try:
        given = json.loads(path.read_bytes())
    except OSError as error:
        raise DistrictsUnusable(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DistrictsUnusable(f"{path}: this is no JSON: {error}") from error
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list) or not features:
        raise DistrictsUnusable(f"{path}: this is no GeoJSON FeatureCollection with features")
    names, areas, codes = [], [], []
    for number, feature in enumerate(features, start=1):
        try:
            area = shapely.geometry.shape(feature["geometry"])
            properties = {str(key).lower(): value for key, value in feature["properties"].items()}
        except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
            raise DistrictsUnusable(f"{path}: feature {number} is none: {error}") from error
        if area.geom_type not in ("Polygon", "MultiPolygon") or area.is_empty:
            raise DistrictsUnusable(f"{path}: feature {number} is a {area.geom_type}, and a district is a polygon")
        name = next((str(properties[key]) for key in NAMES if properties.get(key)), None)
        if name is None:
            has = ", ".join(sorted(properties)) or "no properties"
            raise DistrictsUnusable(f"{path}: feature {number} has {has}, and a district has one of {', '.join(NAMES)}")
        names.append(name)
        codes.append(next((str(properties[key]) for key in CODES if properties.get(key)), None))
        areas.append(area if area.is_valid else shapely.make_valid(area))
    return Districts(names, areas, codes)
