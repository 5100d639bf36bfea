"""What a drill can do without, to show that it notices: each takes one thing out of a gateway that is wired and has not
begun. Only drills do this; `sigap serve` has no such switch."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from gateway.http.world import World
from gateway.services.shares import Seen
from gateway.storage.shares import Share
from tracker.regions import Escalation

_MOST = 1000


def _escalation(world: World) -> None:
    """The ladder has no rung within a lifetime."""
    never = Escalation(1e9, 2e9, 3e9)
    world.centre_rules.rules = msgspec.structs.replace(world.centre_rules.rules, escalation=never)


def _duplicates(world: World) -> None:
    """Nobody compares a call with the incidents near it."""

    async def nothing(*_: Any) -> tuple[()]:
        return ()

    _replace(world.calls, "_near", nothing)


def _closed_hospitals(world: World) -> None:
    """A hospital that closes tells nobody who is on the way there."""

    async def nothing(*_: Any) -> None:
        return

    _replace(world.inbound, "_raise", nothing)


def _share_scope(world: World) -> None:
    """Whoever has any share sees everything."""
    shares, missions = world.neighbours.shares, world.arrivals.missions
    seen = shares._seen

    async def everything(share: Share, now: datetime) -> Seen:
        incidents = tuple(each.id for each in await missions.incidents(open_only=True, limit=_MOST))
        units = tuple(state.unit for state in world.live.states())
        return await seen(msgspec.structs.replace(share, incidents=incidents, units=units), now)

    _replace(shares, "_seen", everything)


def _replace(owner: Any, name: str, value: Any) -> None:
    """Put something else in the place of an attribute that is there.

    Raises:
        AttributeError: there is none of that name: what was switched off has been renamed.
    """
    getattr(owner, name)
    setattr(owner, name, value)


FEATURES: dict[str, Callable[[World], None]] = {
    "closed-hospitals": _closed_hospitals,
    "duplicates": _duplicates,
    "escalation": _escalation,
    "share-scope": _share_scope,
}
