"""Puts the neighbours of a centre together from its settings. What is not set is not there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from gateway.clock import Clock
from gateway.feeds.live import LivePicture
from gateway.integrations.answers import TIMEOUT_S
from gateway.integrations.satusehat import Satusehat
from gateway.integrations.sisrute import Sisrute
from gateway.services.missions import Missions
from gateway.services.neighbours import Neighbours
from gateway.services.referrals import ReferralSystem
from gateway.settings import NeighbourSettings
from gateway.storage.pool import type_of_pool


@asynccontextmanager
async def open_neighbours(
    settings: NeighbourSettings, centre: str, pool: type_of_pool, live: LivePicture, missions: Missions, clock: Clock
) -> AsyncIterator[Neighbours]:
    """The neighbours, for as long as the gateway runs."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
        secret = settings.telephony_secret
        yield Neighbours(
            centre,
            pool,
            live,
            missions,
            systems(settings, client, clock),
            None if secret is None else secret.get_secret_value(),
            clock,
        )


def systems(settings: NeighbourSettings, client: httpx.AsyncClient, clock: Clock) -> list[ReferralSystem]:
    """Those whose settings are complete."""
    found: list[ReferralSystem] = []
    url, account, password = settings.sisrute_url, settings.sisrute_id, settings.sisrute_password
    if url is not None and account is not None and password is not None:
        found.append(Sisrute(url, account, password.get_secret_value(), client, clock.now, settings.sisrute_key))
    url, auth = settings.satusehat_url, settings.satusehat_auth_url
    account, secret = settings.satusehat_client_id, settings.satusehat_client_secret
    organization = settings.satusehat_organization
    if url and auth and account and secret and organization:
        found.append(Satusehat(url, auth, account, secret.get_secret_value(), organization, client, clock.now))
    return found
