"""All checks in the order in which a fix goes: receiver, clock, disk, outbox, broker, centre."""

import time

from fieldunit.agent.config import Config
from fieldunit.doctor import broker, machine, receivers
from fieldunit.doctor.finding import Finding, Level
from tracker.wire import health
from tracker.wire.health import Health


def examine(config: Config, listen_s: float = receivers.LISTEN_S) -> list[Finding]:
    """Look at everything; what depends on something that failed is left out.

    Args:
        listen_s: seconds for the receivers at most.
    """
    waiting, running = machine.outbox(config)
    message: bytes | None = None
    if running:
        found = [
            Finding(
                f"receiver {each.source}",
                Level.OK,
                "the agent runs and holds it: how it is, the journal and the crew's page tell",
            )
            for each in config.receivers
        ]
    else:
        told, clock = receivers.examine(config, listen_s)
        found = [receivers.finding(each) for each in told]
        found.append(receivers.clock_finding(clock, time.time()))
        at, _ = clock.now(time.monotonic(), time.time())
        message = health.encode(Health(at=at, receivers=tuple(told), clock_skew_s=clock.skew_s))
    found += machine.disk(config)
    found.append(waiting)
    return found + broker.examine(config, message)


def failed(findings: list[Finding]) -> bool:
    """Whether fixes do not arrive as things are."""
    return any(finding.level is Level.FAILED for finding in findings)
