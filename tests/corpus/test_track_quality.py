"""Bad fixes are found and good ones left alone: on simulated tracks whose truth is known, and on recorded ones.

The counts are printed (`pytest -rP`), a line for each kind of fault.
"""

import csv
import gzip
import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from fieldunit.agent.log import read_log
from fieldunit.simulator.faults import Fault, Kind
from fieldunit.simulator.places import Skies
from fieldunit.simulator.receiver import CANYON, COLD, GNSS, MODEM, OPEN, Model, Sky
from fieldunit.simulator.roads import Roads, roads_of
from fieldunit.simulator.tracks import Sample, track
from tracker.errors import Reason
from tracker.fix import Fix, Quality
from tracker.geodesy import distance
from tracker.quality import judged
from tracker.regions import load
from tracker.track import AGREEING, judged_track
from tracker.wire.payload import Reading, Unreadable, decode, encode_epoch

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PORTO = SHARED / "traces" / "porto_taxi_trips.csv.gz"
AERORUST = SHARED / "nmea" / "aerorust_nmea1.log"

RECALL = 0.99
FALSE = 0.005
WRONG_M = 30.0
"""Metres from the truth from which a frozen place is a wrong one: nearer it is as good as any other fix."""

FAULTS_EVERY_S = 300.0


@pytest.fixture(scope="module")
def roads() -> Roads:
    return roads_of(load("bojonegoro"))


class Judged(msgspec.Struct):
    """One epoch after all checks."""

    sample: Sample
    fix: Fix | None  # None: nothing was said, or nothing could be read
    refused: Reason | None  # kept in the quarantine with this reason


def through_the_centre(samples: Sequence[Sample]) -> list[Judged]:
    """The sentences read as the gateway reads them, then judged one by one and among themselves."""
    told = [_read(sample) for sample in samples]
    fixes = {each.fix.time: each.fix for each in told if each.fix is not None}
    marked = {fix.time: fix for fix in judged_track(fixes.values())}
    for each in told:
        if each.fix is not None:
            each.fix = marked[each.fix.time]
    return told


def _read(sample: Sample) -> Judged:
    if not sample.lines:
        return Judged(sample, None, None)
    [part, *_] = decode(encode_epoch("gnss", 1, sample.time, sample.lines), sample.time)
    if isinstance(part, Unreadable):
        return Judged(sample, None, part.reason)
    assert isinstance(part, Reading)
    return Judged(sample, None if part.fix is None else judged(part.fix, sample.time), None)


@pytest.mark.parametrize(
    ("name", "model", "sky"),
    [("open sky", GNSS, OPEN), ("between houses", GNSS, CANYON), ("in a modem", MODEM, CANYON)],
)
@pytest.mark.parametrize("interval_s", [0.2, 1.0, 15.0])
def test_clean_simulated_tracks_are_left_alone(
    roads: Roads, name: str, model: Model, sky: Sky, interval_s: float
) -> None:
    """Good receivers, poor receivers between houses, cold starts: at most one fix in two hundred is doubted."""
    flagged = fixes = 0
    for seed in range(3):
        samples = track(
            roads, seconds=max(1200, 300 * interval_s), interval_s=interval_s, seed=seed, start=COLD,
            model=model, skies=Skies(usual=sky),
        )  # fmt: skip
        for each in through_the_centre(list(samples)):
            if each.fix is not None:
                fixes += 1
                flagged += bool(each.fix.quality)
    print(
        f"clean={name!r} interval_s={interval_s:g} fixes={fixes} flagged={flagged} percent={100 * flagged / fixes:.3f}"
    )
    assert fixes > 800
    assert flagged <= FALSE * fixes


@pytest.mark.parametrize(
    ("kind", "for_s"),
    [
        (Kind.NULL_ISLAND, 5.0),
        (Kind.SWAPPED, 5.0),
        (Kind.FROZEN, 40.0),
        (Kind.JUMP, 5.0),
        (Kind.JUMP, 50.0),
        (Kind.ACCELERATION, 5.0),
    ],
)
def test_injected_faults_are_found_and_none_is_lost(roads: Roads, kind: Kind, for_s: float) -> None:
    """Of the fixes that are wrong 99 % are flagged or kept in the quarantine; of the others one in two hundred at most;
    and the third good fix after a fault is believed."""
    wrong = found = good = doubted = 0
    for seed in range(4):
        faults = [Fault(kind=kind, at_s=at, for_s=for_s) for at in range(200, 3500, int(FAULTS_EVERY_S))]
        told = through_the_centre(list(track(roads, seconds=3600, seed=seed, faults=faults)))
        after = 0
        for each in told:
            caught = each.refused is not None or (each.fix is not None and bool(each.fix.quality))
            assert each.refused is not None or each.fix is not None, "an epoch with a place is flagged, never deleted"
            if _is_wrong(each.sample, kind):
                wrong, found, after = wrong + 1, found + caught, 0
            elif not each.sample.faults:
                good, doubted, after = good + 1, doubted + caught, after + 1
                assert not (caught and after >= AGREEING and after < 30), "the track is taken up again"
    print(
        f"fault={kind.value} for_s={for_s:g} wrong={wrong} recall={found / wrong:.4f}"
        f" good={good} false={doubted / good:.5f}"
    )
    assert wrong >= 100
    assert found >= RECALL * wrong
    assert doubted <= FALSE * good


