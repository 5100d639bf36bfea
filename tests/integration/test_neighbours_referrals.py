"""A referral beside its mission, through the API and the database; a hospital that is asked once and only once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from gateway.clock import TrueClock
from gateway.integrations.satusehat import Satusehat
from gateway.integrations.sisrute import Sisrute
from gateway.services.neighbours import Neighbours
from gateway.services.referrals import ATTEMPTS, ReferralSystem
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.recorded import Recorded

NUMBER = "35220026112200001"
SIGNED_AT = datetime.fromtimestamp(1795312800, UTC)
"""When the recorded requests were signed."""


class Told(TrueClock):
    """The centre's clock."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre

    def now(self) -> datetime:
        """The test's time."""
        return self._centre.now


class Ministry:
    """Both systems, played from recordings, and a mission of the centre's."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.sisrute, self.satusehat = Recorded("sisrute"), Recorded("satusehat")
        self.begin()

    def begin(self) -> None:
        """The gateway's side, as after its start."""
        centre, clock = self.centre, Told(self.centre)
        systems: list[ReferralSystem] = [
            Sisrute("https://sisrute.example/api", "3515131", "12345", self.sisrute.client, lambda: SIGNED_AT),
            Satusehat(
                "https://satusehat.example/fhir-r4/v1", "https://satusehat.example/oauth2/v1", "pusat-119", "rahasia",
                "100099999", self.satusehat.client, clock.now,
            ),
        ]  # fmt: skip
        world = centre.world
        world.neighbours = Neighbours(
            CENTRE, world.pool, world.live, centre.arrivals.missions, systems=systems, clock=clock
        )

    async def turn(self, seconds: float = 0.0) -> None:
        """Time passes, and the loop has its turn."""
        self.centre.now += timedelta(seconds=seconds)
        await self.centre.world.neighbours.referrals.turn(self.centre.now)


@pytest.fixture
async def ministry(centre: Centre) -> Ministry:
    """A mission m-1 to incident i-1, and the systems."""
    place = {"latitude": -7.15, "longitude": 111.88}
    await centre.ask("POST", "incidents", {"id": "i-1", "place": place, "urgency": "emergency"}, 201)
    await centre.ask("POST", "missions", {"id": "m-1", "unit": "ambulans-01", "incident": "i-1"}, 201)
    return Ministry(centre)


async def test_a_referral_of_sisrute_stands_beside_its_mission(ministry: Ministry, kept_url: str) -> None:
    """Number, hospital, diagnosis code and state; nowhere in the database is the patient of the answer."""
    ministry.sisrute.due = ["read"]
    body = {"system": "sisrute", "number": "3516010-1426-0007"}
    shown = await ministry.centre.ask("POST", "missions/m-1/referral", body)
    assert shown == await ministry.centre.ask("GET", "missions/m-1/referral")
    taken = {name: shown[name] for name in ("number", "hospital_code", "hospital", "diagnosis", "state")}
    assert taken == {
        "number": "3516010-1426-0007", "hospital_code": "3522012", "hospital": "RSUD Contoh", "diagnosis": "I21.9",
        "state": "waiting",
    }  # fmt: skip
    with psycopg.connect(kept_url) as connection:
        kept = connection.execute("SELECT r::text FROM referrals r").fetchall()
    assert len(kept) == 1
    assert not any(word in str(kept) for word in ("SITI", "3522000000000001", "081200000000", "nyeri", "myocardial"))


async def test_the_arrival_at_the_hospital_is_beside_it(ministry: Ministry) -> None:
    """It is of the leg to the hospital, while the scene is still before it; and null where there is no hospital."""
    ministry.sisrute.due = ["read"]
    centre = ministry.centre
    body = {"system": "sisrute", "number": "3516010-1426-0007"}
    assert (await centre.ask("POST", "missions/m-1/referral", body))["eta"] is None
    hospital = {"latitude": -7.16, "longitude": 111.9, "name": "RSUD"}
    await centre.ask("PATCH", "missions/m-1", {"destination": hospital})
    await centre.arrivals.turn(centre.now)
    eta = (await centre.ask("GET", "missions/m-1/referral"))["eta"]
    assert (eta["place"], eta["eta_s"]) == ("RSUD", None)
    assert eta["unknown_because"]


