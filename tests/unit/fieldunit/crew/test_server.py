"""Who may press: the unit's own page on the unit, or a tablet that knows the PIN; nobody else, by whatever way."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from fieldunit.crew import server as cab_server
from fieldunit.crew.server import CabServer
from fieldunit.crew.settings import Address, ButtonSettings, CrewSettingError, CrewSettings, address_of, check
from tests.cab_double import CabDouble, surroundings
from tests.fix_gateway import until

HEADERS = {"X-Sigap-Cab": "1", "Content-Type": "application/json"}
PIN = "482913"
Serve = Callable[..., tuple[str, CabDouble]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves a cab; gives the address, without a slash at the end."""
    with ExitStack() as stack:

        def start(host: str = "127.0.0.1", **options: Any) -> tuple[str, CabDouble]:
            double = CabDouble(tmp_path)
            stack.callback(double.close)
            made = CabServer(double.cab, surroundings(), Address(host, 0), **{"pin": None, **options})
            made.start()
            stack.callback(made.stop)
            return made.url.rstrip("/").replace("0.0.0.0", "127.0.0.1"), double  # noqa: S104, where it listens

        yield start


def press(url: str, path: str = "status", **changes: Any) -> httpx.Response:
    """A press, with other headers or another body where the test wants them."""
    headers = {**HEADERS, **changes.pop("headers", {})}
    body = changes.pop("body", {"press": "0123456789abcdef", "status": "en-route"})
    return httpx.post(f"{url}/api/{path}", content=json.dumps(body), headers=headers, **changes)


def test_the_page_and_all_its_files_are_served_with_a_strict_policy(serve: Serve) -> None:
    """Each file that the page and its worker name is there; nothing comes from elsewhere, nothing is inline."""
    url, _ = serve()
    page = files("fieldunit.crew").joinpath("page")
    for name in ["", *(each.name for each in page.iterdir() if each.name != "index.html")]:
        answer = httpx.get(f"{url}/{name}")
        assert answer.status_code == 200, name
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "http://" not in answer.text.replace("http://www.w3.org/", "")
        assert "https://" not in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", httpx.get(url).text)
    assert httpx.get(f"{url}/../server.py").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ({"X-Sigap-Cab": ""}, 403),
    ],
)
def test_a_page_of_another_site_cannot_press(serve: Serve, headers: dict[str, str], status: int) -> None:
    """Neither under a foreign name (DNS rebinding), nor from a foreign page, nor by a form."""
    url, double = serve()
    assert press(url, headers=headers).status_code == status
    assert len(double.said) == (1 if status == 200 else 0)


def test_on_the_vehicles_network_the_unit_goes_by_any_address_and_by_the_names_it_was_given(serve: Serve) -> None:
    """A tablet knows the unit by an address, which no foreign page can take for its own name; names are told it."""
    url, _ = serve("0.0.0.0", pin=PIN, hosts=("cab.local",))  # noqa: S104, the case in question
    for host, status in (
        ("192.0.2.2:8119", 200),
        ("127.0.0.1", 200),
        ("[2001:db8::1]:8119", 200),
        ("cab.local:8119", 200),
        ("evil.example", 421),
        ("192.0.2.2.evil.example", 421),
        ("", 421),
    ):
        assert httpx.get(url, headers={"Host": host}).status_code == status, host


def test_the_own_page_may_press(serve: Serve) -> None:
    """Its browser names it as the origin."""
    url, double = serve()
    assert press(url, headers={"Origin": url}).status_code == 200
    assert len(double.said) == 1


def test_without_the_pin_a_tablet_sees_and_does_nothing(serve: Serve) -> None:
    """With it, it keeps a cookie that outlives the unit's restart, and that another PIN makes worthless."""
    url, double = serve(pin=PIN)
    assert httpx.get(f"{url}/api/state").status_code == 401
    assert press(url).status_code == 401
    assert httpx.get(url).status_code == 200, "the page itself holds nothing"
    assert press(url, "enter", body={"pin": "000000"}).status_code == 403
    entered = press(url, "enter", body={"pin": PIN})
    cookie = entered.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    shown = {"Cookie": cookie.partition(";")[0]}
    assert httpx.get(f"{url}/api/state", headers=shown).status_code == 200
    assert press(url, headers=shown).status_code == 200
    double.restart()
    for pin, status in ((PIN, 200), ("999999", 401)):
        again = CabServer(double.cab, surroundings(), Address("127.0.0.1", 0), pin=pin)
        again.start()
        assert httpx.get(f"{again.url}api/state", headers=shown).status_code == status
        again.stop()
    assert PIN not in (double.folder / "crew.sqlite").read_bytes().decode("latin-1")


