"""A page of another site gives no orders through a user's browser; our own pages and programs do."""

import httpx
import pytest

from tests.fix_gateway import Gateway

ORDERS = [
    ("POST", "/api/v1/closures"),
    ("POST", "/api/v1/units/ambulans-01/commands"),
    ("POST", "/api/v1/missions"),
    ("POST", "/api/v1/units/ambulans-01/emergency/ack"),
    ("DELETE", "/api/v1/closures/any"),
    ("POST", "/api/v1/nothing-there"),
]


def test_orders_of_foreign_pages_are_refused_before_they_are_read(gateway: Gateway) -> None:
    """Whatever the content type, also without a preflight, and where the browser hides the page's name."""
    host = gateway.url.removeprefix("http://")
    with httpx.Client(base_url=gateway.url) as client:
        for method, path in ORDERS:
            for origin in ("http://evil.example", "null", f"http://{host}.evil.example", "http://localhost:1"):
                for kind in ("application/json", "text/plain"):
                    headers = {"origin": origin, "content-type": kind}
                    answer = client.request(method, path, headers=headers, content=b"{}")
                    assert answer.status_code == 403, (method, path, origin, kind)
                    assert answer.json()["detail"] == "a page of another site may not give orders here"


@pytest.mark.parametrize("origin", [None, "own"])
def test_our_own_page_and_programs_are_heard(gateway: Gateway, origin: str | None) -> None:
    """With the gateway's own origin, and with none: the answer is about the order itself."""
    headers = {} if origin is None else {"origin": gateway.url}
    answer = httpx.post(f"{gateway.url}/api/v1/missions", json={}, headers=headers)
    assert answer.status_code == 422


def test_looking_is_left_to_the_browser(gateway: Gateway) -> None:
    """What changes nothing is answered; a foreign page cannot read the answer, for nothing allows it to."""
    answer = httpx.get(f"{gateway.url}/api/v1/units", headers={"origin": "http://evil.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
