"""How fast a fleet went and what it took, in one line of `key=value` for whoever measures."""

import os
from collections.abc import Sequence
from pathlib import Path

from fieldunit.simulator.fleet import Shift


def figures(units: int, shift: Shift) -> str:
    """`units`, seconds driven, epochs heard, how late the reports were, processor time and memory of this process."""
    seconds = shift.seconds
    late = sorted(shift.behind)
    return (
        f"units={units} seconds={seconds:.1f} epochs={shift.heard} epochs_per_s={shift.heard / seconds:.0f} "
        f"behind_s_p50={_quantile(late, 0.5):.3f} behind_s_p99={_quantile(late, 0.99):.3f} "
        f"behind_s_max={_quantile(late, 1.0):.3f} cpu_share={shift.processor_s / seconds:.2f} rss_mb={_resident():.0f}"
    )


def _quantile(rising: Sequence[float], part: float) -> float:
    return rising[min(len(rising) - 1, int(part * len(rising)))] if rising else 0.0


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