async def test_an_answer_is_asked_for_every_minute_until_the_mission_ends(ministry: Ministry) -> None:
    """As the system's own clients do; not oftener, and not afterwards."""
    ministry.sisrute.due = ["read"]
    body = {"system": "sisrute", "number": "3516010-1426-0007"}
    await ministry.centre.ask("POST", "missions/m-1/referral", body)
    await ministry.turn(59)
    ministry.sisrute.due = ["read answered, with words in the place of codes"]
    await ministry.turn(2)
    assert (await ministry.centre.ask("GET", "missions/m-1/referral"))["state"] == "accepted"
    await ministry.centre.ask("PATCH", "missions/m-1", {"state": "ended"})
    await ministry.turn(120)
    assert len(ministry.sisrute.played) == 2


async def test_a_system_that_is_away_holds_nobody_up(ministry: Ministry) -> None:
    """The number stands, the rest is unknown with a reason, and is read when it is back: once a minute, no oftener."""
    ministry.sisrute.due = ["out of order"]
    body = {"system": "sisrute", "number": "3516010-1426-0007"}
    shown = await ministry.centre.ask("POST", "missions/m-1/referral", body)
    assert (shown["hospital"], shown["unknown_because"]) == (None, "sisrute.example answers 502")
    ministry.sisrute.due = ["nobody"]
    await ministry.turn(2)
    await ministry.turn(2)
    ministry.sisrute.due = ["read"]
    await ministry.turn(60)
    shown = await ministry.centre.ask("GET", "missions/m-1/referral")
    assert (shown["hospital"], shown["unknown_because"]) == ("RSUD Contoh", None)


async def test_what_others_write_does_nothing_to_us(ministry: Ministry) -> None:
    """Neither to the database nor to a terminal; an unknown word for a state is an unknown state."""
    ministry.sisrute.due = ["a diagnosis that is no code"]
    shown = await ministry.centre.ask("POST", "missions/m-1/referral", {"system": "sisrute", "number": "7"})
    assert (shown["hospital_code"], shown["hospital"]) == (None, "RSUD [2JContoh")
    assert (shown["diagnosis"], shown["state"]) == (None, None)


async def test_what_is_not_there_is_said(ministry: Ministry) -> None:
    """A number that nobody has, a mission that is none, a mission without a referral."""
    ask = ministry.centre.ask
    ministry.sisrute.due = ["none"]
    assert (
        "no referral '8'"
        in (await ask("POST", "missions/m-1/referral", {"system": "sisrute", "number": "8"}, 404))["detail"]
    )
    await ask("GET", "missions/m-1/referral", expect=404)
    await ask("GET", "missions/nothing/referral", expect=404)
    await ask("POST", "missions/nothing/referral", {"system": "sisrute", "number": "8"}, 404)
    await ask("POST", "missions/m-1/referral", {"system": "sisrute", "number": "8", "name": "SITI"}, 422)
    await ask("POST", "missions/m-1/referral", {"system": "other", "number": "8"}, 422)


async def test_a_centre_that_works_with_no_system_says_so(centre: Centre) -> None:
    """With the settings that are missing."""
    detail = (await centre.ask("POST", "missions/m-1/referral", {"system": "sisrute", "number": "8"}, 409))["detail"]
    assert "SIGAP_SISRUTE_URL" in detail


async def attached(ministry: Ministry) -> None:
    """A referral of SATUSEHAT's at the mission, and a hospital that is to be asked."""
    ministry.satusehat.due = ["token", "request", "task accepted"]
    body = {"system": "satusehat", "number": NUMBER}
    await ministry.centre.ask("POST", "missions/m-1/referral", body)
    await ministry.centre.ask("POST", "missions/m-1/referral/approval", {"hospital": "100027550"}, 202)
    await ministry.centre.ask("POST", "missions/m-1/referral/approval", {"hospital": "100027550"}, 200)


