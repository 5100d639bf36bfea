"""Phones as units: what is stored, when, and that nothing else is kept anywhere."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from urllib.parse import unquote

import pytest

from gateway.services import enrol_phone
from gateway.services.accept_messages import Acceptance, Accepted, Message
from gateway.services.count import Intake
from gateway.services.enrol_phone import PhoneBroker
from gateway.services.enrolment import Enrolment
from gateway.services.phones import TRACCAR
from gateway.storage import phones, units
from gateway.storage.pool import Pool, open_pool
from tests.fix_gateway import CENTRE
from tracker.duty import State

UNIT = "ambulans-01"
USER = f"{CENTRE}.{UNIT}"
SECRET = "abcdefghijklmnopqrstuvwxyz"  # noqa: S105, no secret of anybody
MONDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # Monday 00:00 in Bojonegoro (WIB)
BEGAN = MONDAY - timedelta(days=3)


def location(at: datetime, **more: object) -> bytes:
    """OwnTracks' message of an instant."""
    return json.dumps({"_type": "location", "lat": -7.15, "lon": 111.88, "tst": int(at.timestamp()), **more}).encode()


class Centre:
    """A centre with one phone, and a look into all that it keeps."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.intake = Intake(BEGAN)
        self.acceptance = Acceptance(pool, Enrolment(CENTRE, lambda _: None), self.intake)

    async def enrol(self, *, private: bool = True, consent: bool = True, windows: str | None = None) -> None:
        """Make the phone known, three days ago."""
        async with self.pool.connection() as connection:
            await units.describe_centre(connection, CENTRE, "PSC 119", "Asia/Jakarta")
            await phones.enrol(connection, CENTRE, UNIT, SECRET, USER, BEGAN, private=private)
            if consent:
                await phones.consent(connection, CENTRE, UNIT, "Budi", "2026-11", "driver", BEGAN)
            if windows is not None:
                await phones.schedule(connection, CENTRE, UNIT, windows, "test", BEGAN)

    async def change(self, state: State, at: datetime, until: datetime | None = None) -> None:
        """The driver says something about duty."""
        async with self.pool.connection() as connection:
            await phones.change_duty(connection, CENTRE, UNIT, state, until, "driver", at)

    async def hear(self, payload: bytes, now: datetime, *, topic: str = f"owntracks/{USER}/phone") -> Accepted:
        """One message, received at this instant."""
        return await self.acceptance.accept([Message(topic, payload, now)], now)

    async def rows(self, what: LiteralString) -> list[Any]:
        """What a query gives."""
        async with self.pool.connection() as connection:
            return await (await connection.execute(what)).fetchall()

    async def stored(self) -> list[datetime]:
        """Times of the fixes in the track."""
        return [row[0] for row in await self.rows("SELECT fix_time FROM fixes ORDER BY 1")]

    async def keeps_nothing(self) -> bool:
        """No fix, and no message in the quarantine."""
        return not await self.rows("SELECT 1 FROM fixes UNION ALL SELECT 1 FROM quarantine")


@pytest.fixture
async def centre(enrolled_url: str) -> AsyncIterator[Centre]:
    """A database of one's own."""
    async with open_pool(enrolled_url, 2) as pool:
        yield Centre(pool)


async def test_a_service_phone_is_a_unit_like_any_other(centre: Centre) -> None:
    """Stored as source phone with its accuracy, SI units, and again it changes nothing."""
    await centre.enrol(private=False, consent=False)
    for _ in range(2):
        await centre.hear(location(MONDAY, acc=12, vel=36, cog=87), MONDAY + timedelta(seconds=1))
    ((source, at, speed, error, outbox),) = await centre.rows(
        "SELECT source, fix_time, speed, error, outbox FROM fixes"
    )
    assert (source, at, speed, outbox) == ("phone", MONDAY, 10.0, None)
    assert error == pytest.approx(12 * 1.6215, rel=1e-3)
    assert centre.intake.duplicate == 1


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (timedelta(hours=6, seconds=-1), False),
        (timedelta(hours=6), True),
        (timedelta(hours=18, seconds=-1), True),
        (timedelta(hours=18), False),
        (timedelta(hours=22), True),
        (timedelta(hours=24), True),  # midnight within a window
        (timedelta(hours=26, seconds=-1), True),
        (timedelta(hours=26), False),
        (timedelta(hours=-1), False),  # Sunday, 23:00
    ],
)
async def test_outside_the_window_nothing_is_stored_anywhere(centre: Centre, offset: timedelta, expected: bool) -> None:
    """At the edges, over midnight, in the centre's own hours; off duty there is a number in a counter, and no more."""
    await centre.enrol(windows="mon 06:00-18:00, mon 22:00-02:00")
    at = MONDAY + offset
    await centre.hear(location(at), at + timedelta(seconds=1))
    if expected:
        assert await centre.stored() == [at]
    else:
        assert await centre.keeps_nothing()
        assert centre.intake.declined == {"off-duty": 1}


