"""SATUSEHAT Rujukan, the health ministry's exchange of referrals in FHIR: how one stands, and a hospital that is asked.

It follows the exchanges of the published playbook; it was tried against exchanges made after them, never against the
ministry's servers, which want a pilot region's account. Of a referral we take its number, its hospital and its state,
and we send no more than these: no patient, no encounter, no words.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec

from gateway.integrations.answers import exchange
from gateway.services.referrals import Away, Found, Refused
from gateway.storage.referrals import State

NUMBER = "http://sys-ids.kemkes.go.id/referral-number-satusehat"
TERMS = "http://terminology.kemkes.go.id"
TASKS = "http://sys-ids.kemkes.go.id/task/"

_EARLY = timedelta(seconds=60)
"""Before its end a token is not used any more: the clocks may differ."""

_ANSWERS = {"accepted": State.ACCEPTED, "rejected": State.DECLINED}
_OF_TASK = {"cancelled": State.CANCELLED, "rejected": State.DECLINED, "accepted": State.ACCEPTED}
_OF_REQUEST = {"completed": State.ACCEPTED, "revoked": State.CANCELLED, "active": State.WAITING}


class _Reference(msgspec.Struct):
    reference: str = ""
    display: str | None = None

    @property
    def id(self) -> str:
        return self.reference.rpartition("/")[2]


class _Coding(msgspec.Struct):
    code: str = ""


class _Concept(msgspec.Struct):
    coding: list[_Coding] = msgspec.field(default_factory=list)
    text: str = ""


class _Output(msgspec.Struct):
    type: _Concept = msgspec.field(default_factory=_Concept)
    value: _Coding | None = msgspec.field(default=None, name="valueCoding")


class _Resource(msgspec.Struct):
    """A ServiceRequest or a Task, of which nothing else is read: the patient in it neither."""

    kind: str = msgspec.field(name="resourceType")
    id: str = ""
    status: str = ""
    performer: list[_Reference] = msgspec.field(default_factory=list)
    supporting: list[_Reference] = msgspec.field(default_factory=list, name="supportingInfo")
    output: list[_Output] = msgspec.field(default_factory=list)


class _Entry(msgspec.Struct):
    resource: _Resource | None = None


class _Issue(msgspec.Struct):
    details: _Concept = msgspec.field(default_factory=_Concept)
    diagnostics: str = ""


class _Body(msgspec.Struct):
    """A bundle, a resource, or what went wrong."""

    kind: str = msgspec.field(default="", name="resourceType")
    id: str = ""
    entry: list[_Entry] = msgspec.field(default_factory=list)
    issue: list[_Issue] = msgspec.field(default_factory=list)

    def first(self, kind: str) -> _Resource | None:
        return next((each.resource for each in self.entry if each.resource and each.resource.kind == kind), None)

    @property
    def wrong(self) -> str:
        return "; ".join(issue.details.text or issue.diagnostics for issue in self.issue)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int | str


class Satusehat:
    """One organisation's account.

    Args:
        url: where the FHIR resources are.
        auth_url: where tokens are given out.
        client_id, client_secret: of the account.
        organization: its number as an Organization.
        client: does the asking.
        now: the clock.
    """

    name = "satusehat"
    asks = True

    def __init__(
        self,
        url: str,
        auth_url: str,
        client_id: str,
        client_secret: str,
        organization: str,
        client: httpx.AsyncClient,
        now: Callable[[], datetime],
    ) -> None:
        self._url = url.rstrip("/")
        self._auth_url = auth_url.rstrip("/")
        self._account = {"client_id": client_id, "client_secret": client_secret}
        self._organization = organization
        self._client = client
        self._now = now
        self._token: tuple[str, datetime] | None = None  # and when it ends

    async def read(self, number: str, task: str | None) -> Found | None:
        """Errors as of `gateway.services.referrals.ReferralSystem`."""
        body = await self._call("GET", "ServiceRequest", {"identifier": f"{NUMBER}|{number}"})
        request = body.first("ServiceRequest")
        if request is None:
            return None
        hospital = request.performer[0] if request.performer else _Reference()
        if task is None:
            task = next((each.id for each in request.supporting if each.reference.startswith("Task/")), None)
        state = _OF_REQUEST.get(request.status)
        if task is not None and state is not State.CANCELLED:
            state = await self._answer(task) or state
        return Found(hospital.id or None, hospital.display, None, state)

    async def _answer(self, task: str) -> State | None:
        found = (await self._call("GET", "Task", {"_id": task})).first("Task")
        if found is None:
            return None
        for output in found.output:
            if output.value is not None and any(each.code == "response-referral-task" for each in output.type.coding):
                return _ANSWERS.get(output.value.code)
        return _OF_TASK.get(found.status, State.WAITING)

    async def ask(self, number: str, hospital: str, identifier: str) -> str:
        """Errors as of `gateway.services.referrals.ReferralSystem`. The identifier is never sent twice: there it would
        be a duplicate, and the answer to a duplicate looks like another one's."""
        now = self._now().strftime("%Y-%m-%dT%H:%M:%S+00:00")
        task = {
            "resourceType": "Task",
            "identifier": [{"system": f"{TASKS}{self._organization}", "value": identifier}],
            "groupIdentifier": {"system": NUMBER, "value": number},
            "status": "requested",
            "intent": "instance-order",
            "priority": "stat",
            "code": _concept("referral-approval-request", "Referral approval request"),
            "authoredOn": now,
            "lastModified": now,
            "requester": {"reference": f"Organization/{self._organization}"},
            "owner": {"reference": f"Organization/{hospital}"},
            "input": [
                {
                    "type": _concept("referral-task", "Referral Task"),
                    "valueReference": {"reference": f"Organization/{hospital}"},
                }
            ],
        }
        body = await self._call("POST", "Task", json=task)
        if body.kind != "Task" or not body.id:
            raise Away("SATUSEHAT answers a request with something else than the request")
        return body.id

    async def asked(self, identifier: str) -> str | None:
        """Errors as of `gateway.services.referrals.ReferralSystem`."""
        body = await self._call("GET", "Task", {"identifier": f"{TASKS}{self._organization}|{identifier}"})
        found = body.first("Task")
        return None if found is None else found.id

    async def _call(
        self, method: str, path: str, params: dict[str, str] | None = None, json: dict[str, Any] | None = None
    ) -> _Body:
        for last in (False, True):
            now = self._now()
            headers = {"Authorization": f"Bearer {await self._signed_in(now)}"}
            request = self._client.build_request(
                method, f"{self._url}/{path}", params=params, json=json, headers=headers
            )
            answer = await exchange(self._client, request, now)
            if answer.status_code != httpx.codes.UNAUTHORIZED or last:
                break
            self._token = None  # it was taken back before its end
        try:
            body = msgspec.json.decode(answer.content, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Away("SATUSEHAT answers with something else than FHIR") from error
        if answer.is_success:
            return body
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Refused("SATUSEHAT does not let us: look at SIGAP_SATUSEHAT_CLIENT_ID and what it is registered for")
        raise Refused(f"SATUSEHAT says {answer.status_code}: {body.wrong or 'no more than that'}")

    async def _signed_in(self, now: datetime) -> str:
        if self._token is not None and now < self._token[1]:
            return self._token[0]
        request = self._client.build_request(
            "POST", f"{self._auth_url}/accesstoken", params={"grant_type": "client_credentials"}, data=self._account
        )
        try:
            answer = await exchange(self._client, request, now)
        except Away as away:  # what we came for was not even begun
            raise Away(str(away), away.after_s, certain=True) from away
        if answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Refused("SATUSEHAT gives us no token: look at SIGAP_SATUSEHAT_CLIENT_ID and its secret")
        try:
            token = msgspec.json.decode(answer.content, type=_Token)
            lives = timedelta(seconds=int(token.expires_in))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise Away("SATUSEHAT answers with something else than a token", certain=True) from error
        self._token = token.access_token, now + max(lives - _EARLY, lives / 2)
        return token.access_token


def _concept(code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": TERMS, "code": code, "display": display}]}
