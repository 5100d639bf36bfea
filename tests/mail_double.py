"""A mail server for tests: SMTP with encryption from the first byte or after STARTTLS, an account, and refusals."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from gateway.demo.ports import free_port
from tests.authority import Certificate


class MailDouble:
    """Takes mail for everybody but those it refuses.

    Args:
        certificate: of the server; None: it cannot encrypt.
        security: tls or starttls.
        account: user and password that it wants; None: none.
    """

    def __init__(
        self, certificate: Certificate | None, security: str = "starttls", account: tuple[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.taken: list[tuple[str, EmailMessage]] = []  # to whom, what
        self.refusals: dict[str, str] = {}  # by recipient: the answer
        self.answer_to_data = "250 2.0.0 queued"
        self.heard: list[str] = []
        self._security = security
        self._account = account
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate.certificate, certificate.key)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["MailDouble"]:
        """For the length of the block."""
        at_once = self._tls if self._security == "tls" else None
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=at_once)
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # whoever came does not trust us, or has gone
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted, known, recipient = self._security == "tls", self._account is None, ""

        def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())

        say("220 mail.example ESMTP")
        while line := (await reader.readline()).decode().strip():
            self.heard.append(line)
            verb = line.partition(" ")[0].upper()
            if verb == "EHLO":
                offers = ["mail.example"]
                if self._security == "starttls" and self._tls is not None and not encrypted:
                    offers.append("STARTTLS")
                if self._account is not None and encrypted:
                    offers.append("AUTH PLAIN")
                say(*(f"250{' ' if at == len(offers) - 1 else '-'}{each}" for at, each in enumerate(offers)))
            elif verb == "STARTTLS" and self._tls is not None:
                say("220 go on")
                await writer.start_tls(self._tls)
                encrypted = True
            elif verb == "AUTH" and self._account is not None:
                given = base64.b64decode(line.split(" ")[2]).decode().split("\x00")[1:]
                known = tuple(given) == self._account
                say("235 good" if known else "535 5.7.8 no")
            elif verb == "MAIL":
                say("250 ok" if known and encrypted else "530 5.7.0 not like this")
            elif verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                say(self.refusals.get(recipient, "250 ok"))
            elif verb == "DATA":
                say("354 go on")
                body = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                say(self.answer_to_data)
                if self.answer_to_data.startswith("250"):
                    mail = message_from_bytes(body, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    self.taken.append((recipient, mail))
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
