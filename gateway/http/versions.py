"""Two people change one thing: the second is told, and does not undo the first unseen.

An answer names the version in its ETag; a change that names that one in If-Match is made only if it still holds, and
with ``If-None-Match: *`` only if there is nothing yet (RFC 9110, section 13.1). Without either it is made as it is.
"""

import re
from typing import Annotated, Any

from fastapi import Depends, Header, HTTPException, Response

from gateway.http.world import answer

_TAG = re.compile(r'"(\d{1,9})"').fullmatch


def tagged(value: Any, version: int, status: int = 200) -> Response:
    """A value as JSON, with its version."""
    response = answer(value, status)
    response.headers["ETag"] = f'"{version}"'
    return response


def _expected(
    if_match: Annotated[
        str | None, Header(max_length=40, description="the ETag that was read: not that version any more is 412")
    ] = None,
    if_none_match: Annotated[str | None, Header(max_length=40, description="`*`: make it, do not change it")] = None,
) -> int | None:
    """The version that it must have: 0 for none at all, None for any.

    Raises:
        HTTPException: 422, neither an ETag of ours nor a star.
    """
    if if_none_match is not None:
        if if_none_match.strip() != "*" or if_match is not None:
            raise HTTPException(422, "If-None-Match is `*` here, and goes without If-Match")
        return 0
    if if_match is None or if_match.strip() == "*":
        return None
    match = _TAG(if_match.strip())
    if match is None:
        raise HTTPException(422, 'If-Match is an ETag as it was given, like "3"; one, and no weak one')
    return int(match[1])


Expected = Annotated[int | None, Depends(_expected)]
"""What a route compares with: 0 for none at all, None for whatever it is."""

OUTDATED: dict[int | str, dict[str, Any]] = {412: {"description": "it has another version than If-Match names"}}
