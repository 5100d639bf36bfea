"""Phones that speak for units, the consent of those who carry them, and when they are on duty."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.storage import sql
from tracker.duty import Change, Schedule, State, read_windows

Connection = AsyncConnection[Any]

DUTY_KEPT = timedelta(days=31)
"""How far back duty is looked up; an older fix of a private phone comes too late to be stored."""


class Consent(msgspec.Struct, frozen=True):
    """Somebody agreed."""

    given_at: datetime
    person: str
    text_version: str


class Phone(msgspec.Struct, frozen=True):
    """A phone as it stands now."""

    unit: str
    mqtt_user: str
    private: bool  # of somebody's own car
    enrolled_at: datetime
    consent: Consent | None
    schedules: tuple[Schedule, ...] = ()
    changes: tuple[Change, ...] = ()


ALWAYS = (Schedule(datetime.min.replace(tzinfo=UTC), read_windows("mon-sun 00:00-24:00")),)


def schedules_of(phone: Phone) -> Sequence[Schedule]:
    """What holds by the week: the centre's own phones are on duty where nobody says otherwise."""
    return phone.schedules if phone.private else phone.schedules or ALWAYS


_windows = lru_cache(4096)(read_windows)
"""A province reads thousands of schedules every two seconds, and most are alike."""


def digest(secret: str) -> bytes:
    """What is stored of a secret. It has 130 random bits: nothing slower than a plain hash is of use."""
    return hashlib.sha256(secret.encode()).digest()


async def find(
    connection: Connection,
    centre: str,
    now: datetime,
    *,
    units: Iterable[str] = (),
    users: Iterable[str] = (),
    secret: str | None = None,
    everyone: bool = False,
) -> list[Phone]:
    """Phones by their unit, OwnTracks user or secret, or all, with what decides about storing now."""
    values = {
        "centre": centre, "units": list(units), "users": list(users), "all": everyone,
        "secret": None if secret is None else digest(secret),
    }  # fmt: skip
    rows = await (await connection.execute(sql.query("phones"), values)).fetchall()
    schedules, changes = await duty_of(connection, centre, [row[0] for row in rows], now)
    return [
        Phone(
            unit,
            user,
            private,
            enrolled_at,
            None if given_at is None else Consent(given_at, person, version),
            tuple(schedules.get(unit, ())),
            tuple(changes.get(unit, ())),
        )
        for unit, user, private, enrolled_at, given_at, person, version in rows
    ]


async def duty_of(
    connection: Connection, centre: str, units: Sequence[str], now: datetime
) -> tuple[dict[str, list[Schedule]], dict[str, list[Change]]]:
    """What decides about duty now, for units with a phone or without: schedules and changes by unit."""
    schedules: dict[str, list[Schedule]] = {}
    changes: dict[str, list[Change]] = {}
    if units:
        values = {"centre": centre, "units": list(units), "from": now - DUTY_KEPT}
        for unit, at, windows, state, until in await (await connection.execute(sql.query("duty"), values)).fetchall():
            if state is None:
                schedules.setdefault(unit, []).append(Schedule(at, _windows(windows)))
            else:
                changes.setdefault(unit, []).append(Change(at, State(state), until))
    return schedules, changes


async def enrol(
    connection: Connection, centre: str, unit: str, secret: str, user: str, now: datetime, *, private: bool
) -> None:
    """Make a phone known, or give the unit's phone another secret. A consent that stood ends with the secret before:
    it may be another person who scans the new code."""
    values = {
        "centre": centre, "unit": unit, "secret": digest(secret), "user": user, "private": private, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        await withdraw(connection, centre, unit, "enrolled anew", now)
        await connection.execute(sql.query("put_phone"), values)


async def drop(connection: Connection, centre: str, unit: str, now: datetime) -> bool:
    """Forget a unit's phone, and end the consent; whether it had one."""
    async with connection.transaction():
        await withdraw(connection, centre, unit, "struck off", now)
        dropped = await connection.execute(sql.query("drop_phone"), {"centre": centre, "unit": unit})
    return dropped.rowcount > 0


async def consent(
    connection: Connection, centre: str, unit: str, person: str, version: str, by: str, now: datetime
) -> None:
    """Record a consent; one that stood before ends with it."""
    async with connection.transaction():
        await withdraw(connection, centre, unit, by, now)
        values = {"centre": centre, "unit": unit, "person": person, "version": version, "by": by, "now": now}
        await connection.execute(sql.query("give_consent"), values)


async def withdraw(connection: Connection, centre: str, unit: str, by: str, now: datetime) -> bool:
    """End a consent; whether there was one."""
    values = {"centre": centre, "unit": unit, "by": by, "now": now}
    return (await connection.execute(sql.query("withdraw_consent"), values)).rowcount > 0


async def schedule(connection: Connection, centre: str, unit: str, windows: str, by: str, now: datetime) -> None:
    """Set the weekly windows from now on.

    Raises:
        tracker.duty.BadWindows: the text names none.
    """
    read_windows(windows)
    values = {"centre": centre, "unit": unit, "windows": windows, "by": by, "now": now}
    await connection.execute(sql.query("put_duty_schedule"), values)


async def change_duty(
    connection: Connection, centre: str, unit: str, state: State, until: datetime | None, by: str, now: datetime
) -> None:
    """Somebody goes on or off duty now, or back to the schedule. On duty must end by itself."""
    values = {"centre": centre, "unit": unit, "state": state.value, "until": until, "by": by, "now": now}
    await connection.execute(sql.query("put_duty_change"), values)
