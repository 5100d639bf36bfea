"""Bare reception: aiomqtt as its manual shows it, counting messages and doing nothing with them."""

import argparse
import asyncio
import time

import aiomqtt


async def _receive(port: int, centre: str, every: int) -> None:
    count = 0
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(f"sigap/v1/{centre}/units/+/live/+", qos=1)
        print("ready", flush=True)
        async for _ in client.messages:
            count += 1
            if count % every == 0:
                print(time.monotonic_ns(), flush=True)


def main() -> None:
    """Receive until killed; print the time (monotonic ns) of every message that completes a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--centre", required=True)
    parser.add_argument("--every", type=int, required=True, help="messages of one run")
    options = parser.parse_args()
    asyncio.run(_receive(options.port, options.centre, options.every))


if __name__ == "__main__":
    main()
