"""The commands of `sigap-unit` as processes, against a real Mosquitto and a centre that the test plays."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from tests.receiving_centre import CENTRE, ReceivingCentre, eventually
from tracker.wire.checksum import xor
from tracker.wire.topics import Channel


def sentence(body: str) -> bytes:
    return b"$%s*%02X\r\n" % (body.encode(), xor(body.encode()))


def drive(day: str = "211126", fixes: int = 50) -> bytes:
    """Two fixes a second, beginning two seconds before midnight, each an RMC and a GGA."""
    log = b""
    for half in range(fixes):
        second, fraction = divmod(half + 2 * 86398, 2)
        clock = f"{second % 86400 // 3600:02d}{second % 3600 // 60:02d}{second % 60:02d}.{5 * fraction}0"
        date = day if second < 86400 else f"{int(day[:2]) + 1:02d}{day[2:]}"
        log += sentence(f"GNRMC,{clock},A,0709.{half:05d},S,11153.00000,E,1.00,,{date},,,A")
        log += sentence(f"GNGGA,{clock},0709.{half:05d},S,11153.00000,E,1,08,1.0,3.0,M,,M,,")
    return log


def arguments(command: str, mosquitto: Mosquitto, *more: str | Path) -> list[str]:
    broker = f"127.0.0.1:{mosquitto.port}"
    fixed = ["--broker", broker, "--centre", CENTRE, "--reconnect-min", "0.1"]
    return [sys.executable, "-m", "fieldunit", command, *map(str, more), *fixed]


def run(command: str, mosquitto: Mosquitto, *more: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments(command, mosquitto, *more), capture_output=True, text=True, timeout=120)


@contextlib.contextmanager
def running(command: str, mosquitto: Mosquitto, *more: str | Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        arguments(command, mosquitto, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def entries(ledger: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []


def test_two_logs_are_two_units_and_every_fix_of_them_arrives(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """With their own times, over midnight; the ledger names each fix; a second replay is the same fixes."""
    one, other = tmp_path / "one.log", tmp_path / "other.log"
    one.write_bytes(drive())
    other.write_bytes(b"\xb5\x62noise" + drive("010124", 30) + b"$GNRMC,cut")
    ledger = tmp_path / "ledger"
    options: list[str | Path] = [one, other, "--unit", "ambulans-07", "--speed", "max", "--state", tmp_path / "state"]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        done = run("replay", mosquitto, *options, "--ledger", ledger)
        assert (done.returncode, done.stdout.splitlines()) == (
            0,
            [
                "unit=ambulans-07 sent=50 receipted=50 waiting=0 quarantined=0 declined=0",
                "unit=other sent=30 receipted=30 waiting=0 quarantined=0 declined=0",
                "units=2 sent=80 receipted=80 waiting=0 quarantined=0 declined=0",
            ],
        )
        first = centre.fix_times("ambulans-07")
        assert len(first) == 50
        assert first[0] == datetime(2026, 11, 21, 23, 59, 58, tzinfo=UTC)
        assert first[4] == datetime(2026, 11, 22, tzinfo=UTC)
        assert centre.fix_times("other")[0] == datetime(2024, 1, 1, 23, 59, 58, tzinfo=UTC)
        told = {(entry["unit"], entry["fix_time"]) for entry in entries(ledger)}
        assert len(told) == 80
        assert ("ambulans-07", "2026-11-21T23:59:58.500000Z") in told
        assert run("replay", mosquitto, *options).returncode == 0
        assert centre.fix_times("ambulans-07") == first
    assert "unreadable lines, not sent: 1 truncated" in done.stderr


def test_a_shifted_replay_is_of_today(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Sentences and TAG blocks alike, and no fix is ahead of the clock."""
    log = tmp_path / "old.log"
    log.write_bytes(drive("010105"))
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        done = run("replay", mosquitto, log, "--shift-to-now", "--speed", "20", "--state", tmp_path)
        now = datetime.now(UTC)
        assert done.returncode == 0, done.stderr
        times = centre.fix_times("old")
        assert len(times) == 50
        assert times[-1] <= now
        assert (now - times[-1]).total_seconds() < 20
        assert (times[-1] - times[0]).total_seconds() == 24.5


