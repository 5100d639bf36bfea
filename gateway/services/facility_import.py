"""Takes a list of facilities in as one source among several: nothing that another source or the centre said is lost.

A list makes facilities that are new, fills in what nobody said yet, and gives its point of each. Which point counts
follows from all sources (`tracker.register.points`), but for those that somebody of the centre has confirmed.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection

from gateway.roads.districts import Districts
from gateway.services.facilities import OPERATOR
from gateway.services.facility_check import Checked, NoPoint, check, elsewhere
from gateway.services.facility_list import Refused, Row, plain, slug
from gateway.services.register import tell
from gateway.storage import register as storage
from tracker.register import Facility, Point
from tracker.register.points import Finding, SourcePoint, judged

Connection = AsyncConnection[Any]

FAR_M = 3000.0
"""Two lists that differ by more do not mean the same street any more."""


class Compared(msgspec.Struct, frozen=True):
    """A list against another source."""

    source: str
    both: int  # facilities that both have a point of
    far: int  # of them, over `FAR_M` apart
    median_m: float
    farthest_m: float
    farthest: str  # name


class Imported(msgspec.Struct):
    """What came of it."""

    rows: int
    unlikely: dict[str, int]  # of the points, where nothing could be checked: by why they are
    findings: dict[str, int]  # by `Finding`
    new: int  # facilities
    without_point: list[str]  # names of those of the list that nobody knows a point of: left out
    refused: list[Refused]
    compared: list[Compared]
    points: dict[str, int]  # by `Point`: of all facilities of the centre, as they are now
    doubtful: list[Facility]  # of the list


async def take_in(
    connection: Connection,
    centre: str,
    source: str,
    rows: Sequence[Row],
    districts: Districts | None,
    now: datetime,
    middles: Sequence[tuple[float, float]] = (),
) -> Imported:
    """Take a list in, all of it or, if something fails, nothing.

    Args:
        connection: in autocommit mode.
        centre: whose facilities they are.
        source: the list's name; what it said before of the same facilities is replaced.
        rows: of the list.
        districts: polygons to check against; None: there are none, and nothing is trusted that stands alone.
        now: the time.
        middles: of the districts of the centre's region, to tell what is far off where there are no polygons.
    """
    refused, checked = [], {}
    unlikely = Counter[str]()
    for row in rows:
        if districts is None and row.latitude is not None and row.longitude is not None:
            unlikely.update(filter(None, [elsewhere(row.latitude, row.longitude, middles)]))
        try:
            checked[row.number] = check(row, districts, middles)
        except NoPoint as error:
            refused.append(Refused(row.number, str(error)))
    rows = [row for row in rows if row.number in checked]
    _mark_shared(rows, checked)
    async with connection.transaction():
        await storage.lock_facilities(connection)
        known = {each.id: each for each in await storage.facilities(connection, centre)}
        sources = await storage.points(connection, centre)
        taken = await _take(connection, centre, source, _matched(rows, known), checked, known, sources, now)
        after = {each.id: each for each in await storage.facilities(connection, centre)}
        sources = await storage.points(connection, centre)
    return Imported(
        rows=len(rows) + len(refused),
        unlikely=dict(unlikely),
        findings=dict(Counter(each.finding.value for each in checked.values() if each is not None)),
        new=len(after) - len(known),
        without_point=[row.name for row, facility in taken if facility not in after],
        refused=refused,
        compared=_compare(source, sources, after),
        points=dict(Counter(each.point.value for each in after.values())),
        doubtful=[
            after[facility] for _, facility in taken if facility in after and after[facility].point is Point.DOUBTFUL
        ],
    )


async def _take(
    connection: Connection,
    centre: str,
    source: str,
    matched: Sequence[tuple[Row, str]],
    checked: dict[int, Checked | None],
    known: dict[str, Facility],
    sources: dict[str, list[SourcePoint]],
    now: datetime,
) -> Sequence[tuple[Row, str]]:
    for row, facility in matched:
        found, before = checked[row.number], known.get(facility)
        points = [each for each in sources.get(facility, ()) if each.source != source]
        if found is not None:
            point = SourcePoint(source, found.latitude, found.longitude, found.finding, found.detail, now)
            points.append(point)
        if before is not None:
            after = before
        elif found is not None:
            after = Facility(facility, row.kind, row.name, found.latitude, found.longitude, point=Point.DOUBTFUL)
        else:
            continue
        after = _settled(_filled(after, row), points)
        if after != before:
            version = 1 if before is None else before.version + 1
            after = msgspec.structs.replace(after, version=version)
            await storage.put_facility(connection, centre, after, None)
            await tell(connection, centre, after, now)
        if found is not None:
            await storage.put_point(connection, centre, facility, point)
    return matched


def _filled(before: Facility, row: Row) -> Facility:
    """The facility with what nobody said before."""
    return msgspec.structs.replace(
        before,
        grade=before.grade or row.grade,
        capacity=row.capacity if before.capacity is None else before.capacity,
        capabilities=before.capabilities or row.capabilities,
        district=before.district or row.district,
    )


def _settled(facility: Facility, points: Sequence[SourcePoint]) -> Facility:
    """The facility with the point that follows from all sources; a confirmed one stays."""
    said = [each for each in points if each.source != OPERATOR]
    if facility.point is Point.CONFIRMED or not said:
        return facility
    judgement = judged(said)
    return msgspec.structs.replace(
        facility, latitude=judgement.latitude, longitude=judgement.longitude, point=judgement.point,
        point_because=judgement.because,
    )  # fmt: skip


def _matched(rows: Sequence[Row], known: dict[str, Facility]) -> list[tuple[Row, str]]:
    """Each row with the id of the facility that it means: its own, or that of the only one of this kind and name."""
    named: dict[tuple[str, str], list[str]] = {}
    for each in known.values():
        named.setdefault((each.kind, plain(each.name)), []).append(each.id)
    of_list = Counter((row.kind, plain(row.name)) for row in rows)
    taken = set(known) | {row.id for row in rows if row.id is not None}
    matched = []
    for row in rows:
        key = (row.kind, plain(row.name))
        same = named.get(key, [])
        if row.id is not None:
            facility = row.id
        elif len(same) == 1 and of_list[key] == 1:
            facility = same[0]
        else:
            facility = _free(slug(row.kind, row.name), taken)
            taken.add(facility)
        matched.append((row, facility))
    return matched


def _free(wanted: str, taken: set[str]) -> str:
    """The id, or the first that is like it and nobody's."""
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted[:28].rstrip('-')}-{number}"
    return found


