"""A webhook: the words as JSON to an address, signed as all that goes from us to another system."""

from collections.abc import Callable
from datetime import datetime

import httpx
import msgspec

from gateway.services.reach import NotReached, Words
from gateway.signing import sign


class Webhook:
    """Posts to whatever address a contact has.

    Args:
        secret: that receivers check the signature with.
        client: does the posting.
        now: the clock.
    """

    kind = "webhook"

    def __init__(self, secret: str, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._client = client
        self._now = now

    async def send(self, address: str, words: Words, key: str) -> str:
        """Have the receiver take the words.

        Raises:
            NotReached: it did not, or nobody knows.
        """
        body = msgspec.json.encode({"id": key, "subject": words.subject, "text": words.text, "alarms": words.alarms})
        headers = {"Content-Type": "application/json", **sign(self._secret, key, self._now(), body)}
        try:
            answer = await self._client.post(address, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotReached(f"{address} does not answer: {type(error).__name__}", again=True) from error
        if not answer.is_success:
            again = answer.is_server_error or answer.status_code in (408, 429)
            raise NotReached(f"{address} answers {answer.status_code}", again=again)
        return f"taken: {answer.status_code}"
