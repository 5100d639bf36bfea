"""Alarms of the last level go to people who are not looking: way after way, and each try is on record."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.services.reach import BETWEEN_ROUNDS, IN_DOUBT, ROUNDS, NotReached, Reach, Words, words_of
from gateway.storage import alarms
from gateway.storage.alarms import Alarm
from tests.fix_centre import Centre, ToldClock
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING

CONTACTS = [
    {
        "id": "kepala", "name": "Kepala", "channels": [
            {"kind": "sms", "address": "+62811"}, {"kind": "mail", "address": "kepala@example.org"},
        ],
    },
    {"id": "wakil", "name": "Wakil", "role": "deputy", "channels": [{"kind": "sms", "address": "+62812"}]},
]  # fmt: skip
WAYS = [("sms", "+62811"), ("mail", "kepala@example.org"), ("sms", "+62812")]


class Channel:
    """A way that the test opens and closes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.said: list[tuple[str, Words, str]] = []
        self.fails = False
        self.hold: asyncio.Event | None = None

    async def send(self, address: str, words: Words, key: str) -> str:
        self.said.append((address, words, key))
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise NotReached("it is broken", again=True)
        return "gone"


class Watch:
    """A centre whose alarms the test raises."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.sms, self.mail = Channel("sms"), Channel("mail")
        self.begin()

    def begin(self) -> None:
        """The gateway's side, as after its start."""
        world = self.centre.world
        clock = ToldClock(lambda: self.centre.now)
        self.reach = world.neighbours.reach = Reach(CENTRE, world.pool, [self.sms, self.mail], clock)

    async def alarm(self, alarm: str, **changed: Any) -> None:
        values: dict[str, Any] = {
            "id": alarm, "about": f"silent/{alarm}", "kind": "silent", "unit": "ambulans-01", "mission": "m-1",
            "incident": None, "level": "supervisor", "sound": True, "raised_at": self.centre.now,
            "detail": f"{alarm}: nothing was heard", "values": {},
        }  # fmt: skip
        async with self.centre.world.pool.connection() as connection, connection.transaction():
            now = self.centre.now
            await alarms.put(connection, CENTRE, Alarm(**(values | changed)), "raised", now)

    async def turn(self, seconds: float = 0.0) -> None:
        self.centre.now += timedelta(seconds=seconds)
        await self.reach.turn(self.centre.now)
        await self.reach.settled()

    def said(self) -> list[tuple[str, str]]:
        """Kind and address of every message so far, in whichever order within a kind."""
        return [(channel.kind, address) for channel in (self.sms, self.mail) for address, _, _ in channel.said]

    async def tries(self, alarm: str) -> list[tuple[str, str]]:
        found = (await self.centre.ask("GET", f"alarms/{alarm}/tries"))["tries"]
        return [(each["address"], each["outcome"]) for each in found]


@pytest.fixture
async def watch(centre: Centre) -> Watch:
    """Two contacts with three ways."""
    watch = Watch(centre)
    await centre.ask("PUT", "contacts", {"contacts": CONTACTS})
    return watch


async def test_the_first_way_that_works_is_enough_if_somebody_acknowledges(watch: Watch) -> None:
    """One message; the alarm's next levels, and alarms that are seen to, say nothing."""
    await watch.alarm("a-1")
    await watch.alarm("a-2", level="next-unit")
    await watch.alarm("a-3", acknowledged_at=MORNING)
    await watch.alarm("a-4", cleared_at=MORNING)
    await watch.turn()
    assert watch.said() == [WAYS[0]]
    assert "a-1: nothing was heard" in watch.sms.said[0][1].short
    await watch.alarm("a-1", acknowledged_at=watch.centre.now)
    for _ in range(5):
        await watch.turn(300)
    assert watch.said() == [WAYS[0]]
    assert await watch.tries("a-1") == [("+62811", "sent")]


async def test_a_way_that_fails_is_followed_by_the_next_at_once(watch: Watch) -> None:
    """All within three turns of a second."""
    watch.sms.fails = True
    await watch.alarm("a-1")
    for _ in range(3):
        await watch.turn(1)
    assert await watch.tries("a-1") == [("+62811", "failed"), ("kepala@example.org", "sent")]


