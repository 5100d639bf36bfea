"""Receivers of webhooks over the API: added, changed, shown without their secret; and none where it may not be."""

from typing import Any

import pytest

from gateway import signing
from gateway.integrations.webhook_sender import WebhookSender, is_public
from gateway.services.webhooks import NotAllowed, Outgoing
from tests.fix_centre import Centre

URL = "https://receiver.invalid/hook"


@pytest.fixture
async def guarded(centre: Centre) -> Centre:
    """A centre whose receivers must be on the public internet."""
    centre.world.allow_receiver = WebhookSender(private=False).allow
    return centre


async def test_a_receiver_is_added_changed_and_dropped_and_its_secret_is_shown_once(guarded: Centre) -> None:
    """A new secret is another one, and shown once as well."""
    body = {"id": "cad", "name": "CAD", "url": URL, "kinds": ["mission.assigned"]}
    added = await guarded.ask("POST", "webhooks", body, 201)
    assert len(signing.key(added["secret"])) == 32
    assert added["webhook"] == await guarded.ask("GET", "webhooks/cad")
    assert (await guarded.ask("GET", "webhooks"))["webhooks"] == [added["webhook"]]
    assert "secret" not in added["webhook"]
    await guarded.ask("POST", "webhooks", body, 409)
    renewed = await guarded.ask("POST", "webhooks/cad/secret", None)
    assert renewed["secret"] != added["secret"]
    changed = await guarded.ask("PATCH", "webhooks/cad", {"active": False, "kinds": []})
    assert (changed["active"], changed["kinds"], changed["url"]) == (False, [], URL)
    deleted = await guarded.client.delete("/api/v1/webhooks/cad")
    assert deleted.status_code == 204
    for method, path, sent in (
        ("GET", "webhooks/cad", None),
        ("PATCH", "webhooks/cad", {}),
        ("POST", "webhooks/cad/secret", None),
        ("GET", "webhooks/cad/deliveries", None),
        ("POST", "webhooks/cad/replay", {"since": "2026-11-21T00:00:00Z"}),
    ):
        await guarded.ask(method, path, sent, 404)


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "ftp://receiver.invalid/"},
        {"url": "http://127.0.0.1:5432/"},
        {"url": "http://localhost/"},
        {"url": "http://[::1]/"},
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"url": "http://10.1.2.3/"},
        {"url": "http://0x7f000001/"},
        {"url": "http://user:word@receiver.invalid/"},
        {"url": f"http://{'a' * 70}.invalid/"},
        {"url": "http://receiver.invalid:99999/"},
        {"url": "http://receiver.invalid/a hook"},
        {"url": "http://receiver.invalid/\u0007"},
        {"url": "http://receiver.invalid/hook\n"},
        {"url": " http://receiver.invalid/"},
        {"url": URL, "kinds": ["everything"]},
        {"url": URL, "secret": "mine"},
    ],
)
async def test_what_may_not_be_a_receiver_is_refused(guarded: Centre, bad: dict[str, Any]) -> None:
    """Our own machine, its network, the cloud's keys, other protocols, kinds that there are not."""
    await guarded.ask("POST", "webhooks", bad, 422)
    await guarded.ask("POST", "webhooks", {"id": "cad", "url": URL}, 201)
    if "secret" not in bad:
        await guarded.ask("PATCH", "webhooks/cad", bad, 422)
    assert (await guarded.ask("GET", "webhooks/cad"))["url"] == URL
    await guarded.client.delete("/api/v1/webhooks/cad")


async def test_a_name_that_leads_inside_by_now_is_not_sent_to() -> None:
    """It was allowed when it was added; what counts is where it leads when something is sent."""
    async with WebhookSender(private=False) as sender:
        answered = await sender.send(Outgoing("http://localhost:1/", {}, b"{}"))
        assert answered.status is None
        assert "not on the public internet" in answered.error
        with pytest.raises(NotAllowed):
            await sender.allow("http://localhost:1/")
        assert (await sender.send(Outgoing(URL, {}, b"{}"))).status is None
    async with WebhookSender(private=True) as sender:
        await sender.allow("http://localhost:1/")
        assert "not on the public internet" not in (await sender.send(Outgoing("http://localhost:1/", {}, b"{}"))).error


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.0.0.1", False), ("192.168.1.1", False),
        ("172.16.0.1", False), ("169.254.1.1", False), ("100.64.0.1", False), ("224.0.0.1", False),
        ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_what_is_on_the_public_internet(address: str, *, public: bool) -> None:
    """Loopback, private, link-local, shared, multicast, and what maps to them is not."""
    assert is_public(address) is public
