"""A gateway on loopback answers to loopback's names alone."""

from typing import Any

import pytest

from gateway.http.hosts import LoopbackNames, is_loopback


async def served(_: Any, __: Any, send: Any) -> None:
    await send({"type": "reached"})


async def ask(kind: str, *headers: tuple[bytes, bytes]) -> list[Any]:
    """What the application sends for a request with these headers."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read of a request that is not served")

    await LoopbackNames(served)({"type": kind, "headers": list(headers)}, receive, send)
    return sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8080", b"[::1]:8080", b"LOCALHOST:1"])
async def test_the_names_of_loopback_are_served(kind: str, host: bytes) -> None:
    """With any port, in any case, over both protocols."""
    assert await ask(kind, (b"host", host)) == [{"type": "reached"}]


@pytest.mark.parametrize("host", [b"evil.example:8080", b"127.0.0.1.evil.example", b"localhost.", b"[::2]:80", b"["])
async def test_a_name_that_was_pointed_at_us_is_refused(host: bytes) -> None:
    """Origin and Host agree in such a request, so that no check of the one against the other helps."""
    headers = ((b"host", host), (b"origin", b"http://" + host))
    start, body = await ask("http", *headers)
    assert start["status"] == 421
    assert b"localhost" in body["body"]
    (closed,) = await ask("websocket", *headers)
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


async def test_a_request_without_a_name_is_refused() -> None:
    """HTTP/1.0 needs none; no browser leaves it out."""
    assert (await ask("http"))[0]["status"] == 421


async def test_what_is_no_request_passes() -> None:
    """The server's own start-up messages."""
    assert await ask("lifespan") == [{"type": "reached"}]


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("gw", False)],  # noqa: S104, nobody binds it
)
def test_what_is_loopback(address: str, loopback: bool) -> None:
    """Only there are the names known."""
    assert is_loopback(address) == loopback