async def test_who_does_not_answer_is_followed_by_the_next_after_two_minutes(watch: Watch) -> None:
    """Not before."""
    await watch.alarm("a-1")
    await watch.turn()
    await watch.turn(119)
    assert len(watch.said()) == 1
    await watch.turn(1)
    await watch.turn(120)
    assert sorted(watch.said()) == sorted(WAYS)


async def test_it_begins_again_twice_and_then_is_silent(watch: Watch) -> None:
    """Three rounds, ten minutes apart; nobody for a whole night makes nine messages, not hundreds."""
    await watch.alarm("a-1")
    for _ in range(2 * 60):
        await watch.turn(60)
    tries = await watch.tries("a-1")
    assert [address for address, _ in tries] == [address for _, address in WAYS] * ROUNDS
    await watch.turn(2 * BETWEEN_ROUNDS.total_seconds())
    assert len(watch.said()) == len(WAYS) * ROUNDS


async def test_many_alarms_are_one_message_and_no_address_has_two_in_a_minute(watch: Watch) -> None:
    """Forty units fall silent within a minute when a broker dies."""
    for number in range(40):
        await watch.alarm(f"a-{number:02d}")
        await watch.turn(1)
    assert len(watch.sms.said) == 1
    await watch.turn(21)
    assert len(watch.sms.said) == 2
    _, words, _ = watch.sms.said[1]
    assert len(words.alarms) == 39
    assert "and 34 more" in words.text
    assert len(words.short) <= 300
    assert await watch.tries("a-39") == [("+62811", "sent")]


async def test_a_gateway_that_was_killed_in_between_sends_again_once(watch: Watch) -> None:
    """What nobody knows of was sent or was not: it goes again, when a live one would have given up; then the next."""
    watch.sms.hold = asyncio.Event()
    await watch.alarm("a-1")
    await watch.reach.turn(watch.centre.now)
    dead = watch.reach
    watch.begin()
    await watch.turn(60)
    assert [address for address, _ in await watch.tries("a-1")] == ["+62811"]
    watch.sms.hold = None
    await watch.turn(IN_DOUBT.total_seconds())
    assert await watch.tries("a-1") == [("+62811", "begun"), ("+62811", "sent")]
    await watch.turn(120)
    assert (await watch.tries("a-1"))[-1] == ("kepala@example.org", "sent")
    for task in dead._under_way.values():
        task.cancel()


async def test_two_gateways_do_not_send_the_same(watch: Watch) -> None:
    """Whoever is second on record sends nothing."""
    first = watch.reach
    watch.begin()
    await watch.alarm("a-1")
    now = watch.centre.now
    await asyncio.gather(first.turn(now), watch.reach.turn(now))
    await asyncio.gather(first.settled(), watch.reach.settled())
    assert len(watch.said()) == 1


async def test_in_quiet_hours_others_come_first_and_if_all_sleep_nobody_does(watch: Watch) -> None:
    """It is Saturday, 03:04 in the morning, in UTC as this centre has it."""
    asleep = [{**each, "quiet": "mon-sun 22:00-05:00"} for each in CONTACTS]
    await watch.centre.ask("PUT", "contacts", {"contacts": [asleep[0], CONTACTS[1]]})
    await watch.alarm("a-1")
    await watch.turn()
    assert await watch.tries("a-1") == [("+62812", "sent")]
    await watch.centre.ask("PUT", "contacts", {"contacts": asleep})
    await watch.alarm("a-2")
    await watch.turn(60)
    assert await watch.tries("a-2") == [("+62811", "sent")]


async def test_what_the_network_says_later_is_on_record_and_counts(watch: Watch) -> None:
    """Delivered waits for an answer; undelivered does not."""
    await watch.alarm("a-1")
    await watch.turn()
    watch.reach.delivered(watch.sms.said[0][2], well=True)
    await watch.turn(1)
    assert await watch.tries("a-1") == [("+62811", "delivered")]
    await watch.turn(121)
    await watch.turn(121)
    watch.reach.delivered(watch.sms.said[1][2], well=False)
    await watch.reach.settled()
    assert await watch.tries("a-1") == [
        ("+62811", "delivered"), ("kepala@example.org", "sent"), ("+62812", "undelivered"),
    ]  # fmt: skip


