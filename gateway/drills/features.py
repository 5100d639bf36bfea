"""What a drill can do without, to show that it notices: each takes one thing out of a gateway that is wired and has not
begun. Only drills do this; `sigap serve` has no such switch."""

from collections.abc import Callable
from typing import Any

from gateway.http.world import World


def _without_arrivals(world: World) -> None:
    """Nobody notices that a unit has arrived: fixes are stored and shown, and that is all."""
    replace(world.arrivals, "committed", lambda _rows: None)


def replace(owner: Any, name: str, value: Any) -> None:
    """Put something else in the place of an attribute that is there.

    Raises:
        AttributeError: there is none of that name: what was switched off has been renamed.
    """
    getattr(owner, name)
    setattr(owner, name, value)


FEATURES: dict[str, Callable[[World], None]] = {"arrivals": _without_arrivals}
