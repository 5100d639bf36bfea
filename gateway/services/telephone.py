"""A call that an exchange announces becomes a call of the centre, before anybody has picked up."""

from collections.abc import Awaitable, Callable

import msgspec

from gateway.services.missions import Clash


class Ringing(msgspec.Struct, frozen=True):
    """Somebody calls."""

    id: str  # of the call here: the same for the same call there
    line: str  # the number that was called
    number: str | None  # of the caller; None: withheld
    latitude: float | None  # None: the exchange does not know
    longitude: float | None


TakeCall = Callable[[Ringing], Awaitable[str]]
"""Opens a call; returns its id. The same one again opens nothing."""


async def no_calls(_: Ringing) -> str:
    """Of a gateway without a desk for calls.

    Raises:
        Clash: always.
    """
    raise Clash("this gateway takes no calls")
