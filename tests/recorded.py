"""Plays exchanges of `tests/recordings` in an order that the test gives, and fails where one is not as recorded."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

_FOLDER = Path(__file__).parent / "recordings"


class Recorded:
    """The other side of one system.

    Args:
        system: the file's name.
        exchanges: names in it, in the order in which they are to be played; more may be put to `due` at any time.
    """

    def __init__(self, system: str, *exchanges: str) -> None:
        self._file: dict[str, Any] = json.loads((_FOLDER / f"{system}.json").read_text())
        self.due = list(exchanges)
        self.played: list[httpx.Request] = []
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._play))

    def _play(self, request: httpx.Request) -> httpx.Response:
        assert self.due, f"nothing more was expected, and then {request.method} {request.url} came"
        name = self.due.pop(0)
        if name == "nobody":
            raise httpx.ConnectError("refused")
        recorded, response = self._file[name]["request"], self._file[name]["response"]
        assert request.method == recorded["method"], name
        before, any_value, _ = str(recorded["url"]).partition("<any>")
        assert str(request.url) == before or (any_value and str(request.url).startswith(before)), (name, request.url)
        for header, value in recorded.get("headers", {}).items():
            assert request.headers[header] == value, (name, header)
        if "form" in recorded:
            assert dict(parse_qsl(request.content.decode())) == recorded["form"], name
        if "json" in recorded:
            assert _same(json.loads(request.content), recorded["json"]), (name, request.content)
        self.played.append(request)
        if "json" in response:
            return httpx.Response(response["status"], json=response["json"], headers=response.get("headers"))
        return httpx.Response(response["status"], text=response["text"], headers=response.get("headers"))


def _same(sent: Any, recorded: Any) -> bool:
    if recorded == "<any>":
        return isinstance(sent, str) and bool(sent)
    if isinstance(recorded, dict):
        return (
            isinstance(sent, dict)
            and sent.keys() == recorded.keys()
            and all(_same(sent[key], value) for key, value in recorded.items())
        )
    if isinstance(recorded, list):
        return isinstance(sent, list) and len(sent) == len(recorded) and all(map(_same, sent, recorded))
    return bool(sent == recorded)
