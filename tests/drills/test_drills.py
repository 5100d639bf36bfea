"""The five centres, each through its exercise on the whole system: all clauses hold, and what is gone is noticed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.drills.plans import PLANS

_LONGEST_S = 1200
_pytest_timeout = pytest.mark.timeout(_LONGEST_S + 60)


class Ran(NamedTuple):
    """What a drill said."""

    code: int
    clauses: dict[str, bool]
    output: str


@pytest.fixture(scope="module")
def data(reachable_dir: Path) -> Path:
    """Where all drills have their servers and roads: made once."""
    directory = reachable_dir / "drills"
    directory.mkdir(mode=0o755)
    return directory


def drill(name: str, data: Path, without: Sequence[str] = (), parts: Sequence[str] = ()) -> Ran:
    """Run one as a person does."""
    command = [sys.executable, "-m", "gateway", "drill", name, "--data", str(data)]
    for feature in without:
        command += ["--without", feature]
    for part in parts:
        command += ["--part", part]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    clauses: dict[str, bool] = {}
    for line in done.stdout.splitlines():
        verdict, _, rest = line.partition(" ")
        found = next((each for each in PLANS[name].clauses if rest.startswith(f"{each}: ")), None)
        if verdict in ("ok", "FAILED") and found is not None:
            clauses[found] = verdict == "ok"
    return Ran(done.returncode, clauses, done.stdout + done.stderr)


@pytest.mark.slow
@_pytest_timeout
@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_clause_of_a_centre_holds(name: str, data: Path) -> None:
    """Each is said on a line of its own, at least fifteen a drill, and the exit code is 0."""
    ran = drill(name, data)
    assert ran.code == 0, ran.output
    assert set(ran.clauses) == set(PLANS[name].clauses), ran.output
    assert all(ran.clauses.values()), ran.output
    assert len(ran.clauses) >= 15


@pytest.mark.slow
@_pytest_timeout
@pytest.mark.parametrize(
    ("name", "feature", "parts", "clause"),
    [
        (
            "bojonegoro",
            "escalation",
            ("centre", "reports", "unanswered"),
            "no answer in 60 s: the next nearest team is assigned by itself",
        ),
        (
            "banyuwangi",
            "duplicates",
            ("crash",),
            "two callers of one crash, 80 m apart: the second is offered what is open",
        ),
        (
            "sumsel",
            "closed-hospitals",
            ("province", "consent", "referral"),
            "a hospital that closes while a unit is inbound is an alarm with the next best one",
        ),
        (
            "sumsel",
            "share-scope",
            ("province", "police"),
            "police see no other incident, no other unit and nothing of the patient",
        ),
    ],
)
def test_a_drill_fails_without_a_feature(
    name: str, feature: str, parts: tuple[str, ...], clause: str, data: Path
) -> None:
    """What is switched off is missed, under its own name."""
    ran = drill(name, data, [feature], parts)
    assert ran.code == 1, ran.output
    assert ran.clauses[clause] is False, ran.output


def test_a_part_that_is_none_is_refused_with_those_there_are(data: Path) -> None:
    """A slip of the pen is no drill that holds."""
    ran = drill("jambi", data, parts=["nope"])
    assert ran.code == 2
    assert "one_call" in ran.output