async def test_the_fixs_own_time_decides(centre: Centre) -> None:
    """What was driven on duty may come at night; what was driven at night may not come in the morning."""
    await centre.enrol(windows="mon-fri 06:00-18:00")
    noon, night, morning = MONDAY + timedelta(hours=12), MONDAY + timedelta(hours=23), MONDAY + timedelta(hours=31)
    await centre.hear(location(noon), night)
    await centre.hear(location(night), morning)
    assert await centre.stored() == [noon]


async def test_a_driver_goes_on_and_off_duty_at_once(centre: Centre) -> None:
    """Without windows it is the driver's word alone; the very next message knows it."""
    await centre.enrol()
    await centre.hear(location(MONDAY), MONDAY)
    assert await centre.keeps_nothing()
    await centre.change(State.ON, MONDAY + timedelta(minutes=1), MONDAY + timedelta(hours=8))
    await centre.hear(location(MONDAY + timedelta(minutes=1)), MONDAY + timedelta(minutes=1))
    await centre.change(State.OFF, MONDAY + timedelta(minutes=2))
    await centre.hear(location(MONDAY + timedelta(minutes=2)), MONDAY + timedelta(minutes=2))
    assert await centre.stored() == [MONDAY + timedelta(minutes=1)]


async def test_on_duty_ends_by_itself(centre: Centre) -> None:
    """A forgotten end tracks nobody's weekend."""
    await centre.enrol()
    await centre.change(State.ON, MONDAY, MONDAY + timedelta(hours=12))
    last = MONDAY + timedelta(hours=12, seconds=-1)
    for at in (last, MONDAY + timedelta(hours=12)):
        await centre.hear(location(at), at)
    assert await centre.stored() == [last]


async def test_without_consent_nothing_is_stored_and_withdrawn_it_ends(centre: Centre) -> None:
    """Before it was given, after it was withdrawn (also of earlier fixes), and not of the time in between again."""
    await centre.enrol(consent=False, windows="mon-sun 00:00-24:00")
    await centre.hear(location(MONDAY), MONDAY)
    assert await centre.keeps_nothing()
    async with centre.pool.connection() as connection:
        await phones.consent(connection, CENTRE, UNIT, "Budi", "2026-11", "driver", MONDAY + timedelta(minutes=1))
    await centre.hear(location(MONDAY + timedelta(seconds=59)), MONDAY + timedelta(minutes=2))
    assert await centre.keeps_nothing()
    await centre.hear(location(MONDAY + timedelta(minutes=2)), MONDAY + timedelta(minutes=2))
    async with centre.pool.connection() as connection:
        await phones.withdraw(connection, CENTRE, UNIT, "driver", MONDAY + timedelta(minutes=3))
    await centre.hear(location(MONDAY + timedelta(minutes=2, seconds=30)), MONDAY + timedelta(minutes=4))
    async with centre.pool.connection() as connection:
        await phones.consent(connection, CENTRE, UNIT, "Budi", "2026-11", "driver", MONDAY + timedelta(minutes=5))
    await centre.hear(location(MONDAY + timedelta(minutes=4)), MONDAY + timedelta(minutes=6))
    assert await centre.stored() == [MONDAY + timedelta(minutes=2)]
    assert centre.intake.declined == {"no-consent": 4}
    record = await centre.rows("SELECT person, text_version, recorded_by, withdrawn_by FROM consents ORDER BY given_at")
    assert record == [("Budi", "2026-11", "driver", "driver"), ("Budi", "2026-11", "driver", None)]


