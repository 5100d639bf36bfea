"""The crew's page in a real browser, on a true agent, broker and gateway: without a network, and read by machines."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.fix_board import ARGUMENTS, CHROMIUM
from tests.fix_cab import UNIT, Road
from tests.fix_gateway import until

pytestmark = pytest.mark.slow

REPORTS = Path(__file__).parent / "reports"
TABLET, PHONE = {"width": 1024, "height": 600}, {"width": 390, "height": 844}
SCENE = (-7.15, 111.90)
PRESSED = {
    "en-route": "Menuju lokasi",
    "on-scene": "Di lokasi",
    "patient-aboard": "Pasien naik",
    "at-hospital": "Di rumah sakit",
    "handed-over": "Pasien diserahkan",
    "available": "Siap",
    "out-of-service": "Tidak bertugas",
}


@pytest.fixture
def chromium(road: Road) -> Iterator[Browser]:  # noqa: ARG001, it comes first: it runs an event loop of its own
    """Debian's."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Cab:
    """An open page, and what it complained of."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": TABLET, **options})
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url)
        expect(self.page.locator("#unit")).to_have_text(UNIT)

    def status(self, label: str) -> Any:
        """The button of a status."""
        return self.page.locator("#buttons button").filter(has_text=re.compile(f"^{label}"))


@pytest.fixture
def cab(road: Road, chromium: Browser) -> Iterator[Cab]:
    """A tablet in the cab."""
    opened = Cab(chromium, road.vehicle.url)
    yield opened
    opened.context.close()


def test_every_status_pressed_without_a_network_arrives_in_order_with_its_true_time(road: Road, cab: Cab) -> None:
    """The page says what the centre has not received yet, and when it has; the times are those of the fingers."""
    mission = road.send_unit(SCENE, "gang buntu")
    expect(cab.page.locator("#destination")).to_have_text("Ke lokasi: Pasar Banjarejo, Jl. Veteran 12")
    road.network_off()
    expect(cab.page.locator("#lamps li").first).to_have_text("Jaringan: putus")
    accepted = time.time()
    cab.page.locator("#accept").click()
    fingers = [("acknowledged", accepted, time.time())]
    for status, label in PRESSED.items():
        cab.page.wait_for_timeout(400)
        before = time.time()
        cab.status(label).click()
        fingers.append((status, before, time.time()))
        expect(cab.status(label)).to_have_attribute("aria-pressed", "true")
        expect(cab.status(label)).to_have_attribute("data-where", "pending")
    expect(cab.page.locator("#waiting")).to_contain_text("9 belum diterima pusat")
    REPORTS.mkdir(exist_ok=True)
    cab.page.screenshot(path=REPORTS / "cab-offline.png")
    assert road.said("status") == []
    cab.page.wait_for_timeout(3000)
    road.network_on()
    until(lambda: len(road.said("status")) == len(fingers), what="all of them at the centre")
    said = [(report["status"], report["c"]) for report in road.said("status")]
    assert [status for status, _ in said] == [status for status, _, _ in fingers]
    for (_, told), (_, before, after) in zip(said, fingers, strict=True):
        assert before - 0.35 < _seconds(told) < after + 0.35, "the time of the finger, not of the network"
    expect(cab.page.locator("#waiting")).to_have_text("Pusat sudah menerima semuanya")
    expect(cab.status("Tidak bertugas")).to_have_attribute("data-where", "received")
    until(lambda: road.ask("GET", f"missions/{mission}")["state"] == "ended", what="the mission followed")
    legs = road.ask("GET", f"missions/{mission}")["legs"]
    assert [leg["arrived_by"] for leg in legs] == ["crew", "crew"]
    assert legs[0]["arrived_at"] == dict(said)["on-scene"]
    assert cab.errors == []


def _seconds(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()


def test_the_page_works_while_its_unit_is_gone_and_after_a_reload(road: Road, cab: Cab) -> None:
    """The unit restarts: the page is there all the same, takes presses, and hands them on with their times."""
    cab.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    cab.page.reload()
    expect(cab.page.locator("#unit")).to_have_text(UNIT)
    road.vehicle.kill()
    expect(cab.page.locator("#lost")).to_be_visible(timeout=15_000)
    cab.page.reload()
    expect(cab.page.locator("#lost")).to_be_visible(timeout=15_000)
    pressed = time.time()
    cab.status("Di lokasi").click()
    released = time.time()
    expect(cab.status("Di lokasi")).to_have_attribute("data-where", "here")
    cab.page.wait_for_timeout(2500)
    road.vehicle.start()
    until(lambda: road.said("status"), what="the press at the centre")
    (report,) = road.said("status")
    assert pressed - 0.35 < _seconds(report["c"]) < released + 0.35
    expect(cab.page.locator("#lost")).to_be_hidden()
    assert cab.errors == []


def test_an_emergency_takes_two_taps_or_a_hold_and_is_repeated_until_the_centre_knows(road: Road, cab: Cab) -> None:
    """One tap is an elbow. The page says what is known of it; taking it back takes two taps as well."""
    button, said = cab.page.locator("#emergency"), cab.page.locator("#alarm-said")
    button.click()
    expect(button).to_have_text("Tekan sekali lagi untuk DARURAT")
    cab.page.wait_for_timeout(4200)
    expect(button).to_have_text("DARURAT")
    assert road.said("emergency") == []
    road.network_off()
    button.click()
    button.click()
    expect(said).to_have_text("DARURAT tersimpan; terkirim begitu ada jaringan")
    road.network_on()
    until(lambda: len(road.said("emergency")) >= 2, what="repeats at the centre")
    expect(said).to_have_text("DARURAT dikirim; diulang sampai pusat menjawab")
    road.ask("POST", f"units/{UNIT}/emergency/ack")
    expect(said).to_have_text("Pusat tahu: bantuan diatur")
    for _ in range(2):
        cab.page.locator("#safe").click()
    until(lambda: road.ask("GET", "units")["units"][0]["crew"].get("emergency") is None)
    button.click(delay=1800)  # held
    until(lambda: road.ask("GET", "units")["units"][0]["crew"].get("emergency"), what="raised by holding")
    assert cab.errors == []


def test_a_refusal_needs_a_reason_and_a_message_is_done_when_it_was_read(road: Road, cab: Cab) -> None:
    """In both languages."""
    mission = road.send_unit(SCENE)
    kept = road.ask(
        "POST", f"units/{UNIT}/commands", {"kind": "message", "text": "Lewat Kalitidu", "urgent": True}, 201
    )
    expect(cab.page.locator("#messages")).to_contain_text("Penting: Lewat Kalitidu")
    cab.page.get_by_role("button", name="Sudah dibaca").click()
    until(lambda: road.outcome(kept["id"]) == "done", what="read")
    cab.page.locator("#language").click()
    expect(cab.page.locator("html")).to_have_attribute("lang", "en")
    cab.page.get_by_role("button", name="Refuse").click()
    send = cab.page.get_by_role("button", name="Refuse the mission")
    expect(send).to_be_disabled()
    cab.page.get_by_role("button", name="Vehicle broken").click()
    cab.page.screenshot(path=REPORTS / "cab-refusal.png")
    send.click()
    expect(cab.page.locator("#answered")).to_have_text("You have refused this mission; the centre decides")
    until(lambda: road.ask("GET", f"missions/{mission}")["ended_why"] == "Vehicle broken")
    expect(cab.page.locator("#no-mission")).to_be_visible(timeout=15_000)
    assert cab.errors == []


@pytest.mark.parametrize("light", ["day", "night"])
@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
def test_axe_finds_nothing_and_every_target_is_big(
    road: Road, chromium: Browser, size: dict[str, int], light: str
) -> None:
    """Empty, with a mission and messages, with an emergency, and with the dialog of a refusal; both languages."""
    scheme = "dark" if light == "night" else "light"
    cab = Cab(chromium, road.vehicle.url, viewport=size, color_scheme=scheme, bypass_csp=True, service_workers="block")
    name = f"cab-{'tablet' if size is TABLET else 'phone'}-{light}"
    REPORTS.mkdir(exist_ok=True)

    def look(state: str) -> None:
        cab.page.wait_for_timeout(300)
        found = Axe().run(cab.page)
        assert found.violations_count == 0, f"{state}: {found.generate_report()}"
        cab.page.screenshot(path=REPORTS / f"{name}-{state}.png")
        small = cab.page.evaluate(
            """() => [...document.querySelectorAll('button, input, summary')]
                .filter(each => each.checkVisibility())
                .map(each => [each.id || each.textContent, each.getBoundingClientRect()])
                .filter(([, box]) => box.height < 44 || box.width < 44)
                .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
        )
        assert small == [], "44 px at least, for a finger in a moving car"
        assert cab.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), (
            "no sideways scroll"
        )

    try:
        look("empty")
        road.send_unit(SCENE, "2 pasien, gang buntu")
        road.ask("POST", f"units/{UNIT}/commands", {"kind": "message", "text": "Lewat Kalitidu", "urgent": True}, 201)
        expect(cab.page.locator("#accept")).to_be_visible(timeout=15_000)
        expect(cab.page.locator("#messages article")).to_be_visible(timeout=15_000)
        cab.status("Menuju lokasi").click()
        cab.page.locator("#history summary").click()
        expect(cab.status("Menuju lokasi")).to_have_attribute("data-where", "received")
        look("mission")
        cab.page.locator("#refuse").click()
        look("refusal")
        cab.page.keyboard.press("Escape")
        road.network_off()
        cab.page.locator("#emergency").dblclick()
        cab.status("Di lokasi").click()
        expect(cab.page.locator("#safe")).to_be_visible()
        look("emergency")
        cab.page.locator("#language").click()
        look("english")
    finally:
        cab.context.close()


