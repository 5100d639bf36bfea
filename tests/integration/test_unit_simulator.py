"""A simulated fleet as a process at a real broker: what befalls its vehicles, what its crews do, and a mass of it."""

import itertools
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from tests.agent_settings import config_text, receiver
from tests.integration.test_unit_commands import entries, run, running
from tests.receiving_centre import ReceivingCentre, eventually
from tracker.geodesy import distance
from tracker.wire.command import Assignment, Card, Outcome, Ping, Rate, Stop
from tracker.wire.payload import Reading, decode
from tracker.wire.reports import Answer, CrewStatus, Status
from tracker.wire.topics import Channel

QUICK = "[day]\nfirst_wait_s = 1\nturnout_s = 1\nscene_s = 1\nhospital_s = 1\nwait_s = 1\n"


def statuses(centre: ReceivingCentre, unit: str) -> list[Status]:
    return [said for name, said in centre.said if name == unit and isinstance(said, Status)]


def test_a_power_cut_and_a_hole_lose_nothing_and_the_crew_is_heard(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Every fix of the ledger arrives; none is made without power; presence tells the cut, and the crew's words come
    in order with their times."""
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        "units = 3\ninterval_s = 0.2\n"
        + QUICK
        + "[[hole]]\ncentre = [-7.15, 111.89]\nradius_m = 200000\nfrom_s = 2\nto_s = 5\n"
        "[[unit]]\nname = 'ambulans-02'\n[[unit.power_cut]]\nat_s = 7\nfor_s = 2\n"
    )
    ledger = tmp_path / "ledger"
    options: list[str | Path] = ["--scenario", scenario, "--state", tmp_path / "state", "--ledger", ledger]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        done = run("simulate", mosquitto, *options, "--for", "22")
        assert done.returncode == 0, done.stderr
        for unit, least, most in (("ambulans-01", 109, 111), ("ambulans-02", 54, 86), ("ambulans-03", 109, 111)):
            ledgered = {str(entry["fix_time"]) for entry in entries(ledger) if entry["unit"] == unit}
            assert ledgered == {time.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for time in centre.fix_times(unit)}
            assert least <= len(ledgered) <= most
        times = centre.fix_times("ambulans-02")
        assert 2 < max((b - a).total_seconds() for a, b in itertools.pairwise(times)) < 12
        online = [said.online for unit, said in centre.presences if unit == "ambulans-02"]
        assert online.count(True) >= 3
        boots = {said.boot for unit, said in centre.presences if unit == "ambulans-02" and said.online}
        assert len(boots) == 2
        assert len({said.boot for unit, said in centre.presences if unit == "ambulans-01" and said.online}) == 1
        said = statuses(centre, "ambulans-01")
        assert [each.status for each in said[:3]] == [CrewStatus.ASSIGNED, CrewStatus.ACKNOWLEDGED, CrewStatus.EN_ROUTE]
        assert [each.at for each in said] == sorted(each.at for each in said)


def test_a_vehicle_goes_where_the_centre_sends_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The assignment is answered once, taken, driven to the scene; what a simulated vehicle cannot do is refused."""
    scenario = tmp_path / "s.toml"
    scenario.write_text("units = 1\ninterval_s = 0.2\n" + QUICK + "own_calls = false\n")
    home, scene = (-7.15, 111.89), (-7.1518, 111.8935)
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        with running("simulate", mosquitto, "--scenario", scenario, "--state", tmp_path / "state") as process:
            eventually(lambda: len(centre.fix_times("ambulans-01")) > 5)
            card = Card("m-17", "emergency", (Stop("to-scene", *scene, "Pasar"), Stop("to-hospital", *home, "RSUD")))
            order = Assignment(id="c-1", n=1, issued_at=datetime.now(UTC), card=card)
            for _ in range(3):
                centre.command("ambulans-01", order)
            centre.command("ambulans-01", Ping(id="c-2", n=2, issued_at=datetime.now(UTC)))
            centre.command("ambulans-01", Rate(id="c-3", n=3, issued_at=datetime.now(UTC), interval_s=5.0))
            eventually(lambda: len(centre.replies) >= 5)
            outcomes = {(reply.id, reply.outcome) for _, reply in centre.replies}
            assert outcomes == {("c-1", Outcome.DONE), ("c-2", Outcome.DONE), ("c-3", Outcome.REFUSED)}
            eventually(lambda: any(each.status is CrewStatus.ON_SCENE for each in statuses(centre, "ambulans-01")), 120)
            payload = next(data for channel, data in reversed(centre.messages) if channel is Channel.LIVE)
            reading = decode(payload, datetime.now(UTC))[-1]
            assert isinstance(reading, Reading)
            assert reading.fix is not None
            assert distance(reading.fix.latitude, reading.fix.longitude, *scene) < 700  # of main roads, the nearest
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        answers = [said for _, said in centre.said if isinstance(said, Answer)]
        assert [(each.mission, each.accepted) for each in answers] == [("m-17", True)]
        assert {each.mission for each in statuses(centre, "ambulans-01")} == {"m-17"}


def test_one_vehicle_is_read_through_its_port_while_the_others_are_sent(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The one on the pseudo-terminal is not published; without others no broker is needed at all."""
    link = tmp_path / "gnss"
    options = ["--units", "2", "--outbox", "memory", "--pty", f"ambulans-01:{link}", "--drain", "0"]
    with ReceivingCentre(mosquitto.port) as centre, running("simulate", mosquitto, *options) as process:
        eventually(link.is_symlink)
        port = os.open(link, os.O_RDWR | os.O_NOCTTY)
        data = b""
        while data.count(b"GNRMC") < 3:
            data += os.read(port, 1000)
        os.close(port)
        eventually(lambda: len(centre.fix_times("ambulans-02")) > 1)
        assert not centre.fix_times("ambulans-01")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert not link.is_symlink()
    alone = [
        sys.executable,
        "-m",
        "fieldunit",
        "simulate",
        "--units",
        "1",
        "--pty",
        f"ambulans-01:{link}",
        "--for",
        "1",
    ]
    done = subprocess.run(alone, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"ambulans-01 speaks on {link}" in done.stdout
    (tmp_path / "file").write_text("")
    refused = run("simulate", mosquitto, "--units", "1", "--pty", f"ambulans-01:{tmp_path / 'file'}")
    assert refused.returncode == 2
    assert "is there already and no link" in refused.stderr


@pytest.mark.slow
def test_the_agent_reads_a_simulated_vehicle_through_its_port(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """What `sigap-unit agent` brings to the centre is what the simulated receiver said, second for second, across a
    power cut that takes the port away and brings it back."""
    link = tmp_path / "gnss"
    text = "units = 1\n[day]\nown_calls = false\n[[unit]]\nname = 'ambulans-01'\n"
    text += "[[unit.power_cut]]\nat_s = 12\nfor_s = 4\n"
    (tmp_path / "s.toml").write_text(text)
    unit = config_text(
        tmp_path / "state",
        port=mosquitto.port,
        receivers=receiver(link),
        more="[sampling]\nparked_s = 0\ndriving_s = 0\n",
    )
    (tmp_path / "unit.toml").write_text(unit)
    simulating = ["simulate", "--scenario", str(tmp_path / "s.toml"), "--pty", f"ambulans-01:{link}"]
    program = [sys.executable, "-m", "fieldunit"]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        with (
            subprocess.Popen([*program, *simulating]) as vehicle,
            subprocess.Popen([*program, "agent", "--config", str(tmp_path / "unit.toml")]) as agent,
        ):
            try:
                eventually(lambda: gaps(centre.fix_times("ambulans-01")), 90)
                eventually(lambda: len(centre.fix_times("ambulans-01")) > 15, 30)
            finally:
                vehicle.send_signal(signal.SIGINT)
                agent.send_signal(signal.SIGTERM)
            assert vehicle.wait(30) == 0
            assert agent.wait(30) == 0
        times = centre.fix_times("ambulans-01")
        assert {each.microsecond for each in times} == {0}
        [gap] = gaps(times)
        assert 4 <= gap <= 20  # the cut, and some seconds to find the sky and the plug again
        steps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
        assert steps.count(1.0) == len(steps) - 1


def gaps(times: list[datetime]) -> list[float]:
    """Seconds between neighbouring times, of those more than two seconds apart."""
    between = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    return [each for each in between if each > 2]


@pytest.mark.slow
def test_a_mass_of_units_from_one_process(mosquitto: Mosquitto) -> None:
    """300 units, 60 fixes a second for ten seconds: all sent, all receipted, none late, and it ends by itself."""
    options = ["--units", "300", "--rate", "0.2", "--outbox", "memory", "--figures", "--for", "10", "--drain", "60"]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        done = run("simulate", mosquitto, *options)
        assert done.returncode == 0, done.stderr
        figures = dict(re.findall(r"(\w+)=([\d.]+)", done.stdout.splitlines()[0]))
        assert figures["units"] == "300"
        assert int(figures["epochs"]) == 600
        assert float(figures["behind_s_p99"]) < 5
        total = dict(re.findall(r"(\w+)=(\d+)", done.stdout.splitlines()[-1]))
        assert total["waiting"] == "0"
        assert int(total["receipted"]) == int(total["sent"]) >= 600
        assert sum(len(centre.fix_times(f"ambulans-{number:02d}")) for number in range(1, 301)) == 600
