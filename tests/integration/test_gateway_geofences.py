"""Units drive through a geofence, stand at its border, lose their network, and the gateway starts again meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from gateway.demo.broker import Mosquitto
from gateway.services.passages import Passages
from gateway.storage.fixes import Row
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE, UNITS, MakeGateway, until
from tests.fix_town import fix_row
from tests.gateway_traffic import MORNING, epoch, peer, topic
from tracker.fix import Quality

YARD = [
    {"latitude": latitude, "longitude": longitude}
    for latitude, longitude in ((-7.151, 111.880), (-7.151, 111.882), (-7.149, 111.882), (-7.149, 111.880))
]
IN, OUT = (-7.15, 111.881), (-7.14, 111.881)


def seen(second: float, place: tuple[float, float], unit: str = UNITS[0], quality: Quality = Quality.GOOD) -> Row:
    """A stored fix."""
    row = fix_row(second, place)
    return msgspec.structs.replace(row, unit=unit, fix=msgspec.structs.replace(row.fix, quality=quality))


async def fenced(centre: Centre, **more: Any) -> Passages:
    """A centre with a yard, and who watches it."""
    await centre.ask("PUT", "geofences/yard", {"name": "Yard", "kind": "station", "polygon": YARD, **more})
    return Passages(centre.world.register, centre.world.pool)


async def told(centre: Centre) -> list[tuple[str, float, bool]]:
    """(unit, second, entered), oldest first."""
    await centre.world.register.load()
    events = await centre.world.register.noted("yard", 100)
    return [(each.unit, (each.at - MORNING).total_seconds(), each.entered) for each in reversed(events)]


async def test_coming_and_leaving_are_noted_once_with_their_times(centre: Centre) -> None:
    """A doubted fix says nothing; another unit is another matter; a gateway that starts again knows who is inside."""
    passages = await fenced(centre)
    passages.committed([seen(second, OUT) for second in (0, 5)])
    passages.committed([seen(second, IN) for second in (10, 15, 20)])
    passages.committed([seen(10, IN, UNITS[1])])
    passages.committed([seen(second, IN, UNITS[2], Quality.FUTURE) for second in (10, 20)])
    await passages.turn()
    assert await told(centre) == [(UNITS[0], 10.0, True)]
    again = Passages(centre.world.register, centre.world.pool)
    again.committed([seen(second, IN) for second in (30, 60)])
    again.committed([seen(second, OUT) for second in (70, 75, 85)])
    await again.turn()
    await again.turn()
    assert await told(centre) == [(UNITS[0], 10.0, True), (UNITS[0], 70.0, False)]
    left = MORNING + timedelta(seconds=70)
    newest = await centre.ask("GET", "geofences/yard/events?limit=1")
    assert newest["events"] == [
        {"geofence": "yard", "unit": UNITS[0], "at": left.isoformat().replace("+00:00", "Z"), "entered": False}
    ]


async def test_what_the_database_could_not_take_is_stored_later(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is away in the very moment; nothing is lost and nothing twice."""
    passages = await fenced(centre)
    await passages.turn()
    passages.committed([seen(second, IN) for second in (0, 10)])

    def away() -> Any:
        raise PoolTimeout("away")

    with monkeypatch.context() as patched:
        patched.setattr(centre.world.pool, "connection", away)
        with pytest.raises(PoolTimeout):
            await passages.turn()
    await passages.turn()
    await passages.turn()
    assert await told(centre) == [(UNITS[0], 0.0, True)]


async def test_only_units_that_it_is_for_are_noted(centre: Centre) -> None:
    """By the agency that the register has for them."""
    await centre.ask("PUT", "agencies/pmi", {"name": "PMI", "kind": "pmi"})
    await centre.ask("PUT", f"units/{UNITS[1]}/details", {"agency": "pmi"})
    passages = await fenced(centre, agencies=["pmi"])
    for unit in UNITS:
        passages.committed([seen(second, IN, unit) for second in (0, 10)])
    await passages.turn()
    assert await told(centre) == [(UNITS[1], 0.0, True)]


def test_a_gateway_that_runs_notes_what_its_units_send(
    make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto
) -> None:
    """From the broker to the list of comings, through all that lies between; another process made the geofence."""
    corners = [[corner["latitude"], corner["longitude"]] for corner in YARD]
    with psycopg.connect(enrolled_url) as connection:
        connection.execute(
            "INSERT INTO geofences (centre, id, name, kind, polygon) VALUES (%s, 'yard', 'Yard', 'station', %s)",
            (CENTRE, Jsonb(corners)),
        )
    gateway = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port)
    gateway.start()
    now = datetime.now(UTC)
    with peer(mosquitto.port) as sender:
        for number, (age, place) in enumerate(((120, OUT), (30, IN), (15, IN))):
            sender.say(topic(UNITS[0]), epoch(number, now - timedelta(seconds=age), *place))
    (came,) = until(lambda: gateway.get("geofences/yard/events")["events"])
    assert (came["unit"], came["entered"]) == (UNITS[0], True)
    assert abs(datetime.fromisoformat(came["at"]) - (now - timedelta(seconds=30))) < timedelta(seconds=1)
