"""Where the demo keeps its data, and what it takes for options."""

import argparse
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo import command
from gateway.demo.broker import Preference
from gateway.demo.command import add_arguments, default_directory, run
from gateway.demo.ports import LOOPBACK


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--for", "0", "'0' is no number of seconds above 0"),
        ("--for", "nan", "'nan' is no number of seconds above 0"),
        ("--for", "abc", "'abc' is no number of seconds above 0"),
        ("--broker", "other", "choose from"),
        ("--data", "", "no directory is named"),
        ("--port", "99999", "a whole number from 0 to 65535"),
        ("--port", "-1", "a whole number from 0 to 65535"),
        ("--port", "http", "a whole number from 0 to 65535"),
        ("--units", "0", "a whole number from 1 to 1000"),
        ("--units", "-3", "a whole number from 1 to 1000"),
        ("--units", "100000", "a whole number from 1 to 1000"),
        ("--silence", "foo", "write UNIT:S, like ambulans-03:20"),
        ("--silence", "hantu:5", "write UNIT:S, like ambulans-03:20"),
        ("--silence", "ambulans-03:soon", "write UNIT:S, like ambulans-03:20"),
    ],
)
def test_wrong_usage_is_refused(option: str, value: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the usage, exit code 2, and a sentence that names the option and what it takes."""
    with pytest.raises(SystemExit, match="2"):
        _parser().parse_args([option, value])
    error = capsys.readouterr().err
    assert "usage" in error
    assert f"argument {option}: " in error
    assert sentence in error
    assert "_" not in error.rpartition("error:")[2], "the name of a function of ours"


@pytest.mark.parametrize("unit", ["ambulans-00", "ambulans-06"])
def test_only_a_unit_that_drives_can_fall_silent(unit: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Told by the demo itself, with the names there are; whichever option comes first."""
    with pytest.raises(SystemExit, match="2"):
        run(_parser().parse_args(["--silence", f"{unit}:5", "--units", "5"]))
    assert f"there is no {unit}; the units are ambulans-01 to ambulans-05" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("directory", "reason"), [("/proc/x", "No such file or directory"), ("/etc/passwd", "Not a directory")]
)
def test_a_place_that_cannot_hold_the_data_is_refused(
    directory: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and exit code 1, before anything starts."""
    assert run(_parser().parse_args(["--data", directory])) == 1
    assert capsys.readouterr() == (
        "",
        f"sigap demo: {directory} cannot hold the demo's data ({reason}); choose another place with --data\n",
    )


def test_a_port_that_is_asked_for_and_taken_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo moves away only from a port that nobody asked for. Nothing was started."""
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        assert run(_parser().parse_args(["--data", str(tmp_path), "--port", str(port)])) == 1
    assert capsys.readouterr() == (
        "",
        f"sigap demo: port {port} is taken by another program; choose another with --port, or leave it out\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_before_the_start_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the options are still being looked at."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "Stack", interrupted)
    assert run(_parser().parse_args(["--data", str(tmp_path)])) == 130
    assert capsys.readouterr() == ("", "sigap demo: interrupted\n")
