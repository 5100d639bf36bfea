"""A unit's file for tests, as a config, without the file."""

from pathlib import Path
from typing import Any

from fieldunit.agent.config import Config, read_config


def config_text(state: Path, *, port: int = 1883, receivers: str, more: str = "") -> str:
    """The text of a unit's file."""
    return f"""
[unit]
id = "ambulans-01"
centre = "bojonegoro"
state = "{state}"

[broker]
address = "127.0.0.1:{port}"
reconnect_min_s = 0.1

{receivers}
{more}
"""


def make_config(folder: Path, **options: Any) -> Config:
    """Write the file into a folder and read it; the state lies beside it."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    path = folder / "unit.toml"
    path.write_text(config_text(state, **options))
    return read_config(path)


def receiver(address: str | Path, *, kind: str = "serial", **lines: Any) -> str:
    """One [[receiver]]."""
    values = {"kind": kind, "address": str(address), **lines}
    return "[[receiver]]\n" + "".join(
        f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n" for name, value in values.items()
    )