def test_items_without_a_receipt_are_counted_and_sent_by_the_next_run(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Exit code 3 without a centre; then a run that finds one."""
    log = tmp_path / "drive.log"
    log.write_bytes(drive())
    options: list[str | Path] = [log, "--speed", "max", "--state", tmp_path / "state"]
    lonely = run("replay", mosquitto, *options, "--drain", "2.5")
    assert lonely.returncode == 3
    assert "50 items are not confirmed; they are safe in" in lonely.stderr
    assert "no gateway of centre 'bojonegoro' has said that it is there" in lonely.stderr
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        again = run("replay", mosquitto, *options)
        assert again.returncode == 0
        assert again.stdout.splitlines()[-1] == "units=1 sent=100 receipted=100 waiting=0 quarantined=0 declined=0"
        assert len(centre.fix_times("drive")) == 50


def test_a_unit_that_is_not_enrolled_hears_where_its_fixes_lie(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Everything is receipted, and yet it is no success: the counts, a sentence and the exit code say so."""
    known, stranger = tmp_path / "known.log", tmp_path / "tamu-01.log"
    for log in (known, stranger):
        log.write_bytes(drive())
    with ReceivingCentre(mosquitto.port, receipts=True, strangers={"tamu-01"}) as centre:
        centre.say_online(True)
        done = run("replay", mosquitto, known, stranger, "--speed", "max", "--state", tmp_path / "state")
    assert (done.returncode, done.stdout.splitlines()) == (
        4,
        [
            "unit=known sent=50 receipted=50 waiting=0 quarantined=0 declined=0",
            "unit=tamu-01 sent=50 receipted=50 waiting=0 quarantined=50 declined=0",
            "units=2 sent=100 receipted=100 waiting=0 quarantined=50 declined=0",
        ],
    )
    assert done.stderr.splitlines()[-1] == (
        "sigap-unit: 50 fixes lie in the centre's quarantine and not in its tracks; "
        "`sigap quarantine` there says why (is the unit enrolled? `sigap enrol tamu-01`)"
    )


def test_a_bare_device_publishes_pure_nmea_and_writes_what_was_acknowledged(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """No TAG block, no outbox, no presence; the ledger has a line for each PUBACK."""
    log = tmp_path / "tracker.log"
    log.write_bytes(drive())
    ledger = tmp_path / "ledger"
    with ReceivingCentre(mosquitto.port) as centre:
        done = run("replay", mosquitto, log, "--bare", "--speed", "max", "--ledger", ledger)
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, "unit=tracker sent=50 receipted=50 waiting=0")
        eventually(lambda: len(centre.messages) == 50)
        assert {channel for channel, _ in centre.messages} == {Channel.NMEA}
        assert all(payload.startswith(b"$GN") for _, payload in centre.messages)
        assert centre.presences == []
    assert len(entries(ledger)) == 50
    assert all(entry["outbox"] is None and entry["seq"] is None for entry in entries(ledger))
    assert not list(tmp_path.glob("*.outbox"))


def test_a_fleet_drives_and_a_silenced_unit_falls_silent(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Its fixes go on being made safe, and are reported as waiting; that is no failure. The others deliver all."""
    ledger = tmp_path / "ledger"
    options: list[str | Path] = [
        "--units",
        "3",
        "--rate",
        "5",
        "--for",
        "4",
        "--silence",
        "ambulans-02:2",
        "--state",
        tmp_path / "state",
    ]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        done = run("simulate", mosquitto, *options, "--ledger", ledger)
        assert done.returncode == 0, done.stderr
        heard = {unit: centre.fix_times(unit) for unit in ("ambulans-01", "ambulans-02", "ambulans-03")}
        silent = [presence.online for unit, presence in centre.presences if unit == "ambulans-02"]
    assert "ambulans-02 has lost its coverage for good" in done.stderr
    made = {unit: [e for e in entries(ledger) if e["unit"] == unit] for unit in heard}
    assert all(19 <= len(lines) <= 21 for lines in made.values())
    assert len(heard["ambulans-01"]) == len(made["ambulans-01"])
    assert len(heard["ambulans-02"]) <= 11
    assert all(time.microsecond % 200_000 == 0 for times in heard.values() for time in times)
    assert silent == [True, False]
    waiting = len(made["ambulans-02"]) - len(heard["ambulans-02"])
    [line] = [line for line in done.stdout.splitlines() if line.startswith("unit=ambulans-02")]
    assert line.endswith("coverage=lost")
    assert int(line.split("waiting=")[1].split()[0]) >= waiting >= 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_fleet_cleanly(mosquitto: Mosquitto, tmp_path: Path, number: signal.Signals) -> None:
    """Exit code 0, presence offline, nothing waiting; the next run goes on counting."""
    ledger = tmp_path / "ledger"
    options: list[str | Path] = ["--units", "2", "--rate", "10", "--state", tmp_path / "state", "--ledger", ledger]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        for part in (1, 2):
            with running("simulate", mosquitto, *options) as process:
                eventually(lambda part=part: len(entries(ledger)) > 20 * part)  # type: ignore[misc] # the loop's own
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
            assert process.returncode == 0, err
            assert out.splitlines()[-1].endswith("waiting=0 quarantined=0 declined=0")
        for unit in ("ambulans-01", "ambulans-02"):
            assert [p.online for name, p in centre.presences if name == unit] == [True, False, True, False]
            numbers = [entry["seq"] for entry in entries(ledger) if entry["unit"] == unit]
            said = {number for name, number in centre.said_numbers if name == unit}  # by the crew, in one sequence
            assert numbers == [number for number in range(1, len(numbers) + len(said) + 1) if number not in said]


def test_a_killed_fleet_loses_nothing_that_its_ledger_names(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """SIGKILL in full drive; the next run delivers what the first had made safe."""
    ledger = tmp_path / "ledger"
    options: list[str | Path] = ["--units", "2", "--rate", "20", "--state", tmp_path / "state", "--ledger", ledger]
    with ReceivingCentre(mosquitto.port, receipts=True) as centre:
        centre.say_online(True)
        with running("simulate", mosquitto, *options) as process:
            eventually(lambda: len(entries(ledger)) > 30)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
        assert run("simulate", mosquitto, *options, "--for", "1").returncode == 0
        heard = {
            (unit, time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
            for unit in ("ambulans-01", "ambulans-02")
            for time in centre.fix_times(unit)
        }
    assert {(entry["unit"], entry["fix_time"]) for entry in entries(ledger)} <= heard


def test_a_second_process_on_the_same_outboxes_is_refused(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Exit code 1 and a sentence; the first one is not disturbed."""
    ledger = tmp_path / "ledger"
    options: list[str | Path] = ["--units", "1", "--state", tmp_path / "state"]
    with running("simulate", mosquitto, *options, "--ledger", ledger) as process:
        eventually(lambda: entries(ledger))
        second = run("simulate", mosquitto, *options)
        assert second.returncode == 1
        assert "in use by another sigap-unit process" in second.stderr
        assert process.poll() is None