def _is_wrong(sample: Sample, kind: Kind) -> bool:
    """Whether the fault has made this epoch a false one: a receiver that freezes while it stands says the truth, and an
    acceleration begins with what is true."""
    seen = sample.observed
    if not sample.faults or seen is None or not seen.fix:
        return False
    if kind is Kind.FROZEN:
        return distance(seen.latitude, seen.longitude, sample.truth.latitude, sample.truth.longitude) > WRONG_M
    if kind is Kind.ACCELERATION:
        return seen.speed - sample.truth.speed > 1.0
    return True


def porto() -> Iterator[list[Fix]]:
    """The recorded taxi trips: a position every 15 s, no speed."""
    csv.field_size_limit(10**7)
    with gzip.open(PORTO, "rt") as lines:
        for row in csv.DictReader(lines):
            start = datetime.fromtimestamp(int(row["TIMESTAMP"]), UTC)
            points = json.loads(row["POLYLINE"])
            yield [
                Fix(time=start + timedelta(seconds=15 * number), latitude=latitude, longitude=longitude)
                for number, (longitude, latitude) in enumerate(points)
            ]


def aerorust() -> list[Fix]:
    """The recorded drive: sixteen minutes, every second."""
    fixes: dict[datetime, Fix] = {}
    for report in read_log(AERORUST, date(2021, 1, 1)).reports:
        payload = encode_epoch("gnss", 1, report.epoch.device_time, report.epoch.lines)
        for part in decode(payload, datetime.now(UTC)):
            if isinstance(part, Reading) and part.fix is not None:
                fixes.setdefault(part.fix.time, part.fix)
    return list(fixes.values())


def test_recorded_tracks_are_left_alone() -> None:
    """Thousand taxi trips and a drive: at most one fix in two hundred is doubted (of the taxis' doubted ones most lie
    hundreds of metres off for a single fix: they are doubted rightly)."""
    for name, tracks in (("porto", list(porto())), ("aerorust", [aerorust()])):
        marked = [fix for fixes in tracks for fix in judged_track(fixes)]
        flagged = sum(bool(fix.quality) for fix in marked)
        print(f"recorded={name} fixes={len(marked)} flagged={flagged} percent={100 * flagged / len(marked):.3f}")
        assert len(marked) > 900
        assert flagged <= FALSE * len(marked)


def test_what_is_injected_into_recorded_tracks_is_found() -> None:
    """Exchanged coordinates, 4,300 km, and a leap of speed in real tracks, where the exchange is a place on Earth."""
    tracks = [fixes for fixes in itertools.islice(porto(), 300) if len(fixes) > 12 and not _doubted(fixes)]
    drive = aerorust()
    tracks += [drive[start : start + 60] for start in range(0, len(drive) - 60, 60)]
    for name, spoil, flag in (
        ("swapped", _swapped, Quality.SWAPPED),
        ("jump", _jumped, Quality.JUMP),
        ("leap", _leapt, Quality.IMPOSSIBLE_ACCELERATION),
    ):
        wrong = found = good = doubted = 0
        for fixes in tracks:
            if name == "leap" and fixes[0].speed is None:
                continue
            at = len(fixes) // 2
            marked = judged_track([*fixes[:at], spoil(fixes[at]), *fixes[at + 1 :]])
            wrong, found = wrong + 1, found + (marked[at].quality & flag == flag)
            good += len(fixes) - 1
            doubted += sum(bool(fix.quality) for fix in marked) - bool(marked[at].quality)
        print(f"injected={name} wrong={wrong} recall={found / wrong:.4f} good={good} false={doubted / good:.5f}")
        assert found >= RECALL * wrong
        assert doubted <= FALSE * good


def _doubted(fixes: Sequence[Fix]) -> bool:
    return any(fix.quality for fix in judged_track(fixes))


def _swapped(fix: Fix) -> Fix:
    return msgspec.structs.replace(fix, latitude=fix.longitude, longitude=fix.latitude)


def _jumped(fix: Fix) -> Fix:
    return msgspec.structs.replace(fix, latitude=fix.latitude - 30.0, longitude=fix.longitude + 25.0)


def _leapt(fix: Fix) -> Fix:
    return msgspec.structs.replace(fix, speed=(fix.speed or 0.0) + 40.0)
