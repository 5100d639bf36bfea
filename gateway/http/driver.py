"""The page of whoever drives with a phone: consent, withdraw, on duty, off duty.

Its address holds the phone's secret, so it is for the phone alone: it is kept in no cache, told to no other site, and
shows no position. It is plain forms, since it must work on any phone's browser, and is in both languages at once.
"""

import html
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from gateway.http.phones import phone_of, read_body
from gateway.http.world import TheWorld, World
from gateway.services.consent_text import TEXT, VERSION
from gateway.services.enrol_phone import ROUTE
from gateway.storage import phones, units
from gateway.storage.phones import Phone
from tracker.duty import SHIFT, State, on_duty

router = APIRouter(prefix=f"{ROUTE}/driver", tags=["phones"])

MAX_PERSON = 80
MAX_FORM = 4096

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Frame-Options": "DENY",
}
_ON = "BERTUGAS · on duty"
_OFF = "TIDAK BERTUGAS · off duty"
_NO_CONSENT = "BELUM ADA PERSETUJUAN · no consent: nothing is stored"
_PAGE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{unit}</title><style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 1rem auto; padding: 0 1rem; color: #111 }}
button, input {{ font: inherit; width: 100%; min-height: 3.5rem; margin: .4rem 0; box-sizing: border-box }}
button {{ border: 2px solid #111; border-radius: .5rem; background: #fff }}
output {{ display: block; font-size: 1.4rem; font-weight: 700; margin: 1rem 0 }}
</style></head><body><main><h1>{unit}</h1><output>{state}</output>{first}{second}</main></body></html>"""


@router.get("/{secret}", include_in_schema=False)
async def page(secret: str, world: TheWorld) -> HTMLResponse:
    """How things stand, and what can be done."""
    phone = await phone_of(world, secret)
    async with world.pool.connection() as connection:
        zone = await units.time_zone(connection, world.centre)
    on = on_duty(world.now(), ZoneInfo(zone), phones.schedules_of(phone), phone.changes)
    return HTMLResponse(_written(world, phone, html.escape(secret), on=on), headers=_HEADERS)


@router.post("/{secret}/consent", include_in_schema=False)
async def consent(secret: str, request: Request, world: TheWorld) -> Response:
    """The driver consents to the text as it stands on the page."""
    phone = await phone_of(world, secret)
    person = " ".join((await _form(request)).get("person", "").split())
    if not 0 < len(person) <= MAX_PERSON or not person.isprintable():
        raise HTTPException(422, "nama, name: 1 - 80")
    async with world.pool.connection() as connection:
        await phones.consent(connection, world.centre, phone.unit, person, VERSION, "driver", world.now())
    return _back(secret)


@router.post("/{secret}/withdraw", include_in_schema=False)
async def withdraw(secret: str, world: TheWorld) -> Response:
    """The driver withdraws: nothing is stored from now on."""
    phone = await phone_of(world, secret)
    async with world.pool.connection() as connection:
        await phones.withdraw(connection, world.centre, phone.unit, "driver", world.now())
    return _back(secret)


@router.post("/{secret}/duty", include_in_schema=False)
async def duty(secret: str, request: Request, world: TheWorld) -> Response:
    """The driver goes on or off duty now, or back to the weekly windows."""
    phone = await phone_of(world, secret)
    said = (await _form(request)).get("state", "")
    if said not in {state.value for state in State}:
        raise HTTPException(422, f"{said[:20]!r} is none of on, off, schedule")
    state, now = State(said), world.now()
    until = now + SHIFT if state is State.ON else None
    async with world.pool.connection() as connection:
        await phones.change_duty(connection, world.centre, phone.unit, state, until, "driver", now)
    return _back(secret)


async def _form(request: Request) -> dict[str, str]:
    try:
        fields = parse_qs((await read_body(request, MAX_FORM)).decode("utf-8"), max_num_fields=10)
    except ValueError as error:
        raise HTTPException(422, "the form cannot be read") from error
    return {name: values[0] for name, values in fields.items()}


def _back(secret: str) -> Response:
    return RedirectResponse(f"{ROUTE}/driver/{secret}", status_code=303, headers=_HEADERS)


def _written(world: World, phone: Phone, secret: str, *, on: bool) -> str:
    if phone.private and phone.consent is None:
        state = _NO_CONSENT
        forms = _form_of(f"{secret}/consent", "Saya setuju · I consent", _NAME)
    else:
        state = _ON if on else _OFF
        forms = "".join(
            _form_of(f"{secret}/duty", words, f'<input type="hidden" name="state" value="{each.value}">')
            for each, words in _DUTIES
        )
    first, second = forms, _about(world, phone, secret)
    if phone.private and phone.consent is None:  # what is agreed to is read first
        first, second = second, first
    return _PAGE.format(unit=html.escape(phone.unit), state=state, first=first, second=second)


_NAME = '<label>Nama · Name<input name="person" required maxlength="80" autocomplete="name"></label>'
_DUTIES = (
    (State.ON, "Mulai bertugas · Go on duty"),
    (State.OFF, "Selesai bertugas · Go off duty"),
    (State.SCHEDULE, "Ikuti jadwal · Follow the schedule"),
)


def _form_of(action: str, words: str, fields: str) -> str:
    return f'<form method="post" action="{action}">{fields}<button>{words}</button></form>'


def _about(world: World, phone: Phone, secret: str) -> str:
    """The text, what was consented to, and the way back."""
    if not phone.private:
        return ""
    told = "".join(
        f'<p lang="{language}">{html.escape(words.format(centre=world.centre))}</p>' for language, words in TEXT.items()
    )
    if phone.consent is not None:
        given = phone.consent
        said = f"{given.person}, {given.given_at:%Y-%m-%d %H:%M} UTC, {given.text_version}"
        told += f"<p>{html.escape(said)}</p>"
        told += _form_of(f"{secret}/withdraw", "Tarik persetujuan · Withdraw my consent", "")
    return f"<section><h2>Persetujuan · Consent ({VERSION})</h2>{told}</section>"
