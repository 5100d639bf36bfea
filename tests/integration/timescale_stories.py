"""What the verbs of gateway.storage do one after another, a subject a story: each reads back what it put in.

`test_timescale_store` tells them all to TimescaleDB. A story leaves its rows behind: it is told once to a centre.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import (
    bridges,
    closures,
    commands,
    etas,
    incidents,
    missions,
    phones,
    reports,
    speed_models,
    tracks,
)
from gateway.storage.bridges import Bridge
from gateway.storage.closures import KeptClosure
from gateway.storage.fixes import Row
from gateway.storage.speed_models import FinishedLeg, KeptModel
from gateway.storage.tracks import Flagged
from tracker.duty import Change, Schedule, State, read_windows
from tracker.fix import Quality
from tracker.missions import By, Incident, LegKind, Place, Urgency, assigned
from tracker.missions.mission import arrive, leave
from tracker.quality import AHEAD_TOLERANCE
from tracker.roads.closures import Closure
from tracker.wire.command import Outcome, Reply
from tracker.wire.reports import Answer, Clock, CrewStatus, Emergency, Input, Numbered, Report, Source, Status, encode

Connection = AsyncConnection[Any]

UNIT = "ambulans-01"


async def bridges_and_phones(connection: Connection, centre: str, now: datetime) -> None:
    """A bridge with a radio, and a phone with consent and duty; each taken back."""
    await bridges.enrol_radio(connection, centre, "induk", "fs-100-1001", UNIT)
    assert await bridges.known(connection, centre) == [Bridge("induk", frozenset({UNIT}), {"fs-100-1001": UNIT})]
    assert await bridges.forbid(connection, centre, "induk", UNIT)
    assert await bridges.known(connection, centre) == [Bridge("induk", frozenset(), {})]

    later = now + timedelta(days=40)
    await phones.enrol(connection, centre, UNIT, "secret", "semua.ambulans-01", now, private=True)
    await phones.consent(connection, centre, UNIT, "Budi", "2026-11", "driver", now)
    await phones.schedule(connection, centre, UNIT, "mon 06:00-18:00", "centre", now)
    await phones.change_duty(connection, centre, UNIT, State.OFF, None, "driver", now)
    (found,) = await phones.find(connection, centre, later, secret="secret")  # noqa: S106, no secret of anybody
    assert (found.unit, found.consent) == (UNIT, phones.Consent(now, "Budi", "2026-11"))
    assert found.schedules == (Schedule(now, read_windows("mon 06:00-18:00")),)  # what still holds is never too old
    assert found.changes == (Change(now, State.OFF),)
    assert await phones.withdraw(connection, centre, UNIT, "driver", later)
    (found,) = await phones.find(connection, centre, later, users=["semua.ambulans-01"])
    assert found.consent is None
    assert await phones.drop(connection, centre, UNIT, later)
    assert await phones.find(connection, centre, later, everyone=True) == []


async def missions_from_open_to_score(connection: Connection, centre: str, seen: Row) -> None:
    """A place, an incident, a mission that arrives and leaves, what was told of it and how that fared."""
    start = seen.fix.time
    hospital = incidents.CentrePlace("rsud", "hospital", "RSUD", -7.16, 111.9)
    await incidents.put_place(connection, centre, hospital)
    assert await incidents.places(connection, centre, kind="hospital") == [hospital]
    assert await incidents.places(connection, centre, place="none") == []
    opened = Incident("i1", Place(-7.15, 111.88), Urgency.URGENT, None, start)
    assert [await incidents.insert(connection, centre, opened) for _ in range(2)] == [True, False]
    chosen = msgspec.structs.replace(
        opened, destination=Place(-7.16, 111.9, "RSUD", "rsud"), kind="kecelakaan", agencies=("dinkes",), version=2
    )
    assert [await incidents.update(connection, centre, chosen) for _ in range(2)] == [True, False]
    assert await incidents.find(connection, centre, incident="i1", open_only=True) == [chosen]

    mission = assigned("m1", seen.unit, chosen, None, start)
    assert [await missions.insert(connection, centre, mission) for _ in range(2)] == [True, False]
    drive = await missions.fixes_of(connection, centre, mission, start + timedelta(days=1))
    assert [(fix.time, fix.speed) for fix in drive] == [(start, seen.fix.speed)]
    mission = arrive(mission, start + timedelta(seconds=100), By.GPS)
    mission = leave(mission, start + timedelta(seconds=700), By.GPS)
    await missions.update(connection, centre, mission)
    assert await missions.find(connection, centre, unit=seen.unit, active=True) == [mission]
    assert await missions.find(connection, centre, since=start, until=start - timedelta(seconds=1)) == []
    assert await missions.scene_times(connection, centre) == (1, 600.0, 600.0)
    event = missions.MissionEvent("m1", 0, "stalled", start, 120.0, None)
    await missions.put_event(connection, centre, event)
    await missions.put_event(connection, centre, msgspec.structs.replace(event, cleared_at=start))
    (kept,) = await missions.events(connection, centre, "m1")
    assert kept.cleared_at == start

    told = etas.Told("m1", 0, start, start, 60.0, 90.0, 120.0, "road", 500.0, "v1")
    for _ in range(2):
        await etas.insert(connection, centre, [told])
    scores = await etas.scores(connection, centre, start, start + timedelta(days=1))
    assert {score.by: score.group for score in scores} == {
        "all": "", "lead": "60", "hour": str((start.hour + 7) % 24), "urgency": "urgent", "source": "road",
        "leg": "to-scene", "district": "unknown",
    }  # fmt: skip
    for score in scores:
        assert (score.told, score.bias_s, score.mae_s, score.median_s) == (1, -10.0, 10.0, 10.0)
        assert (round(score.mape, 9), score.within25, score.coverage80) == (0.1, 1.0, 1.0)

    def in_dander(latitudes: Sequence[float], longitudes: Sequence[float]) -> list[str]:
        assert (list(latitudes), list(longitudes)) == ([-7.15], [111.88])
        return ["Dander"]

    scores = await etas.scores(connection, centre, start, start + timedelta(days=1), in_dander)
    assert [score.group for score in scores if score.by == "district"] == ["Dander"]


async def models_and_the_drives_behind_them(connection: Connection, centre: str, seen: Row) -> None:
    """The finished drive of `missions_from_open_to_score` with its fix, and two models, the newest of them in use."""
    start = seen.fix.time
    (leg,) = await speed_models.finished_legs(connection, centre, start, start + timedelta(days=1), 10)
    arrived = start + timedelta(seconds=100)
    assert leg == FinishedLeg("m1", 0, UNIT, "ambulance", Urgency.URGENT, LegKind.TO_SCENE, start, arrived, By.GPS)
    assert await speed_models.finished_legs(connection, centre, start, arrived, 10) == []
    drive = await speed_models.fixes_of(connection, centre, leg)
    assert [(fix.time, fix.speed) for fix in drive] == [(start, seen.fix.speed)]

    assert await speed_models.newest_version(connection, centre) is None
    first = KeptModel("v1", start, "jawa", "ab12", 40, start, {"legs": {"used": 40}}, b"\x00\xff")
    second = msgspec.structs.replace(first, version="v2", made_at=start + timedelta(days=1), until=None)
    for model in (first, second):
        await speed_models.put(connection, centre, model)
    assert await speed_models.newest(connection, centre, 9) == [second, first]
    again = msgspec.structs.replace(first, made_at=start + timedelta(days=2), report={"legs": {"used": 41}})
    await speed_models.put(connection, centre, again)
    assert await speed_models.newest_version(connection, centre) == "v1"
    assert await speed_models.newest(connection, centre) == [again]
    assert await speed_models.take_turn(connection, centre)


async def closures_until_taken_back(connection: Connection, centre: str, now: datetime) -> None:
    """A flood without an end, and a market that somebody takes back before it begins."""
    around = ((-7.15, 111.87), (-7.15, 111.89), (-7.16, 111.88))
    flood = KeptClosure(Closure("banjir", now, area=around, reason="banjir"), now)
    opens = now + timedelta(hours=1)
    along = ((-7.151, 111.881), (-7.152, 111.882))
    market = KeptClosure(Closure("pasar", opens, opens + timedelta(hours=6), (), (42, 2**40), 2.5, line=along), now)
    assert [await closures.insert(connection, centre, each) for each in (flood, market, flood)] == [True, True, False]
    assert await closures.find(connection, centre, now=now) == [market, flood]
    assert await closures.find(connection, centre, now=opens + timedelta(hours=6)) == [flood]
    gone = msgspec.structs.replace(market, ended_at=now)
    await closures.update(connection, centre, gone)
    assert await closures.find(connection, centre, closure="pasar") == [gone]
    assert await closures.find(connection, centre, now=now) == [flood]


async def commands_until_settled(connection: Connection, centre: str, now: datetime) -> None:
    """Five commands to a unit: one is superseded, one forgotten, one done, one expires and one stays open."""
    n = await commands.next_number(connection, now)
    assert n >= now.timestamp() * 1_000_000
    later = now + timedelta(seconds=60)

    def kept(place: int, name: str, kind: str, *, mission: str | None = None, ends: bool = False) -> commands.Kept:
        return commands.Kept(n + place, UNIT, name, kind, mission, now, later if ends else None, '{"of":"nobody"}')

    rate = kept(0, "c-rate", "rate")
    drive = kept(1, "c-drive", "assignment", mission="m1")
    arrival = kept(2, "c-arrival", "update-mission", mission="m1")
    ping = kept(3, "c-ping", "ping", ends=True)
    words = kept(4, "c-words", "message")
    for each in (rate, drive, arrival, ping, words):
        await commands.insert(connection, centre, each, "all of m1" if each is drive else None)
    assert await commands.next_number(connection, now) == n + 5
    assert await commands.pending(connection, centre) == [rate, drive, arrival, ping, words]
    assert await commands.told(connection, centre) == {UNIT: ("c-drive", "all of m1")}

    either = ["rate", "assignment"]
    assert await commands.supersede(connection, centre, UNIT, either, n, later, "newer") == []
    told_only = await commands.supersede(connection, centre, UNIT, ["rate"], n + 9, later, "newer", telling=True)
    assert told_only == []
    gone = await commands.supersede(connection, centre, UNIT, either, n + 9, later, "newer", telling=False)
    assert gone == ["c-rate"]
    assert await commands.drop_old_arrivals(connection, centre, UNIT, n + 2) == []
    assert await commands.drop_old_arrivals(connection, centre, UNIT, n + 9) == ["c-arrival"]
    await commands.sent(connection, centre, "c-drive", later)
    sent = msgspec.structs.replace(drive, sent_times=1, last_sent_at=later)
    assert await commands.of_unit(connection, centre, UNIT, 9, "c-drive") == [sent]
    for outcome, detail in ((Outcome.RECEIVED, ""), (Outcome.DONE, "on our way"), (Outcome.REFUSED, "too late")):
        assert await commands.settle(connection, centre, UNIT, Reply("c-drive", outcome, later, detail))
    assert not await commands.settle(connection, centre, UNIT, Reply("c-nobodys", Outcome.DONE, later))
    assert await commands.expire(connection, centre, now) == []
    assert await commands.expire(connection, centre, later) == ["c-ping"]
    assert await commands.pending(connection, centre) == [words]
    assert [(each.id, each.outcome, each.detail) for each in await commands.of_unit(connection, centre, UNIT, 3)] == [
        ("c-words", None, ""),
        ("c-ping", "expired", "the unit did not answer in time"),
        ("c-drive", "done", "on our way"),
    ]


async def reports_of_a_crew(connection: Connection, centre: str, now: datetime) -> None:
    """One of each kind of report, each stored once under its number, and found by unit and by mission."""

    def said(number: int, report: Report) -> reports.Row:
        return reports.row(UNIT, "k3x9", Numbered(number, report, encode(number, report)), now)

    at = [now - timedelta(seconds=90 - n) for n in range(6)]
    driving = said(0, Status(at=at[0], status=CrewStatus.EN_ROUTE, source=Source.CREW, mission="m1", clock=Clock.GNSS))
    taken = said(1, Answer(at=at[1], mission="m1", accepted=True, reason="siap"))
    there = said(2, Status(at=at[2], status=CrewStatus.ON_SCENE, source=Source.RADIO))
    on = said(3, Input(at=at[3], name="siren", on=True))
    off = said(4, Input(at=at[4], name="siren", on=False))
    alarm = said(5, Emergency(at=at[5], raised=True, since=at[5], source=Source.INPUT))
    ahead = said(6, Input(at=now + 2 * AHEAD_TOLERANCE, name="door", on=True))
    everything = [driving, taken, there, on, off, alarm, ahead]
    other = said(1, Answer(at=at[1], mission="m1", accepted=False))
    for given, told in ((everything, (7, [])), (everything, (0, [])), ([driving, other], (0, [other]))):
        async with connection.transaction():
            assert await reports.put(connection, centre, given) == told

    newest = await reports.newest(connection, centre)
    assert sorted(newest, key=lambda each: each.sequence) == [taken, there, off, alarm, ahead]
    end = now + timedelta(seconds=1)
    assert await reports.of_unit(connection, centre, UNIT, "status", at[0], end, 9) == [there, driving]
    assert await reports.of_unit(connection, centre, UNIT, None, at[0], end, 2) == [ahead, alarm]  # by its receiving
    assert await reports.of_mission(connection, centre, "m1", UNIT, at[2], None) == [driving, taken, there]
    assert await reports.of_mission(connection, centre, "m1", UNIT, at[0], at[1]) == [driving, taken]
    assert await reports.missions_reported_on(connection, centre, now) == ["m1"]
    assert await reports.missions_reported_on(connection, centre, end) == []


async def alarms_and_health(connection: Connection, centre: str, now: datetime) -> None:
    """Alarms are acknowledged once each, the newest is told; of health only the newest stays."""
    later = now + timedelta(seconds=60)
    for since, is_new in ((later, True), (now, True), (now, False)):
        assert await reports.acknowledge_emergency(connection, centre, UNIT, since, later) is is_new
    assert await reports.emergency_acks(connection, centre) == {UNIT: (later, later)}

    newer = reports.Health(UNIT, later, later, b'{"uptime_s":60}')
    older = reports.Health(UNIT, now, later, b'{"uptime_s":0}')
    for told in ([older, newer], [older]):
        await reports.put_health(connection, centre, told)
    assert await reports.health(connection, centre) == [newer]
    assert await reports.health(connection, centre, "ambulans-02") == []
    set_back = msgspec.structs.replace(older, received_at=later + timedelta(hours=1))
    await reports.put_health(connection, centre, [set_back])
    assert await reports.health(connection, centre, UNIT) == [set_back]


async def flags_of_a_track(connection: Connection, centre: str, seen: Row) -> None:
    """The judge reads a fix, flags it, and takes its own flags back and no other."""
    time = seen.fix.time
    others = seen.fix.quality

    async def read() -> list[tuple[float | None, Quality]]:
        before = time - timedelta(seconds=1)
        track = await tracks.read(connection, centre, seen.unit, seen.source, before, time, 9)
        return [(fix.speed, fix.quality) for fix in track]

    assert await read() == [(seen.fix.speed, others)]
    for flags in (Quality.FROZEN, Quality.JUMP | Quality.SWAPPED, Quality.GOOD):
        async with connection.transaction():
            await tracks.flag(connection, centre, [Flagged(seen.unit, seen.source, time, flags)])
        assert await read() == [(seen.fix.speed, others | flags)]
    assert await tracks.read(connection, centre, seen.unit, seen.source, time, time, 9) == []
