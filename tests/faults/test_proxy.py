"""The fault proxy does what it says: a fault test is worth as much as its faults."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.fix_proxy import LOOPBACK, FaultProxy, MakeProxy

QUIET_S = 0.2
"""How long nothing must come before it is believed that nothing comes."""


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says back what it hears; its port."""
    stopping = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # a reset ends it, as it should
            while data := connection.recv(65536):
                connection.sendall(data)

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=answer, args=(connection,)))
            threads[-1].start()

    threads: list[threading.Thread] = []
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(0.05)
        server = threading.Thread(target=serve)
        server.start()
        yield listener.getsockname()[1]
        stopping.set()
        server.join()
    for thread in threads:
        thread.join()


@pytest.fixture
def proxy(echo: int, make_proxy: MakeProxy) -> FaultProxy:
    """Before the echo."""
    return make_proxy(echo)


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[socket.socket]:
    """A connection through the proxy that has carried something."""
    with connect(proxy) as connection:
        assert ask(connection, b"hello") == b"hello"
        yield connection


def connect(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), timeout=5)


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    heard = b""
    while len(heard) < len(text):
        more = connection.recv(65536)
        if not more:
            break
        heard += more
    return heard


def hears_nothing(connection: socket.socket) -> bool:
    connection.settimeout(QUIET_S)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(5)
    return False


def test_bytes_pass_unchanged_in_both_directions(client: socket.socket) -> None:
    """A megabyte comes back as it went."""
    text = bytes(range(256)) * 4096
    sender = threading.Thread(target=client.sendall, args=(text,))
    sender.start()
    heard = b""
    while len(heard) < len(text):
        heard += client.recv(65536)
    sender.join()
    assert heard == text


def test_an_end_on_one_side_becomes_an_end_on_the_other(client: socket.socket) -> None:
    """FIN travels: the echo sees the end, ends, and we see that."""
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""


def test_a_cut_resets_what_is_open_and_lets_new_ones_pass(proxy: FaultProxy, client: socket.socket) -> None:
    """The client gets ECONNRESET, not a clean end."""
    assert proxy.cut() == 1
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connect(proxy) as second:
        assert ask(second, b"again") == b"again"


def test_a_hole_tells_nobody_and_what_was_open_stays_dead_after_healing(
    proxy: FaultProxy, client: socket.socket
) -> None:
    """Half-open: no reset, no end, no answer; a new connection works after healing, the old one never."""
    assert proxy.hole() == 1
    client.sendall(b"anybody?")
    assert hears_nothing(client)
    with connect(proxy) as during:  # the path takes the connection and nothing else
        during.sendall(b"hello?")
        assert hears_nothing(during)
        proxy.heal()
        client.sendall(b"and now?")
        assert hears_nothing(client)
        assert hears_nothing(during)
    with connect(proxy) as second:
        assert ask(second, b"again") == b"again"


def test_what_is_held_passes_after_healing_with_nothing_lost(proxy: FaultProxy, client: socket.socket) -> None:
    """A frozen path: the bytes wait."""
    proxy.hold()
    client.sendall(b"late")
    assert hears_nothing(client)
    proxy.heal()
    assert client.recv(4) == b"late"


def test_a_refusing_proxy_refuses_new_connections_and_keeps_its_port(proxy: FaultProxy, client: socket.socket) -> None:
    """Nobody listens; what is open goes on; afterwards it is where it was."""
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    assert ask(client, b"still here") == b"still here"
    proxy.heal()
    with connect(proxy) as second:
        assert ask(second, b"again") == b"again"


def test_a_truncated_connection_carries_so_many_bytes_more_and_is_reset(
    proxy: FaultProxy, client: socket.socket
) -> None:
    """Three bytes reach the echo; the fourth was on its way, and nothing comes back whole."""
    proxy.truncate(3)
    client.sendall(b"abcdef")
    with pytest.raises(ConnectionResetError):
        client.recv(6, socket.MSG_WAITALL)


def test_a_delay_delays(proxy: FaultProxy, client: socket.socket) -> None:
    """Both ways: there and back take twice as long."""
    proxy.delay(0.1)
    began = time.monotonic()
    assert ask(client, b"slow") == b"slow"
    assert time.monotonic() - began >= 0.2


def test_dribbled_bytes_all_arrive_in_order(proxy: FaultProxy, client: socket.socket) -> None:
    """Pieces of one byte; nothing is lost."""
    proxy.dribble(1)
    assert ask(client, b"piece by piece") == b"piece by piece"


def test_a_client_of_a_target_that_is_away_is_dropped(make_proxy: MakeProxy) -> None:
    """As behind any box that forwards: accepted, and ended at once."""
    with socket.create_server((LOOPBACK, 0)) as gone:
        port = gone.getsockname()[1]
    with connect(make_proxy(port)) as client, contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""
