"""A radio on a real pseudo-terminal, through bridge, broker and gateway to the track: each a process of its own."""

import os
import pty
import sqlite3
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.broker import Mosquitto
from tests.fix_gateway import CENTRE, Gateway, MakeGateway, until
from tests.integration.test_gateway_cli import sigap
from tests.unit.tracker.wire.test_kenwood import signed
from tests.unit.tracker.wire.test_taip import signed as taip

NOISE = b"\x02I020018142001814\x03\xff\xfe$PKLDS,12"


class Radio:
    """A base radio: what is written to it comes out of its serial port. It can be unplugged and plugged in again."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = -1

    def plug_in(self) -> None:
        """There is a port under the name."""
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        """The port is gone."""
        self.link.unlink()
        os.close(self.master)
        self.master = -1

    def say(self, data: bytes) -> None:
        """Something comes over the air."""
        os.write(self.master, data)


class BridgeProcess:
    """`sigap-unit radio`."""

    def __init__(self, folder: Path, broker_port: int, device: Path) -> None:
        self.folder = folder
        self.file = folder / "induk.toml"
        self.device = device
        self.broker_port = broker_port
        self.write()
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, radios: str = 'fs-100-1001 = "ambulans-01"', statuses: str = 'fs-80 = "en-route"') -> None:
        """Its file."""
        self.file.write_text(
            f'centre = "{CENTRE}"\nbridge = "induk"\nstate = "{self.folder / "state"}"\n'
            f'[broker]\naddress = "127.0.0.1:{self.broker_port}"\n[port]\ndevice = "{self.device}"\n'
            f"[radios]\n{radios}\n[statuses]\n{statuses}\n"
        )

    def start(self) -> None:
        """Start it; it listens at once."""
        with (self.folder / "bridge.err").open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fieldunit", "radio", "--config", str(self.file)],
                stdout=subprocess.DEVNULL, stderr=err, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def log(self) -> str:
        """What it told."""
        return (self.folder / "bridge.err").read_text()

    def says(self, words: str) -> None:
        """Wait until it has told something."""
        until(lambda: words in self.log, 20, f"the bridge to say {words!r}; it said {self.log!r}")

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(15)


@contextmanager
def bridge_on(folder: Path, broker_port: int) -> Iterator[tuple[Radio, BridgeProcess]]:
    """A radio with a bridge, both not begun."""
    radio = Radio(folder / "ttyRADIO")
    bridge = BridgeProcess(folder, broker_port, radio.link)
    try:
        yield radio, bridge
    finally:
        bridge.kill()
        if radio.master >= 0:
            os.close(radio.master)


@pytest.fixture
def room(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[tuple[Radio, BridgeProcess]]:
    """The radio room."""
    with bridge_on(tmp_path, mosquitto.port) as both:
        yield both


@pytest.fixture
def centre(make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto) -> Gateway:
    """A gateway that knows the bridge, not started."""
    told = sigap("bridge", "allow", "induk", "ambulans-01", database_url=enrolled_url, centre=CENTRE)
    assert told.returncode == 0, told.stderr
    return make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port)


def analogue(at: datetime, unit: int = 1001, status: int = 80) -> bytes:
    """A $PKLDS of this instant in Bojonegoro."""
    return signed(
        f"PKLDS,{at:%H%M%S},A,0709.0000,S,11152.8000,E,021.6,087.1,{at:%d%m%y},0.5,E00,100,{unit},{status},00,"
    )


def fixes(gateway: Gateway, unit: str = "ambulans-01") -> list[dict[str, Any]]:
    """The unit's track of the last day, as the API shows it."""
    found: list[dict[str, Any]] = gateway.get(f"units/{unit}/fixes")["fixes"]
    return found


def wait_for(gateway: Gateway, count: int, unit: str = "ambulans-01") -> list[dict[str, Any]]:
    """Until the track has so many fixes; it must not have more."""
    until(lambda: len(fixes(gateway, unit)) >= count, 30, f"{count} fixes of {unit}")
    found = fixes(gateway, unit)
    assert len(found) == count
    return found


NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


def test_what_a_radio_says_is_in_the_track(room: tuple[Radio, BridgeProcess], centre: Gateway) -> None:
    """Noise and a half sentence between; dated by the sentence; source radio; receipted, so the outbox is empty."""
    radio, bridge = room
    centre.start()
    radio.plug_in()
    bridge.start()
    bridge.says("0 items wait")
    for second in range(3):
        radio.say(NOISE + b"\x02" + analogue(NOW + timedelta(seconds=second)) + b"\x03")
    found = wait_for(centre, 3)
    assert [each["source"] for each in found] == ["radio"] * 3
    assert datetime.fromisoformat(found[0]["fix_time"]) == NOW
    assert [found[0]["latitude"], found[0]["longitude"]] == pytest.approx([-7.15, 111.88])
    assert found[0]["outbox"].startswith("induk/")
    until(lambda: kept_by(bridge) == 0, 20, "receipts for all of it")
    (said,) = centre.get("units/ambulans-01/status")["reports"]
    assert (said["report"]["status"], said["report"]["source"]) == ("en-route", "radio")
    assert bridge.stop() == 0
    bridge.says("heard 4, receipted 4, waiting 0")  # the fourth is the status


