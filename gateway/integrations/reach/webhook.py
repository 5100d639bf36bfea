"""A webhook: the words as JSON to an address, signed as all that goes from us to another system."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from gateway.services.reach import NotReached, Words
from gateway.services.webhooks import Answered, Outgoing
from gateway.signing import sign


class Webhook:
    """Posts to whatever address a contact has.

    Args:
        secret: that receivers check the signature with.
        send: does the posting, to where a receiver may be.
        now: the clock.
    """

    kind = "webhook"

    def __init__(
        self, secret: str, send: Callable[[Outgoing], Awaitable[Answered]], now: Callable[[], datetime]
    ) -> None:
        self._secret = secret
        self._send = send
        self._now = now

    async def send(self, address: str, words: Words, key: str) -> str:
        """Have the receiver take the words.

        Raises:
            NotReached: it did not, or nobody knows.
        """
        body = msgspec.json.encode({"id": key, "subject": words.subject, "text": words.text, "alarms": words.alarms})
        headers = {"Content-Type": "application/json", **sign(self._secret, key, self._now(), body)}
        answer = await self._send(Outgoing(address, headers, body))
        if not answer.taken:
            again = answer.status is None or answer.status >= 500 or answer.status in (408, 429)
            raise NotReached(f"{address} does not take it: {answer.error}", again=again)
        return f"taken: {answer.status}"