async def asked(ministry: Ministry) -> dict[str, Any]:
    """The one request, as the API shows it."""
    (found,) = (await ministry.centre.ask("GET", "missions/m-1/referral"))["asked"]
    shown: dict[str, Any] = found
    return shown


async def test_a_hospital_is_asked_once_and_its_answer_is_shown(ministry: Ministry) -> None:
    """However often somebody clicks; then the state is the hospital's own answer."""
    await attached(ministry)
    ministry.satusehat.due = ["ask"]
    await ministry.turn(1)
    await ministry.turn(10)
    assert (await asked(ministry))["done_at"]
    assert (await ministry.centre.ask("GET", "missions/m-1/referral"))["state"] == "waiting"
    ministry.satusehat.due = ["request", "our task rejected"]
    await ministry.turn(61)
    assert (await ministry.centre.ask("GET", "missions/m-1/referral"))["state"] == "declined"
    assert ministry.satusehat.due == []


async def test_too_often_is_waited_for_as_long_as_they_say(ministry: Ministry) -> None:
    """120 seconds: nothing at all is asked there before, and then the request has another identifier."""
    await attached(ministry)
    ministry.satusehat.due = ["ask, too often"]
    await ministry.turn(1)
    for _ in range(7):
        await ministry.turn(17)
    assert ministry.satusehat.due == []
    assert (await asked(ministry))["error"] == "satusehat.example is asked too often"
    ministry.satusehat.due = ["ask", "request", "our task rejected"]
    await ministry.turn(1)
    first, second = [
        each for each in ministry.satusehat.played if each.url.path.endswith("/Task") and each.method == "POST"
    ]
    assert first.content != second.content
    assert (await asked(ministry))["done_at"]


async def test_a_lost_answer_makes_no_second_request(ministry: Ministry) -> None:
    """Nobody knows whether it was done: it is looked for first, also by a gateway that started anew meanwhile."""
    await attached(ministry)
    ministry.satusehat.due = ["ask, and no answer"]
    await ministry.turn(1)
    ministry.begin()
    ministry.satusehat.due = ["token", "was it asked: yes"]
    await ministry.turn(6)
    assert (await asked(ministry))["done_at"]
    assert (
        len([each for each in ministry.satusehat.played if each.method == "POST" and each.url.path.endswith("/Task")])
        == 1
    )


async def test_a_request_that_was_lost_before_it_came_is_made_again(ministry: Ministry) -> None:
    """With another identifier, for theirs must never come twice."""
    await attached(ministry)
    ministry.satusehat.due = ["ask, and no answer"]
    await ministry.turn(1)
    ministry.satusehat.due = ["was it asked: no", "ask"]
    await ministry.turn(6)
    assert (await asked(ministry))["done_at"]


async def test_what_they_refuse_is_dead_and_says_why(ministry: Ministry) -> None:
    """Nobody tries it again."""
    await attached(ministry)
    ministry.satusehat.due = ["ask, and it is wrong"]
    await ministry.turn(1)
    shown = await asked(ministry)
    assert shown["dead_at"]
    assert "Organization not found" in shown["error"]


async def test_it_is_given_up_after_two_hours(ministry: Ministry) -> None:
    """With growing pauses, and not before."""
    await attached(ministry)
    began = ministry.centre.now
    tries = 0
    while not (await asked(ministry))["dead_at"]:
        assert tries < ATTEMPTS
        ministry.satusehat.due = ["nobody"] * 3
        await ministry.turn(5.0 if tries == 0 else min(900.0, 5.0 * 2 ** (tries - 1)))
        tries += 1
    assert timedelta(hours=1) < ministry.centre.now - began < timedelta(hours=3)


async def test_sisrute_takes_no_requests(ministry: Ministry) -> None:
    """It has no field for them: we read there."""
    ministry.sisrute.due = ["read"]
    body = {"system": "sisrute", "number": "3516010-1426-0007"}
    await ministry.centre.ask("POST", "missions/m-1/referral", body)
    await ministry.centre.ask("POST", "missions/m-1/referral/approval", {"hospital": "1"}, 409)
