"""Sends webhooks over HTTP, and not to where a receiver has no business to be.

Whoever may name a receiver makes the gateway send requests from where it stands, behind the firewall. So the address is
resolved here, looked at, and the connection goes to that very address: a name that says something else a moment later
changes nothing. Redirects are not followed, proxies of the environment not used, and of the answer nothing is read but
its head.
"""

import asyncio
import contextlib
import ipaddress
import socket
from types import TracebackType
from typing import Self

import httpx

from gateway.services.addresses import NoAddress, web
from gateway.services.webhooks import Answered, NotAllowed, Outgoing

TIMEOUT_S = 10.0
"""For all of it: one who takes longer is told again later."""

LOOK_UP_S = 3.0
"""For the address of a receiver that somebody adds: they wait for the answer."""

MAX_URL = 2000


def checked_url(url: str) -> httpx.URL:
    """The address, if it is one of HTTP.

    Raises:
        NotAllowed: it is not, or it holds a user's name.
    """
    try:
        read = httpx.URL(web(url))
    except NoAddress as error:
        raise NotAllowed(str(error)) from error
    except (httpx.InvalidURL, ValueError) as error:
        raise NotAllowed(f"{url[:80]!r} is no address: {error}") from error
    if not read.host or len(url) > MAX_URL:
        raise NotAllowed(f"{url[:80]!r} names no host, or is longer than {MAX_URL} characters")
    return read


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    read = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(read, "ipv4_mapped", None) or getattr(read, "sixtofour", None)
    return read.is_global and not read.is_multicast and (mapped is None or mapped.is_global)


class WebhookSender:
    """One for a gateway; it keeps connections open between events.

    Args:
        private: whether receivers may be on this machine or on private networks.
    """

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=TIMEOUT_S,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def allow(self, url: str) -> None:
        """Pass if we would send there. A name that cannot be resolved now may be so later.

        Raises:
            NotAllowed: we would not.
        """
        with contextlib.suppress(OSError):  # a time-out is one, too
            async with asyncio.timeout(LOOK_UP_S):
                await self._addressed(checked_url(url))

    async def send(self, outgoing: Outgoing) -> Answered:
        """Send one request; what came of it."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._sent(outgoing)
        except NotAllowed as error:
            return Answered(None, str(error))
        except TimeoutError:
            return Answered(None, f"no answer within {TIMEOUT_S:g} s")
        except (httpx.HTTPError, OSError) as error:
            return Answered(None, f"{type(error).__name__}: {error}"[:500])

    async def _sent(self, outgoing: Outgoing) -> Answered:
        url = checked_url(outgoing.url)
        address = await self._addressed(url)
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=outgoing.body,
            headers={**outgoing.headers, "host": url.netloc.decode()},
            extensions={"sni_hostname": url.host},
        )
        answer = await self._client.send(request, stream=True)
        try:
            if answer.is_success:
                return Answered(answer.status_code)
            return Answered(answer.status_code, f"answered {answer.status_code}", _retry_after(answer))
        finally:
            await answer.aclose()

    async def _addressed(self, url: httpx.URL) -> str:
        """The IP address to connect to.

        Raises:
            NotAllowed: it is none that we may send to.
            OSError: the name cannot be resolved.
        """
        port = url.port or (443 if url.scheme == "https" else 80)
        host = url.raw_host.decode()
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise NotAllowed(f"{host[:80]!r} is no host's name: {error}") from error
        addresses = [str(each[4][0]) for each in found]
        if not self._private:
            inner = [address for address in addresses if not is_public(address)]
            if inner:
                raise NotAllowed(
                    f"{url.host} is {inner[0]}, which is not on the public internet: "
                    "SIGAP_WEBHOOKS_PRIVATE=true allows such receivers"
                )
        return addresses[0]


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds; the date form of the header is rare, and the backoff does."""
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdigit() and len(given) < 7 else None
