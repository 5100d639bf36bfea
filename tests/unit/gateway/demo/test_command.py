"""Where the demo keeps its data, and what it takes for options."""

import argparse
from pathlib import Path

import pytest

from gateway.demo.broker import Preference
from gateway.demo.command import add_arguments, default_directory


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser


def test_data_lies_beside_the_work() -> None:
    """An ordinary user finds it where he stands."""
    assert default_directory(Path("/home/siti/sigap"), root=False) == Path("/home/siti/sigap/.demo")


def test_roots_data_lies_where_its_servers_can_go() -> None:
    """A home may be closed to the accounts that run the servers; two checkouts do not share a directory."""
    first, second = (default_directory(Path(path), root=True) for path in ("/opt/sigap", "/opt/other/sigap"))
    assert first == Path("/var/lib/sigap/demo/opt-sigap")
    assert first != second


def test_defaults() -> None:
    """Twelve ambulances, whatever broker there is, until somebody stops it."""
    args = _parser().parse_args([])
    assert (args.units, args.broker, args.seconds) == (12, Preference.AUTO, None)


@pytest.mark.parametrize("wrong", [["--for", "0"], ["--for", "nan"], ["--for", "x"], ["--broker", "other"]])
def test_wrong_usage_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the usage, and exit code 2."""
    with pytest.raises(SystemExit, match="2"):
        _parser().parse_args(wrong)
    assert "usage" in capsys.readouterr().err
