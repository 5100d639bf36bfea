"""A POST with an Idempotency-Key that comes again: the first answer, nothing done twice, and no key for other words."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.http.idempotency import MAX_KEY
from gateway.http.limits import MOST
from tests.fix_centre import Centre

CRASH = {"place": {"latitude": -7.15, "longitude": 111.88}, "urgency": "emergency"}


async def post(centre: Centre, path: str, body: Any, key: str) -> httpx.Response:
    """The answer, whatever it is."""
    return await centre.client.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": key})


async def count(centre: Centre) -> int:
    """How many incidents there are."""
    return len((await centre.ask("GET", "incidents"))["incidents"])


async def test_what_comes_again_is_answered_as_before_and_done_once(centre: Centre) -> None:
    """Same status, same body, and a header that says so; without a key two are two."""
    first = await post(centre, "incidents", CRASH, "k-1")
    again = await post(centre, "incidents", CRASH, "k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["content-type"]) == (first.content, first.headers["content-type"])
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert await count(centre) == 1
    other = await post(centre, "incidents", CRASH, "k-2")
    assert other.json()["id"] != first.json()["id"]
    for _ in range(2):
        await centre.ask("POST", "incidents", CRASH, 201)
    assert await count(centre) == 4


async def test_a_key_is_for_one_request_only(centre: Centre) -> None:
    """Another body, path or query under it is 422, and nothing is done."""
    await post(centre, "incidents", CRASH, "k-1")
    for path, body in (
        ("incidents", {**CRASH, "urgency": "routine"}),
        ("missions", CRASH),
        ("incidents?x=1", CRASH),
    ):
        refused = await post(centre, path, body, "k-1")
        assert (refused.status_code, "another request's" in refused.json()["detail"]) == (422, True)
    assert await count(centre) == 1


async def test_a_refusal_is_an_answer_too(centre: Centre) -> None:
    """What was wrong the first time is wrong again, in the same words."""
    first, again = [await post(centre, "incidents", {"urgency": "?"}, "k-1") for _ in range(2)]
    assert (first.status_code, again.content) == (422, first.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_of_many_at_once_one_is_done(centre: Centre) -> None:
    """The others get its answer, or are told that it is being worked on."""
    told = await asyncio.gather(*(post(centre, "incidents", CRASH, "k-1") for _ in range(8)))
    assert {each.status_code for each in told} <= {201, 409}
    assert await count(centre) == 1
    assert (await post(centre, "incidents", CRASH, "k-1")).status_code == 201


async def test_what_failed_on_our_side_may_come_again(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 500 is no answer to keep: the same key is tried anew."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    with monkeypatch.context() as patched:
        patched.setattr(centre.world.incidents, "open", broken)
        assert (await post(centre, "incidents", CRASH, "k-1")).status_code == 500
    assert (await post(centre, "incidents", CRASH, "k-1")).status_code == 201


async def test_an_answer_is_kept_for_a_day(centre: Centre) -> None:
    """After that the key is free; and what a dead gateway had begun is taken over after a minute, not sooner."""
    await post(centre, "incidents", CRASH, "k-1")
    age = "UPDATE answered_requests SET begun_at = now() - %s * interval '1 second'"
    async with centre.world.pool.connection() as connection:
        await connection.execute(age, (24 * 3600 - 60,))
        assert (await post(centre, "incidents", CRASH, "k-1")).headers["idempotent-replayed"] == "true"
        await connection.execute(age, (24 * 3600 + 60,))
        assert (await post(centre, "incidents", {**CRASH, "urgency": "urgent"}, "k-1")).status_code == 201
        await connection.execute("UPDATE answered_requests SET status = NULL")
        busy = await post(centre, "incidents", {**CRASH, "urgency": "urgent"}, "k-1")
        assert (busy.status_code, busy.headers["retry-after"]) == (409, "1")
        await connection.execute(age, (61,))
        assert (await post(centre, "incidents", CRASH, "k-1")).status_code == 422
        assert (await post(centre, "incidents", {**CRASH, "urgency": "urgent"}, "k-1")).status_code == 201
    assert await count(centre) == 3


async def test_a_key_and_its_body_have_bounds(centre: Centre) -> None:
    """An empty one, one with a blank, one too long; a body that is more than we hold, and is asked for anew."""
    for key in ("", "a b", "x" * (MAX_KEY + 1)):
        assert (await post(centre, "incidents", CRASH, key)).status_code == 422
    assert (await post(centre, "incidents", {**CRASH, "notes": "x" * MOST}, "k-1")).status_code == 413
    assert await count(centre) == 0
    assert (await post(centre, "incidents", CRASH, "k-1")).status_code == 201


async def test_the_document_says_it_of_every_post(centre: Centre) -> None:
    """Every POST of the API takes the header, and no other method does."""
    paths = (await centre.ask("GET", "openapi.json"))["paths"]
    found = {
        (path, method)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
    }
    posts = {(path, "post") for path, operations in paths.items() if "post" in operations and "/api/v1/" in path}
    assert found == posts
    assert len(posts) > 5