def _mark_shared(rows: Sequence[Row], checked: dict[int, Checked | None]) -> None:
    """A list that gives two facilities the same point knows only one of them, or none."""
    by_point: dict[tuple[float, float], list[tuple[Row, Checked]]] = {}
    for row in rows:
        found = checked[row.number]
        if found is not None and found.finding in (Finding.INSIDE, Finding.EDGE, Finding.COARSE):
            by_point.setdefault((found.latitude, found.longitude), []).append((row, found))
    for same in by_point.values():
        for row, found in same if len(same) > 1 else ():
            other = next(each.name for each, _ in same if each is not row)
            detail = f"{found.detail}; the list gives the same point to {other}"
            checked[row.number] = msgspec.structs.replace(found, finding=Finding.SHARED, detail=detail)


def _compare(source: str, sources: dict[str, list[SourcePoint]], after: dict[str, Facility]) -> list[Compared]:
    apart: dict[str, list[tuple[float, str]]] = {}
    for facility, points in sources.items():
        mine = next((each for each in points if each.source == source), None)
        for each in points if mine is not None else ():
            if each is not mine and mine is not None:
                apart.setdefault(each.source, []).append((each.metres_to(mine), after[facility].name))
    return [
        Compared(
            other, len(pairs), sum(metres > FAR_M for metres, _ in pairs),
            statistics.median(metres for metres, _ in pairs), *max(pairs),
        )
        for other, pairs in sorted(apart.items())
    ]  # fmt: skip