def test_pins_cannot_be_tried_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After five wrong ones not even the right one is taken for a while."""
    monkeypatch.setattr(cab_server, "WRONG_PIN_WAIT_S", 1.0)
    url, _ = serve(pin=PIN)
    tries = [press(url, "enter", body={"pin": f"00000{number}"}).status_code for number in range(5)]
    assert tries == [403] * 5
    assert press(url, "enter", body={"pin": PIN}).status_code == 429
    until(lambda: press(url, "enter", body={"pin": PIN}).status_code == 200, 10)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("status", {"press": "0123456789abcdef", "status": "asleep"}),
        ("status", {"press": "x", "status": "en-route"}),
        ("status", {"press": "0123456789abcdef", "status": "en-route", "ago_s": -1}),
        ("emergency", {"press": "0123456789abcdef", "raised": "yes"}),
        ("answer", {"press": "0123456789abcdef", "mission": "m-1"}),
        ("status", [1]),
    ],
)
def test_what_cannot_be_meant_is_refused(serve: Serve, path: str, body: Any) -> None:
    """With a sentence, and nothing happens."""
    url, double = serve()
    assert press(url, path, body=body).status_code == 422
    assert double.said == []


def test_what_is_not_possible_is_said(serve: Serve) -> None:
    """An answer to a mission that is gone; a message that never was; a path that is none."""
    url, _ = serve()
    gone = {"press": "0123456789abcdef", "mission": "m-9", "accepted": True}
    assert press(url, "answer", body=gone).status_code == 409
    assert press(url, "read", body={"message": "p"}).status_code == 409
    assert press(url, "dance").status_code == 404
    assert httpx.get(f"{url}/api/dance").status_code == 404
    assert httpx.delete(f"{url}/api/state").status_code == 501


def test_bytes_that_are_no_request_and_bodies_without_end_harm_nobody(serve: Serve) -> None:
    """The next request is answered."""
    url, _ = serve()
    port = int(url.rpartition(":")[2])
    for raw in (
        b"\x16\x03\x01\xff",
        b"POST /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as talk:
            talk.sendall(raw)
            talk.shutdown(socket.SHUT_WR)
            while talk.recv(4096):
                pass
    assert press(url, body={"press": "0" * 9000, "status": "en-route"}).status_code in (403, 413)
    assert httpx.get(f"{url}/api/state").status_code == 200


def test_a_flood_of_connections_leaves_room_again(serve: Serve) -> None:
    """Beyond the limit they are closed; when they go, all is as before."""
    url, _ = serve()
    port = int(url.rpartition(":")[2])
    idle = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(cab_server.MAX_CONNECTIONS + 5)]
    assert idle[-1].recv(1) == b""
    for each in idle:
        each.close()
    with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
        for _ in range(50):
            try:
                assert client.get(f"{url}/api/state").status_code == 200
                break
            except httpx.TransportError:
                continue
        else:
            pytest.fail("no room came back")


def test_an_address_of_the_network_needs_a_pin() -> None:
    """Loopback does not; what is no address is explained."""
    assert address_of(CrewSettings()) is None
    assert address_of(CrewSettings(address="127.0.0.1:8119")) == Address("127.0.0.1", 8119)
    assert address_of(CrewSettings(address="[::1]:8119")) == Address("::1", 8119)
    assert address_of(CrewSettings(address="192.168.8.1:8119", pin=PIN)) == Address("192.168.8.1", 8119)
    for bad in ("192.168.8.1:8119", "0.0.0.0:8119"):
        with pytest.raises(CrewSettingError, match="set pin"):
            address_of(CrewSettings(address=bad))
    for bad in ("8119", "cab.local:8119", "127.0.0.1:99999", "127.0.0.1:"):
        with pytest.raises(CrewSettingError, match="ADDRESS:PORT"):
            address_of(CrewSettings(address=bad))


def test_buttons_name_an_input_and_a_meaning() -> None:
    """Both are checked at the start, with what they may be."""
    check(CrewSettings(button=(ButtonSettings(input="key-1", means="emergency"),)), {"key-1"})
    for button in (ButtonSettings(input="key-2", means="emergency"), ButtonSettings(input="key-1", means="dance")):
        with pytest.raises(CrewSettingError):
            check(CrewSettings(button=(button,)), {"key-1"})


def test_both_languages_say_everything_that_the_page_asks_for() -> None:
    """The same keys in both, none left over, and a word for each status and each key in the page's code."""
    page = files("fieldunit.crew").joinpath("page")
    text = page.joinpath("words.js").read_text()
    indonesian, english = (set(re.findall(r'^    "([^"]+)":', part, re.MULTILINE)) for part in text.split("  en: {"))
    assert indonesian == english
    code = page.joinpath("cab.js").read_text()
    asked = set(re.findall(r'say\("([^"$]+)"', code)) | set(re.findall(r'\["[a-z-]+", "([a-z.-]+)"\]', code))
    assert asked - indonesian == set()
    assert {"en-route", "out-of-service", "reason.vehicle", "answered.refused", "to-hospital"} <= indonesian
