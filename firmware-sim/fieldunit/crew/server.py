"""The page for the tablet in the cab, and the small API behind it, from the standard library's server: 8 MB of memory
where uvicorn and Starlette cost 16, and one crew is all its load.

Who may press: without a PIN the server listens on loopback only, for a browser on the unit itself. With one, a tablet
on the vehicle's network enters it once and keeps a cookie. A page of another site can do neither: names of hosts that
are not the unit's are refused (DNS rebinding), a request that changes something must come from our own page (Origin),
as JSON and with a header that no form can send.
"""

import hashlib
import hmac
import ipaddress
import secrets
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from fieldunit.crew.cab import Cab, Refused, Surroundings
from fieldunit.crew.settings import Address
from tracker.wire.reports import MAX_TEXT, CrewStatus

MAX_BODY = 8 * 1024
MAX_CONNECTIONS = 12
"""At once: a tablet or two with a browser's six each."""

IDLE_S = 20.0
WRONG_PINS = 5
WRONG_PIN_WAIT_S = 60.0
"""After so many wrong ones nobody may try for so long: a million PINs are four months."""

MAX_TABLETS = 20
COOKIE = "sigap-cab"
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/cab.css": ("cab.css", "text/css; charset=utf-8"),
    "/cab.js": ("cab.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
    "/worker.js": ("worker.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/cab.webmanifest": ("cab.webmanifest", "application/manifest+json"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_PressId = Annotated[str, Meta(pattern="^[a-z0-9-]{8,64}$")]
_Ago = Annotated[float, Meta(ge=0, le=7 * 86400)]


class StatusPress(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/status`."""

    press: _PressId
    status: CrewStatus
    ago_s: _Ago = 0.0  # how long ago the finger was there: the page may have been without its unit


class AnswerPress(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/answer`."""

    press: _PressId
    mission: Annotated[str, Meta(max_length=64)]
    accepted: bool
    reason: Annotated[str, Meta(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")] = ""
    ago_s: _Ago = 0.0


class EmergencyPress(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/emergency`."""

    press: _PressId
    raised: bool
    ago_s: _Ago = 0.0


class MessageRead(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/read`."""

    message: Annotated[str, Meta(max_length=64)]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /api/enter`."""

    pin: Annotated[str, Meta(max_length=20)]


B = TypeVar("B", bound=msgspec.Struct)


class _Answer(Exception):
    """What to say instead of going on."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class _Door(NamedTuple):
    """Who may come in, of one server."""

    cab: Cab
    around: Surroundings
    pin: str | None
    hosts: frozenset[str]  # names it goes by
    by_address: bool  # whether any IP address is a name of it, too: no page can take one of these for its own


class CabServer:
    """Serves one cab's page, in threads of its own, until it is stopped.

    Args:
        address: port 0 takes a free one; see `url`.
        pin, hosts: as in the settings.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self, cab: Cab, around: Surroundings, address: Address, *, pin: str | None, hosts: tuple[str, ...] = ()
    ) -> None:
        on_loopback = ipaddress.ip_address(address.host).is_loopback
        loopback = ("localhost", "127.0.0.1", "::1") if on_loopback else ()
        door = _Door(cab, around, pin, frozenset({address.host, *loopback, *hosts}), not on_loopback)
        self._server = _Server(address, door)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="cab", daemon=True)

    @property
    def url(self) -> str:
        """Where the page is, for a browser on the unit."""
        host, port = self._server.server_address[:2]
        return f"http://[{host!s}]:{port}/" if ":" in str(host) else f"http://{host!s}:{port}/"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End; requests under way are cut."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(self, address: Address, door: _Door) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.door = door
        self._room = threading.Semaphore(MAX_CONNECTIONS)
        self._wrong = 0
        self._closed_until = 0.0
        super().__init__((address.host, address.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection, up to a limit: a flood must not take the receivers' memory."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Leave room for the next when it is over."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no news; what our own code raised is answered in the handler."""

    def enter(self, pin: str) -> str:
        """What a tablet shows from now on instead of the PIN.

        Raises:
            _Answer: it is wrong, or there were too many wrong ones.
        """
        door = self.door
        if time.monotonic() < self._closed_until:
            raise _Answer(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong PINs; wait a minute")
        if door.pin is None or not hmac.compare_digest(pin.encode(), door.pin.encode()):
            self._wrong += 1
            if self._wrong >= WRONG_PINS:
                self._wrong, self._closed_until = 0, time.monotonic() + WRONG_PIN_WAIT_S
            raise _Answer(HTTPStatus.FORBIDDEN, "this is not the PIN")
        self._wrong = 0
        token = secrets.token_urlsafe(24)
        door.cab.let_in(_hash(token, door.pin), MAX_TABLETS)
        return token


def _hash(token: str, pin: str) -> str:
    """With the PIN in it: another PIN shuts everybody out."""
    return hashlib.sha256(f"{pin}:{token}".encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sigap-unit"
    sys_version = ""
    timeout = IDLE_S
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, its name there
        """Nobody reads a line for each second of each tablet."""

    # GET

    def do_GET(self) -> None:
        self._answered(self._get)

    def _get(self) -> None:
        path = self.path.partition("?")[0]
        if path in _FILES:
            name, kind = _FILES[path]
            self._send(HTTPStatus.OK, files("fieldunit.crew").joinpath("page", name).read_bytes(), kind)
        elif path == "/api/state":
            self._check_tablet()
            self._send_json(HTTPStatus.OK, self.server.door.cab.view(self.server.door.around))
        else:
            raise _Answer(HTTPStatus.NOT_FOUND, "there is nothing here")

    # POST

    def do_POST(self) -> None:
        self._answered(self._post)

    def _post(self) -> None:
        self._check_own_page()
        body = self._body()
        path = self.path.partition("?")[0]
        if path == "/api/enter":
            token = self.server.enter(_read(body, Entry).pin)
            cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
            self._send_json(HTTPStatus.OK, {}, {"Set-Cookie": cookie})
            return
        self._check_tablet()
        press = self._PRESSES.get(path)
        if press is None:
            raise _Answer(HTTPStatus.NOT_FOUND, "there is nothing here")
        try:
            press(self.server.door.cab, body)
        except Refused as error:
            raise _Answer(HTTPStatus.CONFLICT, str(error)) from error
        self._send_json(HTTPStatus.OK, self.server.door.cab.view(self.server.door.around))

    @staticmethod
    def _status(cab: Cab, body: bytes) -> None:
        given = _read(body, StatusPress)
        cab.press_status(given.status, given.press, given.ago_s)

    @staticmethod
    def _mission(cab: Cab, body: bytes) -> None:
        given = _read(body, AnswerPress)
        cab.answer(given.mission, given.accepted, given.reason, given.press, given.ago_s)

    @staticmethod
    def _emergency(cab: Cab, body: bytes) -> None:
        given = _read(body, EmergencyPress)
        cab.emergency(given.raised, given.press, given.ago_s)

    @staticmethod
    def _message(cab: Cab, body: bytes) -> None:
        cab.read_message(_read(body, MessageRead).message)

    _PRESSES: ClassVar[dict[str, Callable[[Cab, bytes], None]]] = {
        "/api/status": _status,
        "/api/answer": _mission,
        "/api/emergency": _emergency,
        "/api/read": _message,
    }

    # Who may

    def _check_host(self) -> None:
        name = self.headers.get("Host", "").strip().lower()
        host = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
        door = self.server.door
        if host not in door.hosts and not (door.by_address and _is_address(host)):
            raise _Answer(
                HTTPStatus.MISDIRECTED_REQUEST, "this is no name of the unit; [crew] hosts names those it has"
            )

    def _check_own_page(self) -> None:
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{self.headers.get('Host', '').strip().lower()}":
            raise _Answer(HTTPStatus.FORBIDDEN, "only the unit's own page may do this")
        if self.headers.get("X-Sigap-Cab") != "1" or self.headers.get_content_type() != "application/json":
            raise _Answer(HTTPStatus.FORBIDDEN, "only the unit's own page may do this")

    def _check_tablet(self) -> None:
        door = self.server.door
        if door.pin is None:
            return
        try:
            shown = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            shown = None
        if shown is None or not door.cab.is_let_in(_hash(shown.value, door.pin)):
            raise _Answer(HTTPStatus.UNAUTHORIZED, "this tablet has not entered the PIN")

    # Bytes

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            raise _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY} bytes, and their number first")
        return self.rfile.read(int(length))

    def _answered(self, work: Callable[[], None]) -> None:
        try:
            self._check_host()
            work()
        except _Answer as answer:
            self._send_json(answer.status, {"detail": answer.detail})
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _send_json(self, status: HTTPStatus, value: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, msgspec.json.encode(value), "application/json", headers)

    def _send(self, status: HTTPStatus, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status >= HTTPStatus.BAD_REQUEST:  # its body may not have been read
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _read(body: bytes, shape: type[B]) -> B:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body cannot be read: {error}") from error
