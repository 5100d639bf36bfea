"""Wrong input is answered with a sentence that helps, and the right exit code."""

from pathlib import Path

import pytest

from fieldunit.cli import main

LOG = b"$GPRMC,120000.00,A,0709.00000,S,11153.00000,E,1.00,,211126,,,A*51\r\n"
BROKER = ["--broker", "127.0.0.1:1"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "Drive 1.log"
    path.write_bytes(LOG)
    return path


def usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "COMMAND"),
        (["replay"], "FILE"),
        (["replay", "x.log", *BROKER], "Give --centre ID, or set SIGAP_UNIT_CENTRE"),
        (["replay", "x.log", "--centre", "c"], "Give --broker HOST:PORT, or set SIGAP_UNIT_BROKER"),
        (["replay", "x.log", "--centre", "C!", *BROKER, "--bare"], "--centre: 'C!' is not an id"),
        (["replay", "x.log", "--centre", "c", *BROKER], "Give --state DIR"),
        (["replay", "x.log", "--centre", "c", "--broker", "host:port", "--bare"], "write HOST:PORT"),
        (["replay", "x.log", "--centre", "c", *BROKER, "--bare", "--unit", "a", "--unit", "b"], "2 units for 1 files"),
        (["replay", "x.log", "--centre", "c", *BROKER, "--bare", "--unit", "A"], "--unit: 'A' is not an id"),
        (["replay", "x.log", "x.txt", "--centre", "c", *BROKER, "--bare"], "tell them apart with --unit"),
        (["replay", "….log", "--centre", "c", *BROKER, "--bare"], "give one with --unit"),
        (["replay", "x.log", "--speed", "0"], "a number above 0, or max"),
        (["replay", "x.log", "--speed", "nan"], "a number above 0, or max"),
        (["replay", "x.log", "--date", "21.11.2026"], "write YYYY-MM-DD"),
        (["simulate", "--rate", "100"], "from 0.01 to 20 a second"),
        (["simulate", "--units", "0"], "1 to 10000"),
        (["simulate", "--units", "1.5"], "1 to 10000"),
        (["simulate", "--for", "-1"], "is no number of seconds"),
        (["simulate", "--for", "abc"], "argument --for: 'abc' is no number of seconds"),
        (["simulate", "--seed", "abc"], "argument --seed: 'abc' is no whole number"),
        (["simulate", "--state", ""], "argument --state: no folder is named"),
        (["simulate", "--silence", "ambulans-01"], "write UNIT:START_S, like ambulans-03:20"),
        (["simulate", "--silence", "ambulans-13:1", *BROKER, "--bare"], "the units are ambulans-01 to ambulans-12"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the usage, and what to give instead."""
    assert sentence in usage_error(arguments, capsys)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay", "absent.log", "--centre", "c", *BROKER, "--bare"], "absent.log cannot be read: No such file"),
        (["simulate", "--profile", "mars", *BROKER, "--bare"], "there is no profile 'mars'; there is: banyuwangi"),
        (["simulate", *BROKER, "--state", "/dev/null/x"], "--state /dev/null/x cannot be made (Not a directory)"),
        (["simulate", *BROKER, "--state", "/etc/passwd"], "--state /etc/passwd is no folder"),
        (["simulate", *BROKER, "--state", "/proc/x"], "--state /proc/x cannot be made"),
        (["replay", "/dev/null", "--centre", "c", *BROKER, "--bare"], "/dev/null holds no NMEA sentence"),
    ],
)
def test_what_fails_is_explained(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, one sentence, no traceback."""
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["replay", "simulate"])
def test_help_names_the_environment(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each variable that is read, and the exit codes."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    told = capsys.readouterr().out
    for name in ("BROKER", "CENTRE", "USERNAME", "PASSWORD", "TLS_CA"):
        assert f"SIGAP_UNIT_{name}" in told
    assert "exit codes" in told


def test_what_waits_is_counted_and_the_exit_code_says_so(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No broker: all is safe in the outbox. The environment stands in for options, the file names the unit."""
    monkeypatch.setenv("SIGAP_UNIT_BROKER", "127.0.0.1:1")
    monkeypatch.setenv("SIGAP_UNIT_CENTRE", "bojonegoro")
    state = tmp_path / "state"
    assert main(["replay", str(log), "--state", str(state), "--speed", "max", "--drain", "0"]) == 3
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "unit=drive-1 sent=0 receipted=0 waiting=1 quarantined=0 declined=0",
        "units=1 sent=0 receipted=0 waiting=1 quarantined=0 declined=0",
    ]
    assert f"1 items are not confirmed; they are safe in {state}" in told.err
    assert (state / "drive-1.outbox").exists()
