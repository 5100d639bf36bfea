"""The gateway's session with the broker, struck at the moments that chance seldom finds."""

import asyncio

from gateway.demo.broker import Mosquitto
from gateway.mqtt.session import Broker, Session
from tests.fix_proxy import LOOPBACK, MakeProxy


async def test_a_broker_that_goes_while_it_is_greeted_is_greeted_again(
    mosquitto: Mosquitto, make_proxy: MakeProxy
) -> None:
    """The connection breaks between subscription and presence: the session connects again, and does not end."""
    proxy = make_proxy(mosquitto.port)
    greetings: list[str] = []
    greeted = asyncio.Event()

    async def greet(session: Session) -> None:
        greetings.append("hello")
        if len(greetings) == 1:
            await asyncio.to_thread(proxy.cut)
        await session.publish("greeting", b"hello")
        greeted.set()

    session = Session(Broker(LOOPBACK, proxy.port), "bojonegoro-gateway-live", ["a"], on_connected=greet)
    running = asyncio.create_task(session.run())
    waiting = asyncio.create_task(greeted.wait())
    await asyncio.wait([running, waiting], timeout=20, return_when=asyncio.FIRST_COMPLETED)
    assert not running.done(), running.exception()
    assert greetings == ["hello", "hello"]
    assert session.connected
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
