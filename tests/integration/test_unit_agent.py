"""`sigap-unit agent` as a process, against a real Mosquitto: what a service manager and a centre see of it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.demo.broker import Mosquitto
from tests.agent_settings import config_text, receiver
from tests.receiver_double import ReceiverDouble
from tests.receiving_centre import CENTRE, ReceivingCentre, eventually
from tracker.wire import command, health
from tracker.wire.command import Outcome
from tracker.wire.health import Health
from tracker.wire.topics import Channel, UnitTopic

UNIT = "ambulans-01"
SOON = "[health]\ninterval_s = 1\n"


@contextlib.contextmanager
def agent(
    folder: Path, port: int, more: str = SOON, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The program, whose receiver is `gnss` in the folder."""
    path = folder / "unit.toml"
    path.write_text(config_text(folder / "state", port=port, receivers=receiver(folder / "gnss"), more=more))
    arguments = [sys.executable, "-m", "fieldunit", "agent", "--config", str(path)]
    with subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    ) as it:
        try:
            yield it
        finally:
            it.kill()


def told(centre: ReceivingCentre) -> list[Health]:
    """The health messages so far."""
    return [health.decode(payload) for channel, payload in list(centre.messages) if channel is Channel.HEALTH]


def test_from_the_receiver_to_the_centre_and_a_clean_end(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Fixes, health and presence arrive; SIGTERM says goodbye, exit code 0, and nothing waits."""
    with (
        ReceivingCentre(mosquitto.port, receipts=True) as centre,
        ReceiverDouble(tmp_path / "gnss") as double,
        agent(tmp_path, mosquitto.port, SOON + "[sampling]\ndriving_s = 0\n") as process,
    ):
        centre.say_online(True)
        double.plug()
        double.talk()
        eventually(lambda: len(centre.fix_times(UNIT)) > 10)
        eventually(lambda: [each for each in told(centre) if each.receivers[0].state == "ok"])
        last = told(centre)[-1]
        assert last.boot == next(p.boot for _, p in centre.presences if p.online)
        assert last.satellites == 8
        assert last.disk_free_bytes
        assert last.data_bytes_today
        double.hush()
        double.drain()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=15)
        assert process.returncode == 0, err
        assert [p.online for _, p in centre.presences] == [True, False]
        newest = centre.fix_times(UNIT)[-1]
        assert (
            newest.minute * 60 + newest.second == double.told[-1] - 3600
        )  # what was under way went out with the goodbye
    assert "Traceback" not in err


def test_an_order_for_the_rate_is_answered_announced_and_survives(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """From the centre: `rate` and `configuration`; what cannot be meant is refused with the line's meaning."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    topic = str(UnitTopic(CENTRE, UNIT, Channel.COMMAND))
    now = datetime.now(UTC)

    def replies() -> dict[str, command.Reply]:
        found = [command.decode_reply(p) for channel, p in list(centre.messages) if channel is Channel.COMMAND_REPLY]
        return {reply.id: reply for reply in found}

    def announced() -> float | None:
        return [p.interval_s for _, p in centre.presences if p.online][-1]

    with ReceivingCentre(mosquitto.port, receipts=True) as centre, ReceiverDouble(tmp_path / "gnss") as double:
        centre.say_online(True)
        double.plug()
        double.talk()
        with agent(tmp_path, mosquitto.port) as process:
            eventually(lambda: centre.fix_times(UNIT))
            orders = (
                command.Rate(id="c-1", n=1, issued_at=now, interval_s=3.0),
                command.Configuration(id="c-2", n=2, issued_at=now, settings={"sampling": {"parked_s": 9999}}),
                command.Configuration(id="c-3", n=3, issued_at=now, settings={"budget": {"bytes_per_day": 5_000_000}}),
            )
            for order in orders:
                client.publish(topic, command.encode(order), qos=1)
            eventually(lambda: {"c-1", "c-2", "c-3"} <= replies().keys())
            assert replies()["c-1"].outcome is Outcome.DONE
            assert replies()["c-2"].outcome in (Outcome.REFUSED, Outcome.FAILED)
            assert "seconds between fixes while parked" in replies()["c-2"].detail
            assert replies()["c-3"].outcome is Outcome.DONE
            eventually(lambda: announced() == 3.0)
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
        with agent(tmp_path, mosquitto.port):
            eventually(lambda: len([p for _, p in centre.presences if p.online and p.interval_s == 3.0]) >= 2)
            eventually(lambda: told(centre)[-1].data_budget_bytes == 5_000_000 and told(centre)[-1].interval_s == 3.0)
    client.disconnect()
    client.loop_stop()


def test_systemd_is_told_ready_alive_and_stopping(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """In its own words; the status line says how each receiver is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        address = str(tmp_path / "notify")
        listening.bind(address)
        listening.settimeout(20)
        with agent(tmp_path, mosquitto.port, environment={"NOTIFY_SOCKET": address}) as process:
            assert listening.recv(4096) == b"READY=1"
            alive = listening.recv(4096).decode()
            assert alive.startswith("WATCHDOG=1\nSTATUS=gnss: ")
            process.send_signal(signal.SIGTERM)
            words = alive
            while words != "STOPPING=1":
                words = listening.recv(4096).decode()
            assert process.wait(15) == 0


WRITES = """
import os, sys
def look(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        print("WROTE", os.path.abspath(arguments[0]), file=sys.stderr, flush=True)
    if event == "sqlite3.connect":
        print("WROTE", os.path.abspath(os.fsdecode(arguments[0])), file=sys.stderr, flush=True)
sys.addaudithook(look)
sys.dont_write_bytecode = True
from fieldunit.cli import main
sys.exit(main(["agent", "--config", sys.argv[1]]))
"""


def test_nothing_is_written_outside_the_state_folder(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """So the root file system can be read-only; by the interpreter's own audit of what is opened."""
    path = tmp_path / "unit.toml"
    state = tmp_path / "state"
    more = SOON + '[crew]\naddress = "127.0.0.1:0"\n'
    path.write_text(config_text(state, port=mosquitto.port, receivers=receiver(tmp_path / "gnss"), more=more))
    arguments = [sys.executable, "-c", WRITES, str(path)]
    with (
        ReceivingCentre(mosquitto.port, receipts=True) as centre,
        ReceiverDouble(tmp_path / "gnss") as double,
        subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process,
    ):
        try:
            centre.say_online(True)
            double.plug()
            double.talk()
            eventually(lambda: len(centre.fix_times(UNIT)) > 2)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=15)
        finally:
            process.kill()
    assert process.returncode == 0, err
    wrote = {line.removeprefix("WROTE ") for line in err.splitlines() if line.startswith("WROTE ")}
    assert f"{state}/{UNIT}.outbox" in wrote
    allowed = (str(state), "/dev/pts/", str(tmp_path / "gnss"), "/dev/null")
    assert [name for name in wrote if not name.startswith(allowed)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["simulate", "--help"],
        ["replay", "nothing.log", "--broker", "127.0.0.1:1"],
        ["agent", "--config", "none"],
        ["doctor"],
    ],
)
def test_control_c_while_it_starts_is_no_traceback(arguments: list[str]) -> None:
    """At every moment from the program's first own line on, until it takes the signal itself."""
    for delay in (0.0, 0.03, 0.1, 0.3):
        with subprocess.Popen(
            [sys.executable, "-m", "fieldunit", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            begun = has_begun(process)
            time.sleep(delay)
            if begun:
                process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        assert "Traceback" not in err
        assert process.returncode in (-signal.SIGINT, 0, 1, 2)


def has_begun(process: "subprocess.Popen[str]") -> bool:
    """Wait until the interpreter's own handler for SIGINT has come and gone; False if the program has ended before."""
    seen = False
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        caught = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt")), 0)
        if seen and not caught & 2:
            return True
        seen = seen or bool(caught & 2)
        time.sleep(0.001)
    return False


def test_a_file_that_cannot_be_meant_is_explained(tmp_path: Path) -> None:
    """Exit code 2 and one sentence, for the person who wrote the line."""
    path = tmp_path / "unit.toml"
    path.write_text(config_text(tmp_path, receivers=receiver("/dev/ttyUSB0"), more="[sampling]\nparkd_s = 60\n"))
    done = subprocess.run(
        [sys.executable, "-m", "fieldunit", "agent", "--config", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == (
        "sigap-unit: unit.toml, [sampling]: there is no line 'parkd_s' here; did you mean parked_s?\n"
    )


def doctor(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "fieldunit", "doctor", "--config", str(path), *more]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120)


def test_the_doctor_finds_nothing_where_all_is_well(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """And while the agent runs it leaves the receivers to it, and the agent its connection."""
    path = tmp_path / "unit.toml"
    (tmp_path / "state").mkdir()
    path.write_text(config_text(tmp_path / "state", port=mosquitto.port, receivers=receiver(tmp_path / "gnss")))
    with ReceivingCentre(mosquitto.port, receipts=True) as centre, ReceiverDouble(tmp_path / "gnss") as double:
        centre.say_online(True)
        double.plug()
        double.tell_the_time()
        done = doctor(path, "--json")
        assert done.returncode == 0, done.stdout
        found = json.loads(done.stdout)
        assert found["ok"] is True
        assert {each["check"]: each["level"] for each in found["findings"]} == {
            "settings": "ok",
            "receiver gnss": "ok",
            "clock": "ok",
            "disk": "ok",
            "outbox": "ok",
            "broker": "ok",
            "access": "ok",
            "centre": "ok",
        }
        with agent(tmp_path, mosquitto.port) as process:
            eventually(lambda: centre.fix_times(UNIT))
            seen = len(centre.presences)
            done = doctor(path)
            assert done.returncode == 0, done.stdout
            assert "the agent runs and holds it" in done.stdout
            assert len(centre.presences) == seen
            assert process.poll() is None


def test_the_doctor_says_what_to_do(tmp_path: Path) -> None:
    """One line each, and exit code 1."""
    (tmp_path / "state").mkdir()
    path = tmp_path / "unit.toml"
    receivers = receiver(tmp_path / "gnss") + receiver("127.0.0.1:1", kind="tcp", source="modem")
    path.write_text(config_text(tmp_path / "state", port=1, receivers=receivers))
    done = doctor(path, "--listen", "3")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[1].startswith("failed   receiver gnss")
    assert lines[1].endswith(f"{tmp_path / 'gnss'} is not there: is the receiver plugged in?")
    assert "no connection to 127.0.0.1:1" in lines[2]
    assert lines[-1].endswith(
        "127.0.0.1:1 cannot be reached (Connection refused): is there coverage, is the port right?"
    )
    path.write_text(path.read_text().replace('id = "ambulans-01"', 'id = "Ambulans 01"'))
    done = doctor(path)
    assert done.returncode == 2
    assert "id = 'Ambulans 01' cannot be meant" in done.stdout
