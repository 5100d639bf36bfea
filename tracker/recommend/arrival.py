"""What an arrival counts for in a ranking: its middle, and part of what an unlucky drive takes longer."""

from tracker.eta.straight_line import Estimate

UNLUCKY = 0.5
"""Of what p90 is later than p50: who takes the quicker median and is wrong loses more than they gain."""


def counted(eta: Estimate) -> float:
    """Seconds by which an arrival is ranked."""
    return eta.p50 + UNLUCKY * (eta.p90 - eta.p50)