def test_the_board_shows_an_emergency_across_the_page_until_somebody_has_seen_it(road: Road, chromium: Browser) -> None:
    """With the crew's status on its row; acknowledged there, the crew knows."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="id-ID")
    board = context.new_page()
    board.goto(f"{road.gateway.url}/")
    row = board.locator(f'[data-testid="unit-row"][data-unit="{UNIT}"]')
    road.vehicle.press("status", {"status": "on-scene"})
    # No unit arrives without having been sent: the gateway takes no such step, yet nobody may miss what was pressed.
    expect(row.get_by_test_id("chip-said")).to_have_text("kata awak: di lokasi")
    expect(row.get_by_test_id("chip-status")).to_have_text("Siap")
    road.vehicle.press("emergency", {"raised": True})
    alarm = board.get_by_test_id("emergency")
    expect(alarm).to_contain_text("DARURAT: Ambulans 01")
    expect(row.get_by_test_id("chip-emergency")).to_have_text("DARURAT")
    REPORTS.mkdir(exist_ok=True)
    board.screenshot(path=REPORTS / "board-emergency.png")
    alarm.get_by_role("button", name="Sudah dilihat").click()
    expect(alarm).to_have_count(0)
    expect(row.get_by_test_id("chip-emergency")).to_have_text("darurat, ditangani")
    until(lambda: road.vehicle.look()["emergency"]["acknowledged"], what="the crew knows")
    context.close()