async def test_a_way_that_the_gateway_does_not_have_is_passed_over_with_the_reason(watch: Watch) -> None:
    """A centre without a modem still sends the mail."""
    del watch.reach.channels["sms"]
    await watch.alarm("a-1")
    await watch.turn()
    await watch.turn(1)
    assert await watch.tries("a-1") == [("+62811", "failed"), ("kepala@example.org", "sent")]
    (first, _) = (await watch.centre.ask("GET", "alarms/a-1/tries"))["tries"]
    assert first["detail"] == "this gateway has no way for sms: look at its settings"


async def test_contacts_are_kept_as_they_are_given(watch: Watch) -> None:
    """In order; what is none is refused."""
    told = await watch.centre.ask("GET", "contacts")
    assert [each["id"] for each in told["contacts"]] == ["kepala", "wakil"]
    assert (told["kinds"], told["contacts"][0]["role"]) == (["mail", "sms"], "supervisor")
    put = watch.centre.ask
    await put("PUT", "contacts", {"contacts": [CONTACTS[0], CONTACTS[0]]}, 409)
    await put("PUT", "contacts", {"contacts": [{**CONTACTS[0], "quiet": "at night"}]}, 422)
    await put(
        "PUT", "contacts", {"contacts": [{**CONTACTS[0], "channels": [{"kind": "pigeon", "address": "roof"}]}]}, 422
    )
    assert len((await put("GET", "contacts"))["contacts"]) == 2
    await put("GET", "alarms/nothing/tries", expect=404)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("sms", "0812-3456-7890"), ("sms", "pak-budi"), ("sms", "+62"), ("mail", "kepala"), ("mail", "a@b@example.org"),
        ("mail", "Kepala<kepala@example.org>"), ("mail", "kepala@-example.org"), ("webhook", "example.org/alarm"),
        ("webhook", "ftp://example.org"), ("webhook", "https://"), ("webhook", "https://sigap:pass@example.org"),
        ("webhook", "https://example.org/\u007f"), ("webhook", "https://example.org:port/"),
    ],
)  # fmt: skip
async def test_an_address_that_leads_nowhere_is_refused(watch: Watch, kind: str, address: str) -> None:
    """When it is entered, by name: in the night of the alarm it would be too late."""
    wrong = {"id": "baru", "name": "Baru", "channels": [{"kind": kind, "address": address}]}
    told = (await watch.centre.ask("PUT", "contacts", {"contacts": [*CONTACTS, wrong]}, 422))["detail"]
    assert told.startswith("contact baru: ")
    assert len((await watch.centre.ask("GET", "contacts"))["contacts"]) == 2


async def test_contacts_that_somebody_else_changed_are_not_overwritten(watch: Watch) -> None:
    """The list has a version; what changes nothing is no other one."""
    client, path = watch.centre.client, "/api/v1/contacts"
    read = await client.get(path)
    assert (read.headers["ETag"], read.json()["version"]) == ('"1"', 1)
    await watch.centre.ask("PUT", "contacts", {"contacts": CONTACTS})
    mine = {"If-Match": read.headers["ETag"]}
    changed = await client.put(path, json={"contacts": CONTACTS[:1]}, headers=mine)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    late = await client.put(path, json={"contacts": CONTACTS[1:]}, headers=mine)
    assert (late.status_code, "read them again" in late.text) == (412, True)
    first = await client.put(path, json={"contacts": []}, headers={"If-None-Match": "*"})
    assert first.status_code == 412
    assert [each["id"] for each in (await client.get(path)).json()["contacts"]] == ["kepala"]


async def test_somebody_is_written_to_by_every_way_for_a_test(watch: Watch) -> None:
    """Each with its own result."""
    watch.mail.fails = True
    results = await watch.reach.test("kepala")
    assert [(way.kind, failure) for way, failure, _ in results] == [("sms", None), ("mail", "it is broken")]
    sms, mail = (await watch.centre.ask("POST", "contacts/kepala/test"))["ways"]
    assert (sms["failure"], sms["said"], mail["failure"]) == (None, "gone", "it is broken")
    await watch.centre.ask("POST", "contacts/nobody/test", expect=404)


def test_an_exercise_says_so() -> None:
    """Nobody drives out for one by mistake."""
    alarm = Alarm(
        id="a", about="a", kind="silent", unit=None, mission=None, incident=None, level="supervisor", sound=True,
        raised_at=MORNING, detail="x", exercise=True, values={},
    )  # fmt: skip
    words = words_of(CENTRE, [alarm])
    assert words.subject.startswith("EXERCISE ")
    assert "EXERCISE SILENT" in words.short
