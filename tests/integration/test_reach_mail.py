"""Mail by a real SMTP dialog, encrypted; and webhooks by HTTP."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.integrations.reach.mail import Mail
from gateway.integrations.reach.webhook import Webhook
from gateway.integrations.webhook_sender import WebhookSender
from gateway.services.reach import NotReached, Words
from gateway.services.webhooks import Answered, Outgoing
from gateway.signing import check, new_secret
from tests.authority import Authority, Certificate
from tests.mail_double import MailDouble

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
WORDS = Words("SIGAP bojonegoro: silent", "SILENT 02:00Z: ambulans-01 – nobody answers", "short", ("a-1",))
ACCOUNT = ("sigap", "rahasia")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs mail servers here."""
    return Authority(tmp_path_factory.mktemp("authority"), "mail-authority")


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Certificate:
    """Of the server at 127.0.0.1."""
    return authority.sign("mail", "IP:127.0.0.1")


def mail_to(
    server: MailDouble, authority: Path | None, security: str = "starttls", account: tuple[str, str] | None = ACCOUNT
) -> Mail:
    return Mail("127.0.0.1", server.port, "sigap@example.org", security, account, authority)  # type: ignore[arg-type]  # parametrised


async def failure(mail: Mail, address: str = "kepala@example.org") -> NotReached:
    with pytest.raises(NotReached) as caught:
        await mail.send(address, WORDS, "key-1")
    return caught.value


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_is_taken_over_an_encrypted_connection(
    authority: Authority, certificate: Certificate, security: str
) -> None:
    """With the account; its id is that of the message, so that the same again is the same mail."""
    async with MailDouble(certificate, security, ACCOUNT).serving() as server:
        assert await mail_to(server, authority.certificate, security).send("kepala@example.org", WORDS, "key-1")
    ((recipient, mail),) = server.taken
    assert recipient == "kepala@example.org"
    assert (mail["Subject"], mail["From"]) == ("SIGAP bojonegoro: silent", "sigap@example.org")
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<key-1@sigap.invalid>", "auto-generated")
    assert "ambulans-01 – nobody answers" in mail.get_content()


async def test_without_encryption_nothing_is_said(authority: Authority, certificate: Certificate) -> None:
    """Neither to a server that offers none, nor to one whose certificate nobody trusts."""
    async with MailDouble(None).serving() as server:
        error = await failure(mail_to(server, authority.certificate))
        assert (error.again, "no encryption" in str(error)) == (False, True)
        assert not any(line.startswith(("AUTH", "MAIL")) for line in server.heard)
    for security in ("starttls", "tls"):
        async with MailDouble(certificate, security).serving() as server:
            assert "certificate is not good" in str(await failure(mail_to(server, None, security)))
            assert not any(line.startswith(("AUTH", "MAIL")) for line in server.heard)


async def test_what_a_server_says_is_told_and_whether_to_try_again(
    authority: Authority, certificate: Certificate
) -> None:
    """4xx is for later, 5xx for ever."""
    async with MailDouble(certificate, "starttls", ACCOUNT).serving() as server:
        mail = mail_to(server, authority.certificate)
        server.refusals = {"kepala@example.org": "550 5.1.1 nobody here", "lain@example.org": "451 4.3.0 later"}
        error = await failure(mail)
        assert (str(error), error.again) == ("the server refuses kepala@example.org: 550 5.1.1 nobody here", False)
        assert (await failure(mail, "lain@example.org")).again
        server.refusals, server.answer_to_data = {}, "452 4.3.1 full"
        error = await failure(mail)
        assert (str(error), error.again) == ("the server says 452 4.3.1 full", True)
        wrong = mail_to(server, authority.certificate, account=("sigap", "salah"))
        assert "SIGAP_SMTP_USERNAME" in str(await failure(wrong))
        assert "no address" in str(await failure(mail, "a@b\nBcc: c@d"))
        assert server.taken == []
    error = await failure(mail)
    assert (error.again, "does not answer" in str(error)) == (True, True)


async def test_a_webhook_has_the_words_and_a_signature_that_holds() -> None:
    """And its id is that of the message."""
    secret, sent = new_secret(), list[Outgoing]()

    async def take(outgoing: Outgoing) -> Answered:
        sent.append(outgoing)
        return Answered(202)

    assert await Webhook(secret, take, lambda: NOW).send("https://chat.example/x", WORDS, "key-1") == "taken: 202"
    (request,) = sent
    assert request.url == "https://chat.example/x"
    assert check(secret, httpx.Headers(request.headers), request.body, NOW) == "key-1"
    assert httpx.Response(200, content=request.body).json() == {
        "id": "key-1", "subject": WORDS.subject, "text": WORDS.text, "alarms": ["a-1"],
    }  # fmt: skip


@pytest.mark.parametrize(("status", "again"), [(500, True), (503, True), (429, True), (404, False), (302, False)])
async def test_a_webhook_that_is_refused_is_told(status: int, again: bool) -> None:
    """A redirect is none that we follow: the words are for this address."""

    async def refuse(_: Outgoing) -> Answered:
        return Answered(status, f"answered {status}")

    with pytest.raises(NotReached, match=str(status)) as caught:
        await Webhook(new_secret(), refuse, lambda: NOW).send("https://chat.example/x", WORDS, "k")
    assert caught.value.again is again


@pytest.mark.parametrize(
    ("address", "private", "why"),
    [
        ("nonsense", True, "http"),
        ("https://", True, "no host|http"),
        ("http://127.0.0.1:1/x", True, "ConnectError"),
        ("http://127.0.0.1:1/x", False, "not on the public internet: SIGAP_WEBHOOKS_PRIVATE"),
    ],
)
async def test_a_webhook_that_leads_nowhere_or_inside_is_told(address: str, private: bool, why: str) -> None:
    """Also one that is no address; and who may name a contact may not have the gateway ask behind the firewall."""
    async with WebhookSender(private=private) as sender:
        with pytest.raises(NotReached, match=f"does not take it: .*({why})"):
            await Webhook(new_secret(), sender.send, lambda: NOW).send(address, WORDS, "k")