def test_nothing_is_lost_while_the_centre_is_away_and_the_bridge_is_killed(
    room: tuple[Radio, BridgeProcess], centre: Gateway, mosquitto: Mosquitto
) -> None:
    """Heard while there is neither broker nor gateway, killed, started again: all of it arrives, once."""
    radio, bridge = room
    mosquitto.stop()
    radio.plug_in()
    bridge.start()
    bridge.says("no connection")
    radio.say(b"".join(analogue(NOW + timedelta(seconds=second)) + b"\r\n" for second in range(20)))
    until(lambda: kept_by(bridge) >= 21, 20, "twenty positions and a status in the outbox")
    bridge.kill()
    mosquitto.start()
    bridge.start()
    bridge.says("21 items wait")
    centre.start()
    wait_for(centre, 20)
    until(lambda: kept_by(bridge) == 0, 20, "receipts for all of it")
    assert bridge.stop() == 0
    bridge.says("waiting 0")


def kept_by(bridge: BridgeProcess) -> int:
    """Items in its outbox, read beside it."""

    (file,) = (bridge.folder / "state").glob("*.outbox")
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM item").fetchone()[0])
    finally:
        connection.close()


def test_a_port_that_is_unplugged_is_found_again(room: tuple[Radio, BridgeProcess], centre: Gateway) -> None:
    """Absent at the start, there, gone, there again under another device: the bridge says so and goes on."""
    radio, bridge = room
    centre.start()
    bridge.start()
    bridge.says("is not there")
    radio.plug_in()
    bridge.says("is open")
    radio.say(analogue(NOW))
    wait_for(centre, 1)
    radio.unplug()
    bridge.says("has gone")
    radio.plug_in()
    until(lambda: bridge.log.count("is open") == 2, 30, "the port to be open again")
    radio.say(analogue(NOW + timedelta(seconds=1)))
    wait_for(centre, 2)


def test_an_unknown_radio_is_seen_enrolled_with_one_command_and_all_it_said_is_there(
    room: tuple[Radio, BridgeProcess], centre: Gateway, enrolled_url: str
) -> None:
    """In the quarantine with what to do; one command; its fixes from before and from now are in the track."""
    radio, bridge = room
    centre.start()
    radio.plug_in()
    bridge.start()
    bridge.says("items wait")
    for second in range(3):
        radio.say(analogue(NOW + timedelta(seconds=second), unit=1002))
    radio.say(taip(f"RPV{(NOW.hour * 60 + NOW.minute) * 60 + NOW.second:05}-0715000+1118800001512612;ID=77"))

    def kept() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = centre.get("quarantine")["messages"]
        return found

    until(lambda: len(kept()) == 5, 30, "five messages in the quarantine: four positions, one status")
    assert any("sigap enrol UNIT --radio fs-100-1002 --bridge induk" in each["detail"] for each in kept())
    told = sigap(
        "enrol", "ambulans-02", "--radio", "fs-100-1002", "--bridge", "induk",
        database_url=enrolled_url, centre=CENTRE,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "4 messages from before are taken in" in told.stdout
    wait_for(centre, 3, "ambulans-02")
    assert [each["topic"].split("/")[6] for each in kept()] == ["taip-77"]
    radio.say(analogue(NOW + timedelta(seconds=9), unit=1002))
    wait_for(centre, 4, "ambulans-02")


def test_an_edited_table_is_taken_and_a_broken_one_is_not(room: tuple[Radio, BridgeProcess], centre: Gateway) -> None:
    """Without a restart; the broken edit's line is told, and the radio keeps its unit."""
    radio, bridge = room
    centre.start()
    radio.plug_in()
    bridge.start()
    bridge.says("items wait")
    bridge.write(radios='fs-100-1001 = "Ambulans 99"')
    bridge.says("line 9")
    bridge.says("stays as it was")
    radio.say(analogue(NOW))
    wait_for(centre, 1)
    bridge.write(radios='fs-100-1003 = "ambulans-01"')
    bridge.says("was read again: 1 radios")
    radio.say(analogue(NOW + timedelta(seconds=1), unit=1003))
    wait_for(centre, 2)
    assert bridge.log.count("fs-100-1003 is not in the table") == 0


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ('bridge = "induk"', "Object missing required field `bridge`"),
        ("[broker]", "unknown field `address`"),
        ('"ambulans-01"', "induk.toml: Invalid value (at line 9"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_meant_is_explained(tmp_path: Path, broken: str | None, sentence: str) -> None:
    """Exit code 2 and a sentence, before anything is opened."""
    bridge = BridgeProcess(tmp_path, 1883, tmp_path / "tty")
    if broken is None:
        bridge.file = tmp_path / "absent.toml"
    else:
        bridge.file.write_text(bridge.file.read_text().replace(broken, ""))
    bridge.start()
    assert bridge.process is not None
    assert bridge.process.wait(20) == 2
    assert sentence in bridge.log
