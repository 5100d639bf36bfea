"""What the police read of a share: one map of incidents and units, as GeoJSON, which their own map draws as it is."""

from typing import Any

from gateway.services.shares import Seen, SharedIncident, SharedUnit


def geojson(seen: Seen) -> dict[str, Any]:
    """A FeatureCollection (RFC 7946) of exactly what is shared. A unit without a position has no geometry."""
    features = [_feature("incident", each) for each in seen.incidents]
    features += [_feature("unit", each) for each in seen.units]
    return {"type": "FeatureCollection", "server_time": seen.server_time, "features": features}


def _feature(kind: str, shown: SharedIncident | SharedUnit) -> dict[str, Any]:
    values = {name: getattr(shown, name) for name in shown.__struct_fields__}
    latitude, longitude = values.pop("latitude"), values.pop("longitude")
    name = values.pop("id", None) or values.pop("unit")
    properties = {"what": kind, **values}
    geometry = None if latitude is None else {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "id": f"{kind}/{name}", "geometry": geometry, "properties": properties}
