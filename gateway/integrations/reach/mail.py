"""Mail by SMTP, encrypted: from the first byte, or after STARTTLS and never without it."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Literal

from gateway.services.reach import NotReached, Words

TIMEOUT_S = 20.0

Security = Literal["tls", "starttls"]


class Mail:
    """One account at one server.

    Args:
        host, port: of the server.
        sender: whose address the mail is from.
        security: from the first byte, or after asking for it.
        account: user and password; None: the server asks for none.
        authority: PEM file of who signed the server; None: those that the computer trusts.
    """

    kind = "mail"

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        security: Security = "starttls",
        account: tuple[str, str] | None = None,
        authority: Path | None = None,
    ) -> None:
        self._server = host, port
        self._sender = sender
        self._security = security
        self._account = account
        self._tls = ssl.create_default_context(cafile=authority)

    async def send(self, address: str, words: Words, key: str) -> str:
        """Have the server take a mail.

        Raises:
            NotReached: it was not taken, or nobody knows.
        """
        mail = EmailMessage()
        try:
            mail["From"], mail["To"], mail["Subject"] = self._sender, address, words.subject
        except ValueError as error:
            raise NotReached(f"{address!r} is no address of mail", again=False) from error
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{key}@sigap.invalid>"  # the same words again are the same mail
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's machine answers
        mail.set_content(words.text)
        try:
            await asyncio.to_thread(self._send, mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise NotReached(f"the server refuses {address}: {code} {_text(said)}", again=code < 500) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotReached("the server offers no encryption, and without it nothing is sent", again=False) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotReached("the server does not know us: look at SIGAP_SMTP_USERNAME", again=False) from error
        except smtplib.SMTPResponseException as error:
            why = f"the server says {error.smtp_code} {_text(error.smtp_error)}"
            raise NotReached(why, again=error.smtp_code < 500) from error
        except ssl.SSLError as error:
            raise NotReached(f"the server's certificate is not good: {error.reason or error}", again=True) from error
        except (OSError, smtplib.SMTPException) as error:
            host, port = self._server
            raise NotReached(f"the mail server {host} port {port} does not answer", again=True) from error
        return "taken by the mail server"

    def _send(self, mail: EmailMessage) -> None:
        host, port = self._server
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=self._tls)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        with server:
            if self._security == "starttls":
                server.starttls(context=self._tls)
            if self._account is not None:
                server.login(*self._account)
            server.send_message(mail)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
