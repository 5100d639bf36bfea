"""Whom to reach when nobody looks at the board, and what was tried for an alarm."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from msgspec import Meta

from gateway.http.requests import Id
from gateway.http.versions import OUTDATED, Expected, tagged
from gateway.http.world import RulesCentre, SeesMissions, TheWorld, answer, body, documented, documented_body
from gateway.services.addresses import NoAddress
from gateway.storage.contacts import Contact, Try, Way
from tracker.duty import BadWindows

router = APIRouter(prefix="/api/v1", tags=["reach"])

Words = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f]*$")]


class NewWay(msgspec.Struct, forbid_unknown_fields=True):
    """How somebody is reached: a telephone number, an address of mail, or one that a webhook goes to."""

    kind: Literal["sms", "mail", "webhook"]
    address: Annotated[str, Meta(min_length=3, max_length=500, pattern=r"^[^\x00-\x20]+$")]


class NewContact(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody who is reached. In quiet hours others come first; if all have them, nobody has."""

    id: Id
    name: Words
    channels: Annotated[list[NewWay], Meta(max_length=10)]  # in the order in which they are tried
    role: Words = "supervisor"
    quiet: Annotated[str, Meta(max_length=500)] = ""  # weekly windows, like "mon-sun 22:00-05:00"


class NewContacts(msgspec.Struct, forbid_unknown_fields=True):
    """All there are, who is reached first first."""

    contacts: Annotated[list[NewContact], Meta(max_length=100)]


class Contacts(msgspec.Struct):
    """All, who is reached first first."""

    contacts: list[Contact]
    kinds: list[str]  # that this gateway can send by
    version: int  # of the list


class Tested(msgspec.Struct):
    """What became of a test by one way."""

    kind: str
    address: str
    failure: str | None  # None: there was none
    said: str  # who has it now


class TestResult(msgspec.Struct):
    """Of each way, in order."""

    ways: list[Tested]


class Tries(msgspec.Struct):
    """In order."""

    tries: list[Try]


@router.get("/contacts", responses=documented(Contacts, "all, who is reached first first"))
async def list_contacts(_: SeesMissions, world: TheWorld) -> Response:
    """Whom alarms reach, and by which kinds of ways this gateway can."""
    reach = world.neighbours.reach
    contacts, version = await reach.listed()
    return tagged(Contacts(contacts, sorted(reach.channels), version), version)


@router.put(
    "/contacts",
    responses={**documented(Contacts, "as they are now"), **OUTDATED},
    openapi_extra=documented_body(NewContacts),
)
async def put_contacts(_: RulesCentre, world: TheWorld, request: Request, expected: Expected) -> Response:
    """Make these the centre's contacts, in this order. Each address is looked at: an alarm is no time to find out that
    it is none."""
    new = await body(request, NewContacts)
    reach = world.neighbours.reach
    contacts = [
        Contact(each.id, each.name, each.role, tuple(Way(way.kind, way.address) for way in each.channels), each.quiet)
        for each in new.contacts
    ]
    try:
        version = await reach.put(contacts, expected)
    except (BadWindows, NoAddress) as error:
        raise HTTPException(422, str(error)) from None
    return tagged(Contacts(contacts, sorted(reach.channels), version), version)


@router.post("/contacts/{contact}/test", responses=documented(TestResult, "what became of it, by each way"))
async def write_test(_: RulesCentre, world: TheWorld, contact: str) -> Response:
    """Write to a contact by each of their ways, now. It takes as long as the slowest of them."""
    results = await world.neighbours.reach.test(contact)
    return answer(TestResult([Tested(way.kind, way.address, failure, said) for way, failure, said in results]))


@router.get("/alarms/{alarm}/tries", responses=documented(Tries, "in order"))
async def list_tries(_: SeesMissions, world: TheWorld, alarm: str) -> Response:
    """Who was written to because of an alarm, by which way, and what became of it."""
    return answer(Tries(await world.neighbours.reach.tries(alarm)))
