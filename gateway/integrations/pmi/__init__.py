"""What an owner of ambulances, such as a branch of PMI, sends of its own units: who is on duty, and until when.

An owner has a share of its own units, and the same token carries both ways: it reads where they are, what they do and
when they arrive, and it says which of them the centre may count on. For units of others it has no word.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.services.missions import Unknown
from gateway.services.owners import Owners
from tracker.duty import State


class DutySaid(msgspec.Struct, forbid_unknown_fields=True):
    """A unit goes on or off duty now."""

    unit: Annotated[str, Meta(max_length=32)]
    state: State
    until: Annotated[datetime, Meta(tz=True)] | None = None  # None: for twelve hours


class DutyTaken(msgspec.Struct, frozen=True):
    """What holds from now on."""

    unit: str
    state: State
    until: datetime | None
    why_not: str | None  # why dispatch does not see the unit all the same; None: it does


async def say_duty(owners: Owners, owner: str, said: DutySaid) -> DutyTaken:
    """Take an owner's word.

    Raises:
        Unknown: that unit is not the owner's.
        Clash: for longer than a day.
    """
    if said.unit not in owners.units_of(owner):
        raise Unknown(f"{owner} lends no unit {said.unit!r}")
    until = await owners.duty(said.unit, said.state, said.until, f"owner: {owner}")
    return DutyTaken(said.unit, said.state, until, owners.why_not(said.unit))
