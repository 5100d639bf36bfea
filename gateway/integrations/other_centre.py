"""A neighbouring centre with a gateway of its own, spoken to over its REST API.

It ranks its own units, for it alone knows what they are and do. A gateway that is older than rankings for a place is
asked where its units are, and they are held against the scene by straight line.
"""

from datetime import datetime
from typing import Any, TypeVar

import httpx
import msgspec

from gateway.services.borders import OFFERED, UnitAbroad, Unreachable
from gateway.services.missions import Clash
from gateway.storage.borders import MissionAbroad, Neighbour, StatusAbroad
from tracker.eta import straight_line
from tracker.eta.live import SAID_NOTHING, aged
from tracker.eta.straight_line import Estimate
from tracker.fix import Fix
from tracker.missions import Incident

TIMEOUT_S = 5.0
MAX_ANSWER = 8 * 1024 * 1024
MOST_NOTES = 1000
"""Characters of an incident's notes that a gateway takes."""

T = TypeVar("T")


class _Candidate(msgspec.Struct):
    unit: str
    kind: str = ""
    tier: str | None = None
    eta_s: Estimate | None = None
    unknown_because: str | None = None
    source: str = ""
    status: str | None = None


class _Candidates(msgspec.Struct):
    candidates: list[_Candidate]


class _Position(msgspec.Struct):
    latitude: float
    longitude: float
    fix_time: datetime


class _Eta(msgspec.Struct):
    at: datetime
    eta_s: Estimate | None = None


class _Unit(msgspec.Struct):
    unit: str
    name: str = ""
    kind: str = ""
    stale_after_s: float = 60.0
    lost_after_s: float = 180.0
    position: _Position | None = None
    eta: _Eta | None = None


class _Units(msgspec.Struct):
    server_time: datetime
    units: list[_Unit]


class _Incident(msgspec.Struct):
    id: str
    closed_at: datetime | None = None
    closed_as: str | None = None
    reference: str = ""


class _Mission(msgspec.Struct):
    id: str
    unit: str
    state: str


class _Missions(msgspec.Struct):
    missions: list[_Mission]


class OtherCentre:
    """All neighbours that have an address; one client for them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def units(self, neighbour: Neighbour, incident: Incident, limit: int = OFFERED) -> list[UnitAbroad]:
        """Whom it could send, the best first."""
        place = incident.place
        query: dict[str, Any] = {
            "lat": place.latitude, "lon": place.longitude, "urgency": incident.urgency.value, "limit": limit,
            "capability": list(incident.capabilities),
        }  # fmt: skip
        answer = await self._ask(neighbour, "GET", "candidates", params=query)
        if answer.status_code == httpx.codes.OK:
            ranked = _read(answer, _Candidates).candidates
            return [UnitAbroad(**msgspec.structs.asdict(each)) for each in ranked][:limit]
        return await self._by_straight_line(neighbour, incident, limit)

    async def _by_straight_line(self, neighbour: Neighbour, incident: Incident, limit: int) -> list[UnitAbroad]:
        told = _read(_good(await self._ask(neighbour, "GET", "units")), _Units)
        found = []
        for each in told.units:
            eta, why = None, "the unit has no position yet"
            if each.position is not None:
                at = each.position
                fix = Fix(time=at.fix_time, latitude=at.latitude, longitude=at.longitude)
                age = max(0.0, (told.server_time - at.fix_time).total_seconds())
                place = incident.place
                eta = straight_line.estimate(fix, place.latitude, place.longitude, at.fix_time)
                eta = aged(eta, age, each.stale_after_s, each.lost_after_s, heading=False)
                why = SAID_NOTHING.format(age=age, limit=each.lost_after_s)
            found.append(
                UnitAbroad(
                    unit=each.unit, name=each.name, kind=each.kind, eta_s=eta,
                    unknown_because=why if eta is None else None, source="straight-line",
                )
            )  # fmt: skip
        found.sort(key=lambda each: (each.eta_s is None, each.eta_s.p50 if each.eta_s else 0.0, each.unit))
        return found[:limit]

    async def open(self, neighbour: Neighbour, incident: Incident) -> None:
        """It opens this incident, or has it already."""
        body: dict[str, Any] = {
            "id": incident.id, "urgency": incident.urgency.value, "kind": incident.kind, "notes": incident.notes,
            "place": {
                "latitude": incident.place.latitude, "longitude": incident.place.longitude, "name": incident.place.name,
            },
            "capabilities": list(incident.capabilities), "condition": incident.condition,
            "exercise": incident.exercise, "reference": incident.reference,
        }  # fmt: skip
        answer = await self._ask(neighbour, "POST", "incidents", json=body)
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:  # our words for what is wanted may be none of its
            answer = await self._ask(neighbour, "POST", "incidents", json=body | _in_words(incident))
        if answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
            raise Clash(f"{neighbour.name} refuses the incident: {_detail(answer)}")
        opened = _read(_good(answer), _Incident)
        if opened.id != incident.id:
            raise Unreachable(f"its gateway opened {opened.id!r} where {incident.id!r} was asked for")

    async def status(self, neighbour: Neighbour, reference: str) -> StatusAbroad:
        """How the incident of this id stands over there."""
        there = _read(_good(await self._ask(neighbour, "GET", f"incidents/{reference}")), _Incident)
        query = {"incident": reference}
        sent = _read(_good(await self._ask(neighbour, "GET", "missions", params=query)), _Missions).missions
        etas: dict[str, _Eta] = {}
        if any(each.state not in ("arrived", "ended") for each in sent):
            units = _read(_good(await self._ask(neighbour, "GET", "units")), _Units).units
            etas = {each.unit: each.eta for each in units if each.eta is not None}
        missions = []
        for each in sorted(sent, key=lambda each: each.id):
            eta = etas.get(each.unit) if each.state in ("assigned", "transporting") else None
            told = (None, None) if eta is None else (eta.eta_s, eta.at)
            missions.append(MissionAbroad(each.unit, each.state, *told))
        return StatusAbroad(there.closed_at, there.closed_as, tuple(missions))

    async def _ask(self, neighbour: Neighbour, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            return await self._client.request(method, f"{(neighbour.url or '').rstrip('/')}/api/v1/{path}", **what)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"its gateway does not answer: {error or type(error).__name__}") from error


def _in_words(incident: Incident) -> dict[str, Any]:
    """What is wanted, for people to read: in the notes, as far as there is room."""
    wanted = " ".join(each for each in (incident.condition, *incident.capabilities) if each)
    return {"condition": "", "capabilities": [], "notes": f"{wanted}\n{incident.notes}".strip()[:MOST_NOTES]}


def client() -> httpx.AsyncClient:
    """Follows no redirects and uses no proxy: an address is what the centre entered."""
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise Unreachable(f"its gateway answers {answer.status_code}: {_detail(answer)}")
    return answer


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json().get("detail", "")
    except (ValueError, AttributeError):
        detail = answer.text
    return str(detail)[:200]


def _read(answer: httpx.Response, shape: type[T]) -> T:
    if len(answer.content) > MAX_ANSWER:
        raise Unreachable(f"its gateway answers with {len(answer.content)} bytes")
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.DecodeError as error:
        raise Unreachable(f"its gateway answers what is none: {error}") from error
