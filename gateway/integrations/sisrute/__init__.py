"""SISRUTE, the health ministry's system of referrals, as hospitals have it: what it says of one by its number.

Its interface is not published. What is here follows public clients of hospitals' own systems; it was tried against
exchanges made after them and never against the ministry's servers. It has no field for a vehicle or an arrival: we read
and never write, and the arrival is shown beside the number here.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import httpx
import msgspec

from gateway.integrations.answers import exchange
from gateway.services.referrals import Away, Found, Refused
from gateway.storage.referrals import State

Key = Literal["md5", "sha256"]

_diagnosis = re.compile(r"\s*([A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?)(?![0-9A-Z.])").match

_STATES = {
    "belum direspon": State.WAITING,
    "diterima": State.ACCEPTED,
    "tidak diterima": State.DECLINED,
    "ditolak": State.DECLINED,
    "batal": State.CANCELLED,
    "dibatalkan": State.CANCELLED,
}


class _Coded(msgspec.Struct):
    code: str | int | None = msgspec.field(default=None, name="KODE")
    name: str | None = msgspec.field(default=None, name="NAMA")


class _Referral(msgspec.Struct):
    number: str = msgspec.field(name="NOMOR")
    to: _Coded | str | None = msgspec.field(default=None, name="FASKES_TUJUAN")
    diagnosis: _Coded | str | None = msgspec.field(default=None, name="DIAGNOSA")
    status: _Coded | str | None = msgspec.field(default=None, name="STATUS")


class _Row(msgspec.Struct):  # the patient beside it is never read
    referral: _Referral = msgspec.field(name="RUJUKAN")


class _Answer(msgspec.Struct):
    status: int | None = None
    detail: str = ""
    data: list[_Row] = msgspec.field(default_factory=list)


def signed(cons_id: str, password: str, now: datetime, key: Key = "md5") -> dict[str, str]:
    """The headers that say who asks. The clock must be right: the time is part of it.

    Args:
        cons_id, password: as the ministry gave them.
        now: aware.
        key: how the password becomes a key: of the first interface its MD5 in hexadecimal, of the newer one SHA-256 of
            id and password in a row.
    """
    stamp = str(int(now.timestamp()))
    if key == "md5":
        secret = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    else:
        secret = hashlib.sha256(f"{cons_id}{password}".encode()).hexdigest()
    digest = hmac.digest(secret.encode(), f"{cons_id}&{stamp}".encode(), "sha256")
    return {"X-cons-id": cons_id, "X-Timestamp": stamp, "X-signature": base64.b64encode(digest).decode()}


class Sisrute:
    """One account.

    Args:
        url: where the interface begins.
        cons_id, password: of the account.
        client: does the asking.
        now: the clock.
        key: see `signed`.
    """

    name = "sisrute"
    asks = False

    def __init__(
        self,
        url: str,
        cons_id: str,
        password: str,
        client: httpx.AsyncClient,
        now: Callable[[], datetime],
        key: Key = "md5",
    ) -> None:
        self._url = url.rstrip("/")
        self._account = cons_id, password
        self._client = client
        self._now = now
        self._key: Key = key

    async def read(self, number: str, task: str | None) -> Found | None:  # noqa: ARG002, of the protocol
        """Errors as of `gateway.services.referrals.ReferralSystem`."""
        now = self._now()
        headers = {**signed(*self._account, now, self._key), "Content-type": "application/json"}
        request = self._client.build_request("GET", f"{self._url}/rujukan", params={"nomor": number}, headers=headers)
        answer = await exchange(self._client, request, now)
        try:
            said = msgspec.json.decode(answer.content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Away("SISRUTE answers with something else than a referral") from error
        status = answer.status_code if answer.status_code != httpx.codes.OK else (said.status or answer.status_code)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Refused("SISRUTE does not know us: look at SIGAP_SISRUTE_ID, SIGAP_SISRUTE_PASSWORD and this clock")
        if status == httpx.codes.NOT_FOUND:
            return None
        if status != httpx.codes.OK:
            raise Refused(f"SISRUTE says {status}: {said.detail or 'no more than that'}")
        found = next((row.referral for row in said.data if row.referral.number == number), None)
        return None if found is None else _taken(found)

    async def ask(self, number: str, hospital: str, identifier: str) -> str:  # noqa: ARG002, of the protocol
        """Always refused: hospitals ask each other there, and we read."""
        raise Refused("SISRUTE takes no requests of a centre")

    async def asked(self, identifier: str) -> str | None:  # noqa: ARG002, of the protocol
        """Nothing is ever asked there by us."""
        return None


def _taken(referral: _Referral) -> Found:
    code, name = _parts(referral.to)
    diagnosis, _ = _parts(referral.diagnosis)
    coded = None if diagnosis is None else _diagnosis(diagnosis)
    status = _parts(referral.status)[1] or ""
    return Found(code, name, None if coded is None else coded[1], _STATES.get(status.strip().lower()))


def _parts(coded: _Coded | str | None) -> tuple[str | None, str | None]:
    """Code and name of what comes as an object or as a word for both."""
    if not isinstance(coded, _Coded):
        return coded, coded
    return (None if coded.code is None else str(coded.code)), coded.name
