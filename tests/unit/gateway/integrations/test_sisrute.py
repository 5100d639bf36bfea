"""SISRUTE as hospitals' clients know it: its signature, its words, and nothing of the patient."""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from gateway.integrations.sisrute import Sisrute, signed
from gateway.services.referrals import Away, Found, Refused
from gateway.storage.referrals import State
from tests.recorded import Recorded

NOW = datetime.fromtimestamp(1795312800, UTC)


def account(other_side: Recorded) -> Sisrute:
    return Sisrute("https://sisrute.example/api/", "3515131", "12345", other_side.client, lambda: NOW)


def test_the_signature_is_what_openssl_makes_of_it() -> None:
    """Both ways to make a key; the expected text was computed with another program."""
    assert signed("3515131", "12345", NOW) == {
        "X-cons-id": "3515131",
        "X-Timestamp": "1795312800",
        "X-signature": "0BuibfA1wYwxzZSjcylyJNlOW2gA3T3HIO8NU8ZhNm0=",
    }
    newer = signed("3515131", "12345", NOW, "sha256")
    assert newer["X-signature"] == "RZFdtmbhVP+a1Yf1tMCJkXo4Ip3yF65tljSqfb9hfQM="


async def test_number_hospital_code_and_state_are_all_that_comes_through() -> None:
    """The answer is full of a patient; what we make of it has no place for one."""
    found = await account(Recorded("sisrute", "read")).read("3516010-1426-0007", None)
    assert found == Found("3522012", "RSUD Contoh", "I21.9", State.WAITING)
    assert b"SITI" not in msgspec.json.encode(found)


async def test_words_in_the_place_of_codes_are_read_as_far_as_they_are_codes() -> None:
    """Of "I21.9 - words" the code; of words alone nothing, for there may be a name among them."""
    other_side = Recorded("sisrute", "read answered, with words in the place of codes", "a diagnosis that is no code")
    assert await account(other_side).read("3516010-1426-0007", None) == Found(
        "3522012", "RSUD Contoh", "I21.9", State.ACCEPTED
    )
    assert await account(other_side).read("7", None) == Found("\x00", "RS\x00UD \x1b[2JContoh", None, None)


@pytest.mark.parametrize("exchange", ["none", "none, and an empty list"])
async def test_no_such_referral_is_none(exchange: str) -> None:
    """Whichever way they say it."""
    assert await account(Recorded("sisrute", exchange)).read("8", None) is None


@pytest.mark.parametrize(
    ("exchange", "error", "words"),
    [
        ("signature refused", Refused, "SIGAP_SISRUTE_PASSWORD and this clock"),
        ("another fault of ours", Refused, "Parameter nomor salah"),
        ("a page in the place of an answer", Away, "something else"),
        ("out of order", Away, "answers 502"),
        ("nobody", Away, "cannot be reached"),
    ],
)
async def test_what_goes_wrong_is_said_to_who_can_act(exchange: str, error: type[Exception], words: str) -> None:
    """A fault of ours is told as one, and everything else is waited for."""
    with pytest.raises(error, match=words):
        await account(Recorded("sisrute", exchange)).read("8", None)


async def test_a_server_that_is_silent_is_away() -> None:
    """A time-out is no error of the gateway's."""

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    client = httpx.AsyncClient(transport=httpx.MockTransport(silent))
    with pytest.raises(Away, match="does not answer: ReadTimeout"):
        await Sisrute("https://sisrute.example", "1", "2", client, lambda: NOW).read("8", None)
