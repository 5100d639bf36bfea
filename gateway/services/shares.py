"""What others may see of the centre: so much, so long, and every look is written down before anything is shown.

The police of a regency need to know where a crash is and who is on the way; an owner wants to see what becomes of the
ambulance it lent. Neither needs the rest. A share names incidents, kinds of incidents and units; nothing that it does
not name is shown, and of what it names no words: no notes, no caller, no name of a place, for houses have names too.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from gateway.clock import TRUE, Clock
from gateway.feeds.live import Eta, LivePicture
from gateway.services.missions import Clash, Missions, Unknown, new_id
from gateway.services.owners import Owners
from gateway.storage import shares as table
from gateway.storage.pool import type_of_pool
from gateway.storage.shares import Access, Share
from tracker.eta.straight_line import Estimate
from tracker.missions import Incident, Mission

LONGEST = timedelta(days=366)

MOST_OPEN = 10_000
"""Open incidents that are looked through."""


class SharedIncident(msgspec.Struct, frozen=True):
    """All that is shown of an incident."""

    id: str
    kind: str
    urgency: str
    latitude: float
    longitude: float
    opened_at: datetime


class SharedUnit(msgspec.Struct, frozen=True):
    """All that is shown of a unit. Its position is null while its owner shows it to nobody."""

    unit: str
    name: str
    kind: str
    latitude: float | None
    longitude: float | None
    speed_mps: float | None
    course_deg: float | None
    fix_time: datetime | None
    fix_age_s: float | None
    incident: str | None  # the shared one that it is sent to
    state: str | None  # of that mission; of every mission, for the unit's owner
    status: str | None  # what the unit does, likewise: of tracker/missions/statuses.py
    eta_s: Estimate | None  # seconds after `eta_at`, to the stop that it drives to
    eta_at: datetime | None


class Seen(msgspec.Struct, frozen=True):
    """What a share shows now."""

    server_time: datetime
    incidents: tuple[SharedIncident, ...]
    units: tuple[SharedUnit, ...]


class Shares:
    """One for a centre, in one event loop."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        owners: Owners,
        clock: Clock = TRUE,
    ) -> None:
        self._centre = centre
        self._pool = pool
        self._live = live
        self._missions = missions
        self._owners = owners
        self._clock = clock

    # For the centre

    async def begin(
        self,
        name: str,
        ends_at: datetime,
        made_by: str,
        *,
        incidents: Sequence[str] = (),
        kinds: Sequence[str] = (),
        units: Sequence[str] = (),
        crews: bool = False,
        owner: str | None = None,
    ) -> tuple[Share, str]:
        """Share something; returns with it the token, which nobody can ever read again.

        Raises:
            Unknown: an incident, unit or owner that is named is not there.
            Clash: it names nothing, or ends too late or too soon.
        """
        now = self._clock.now()
        if not now < ends_at <= now + LONGEST:
            raise Clash(f"a share ends within {LONGEST.days} days, and not before it begins")
        if not (incidents or kinds or units or owner):
            raise Clash("name incidents, kinds of incidents, units or an owner: nothing else is shown")
        for incident in incidents:
            await self._missions.incident(incident)
        for unit in units:
            if self._live.kind(unit) is None:
                raise Unknown(f"centre {self._centre} has no unit {unit!r}")
        if owner is not None:
            self._owners.owner(owner)
        token = secrets.token_urlsafe(24)
        share = Share(new_id(), name, tuple(incidents), tuple(kinds), tuple(units), crews, owner, now, ends_at, made_by)
        async with self._pool.connection() as connection:
            await table.insert(connection, self._centre, share, token)
        return share, token

    async def all(self) -> list[Share]:
        """The newest first, those that are over too."""
        async with self._pool.connection() as connection:
            return await table.find(connection, self._centre)

    async def revoke(self, share_id: str) -> Share:
        """End it at once. Again changes nothing.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            await table.revoke(connection, self._centre, share_id, self._clock.now())
            found = await table.find(connection, self._centre, share=share_id)
        if not found:
            raise Unknown(f"centre {self._centre} shares nothing of id {share_id!r}")
        return found[0]

    async def accesses(self, share_id: str, limit: int) -> list[Access]:
        """Who looked, the newest first.

        Raises:
            Unknown: there is no share of that id.
        """
        async with self._pool.connection() as connection:
            if not await table.find(connection, self._centre, share=share_id):
                raise Unknown(f"centre {self._centre} shares nothing of id {share_id!r}")
            return await table.accesses(connection, self._centre, share_id, limit)

    # For whoever has a token

    async def look(self, token: str, address: str, what: str) -> tuple[Share, Seen]:
        """What a token shows. The look is on record before this returns.

        Raises:
            Unknown: nobody's token, or one that is over: they are told the same.
            psycopg.Error, psycopg_pool.PoolTimeout: it cannot be put on record, so nothing is shown.
        """
        now = self._clock.now()
        share = await self._of_token(token, address, what, now)
        seen = await self._seen(share, now)
        shown = (*(each.id for each in seen.incidents), *(each.unit for each in seen.units))
        await self._log(share, Access(now, address, what, shown, ""))
        return share, seen

    async def owner_of(self, token: str, address: str, what: str) -> str:
        """The owner that holds a token and speaks for its units; put on record.

        Raises:
            Unknown: as of `look`, or it is no owner's.
        """
        now = self._clock.now()
        share = await self._of_token(token, address, what, now)
        if share.owner is None:
            raise _nobodys()
        await self._log(share, Access(now, address, what, (), ""))
        return share.owner

    async def _of_token(self, token: str, address: str, what: str, now: datetime) -> Share:
        async with self._pool.connection() as connection:
            found = await table.find(connection, self._centre, token=token)
        if not found:
            raise _nobodys()
        if refusal := found[0].refusal(now):
            await self._log(found[0], Access(now, address, what, (), refusal))
            raise _nobodys()
        return found[0]

    async def _log(self, share: Share, access: Access) -> None:
        async with self._pool.connection() as connection:
            await table.log(connection, self._centre, share.id, access)

    async def _seen(self, share: Share, now: datetime) -> Seen:
        incidents = {}
        if share.incidents or share.kinds:
            for each in await self._missions.incidents(open_only=True, limit=MOST_OPEN):
                if each.id in share.incidents or (each.kind and each.kind in share.kinds):
                    incidents[each.id] = each
        own = set(() if share.owner is None else self._owners.units_of(share.owner))
        units = own | set(share.units)
        if share.crews:
            units |= {each.unit for each in self._missions.active.values() if each.incident in incidents}
        shown = [self._unit(unit, incidents, unit in own, now) for unit in sorted(units)]
        return Seen(now, tuple(map(_incident, incidents.values())), tuple(each for each in shown if each is not None))

    def _unit(self, unit: str, incidents: dict[str, Incident], own: bool, now: datetime) -> SharedUnit | None:
        state = self._live.state(unit)
        if state is None:
            return None
        at = state.position
        mission: Mission | None = self._missions.active.get(unit)
        told = mission is not None and (own or mission.incident in incidents)
        eta: Eta | None = state.eta if told else None
        return SharedUnit(
            unit=unit,
            name=state.name,
            kind=state.kind,
            latitude=None if at is None else at.latitude,
            longitude=None if at is None else at.longitude,
            speed_mps=None if at is None else at.speed_mps,
            course_deg=None if at is None else at.course_deg,
            fix_time=None if at is None else at.fix_time,
            fix_age_s=None if at is None else max(0.0, (now - at.fix_time).total_seconds()),
            incident=mission.incident if mission is not None and mission.incident in incidents else None,
            state=mission.state.value if mission is not None and told else None,
            status=state.standing.status if state.standing is not None and (told or own) else None,
            eta_s=None if eta is None else eta.eta_s,
            eta_at=None if eta is None else eta.at,
        )


def _nobodys() -> Unknown:
    return Unknown("nothing is shared under this address")


def _incident(incident: Incident) -> SharedIncident:
    place = incident.place
    return SharedIncident(
        incident.id, incident.kind, incident.urgency.value, place.latitude, place.longitude, incident.opened_at
    )
