"""SMS through a modem on a serial port, with all that real ones do to whoever talks to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.integrations.reach import modem as dialog
from gateway.integrations.reach import sms as sms_module
from gateway.integrations.reach.modem import Condition
from gateway.integrations.reach.sms import Sms
from gateway.services.reach import NotReached, Words
from tests.fix_gateway import until, until_here
from tests.modem_double import ModemDouble, plugged

NUMBER = "+6281234567890"


def words(text: str = "SIGAP: unit silent") -> Words:
    return Words("subject", "text", text)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits as long as for a network."""
    monkeypatch.setattr(dialog, "PAUSES_S", (0.05, 0.05))
    monkeypatch.setattr(dialog, "ANSWER_S", 1.0)
    monkeypatch.setattr(dialog, "SEND_S", 2.0)
    monkeypatch.setattr(sms_module, "REOPEN_S", 0.1)


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[ModemDouble]:
    """Plugged in."""
    with plugged(tmp_path / "modem") as plugged_in:
        yield plugged_in


@asynccontextmanager
async def working(modem: ModemDouble, pin: str | None = None) -> AsyncIterator[Sms]:
    sms = Sms(str(modem.link), pin)
    sms.start()
    try:
        yield sms
    finally:
        await sms.stop()


async def failure(sms: Sms, address: str = NUMBER) -> NotReached:
    with pytest.raises(NotReached) as caught:
        await sms.send(address, words(), "k")
    return caught.value


def _longer(told: list[tuple[str, bool]], than: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return len(told) > than

    return look


async def test_a_text_is_taken_and_its_delivery_is_told(modem: ModemDouble) -> None:
    """Through echo, boot noise, a ring and a message to us, and a modem that wants another CNMI."""
    told: list[tuple[str, bool]] = []
    async with working(modem) as sms:
        sms.delivered = lambda key, well: told.append((key, well))
        assert await sms.send(NUMBER, words(), "key-1") == "taken by the network, 1 part"
        await until_here(_longer(told, 0))
    assert told == [("key-1", True)]
    assert "AT+CNMI=1,0,0,1,0" in modem.commands


async def test_of_parts_the_last_decides_and_one_that_is_lost_loses_all(modem: ModemDouble) -> None:
    """References go over 255 in the middle; a network that is still trying has not said its last word."""
    told: list[tuple[str, bool]] = []
    async with working(modem) as sms:
        sms.delivered = lambda key, well: told.append((key, well))
        modem.deliveries = [0, 0, 0, 0, 0x30, 0x41]
        for key in ("a", "b"):
            assert await sms.send(NUMBER, words("a" * 400), key) == "taken by the network, 3 parts"
        await until_here(_longer(told, 1))
    assert told == [("a", True), ("b", False)]
    assert len(modem.taken) == 6


async def test_a_passing_fault_of_the_network_is_tried_again_at_once(modem: ModemDouble) -> None:
    """CMS ERROR 38, then 332, and then it works."""
    modem.refusals = ["38", "332"]
    async with working(modem) as sms:
        await sms.send(NUMBER, words(), "k")
    assert len(modem.taken) == 1
    assert len([each for each in modem.commands if each.startswith("AT+CMGS")]) == 3


async def test_a_lasting_one_is_told_in_words(modem: ModemDouble) -> None:
    """And whether it is of any use to try later."""
    modem.refusals = ["38", "38", "38", "1"]
    async with working(modem) as sms:
        error = await failure(sms)
        assert (str(error), error.again) == ("the network is out of order", True)
        error = await failure(sms)
        assert (str(error), error.again) == ("the number is nobody's", False)
        error = await failure(sms, "nobody")
        assert (error.again, "no telephone number" in str(error)) == (False, True)
        assert modem.refusals == []
        await sms.send(NUMBER, words(), "k")


async def test_a_slow_network_is_waited_for(modem: ModemDouble) -> None:
    """Longer than for any other answer."""
    modem.slow_s = 1.3
    async with working(modem) as sms:
        await sms.send(NUMBER, words(), "k")
    assert len(modem.taken) == 1


async def test_a_modem_that_hangs_is_told_and_begun_anew(modem: ModemDouble) -> None:
    """It comes to itself: the next message goes."""
    async with working(modem) as sms:
        await sms.send(NUMBER, words(), "k")
        modem.hang = True
        assert (await failure(sms)).again
        modem.hang = False

        async def sent() -> bool:
            try:
                await sms.send(NUMBER, words(), "k")
            except NotReached:
                return False
            return True

        await until_here(sent)


async def test_pulled_out_and_plugged_in_again(modem: ModemDouble) -> None:
    """In the middle of a message, too: it fails with a reason, and with the modem the next ones go again."""
    async with working(modem) as sms:
        await sms.send(NUMBER, words(), "k")
        modem.pull_at_prompt = True
        error = await failure(sms)
        assert error.again
        error = await failure(sms)
        assert f"there is no modem at {modem.link}" in str(error)
        modem.plug()
        await sms.send(NUMBER, words(), "k")
    assert len(modem.taken) == 2


async def test_a_modem_that_somebody_else_has_is_told_as_such(modem: ModemDouble) -> None:
    """The command line beside a gateway that runs."""
    async with working(modem) as sms:
        await sms.send(NUMBER, words(), "k")
        async with working(modem) as second:
            assert "is in use, by the gateway if it runs" in str(await failure(second))


async def test_a_modem_that_is_not_there_yet_is_found_when_it_comes(tmp_path: Path) -> None:
    """Without anybody asking for it: its network knows it before the first alarm."""
    modem = ModemDouble(tmp_path / "modem")
    async with working(modem):
        await asyncio.sleep(0)
        modem.plug()
        until(lambda: "AT+CMGF=0" in modem.commands)
    modem.unplug()


@pytest.mark.parametrize(
    ("sim", "pin", "said"),
    [
        ("10", None, "there is no SIM card in it"),
        ("SIM PIN", None, "its SIM card wants a PIN: set SIGAP_GSM_PIN"),
        ("SIM PUK", None, "its SIM card is locked and wants a PUK"),
        ("13", None, "its SIM card has failed"),
    ],
)
async def test_what_is_wrong_with_the_card_is_said(tmp_path: Path, sim: str, pin: str | None, said: str) -> None:
    """To who can go there and put it right."""
    with plugged(tmp_path / "modem", sim=sim) as modem:
        async with working(modem, pin) as sms:
            assert said in str(await failure(sms))


async def test_the_card_is_unlocked_with_its_pin(tmp_path: Path) -> None:
    """Once."""
    with plugged(tmp_path / "modem", sim="SIM PIN") as modem:
        async with working(modem, "1234") as sms:
            await sms.send(NUMBER, words(), "k")


async def test_a_wrong_pin_is_never_tried_twice(tmp_path: Path) -> None:
    """Three lock the card."""
    with plugged(tmp_path / "modem", sim="SIM PIN") as modem:
        async with working(modem, "9999") as sms:
            for _ in range(3):
                assert "refuses the PIN" in str(await failure(sms))
                await asyncio.sleep(0.15)
        assert modem.commands.count('AT+CPIN="9999"') == 1


async def test_signal_and_network_are_told(modem: ModemDouble) -> None:
    """Through a line about the network that nobody asked for."""
    async with working(modem) as sms:
        assert await sms.condition() == Condition(-79, registered=True, operator="TELKOMSEL")
