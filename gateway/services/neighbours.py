"""All that has to do with other systems, in one hand: what the web side and the wiring of a gateway ask for."""

import asyncio
from collections.abc import Sequence

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.services.missions import Missions
from gateway.services.owners import Owners
from gateway.services.reach import Channel, Reach
from gateway.services.referrals import Referrals, ReferralSystem
from gateway.services.shares import Shares
from gateway.storage.pool import type_of_pool


class Neighbours:
    """One for a centre, in one event loop.

    Args:
        centre, pool, live, missions: of the gateway.
        systems: that referrals are read from.
        channels: by which somebody is reached who is not looking.
        telephony_secret: that the exchange signs with; None: there is no exchange.
        clock: of all loops.
    """

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        systems: Sequence[ReferralSystem] = (),
        channels: Sequence[Channel] = (),
        telephony_secret: str | None = None,
        clock: Clock = TRUE,
    ) -> None:
        self.referrals = Referrals(centre, pool, missions, systems, clock)
        self.owners = Owners(centre, pool, live, missions, clock)
        self.shares = Shares(centre, pool, live, missions, self.owners, clock)
        self.reach = Reach(centre, pool, channels, clock)
        self.telephony_secret = telephony_secret

    async def run(self) -> None:
        """Work until cancelled, or until one of the parts fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.referrals.run())
            group.create_task(self.owners.run())
            group.create_task(self.reach.run())