@pytest.mark.parametrize(
    "payload", [b"", b"{", b'{"_type":"encrypted","data":"x"}', b'{"_type":"location","lat":1}', b"\xff"]
)
async def test_what_cannot_be_read_of_a_private_phone_is_not_kept(centre: Centre, payload: bytes) -> None:
    """It has no time, so nobody can tell that it was on duty. Of the centre's own phone it goes to the quarantine."""
    await centre.enrol(windows="mon-sun 00:00-24:00")
    await centre.hear(payload, MONDAY)
    assert await centre.keeps_nothing()
    assert centre.intake.declined == {"payload": 1}
    await centre.enrol(private=False, consent=False)
    await centre.hear(payload, MONDAY)
    assert [row[0] for row in await centre.rows("SELECT payload FROM quarantine")] == [payload]


async def test_a_strangers_phone_is_counted_and_nothing_else(centre: Centre) -> None:
    """Another user's, another centre's, and one that was struck off."""
    await centre.enrol(private=False)
    for user in ("nobody", "jambi.ambulans-01"):
        await centre.hear(location(MONDAY), MONDAY, topic=f"owntracks/{user}/phone")
    async with centre.pool.connection() as connection:
        assert await phones.drop(connection, CENTRE, UNIT, MONDAY)
    await centre.hear(location(MONDAY), MONDAY)
    assert await centre.keeps_nothing()
    assert centre.intake.declined == {"unknown-phone": 3}


async def test_the_two_apps_share_a_track(centre: Centre) -> None:
    """Traccar Client's message of the same instant is the same fix."""
    await centre.enrol(private=False)
    await centre.hear(location(MONDAY), MONDAY)
    said = f"lat=-7.15&lon=111.88&timestamp={int(MONDAY.timestamp())}".encode()
    await centre.hear(said, MONDAY, topic=f"{TRACCAR}{UNIT}")
    assert await centre.stored() == [MONDAY]


async def test_a_clock_ahead_does_not_move_the_marker(centre: Centre) -> None:
    """A phone's clock in the future: stored with its flag, like any unit's."""
    await centre.enrol(private=False)
    await centre.hear(location(MONDAY + timedelta(hours=5)), MONDAY)
    assert await centre.rows("SELECT quality & 2 FROM fixes") == [(2,)]


async def test_enrolled_again_the_secret_before_is_worth_nothing(centre: Centre) -> None:
    """The table holds no secret, only its digest."""
    await centre.enrol()
    async with centre.pool.connection() as connection:
        await phones.enrol(connection, CENTRE, UNIT, "another", USER, MONDAY, private=True)
        assert await phones.find(connection, CENTRE, MONDAY, secret=SECRET) == []
        assert len(await phones.find(connection, CENTRE, MONDAY, secret="another")) == 1  # noqa: S106, nobody's either
    assert SECRET.encode() not in b"".join(bytes(row[0]) for row in await centre.rows("SELECT secret FROM phones"))


async def test_a_new_code_ends_the_consent(centre: Centre) -> None:
    """It may be another person who scans it: nobody is tracked by what somebody else agreed to."""
    await centre.enrol(windows="mon-sun 00:00-24:00")
    async with centre.pool.connection() as connection:
        await phones.enrol(connection, CENTRE, UNIT, "another", USER, MONDAY, private=True)
    await centre.hear(location(MONDAY + timedelta(seconds=1)), MONDAY + timedelta(seconds=1))
    assert await centre.keeps_nothing()
    assert centre.intake.declined == {"no-consent": 1}
    assert await centre.rows("SELECT withdrawn_by FROM consents") == [("enrolled anew",)]


def test_the_codes_hold_all_that_the_apps_need() -> None:
    """OwnTracks' is base64 of its configuration; Traccar Client's an address with the settings as parameters."""
    code = enrol_phone.owntracks_code(PhoneBroker("psc.example.id", 8883, tls=True), USER, UNIT, SECRET)
    said = json.loads(base64.b64decode(unquote(code.removeprefix("owntracks:///config?inline="))))
    assert (said["_type"], said["host"], said["port"], said["tls"]) == ("configuration", "psc.example.id", 8883, True)
    assert (said["username"], said["password"], said["pubQos"]) == (USER, SECRET, 1)
    code = enrol_phone.traccar_code("https://psc.example.id/", SECRET)
    assert code.startswith(f"https://psc.example.id/phones/v1/traccar?id={SECRET}&")


def test_every_secret_is_another() -> None:
    """Of 130 random bits, and never a default."""
    made = {enrol_phone.new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(each) for each in made} == {26}
