"""What the HTTP of other systems has in common: when it means "not now", and for how long."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from gateway.services.referrals import Away

TIMEOUT_S = 10.0
LONGEST_S = 3600.0
"""However long a system asks to be left alone: it may have meant milliseconds."""


def retry_after(answer: httpx.Response, now: datetime) -> float | None:
    """Seconds that the answer asks us to wait (RFC 9110, section 10.2.3): a number of them, or a date. None: it does
    not say."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return min(float(said), LONGEST_S)
    try:
        seconds = (parsedate_to_datetime(said) - now).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a zone
        return None
    return min(max(seconds, 0.0), LONGEST_S)


async def exchange(client: httpx.AsyncClient, request: httpx.Request, now: datetime) -> httpx.Response:
    """Send a request; the answer, which is neither "too many" nor a fault of theirs.

    Raises:
        Away: they do not answer, or not now.
    """
    try:
        answer = await client.send(request)
    except httpx.ConnectError as error:
        raise Away(f"{request.url.host} cannot be reached", certain=True) from error
    except httpx.HTTPError as error:  # whether they have done it, nobody knows
        raise Away(f"{request.url.host} does not answer: {type(error).__name__}") from error
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Away(f"{request.url.host} is asked too often", retry_after(answer, now) or 60.0, certain=True)
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Away(f"{request.url.host} answers {answer.status_code}", retry_after(answer, now))
    return answer
