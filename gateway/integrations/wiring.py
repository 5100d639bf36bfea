"""Puts the neighbours of a centre together from its settings. What is not set is not there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from gateway.clock import Clock
from gateway.feeds.live import LivePicture
from gateway.integrations.answers import TIMEOUT_S
from gateway.integrations.reach.mail import Mail
from gateway.integrations.reach.sms import Delivered, Sms
from gateway.integrations.reach.webhook import Webhook
from gateway.integrations.satusehat import Satusehat
from gateway.integrations.sisrute import Sisrute
from gateway.integrations.webhook_sender import WebhookSender
from gateway.services.missions import Missions
from gateway.services.neighbours import Neighbours
from gateway.services.reach import Channel
from gateway.services.referrals import ReferralSystem
from gateway.settings import NeighbourSettings
from gateway.storage.pool import type_of_pool


@asynccontextmanager
async def open_neighbours(
    settings: NeighbourSettings, centre: str, pool: type_of_pool, live: LivePicture, missions: Missions, clock: Clock
) -> AsyncIterator[Neighbours]:
    """The neighbours, for as long as the gateway runs."""

    def delivered(key: str, well: bool) -> None:
        neighbours.reach.delivered(key, well)

    async with _client() as client, open_channels(settings, clock, delivered) as channels:
        secret = settings.telephony_secret
        neighbours = Neighbours(
            centre,
            pool,
            live,
            missions,
            systems=systems(settings, client, clock),
            channels=channels,
            telephony_secret=None if secret is None else secret.get_secret_value(),
            clock=clock,
        )
        yield neighbours


@asynccontextmanager
async def open_channels(
    settings: NeighbourSettings, clock: Clock, delivered: Delivered = lambda _key, _well: None
) -> AsyncIterator[list[Channel]]:
    """The ways to somebody who is not looking, of those whose settings are complete.

    Args:
        delivered: told of what reached a telephone, or did not.
    """
    channels: list[Channel] = []
    async with WebhookSender(private=settings.webhooks_private) as webhooks:
        if settings.smtp_host is not None and settings.smtp_sender is not None:
            user, password = settings.smtp_username, settings.smtp_password
            account = None if user is None or password is None else (user, password.get_secret_value())
            port = settings.smtp_port or (465 if settings.smtp_security == "tls" else 587)
            sender, security = settings.smtp_sender, settings.smtp_security
            channels.append(Mail(settings.smtp_host, port, sender, security, account, settings.smtp_ca))
        if settings.reach_webhook_secret is not None:
            channels.append(Webhook(settings.reach_webhook_secret.get_secret_value(), webhooks.send, clock.now))
        if settings.gsm_port is None:
            yield channels
            return
        pin = settings.gsm_pin
        sms = Sms(settings.gsm_port, None if pin is None else pin.get_secret_value(), delivered)
        sms.start()
        try:
            yield [*channels, sms]
        finally:
            await sms.stop()


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)


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
