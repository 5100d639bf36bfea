"""SATUSEHAT Rujukan by the playbook: tokens, what is read of a referral, and what a hospital is asked."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from gateway.integrations.answers import retry_after
from gateway.integrations.satusehat import Satusehat
from gateway.services.referrals import Away, Found, Refused
from gateway.storage.referrals import State
from tests.recorded import Recorded

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NUMBER = "35220026112200001"


class At:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        """The test's time."""
        return self.time


def account(other_side: Recorded, now: At) -> Satusehat:
    return Satusehat(
        "https://satusehat.example/fhir-r4/v1", "https://satusehat.example/oauth2/v1", "pusat-119", "rahasia",
        "100099999", other_side.client, now,
    )  # fmt: skip


async def test_of_a_referral_its_hospital_and_state_are_read() -> None:
    """The answer names a patient, an encounter and a diagnosis: none of them is taken."""
    system = account(Recorded("satusehat", "token", "request", "task accepted"), At())
    assert await system.read(NUMBER, None) == Found("100027550", "RSUD Contoh", None, State.ACCEPTED)


async def test_our_own_request_to_the_hospital_counts_before_the_referral_s() -> None:
    """Where we have asked, that answer is the state."""
    system = account(Recorded("satusehat", "token", "request", "our task rejected"), At())
    assert await system.read(NUMBER, "t-1") == Found("100027550", "RSUD Contoh", None, State.DECLINED)


async def test_no_such_referral_is_none() -> None:
    """An empty bundle."""
    assert await account(Recorded("satusehat", "token", "no such request"), At()).read(NUMBER, None) is None


async def test_a_token_is_used_until_shortly_before_its_end() -> None:
    """Not fetched for each question, and not used in its last minute."""
    other_side, now = Recorded("satusehat", "token", "no such request", "no such request"), At()
    system = account(other_side, now)
    await system.read(NUMBER, None)
    now.time += timedelta(seconds=3538)
    await system.read(NUMBER, None)
    now.time += timedelta(seconds=2)
    other_side.due = ["token again", "no such request"]
    await system.read(NUMBER, None)
    assert other_side.due == []


async def test_a_token_that_was_taken_back_is_replaced_once() -> None:
    """And the question is asked again with the new one."""
    other_side = Recorded("satusehat", "token", "token taken back", "token again", "no such request")
    assert await account(other_side, At()).read(NUMBER, None) is None
    assert other_side.played[-1].headers["authorization"] == "Bearer token-2"


async def test_a_hospital_is_asked_with_number_hospital_and_state_and_no_more() -> None:
    """The body is compared whole; it has a new identifier and no patient."""
    other_side = Recorded("satusehat", "token", "ask")
    assert await account(other_side, At()).ask(NUMBER, "100027550", "bojonegoro-1-1-abc") == "t-1"
    sent = json.loads(other_side.played[-1].content)
    assert sent["identifier"][0]["value"] == "bojonegoro-1-1-abc"
    assert sent["authoredOn"] == "2026-11-22T02:00:00+00:00"
    assert "for" not in sent
    assert "encounter" not in sent


async def test_too_often_means_not_before_so_many_seconds() -> None:
    """And that nothing was done there."""
    with pytest.raises(Away) as away:
        await account(Recorded("satusehat", "token", "ask, too often"), At()).ask(NUMBER, "100027550", "x")
    assert (away.value.after_s, away.value.certain) == (120.0, True)


async def test_no_answer_leaves_it_open_whether_it_was_done() -> None:
    """An upstream's fault comes before the request was read, or after."""
    with pytest.raises(Away) as away:
        await account(Recorded("satusehat", "token", "ask, and no answer"), At()).ask(NUMBER, "100027550", "x")
    assert not away.value.certain


@pytest.mark.parametrize(
    ("exchanges", "words"),
    [
        (("token", "ask, and it is wrong"), "Organization not found: 100027550"),
        (("token refused",), "SIGAP_SATUSEHAT_CLIENT_ID"),
    ],
)
async def test_what_will_never_be_done_is_said(exchanges: tuple[str, ...], words: str) -> None:
    """In their own words where there are any."""
    with pytest.raises(Refused, match=words):
        await account(Recorded("satusehat", *exchanges), At()).ask(NUMBER, "100027550", "x")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("99999999", 3600.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(said: str, seconds: float | None) -> None:
    """What it says is never longer than an hour."""
    assert retry_after(httpx.Response(429, headers={"retry-after": said}), NOW) == seconds
