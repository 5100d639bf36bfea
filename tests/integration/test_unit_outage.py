"""Coverage that comes back after hours: the backlog drains fast, and the map stays fresh meanwhile.

`python -m tests.bench.outage` is the same with the whole 72 hours.
"""

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.demo.broker import Mosquitto
from tests.bench import outage
from tests.fix_gateway import Gateway

FIXES = 3 * 3600


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_hours_drain_at_500_a_second_while_the_live_position_stays_fresh(
    gateway: Gateway, mosquitto: Mosquitto, enrolled_url: str, tmp_path: Path
) -> None:
    """Through Mosquitto and the true gateway: every fix is stored once, the newest is at most 5 s old at the 95th
    percentile, and a fix takes so little of the outbox that 72 hours of them take less than 60 MB.
    """
    assert gateway.process.poll() is None
    drive = outage.Drive()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=FIXES)
    peak = outage.fill(tmp_path, drive, begin, FIXES)
    found = outage.drain(tmp_path, drive, mosquitto.port, enrolled_url, FIXES, peak)
    print("\n".join(found.lines()))
    assert found.stored == found.offered
    assert found.drained_per_s >= 500
    assert found.live_age_p95_s <= 5
    fixed = 1_600_000  # the log, its index, and room that is taken beforehand
    assert (found.peak_bytes - fixed) / FIXES * 259_200 + fixed <= 60_000_000
    assert found.unit_peak_bytes - before < 100_000_000, "what the unit adds to this process, which is pytest's"
