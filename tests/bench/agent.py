"""What a vehicle's unit costs: the whole agent, as it is operated, on one receiver at 1 Hz.

    python -m tests.bench.agent [--seconds 60]

starts a Mosquitto, a centre that receipts, and `sigap-unit agent` with the crew's page on, a tablet that asks it each
second, and every fix reported (as on a drive with lights, the dearest situation). The receiver talks through a
pseudo-terminal as a modern one does: RMC, VTG, GGA, two GSA, six GSV, GLL, 700 bytes a second. The figures are
the agent's own process from the kernel: CPU of one core over the seconds after the start, resident memory at the
end and at its highest.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from tests.agent_settings import config_text, receiver
from tests.receiver_double import ReceiverDouble, sentence
from tests.receiving_centre import ReceivingCentre, eventually

CPU_GOAL, MEMORY_GOAL = 5.0, 60.0
WARM_UP_S = 10.0
UNIT = "ambulans-01"


def words(at: float) -> bytes:
    """A second of a moving receiver, for the time `at` (seconds since 1970)."""
    moment = time.gmtime(at)
    clock, day = time.strftime("%H%M%S.00", moment), time.strftime("%d%m%y", moment)
    place = f"07{9 + at % 600 / 60:08.5f},S,11153.00000,E"
    satellites = ",".join(f"{number:02d},40,083,46" for number in range(1, 5))
    return b"".join(
        [
            sentence(f"GNRMC,{clock},A,{place},20.0,0.0,{day},,,A"),
            sentence("GNVTG,0.0,T,,M,20.0,N,37.0,K,A"),
            sentence(f"GNGGA,{clock},{place},1,12,0.8,30.0,M,4.0,M,,"),
            sentence("GNGSA,A,3,01,02,03,04,05,06,,,,,,,1.5,0.8,1.2"),
            sentence("GNGSA,A,3,65,66,67,68,69,70,,,,,,,1.5,0.8,1.2"),
            *(sentence(f"GPGSV,6,{number},24,{satellites}") for number in range(1, 7)),
            sentence(f"GNGLL,{place},{clock},A,A"),
        ]
    )


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, line: str) -> float:
    """A line of /proc/PID/status: VmRSS, VmHWM."""
    for row in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if row.startswith(f"{line}:"):
            return int(row.split()[1]) * 1024 / 1e6
    return 0.0


def measure(folder: Path, seconds: float) -> str:
    """The line of figures."""
    stop = threading.Event()
    broker = Mosquitto(folder / "mosquitto")
    broker.start()
    try:
        with (
            ReceivingCentre(broker.port, receipts=True) as centre,
            ReceiverDouble(folder / "gnss") as double,
        ):
            centre.say_online(True)
            double.plug()

            page = free_port()
            answers: list[float] = []

            def look() -> None:
                while not stop.wait(1.0):
                    with contextlib.suppress(OSError):  # not there yet, or not any more
                        urllib.request.urlopen(f"http://127.0.0.1:{page}/api/state", timeout=5).read()
                        answers.append(time.monotonic())

            def talk() -> None:
                while not stop.wait(1.0 - time.time() % 1.0):
                    double.say(0, words(float(int(time.time()))))

            config = folder / "unit.toml"
            more = f'[crew]\naddress = "127.0.0.1:{page}"\n[sampling]\ndriving_s = 0\nparked_s = 0\n'
            config.write_text(
                config_text(folder / "state", port=broker.port, receivers=receiver(double.link), more=more)
            )
            threads = [threading.Thread(target=each) for each in (talk, look)]
            for thread in threads:
                thread.start()
            command = [sys.executable, "-m", "fieldunit", "agent", "--config", str(config)]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
                try:
                    eventually(lambda: centre.fix_times(UNIT), 30)
                    time.sleep(WARM_UP_S)
                    began, spent, heard = time.monotonic(), cpu_seconds(process.pid), len(centre.fix_times(UNIT))
                    time.sleep(seconds)
                    share = 100 * (cpu_seconds(process.pid) - spent) / (time.monotonic() - began)
                    fixes = len(centre.fix_times(UNIT)) - heard
                    looks = sum(at >= began for at in answers)
                    now, highest = memory_mb(process.pid, "VmRSS"), memory_mb(process.pid, "VmHWM")
                finally:
                    process.terminate()
                    process.communicate(timeout=20)
                    stop.set()
                    for thread in threads:
                        thread.join()
    finally:
        broker.stop()
    good = share < CPU_GOAL and highest < MEMORY_GOAL and min(fixes, looks) >= 0.9 * seconds - 1
    return (
        f"agent cpu_percent={share:.2f} rss_mb={now:.1f} peak_mb={highest:.1f} fixes={fixes} page_answers={looks} "
        f"seconds={seconds:g} good={str(good).lower()}"
    )


def main() -> int:
    """Exit code 0 if the goals were met."""
    parser = argparse.ArgumentParser(description="What a vehicle's unit costs.")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="measured for so long (default: 60)")
    with tempfile.TemporaryDirectory(prefix="sigap-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        line = measure(folder, parser.parse_args().seconds)
    print(line)
    return 0 if line.endswith("good=true") else 1


if __name__ == "__main__":
    sys.exit(main())
