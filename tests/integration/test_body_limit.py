"""A body that is too long is refused with a sentence, before it is held: whatever it is for, and however it comes."""

from collections.abc import AsyncIterator

import pytest

from gateway.http.limits import LISTS, MOST
from tests.fix_centre import Centre

LONG = b" " * (MOST + 1)
PATHS = [
    ("POST", "incidents"), ("PATCH", "incidents/i1"), ("PUT", "contacts"), ("POST", "calls"),
    ("PUT", "neighbours/blora"), ("POST", "eta/matrix"), ("POST", "alarms/a1/ack"), ("POST", "intake/incidents"),
]  # fmt: skip


class Dripping:
    """A body that comes in pieces without having said how long it will be, and could go on for ever."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 64 * 1024
            yield b" " * (64 * 1024)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_body_that_says_that_it_is_too_long_is_refused(centre: Centre, method: str, path: str) -> None:
    """413, with how much is taken; also with a key, and of a body that may be left out."""
    keys: list[dict[str, str]] = [{}, {"Idempotency-Key": "k-1"}]
    for headers in keys:
        answer = await centre.client.request(method, f"/api/v1/{path}", content=LONG, headers=headers)
        assert answer.status_code == 413, answer.text
        assert "1,048,576 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
async def test_a_body_that_never_ends_is_not_read_to_its_end(centre: Centre, headers: dict[str, str]) -> None:
    """It is counted as it comes."""
    endless = Dripping()
    answer = await centre.client.post("/api/v1/incidents", content=endless, headers=headers)
    assert answer.status_code == 413
    assert endless.taken <= MOST + 128 * 1024


async def test_lists_of_facilities_may_be_longer(centre: Centre) -> None:
    """A province's beds in one table; that has an end too."""
    for path, most in LISTS.items():
        assert most > MOST
        assert (await centre.client.post(path, content=LONG)).status_code == 422
        assert (await centre.client.post(path, content=b" " * (most + 1))).status_code == 413


async def test_the_document_says_it_of_every_body(centre: Centre) -> None:
    """413 stands beside what else may be refused."""
    paths = (await centre.ask("GET", "openapi.json"))["paths"]
    bodies = [each for operations in paths.values() for each in operations.values() if "requestBody" in each]
    assert len(bodies) > 30
    assert all("413" in each["responses"] for each in bodies)
