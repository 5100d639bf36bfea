"""The main job: one command, and what it says about itself."""

import contextlib
import json
import os
import shlex
import signal
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.demo.database import EmbeddedPostgres
from gateway.demo.ports import LOOPBACK, is_free
from tests.fix_demo import Demo, wait_until_gone

pytestmark = pytest.mark.slow

StartDemo = Callable[..., Demo]


def _get(demo: Demo, path: str) -> dict[str, object]:
    with urllib.request.urlopen(demo.board + path, timeout=20) as answer:  # noqa: S310 - our own loopback address
        found = json.load(answer)
    assert isinstance(found, dict)
    return found


def _stored(demo: Demo) -> int:
    counters = _get(demo, "api/v1/intake")["counters"]
    assert isinstance(counters, dict)
    return int(counters["stored"])


def _keys(data: Path) -> set[tuple[object, ...]]:
    """The keys of all stored fixes of a demo that does not run."""
    server = EmbeddedPostgres(data / "postgres")
    server.start()
    try:
        with psycopg.connect(server.url("sigap")) as connection:
            return set(connection.execute("select unit, source, fix_time from fixes").fetchall())
    finally:
        server.stop()


@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
def test_a_run_loses_nothing_and_says_so(start_demo: StartDemo, broker: str) -> None:
    """Twelve ambulances for twenty seconds, over either broker: all is stored, once, and the last line is the
    account.
    """
    demo = start_demo("--for", "20", "--broker", broker)
    status = demo.wait_for_end(240)
    account = demo.account()
    assert (status, account["lost"], account["duplicated"]) == (0, 0, 0), demo.errors
    assert account["stored"] == account["sent"]
    assert account["sent"] is not None
    assert account["sent"] >= 12 * 15
    assert account["p50_ms"] is not None
    assert demo.board.startswith("http://127.0.0.1:")


def test_the_addresses_it_prints_are_those_of_its_servers(start_demo: StartDemo) -> None:
    """Whoever brings a unit of his own finds broker, database and board on standard output, in this order, and hears
    where they went if somebody else has the usual ports.
    """
    with contextlib.ExitStack() as others:
        for usual in (1883, 8080):
            if is_free(usual):
                other = others.enter_context(socket.socket())
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind((LOOPBACK, usual))
                other.listen()
        demo = start_demo()
        demo.wait_for_board()
        named = dict(line.split("=", 1) for line in demo.output.splitlines())
        assert list(named) == ["database", "broker", "board"]
        assert f"port 1883 is taken by another program; the broker is at {named['broker']}" in demo.errors
        assert f"port 8080 is taken by another program; the board is at {named['board']}" in demo.errors
        host, _, port = named["broker"].partition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
        assert shlex.quote(named["database"]) == named["database"], "it is pasted into a shell"
        with psycopg.connect(named["database"]) as connection:
            assert connection.execute("select count(*) from units").fetchone() == (12,)


def test_ctrl_c_stops_all_of_it_and_the_next_start_keeps_the_data(start_demo: StartDemo) -> None:
    """One interrupt ends every process within the time one waits for it; no row of the first run is gone
    after the second.
    """
    first = start_demo()
    first.wait_for_board()
    first.wait_until(lambda: _stored(first) >= 24)
    everything = first.processes()
    assert len(everything) > 5
    first.interrupt()
    assert first.wait_for_end(60) == 0, first.errors
    assert wait_until_gone(everything, 1) == set()
    assert first.account()["lost"] == 0
    kept = _keys(first.data)
    assert len(kept) >= 24

    second = start_demo("--for", "5")
    assert second.wait_for_end(180) == 0, second.errors
    assert kept < _keys(second.data)


def test_calls_come_in_and_are_answered_where_nobody_at_the_board_does(start_demo: StartDemo) -> None:
    """A unit is on its way to an incident that nobody at a board has touched, and nothing that it sent is lost."""
    demo = start_demo()
    demo.wait_for_board()

    def sent() -> list[dict[str, Any]]:
        missions: Any = _get(demo, "api/v1/missions?active=true")["missions"]
        return [mission for mission in missions if str(mission["incident"]).startswith("demo-")]

    demo.wait_until(lambda: bool(sent()), 180)
    (unit, *_) = [mission["unit"] for mission in sent()]

    def drives() -> bool:
        units: Any = _get(demo, "api/v1/units")["units"]
        (state,) = [each for each in units if each["unit"] == unit]
        return bool(state["standing"]["status"] == "en-route" and (state["eta"] or {}).get("source") == "road")

    demo.wait_until(drives, 120)
    demo.interrupt()
    assert demo.wait_for_end(60) == 0, demo.errors
    account = demo.account()
    assert (account["lost"], account["duplicated"]) == (0, 0)
    assert account["stored"] == account["sent"]


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_works(start_demo: StartDemo) -> None:
    """SIGKILL gives nobody time to tidy up: the kernel tells the children, and the next start finds its way."""
    first = start_demo()
    first.wait_for_board()
    first.wait_until(lambda: _stored(first) >= 12)
    everything = first.processes()
    first.child.signal(signal.SIGKILL)
    assert wait_until_gone(everything, 40) == set()

    second = start_demo("--for", "5")
    assert second.wait_for_end(180) == 0, second.errors
    assert second.account()["lost"] == 0


def test_a_part_that_dies_is_named_with_its_last_words(start_demo: StartDemo) -> None:
    """A demo without its gateway is over: it stops the rest, says which part ended, and fails."""
    demo = start_demo("--for", "300")
    demo.wait_for_board()
    gateway = next(pid for pid in demo.processes() if b"gateway\0serve" in Path(f"/proc/{pid}/cmdline").read_bytes())
    everything = demo.processes()
    os.kill(gateway, signal.SIGKILL)
    assert demo.wait_for_end(120) == 1
    assert "the gateway ended by signal SIGKILL" in demo.errors
    assert wait_until_gone(everything, 1) == set()


def test_what_a_silenced_unit_keeps_is_waiting_and_not_lost(start_demo: StartDemo) -> None:
    """The account tells apart what has not come from what never will."""
    demo = start_demo("--for", "12", "--silence", "ambulans-03:3")
    assert demo.wait_for_end(240) == 0, demo.errors
    account = demo.account()
    assert account["lost"] == 0
    assert account["sent"] is not None
    assert account["stored"] is not None
    waiting = account["sent"] - account["stored"]
    assert waiting >= 5
    assert f"{waiting:.0f} fixes wait" in demo.errors


def test_a_second_demo_on_the_same_data_is_refused(start_demo: StartDemo) -> None:
    """In one sentence, and the first one goes on."""
    first = start_demo()
    first.wait_for_board()
    second = Demo(first.data, "--for", "5")
    assert second.wait_for_end(60) == 1
    assert "another demo is using" in second.errors
    assert first.child.running
