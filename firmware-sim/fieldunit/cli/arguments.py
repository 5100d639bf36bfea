"""The command line's values, each read and refused in the words of whoever types it."""

import argparse
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

from fieldunit.simulator.fleet import HIGHEST_RATE
from fieldunit.simulator.scenario import MOST_UNITS


class UsageError(Exception):
    """The command line cannot be meant; the sentence says what to give."""


def _argument(text: str, meaning: str, read: Callable[[str], float], low: float, high: float) -> float:
    try:
        number = read(text)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is no {meaning}")
    return number


def seconds(text: str) -> float:
    """Seconds, 0 or more."""
    return _argument(text, "number of seconds", float, 0, 1e9)


def rate(text: str) -> float:
    """Fixes a second."""
    return _argument(text, f"rate: from 0.01 to {HIGHEST_RATE:g} a second", float, 0.01, HIGHEST_RATE)


def count(text: str) -> int:
    """How many vehicles."""
    return int(_argument(text, f"number of vehicles: 1 to {MOST_UNITS}", int, 1, MOST_UNITS))


def whole(text: str) -> int:
    """Any whole number."""
    return int(_argument(text, "whole number", int, -(2**63), 2**63 - 1))


def folder(text: str) -> Path:
    """A folder, by name: the current one has to be meant."""
    if not text:
        raise argparse.ArgumentTypeError("no folder is named; the current one is '.'")
    return Path(text)


def speed(text: str) -> float | None:
    """Times true speed; None for as fast as it goes."""
    return None if text == "max" else _argument(text, "speed: a number above 0, or max", float, 1e-3, 1e6)


def day(text: str) -> date:
    """A UTC day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write YYYY-MM-DD") from None


def silence(text: str) -> tuple[str, float]:
    """A unit and the seconds after the start at which its coverage ends."""
    name, colon, start = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r}: write UNIT:START_S, like ambulans-03:20")
    return name, seconds(start)


def port(text: str) -> tuple[str, Path]:
    """A unit and the name of its receiver's port."""
    name, colon, link = text.partition(":")
    if not colon or not link:
        raise argparse.ArgumentTypeError(f"{text!r}: write UNIT:LINK, like ambulans-03:./gnss")
    return name, Path(link)
