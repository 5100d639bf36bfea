"""The gateway's REST interface, as any other program uses it."""

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

_PATIENCE_S = 10.0


class RefusedError(Exception):
    """The gateway does not do that; its own sentence says why."""


class AwayError(Exception):
    """The gateway cannot be reached, or fails: it may do it later."""


class Rest:
    """Asks one gateway.

    Args:
        board: its address, ``http://host:port/``.
    """

    def __init__(self, board: str) -> None:
        self._base = f"{board.rstrip('/')}/api/v1/"
        # No proxy: the board is on this machine, whatever the environment says.
        self._opener = build_opener(ProxyHandler({}))

    def get(self, path: str, **parameters: str | int) -> Any:
        """What is there.

        Raises:
            RefusedError, AwayError.
        """
        return self._ask("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def post(self, path: str, **body: Any) -> Any:
        """Make something; see `get`."""
        return self._ask("POST", path, body)

    def put(self, path: str, **body: Any) -> Any:
        """Set something; see `get`."""
        return self._ask("PUT", path, body)

    def patch(self, path: str, **body: Any) -> Any:
        """Change something; see `get`."""
        return self._ask("PATCH", path, body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - the board's own http address
        try:
            with self._opener.open(request, timeout=_PATIENCE_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            said = error.read().decode(errors="replace")
            if error.code < 500:
                raise RefusedError(f"{method} {path}: {error.code} {said}") from error
            raise AwayError(f"{method} {path}: {error.code} {said}") from error
        except (URLError, OSError, ValueError) as error:
            raise AwayError(f"{method} {path}: {error}") from error
