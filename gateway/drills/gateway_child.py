"""The gateway of a drill: `sigap serve` by a clock that the drill leads, through lines on standard input.

    {"to": "2026-11-23T03:00:05Z"}          let time go on until then; without it only what is due now is done
    {"at": "…", "open": {"ambulans-02": 1}}  the answer, when every loop waits: commands that units have not answered

By the machine's clock (no --begin) the answer comes at once.
"""

import argparse
import asyncio
import logging
import sys
from datetime import datetime

import msgspec
import structlog

from gateway import app
from gateway.clock import TRUE, Clock, HeldClock
from gateway.drills.features import FEATURES
from gateway.http.world import World
from gateway.settings import Settings

_PATIENCE_S = 120.0
"""True seconds for all loops to come to rest; one that hangs is a fault that the drill shall show."""


class RestlessError(Exception):
    """A loop works on and on."""


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """One line."""

    to: datetime | None = None


class Stands(msgspec.Struct):
    """The answer to it."""

    at: datetime
    open: dict[str, int]


def main() -> int:
    """Run until standard input ends."""
    parser = argparse.ArgumentParser(prog="gateway_child")
    parser.add_argument("--begin", type=datetime.fromisoformat)
    parser.add_argument("--without", action="append", choices=sorted(FEATURES), default=[])
    args = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(_run(TRUE if args.begin is None else HeldClock(args.begin), args.without))
    return 0


async def _run(clock: Clock, without: list[str]) -> None:
    stop = asyncio.Event()
    worlds: list[World] = []

    def wired(world: World) -> None:
        worlds.append(world)
        for name in without:
            FEATURES[name](world)

    serving = asyncio.create_task(app.serve(Settings(), stop, clock, wired))
    obeying = asyncio.create_task(_obey(clock, worlds))
    await asyncio.wait((serving, obeying), return_when=asyncio.FIRST_COMPLETED)
    if not obeying.done():
        await serving  # it has failed, and says how
    stop.set()
    try:
        await obeying
    finally:
        await serving


async def _obey(clock: Clock, worlds: list[World]) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = msgspec.json.decode(line, type=Order)
        if isinstance(clock, HeldClock):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await clock.advance(order.to or clock.now())
            except TimeoutError:
                raise RestlessError(f"at {clock.now()} these do not come to rest: {clock.working()}") from None
        under_way = worlds[0].commands.under_way() if worlds else {}
        sys.stdout.buffer.write(msgspec.json.encode(Stands(clock.now(), under_way)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
