"""The five centres: each profile says what its sources say, and nothing that contradicts itself."""

import functools
import itertools
import tomllib
from datetime import datetime
from importlib import resources
from zoneinfo import ZoneInfo

import msgspec
import networkx as nx  # type: ignore[import-untyped] # it ships no types
import pytest

from tracker import regions
from tracker.geodesy import distance
from tracker.missions.escalation import Ladder
from tracker.missions.statuses import Status
from tracker.regions.profile import read
from tracker.wire.topics import checked_id

NAMES = ("banyuwangi", "bojonegoro", "jambi", "ppu", "sumsel")
load = functools.cache(regions.load)
every_profile = pytest.mark.parametrize("name", NAMES)


def text(name: str) -> str:
    """As it stands in the distribution."""
    return resources.files("tracker.regions").joinpath(name).read_text(encoding="utf-8")


def test_there_are_five() -> None:
    """One for each service that asked, in the order of the alphabet."""
    assert regions.names() == list(NAMES)


@pytest.mark.parametrize(
    ("name", "codes", "zone", "districts", "desa", "kelurahan", "puskesmas", "hospitals", "numbers", "province"),
    [
        ("banyuwangi", "35.10 3510", "Asia/Jakarta", 25, 189, 28, 45, 14, "112 118", "Jawa Timur"),
        ("bojonegoro", "35.22 3522", "Asia/Jakarta", 28, 419, 11, 36, 10, "119", "Jawa Timur"),
        ("jambi", "15.71 1571", "Asia/Jakarta", 11, 0, 68, 20, 17, "112 119", "Jambi"),
        ("ppu", "64.09 6409", "Asia/Makassar", 4, 30, 24, 11, 1, "112", "Kalimantan Timur"),
        ("sumsel", "16 16", "Asia/Jakarta", 241, 2856, 403, 300, 88, "119", "Sumatera Selatan"),
    ],
)
def test_the_facts(
    name: str,
    codes: str,
    zone: str,
    districts: int,
    desa: int,
    kelurahan: int,
    puskesmas: int,
    hospitals: int,
    numbers: str,
    province: str,
) -> None:
    """As the research on the region has them."""
    profile = load(name)
    assert f"{profile.code} {profile.bps}" == codes
    assert profile.time_zone == zone
    assert (len(profile.districts), profile.desa, profile.kelurahan) == (districts, desa, kelurahan)
    assert profile.villages == desa + kelurahan
    assert (profile.puskesmas, profile.hospitals) == (puskesmas, hospitals)
    assert " ".join(each.number for each in profile.numbers) == numbers
    assert profile.numbers[0].takes is regions.Takes.ALL
    assert all(each.takes is regions.Takes.MEDICAL for each in profile.numbers[1:])
    assert profile.province is not None
    assert profile.province.name == province
    assert profile.province.code == (profile.code or "").split(".")[0]
    assert profile.response_target is None  # no source states one
    assert 8 <= len(profile.units) <= 12


def test_the_clock_of_ppu_is_an_hour_ahead_of_the_others() -> None:
    """WITA, where the others have WIB."""
    hours = {name: datetime(2026, 11, 22, tzinfo=ZoneInfo(load(name).time_zone)).strftime("%z") for name in NAMES}
    assert hours == {name: "+0800" if name == "ppu" else "+0700" for name in NAMES}


@pytest.mark.parametrize(
    ("name", "south", "north", "west", "east"),
    [
        ("banyuwangi", -8.78, -7.89, 113.84, 114.61),
        ("bojonegoro", -7.47, -6.99, 111.42, 112.17),
        ("jambi", -1.70, -1.55, 103.52, 103.68),
        ("ppu", -1.60, -0.80, 116.34, 116.95),
        ("sumsel", -4.92, -1.63, 102.06, 106.22),
    ],
)
def test_the_districts_lie_in_their_region(name: str, south: float, north: float, west: float, east: float) -> None:
    """Within the box of its polygons, no two on one point, and no finer than approximate centres may be."""
    districts = load(name).districts
    for each in districts:
        assert south < each.latitude < north
        assert west < each.longitude < east
        assert (round(each.latitude, 2), round(each.longitude, 2)) == (each.latitude, each.longitude)
    assert len({(each.latitude, each.longitude) for each in districts}) == len(districts)


@every_profile
def test_ids_are_ids_and_units_have_owners(name: str) -> None:
    """So that each can stand in a topic, and each unit is somebody's."""
    profile = load(name)
    kinds = {agency.id: agency.kind for agency in profile.agencies}
    for id_ in (*kinds, *(each.kind for each in profile.sops), *(each.id for each in profile.members), name):
        assert checked_id(id_) == id_
    assert {unit.agency for unit in profile.units} <= kinds.keys()
    assert [unit.id for unit in profile.units if unit.kind == "ambulance"][:3] == [
        f"ambulans-{number:02d}" for number in (1, 2, 3)
    ]


@every_profile
def test_every_status_has_a_word_and_no_two_the_same(name: str) -> None:
    """A board that shows two statuses in one word shows neither."""
    labels = load(name).labels
    assert labels is not None
    words = labels.by_status()
    assert words.keys() == {status.value for status in Status}
    assert len({word.casefold() for word in words.values()}) == len(Status)


@every_profile
def test_the_escalation_is_a_ladder(name: str) -> None:
    """Its seconds are those that the missions climb; only Bojonegoro has the next unit assigned by itself."""
    escalation = load(name).escalation
    assert escalation.next_unit_by_itself == (name == "bojonegoro")
    seconds = {key: value for key, value in msgspec.structs.asdict(escalation).items() if key.endswith("_s")}
    assert seconds.keys() == set(Ladder.__struct_fields__)
    ladder = Ladder(**seconds)
    assert 0 < ladder.again_s < ladder.next_unit_s < ladder.supervisor_s


def test_an_escalation_that_says_nothing_is_that_of_the_missions() -> None:
    """The same defaults, though the two do not know each other."""
    silent = msgspec.structs.asdict(regions.Escalation())
    assert silent.pop("next_unit_by_itself") is False
    assert silent == msgspec.structs.asdict(Ladder())


@pytest.mark.parametrize("name", ["banyuwangi", "jambi", "ppu"])
def test_the_centres_of_112_know_its_seven_kinds(name: str) -> None:
    """Fire, accident, riot, disaster, health, security, and whatever else."""
    profile = load(name)
    assert [sop.kind for sop in profile.sops] == [
        "kebakaran",
        "kecelakaan",
        "kerusuhan",
        "bencana-alam",
        "kesehatan",
        "gangguan-keamanan",
        "darurat-lain",
    ]
    assert all(sop.sop for sop in profile.sops)


def test_the_command_of_ppu_is_to_be_handed_over() -> None:
    """From Diskominfo to BPBD; nobody else plans that, and of Banyuwangi no source says who has it."""
    commands = {name: load(name).command for name in NAMES}
    assert commands.pop("ppu") == regions.Command("diskominfo", "bpbd")
    assert commands.pop("banyuwangi") is None
    assert set(commands.values()) == {regions.Command("dinkes")}


def test_one_call_in_jambi_can_send_five_agencies() -> None:
    """Medical, fire, police, social and disaster management."""
    profile = load("jambi")
    kinds = {agency.id: agency.kind.value for agency in profile.agencies}
    (disaster,) = [sop for sop in profile.sops if sop.kind == "bencana-alam"]
    assert {kinds[agency] for agency in disaster.agencies} == {"dinkes", "damkar", "polres", "dinsos", "bpbd"}


def test_the_agencies_linked_in_ppu() -> None:
    """Those that the source names are there, with units of most."""
    profile = load("ppu")
    kinds = {agency.kind.value for agency in profile.agencies}
    assert {"diskominfo", "bpbd", "hospital", "satpol-pp", "damkar", "pupr", "dinsos"} <= kinds
    assert {"bpbd", "rsud", "satpol-pp", "damkar", "pupr", "dinsos"} <= {unit.agency for unit in profile.units}


def test_south_sumatra_has_seventeen_centres_and_five_with_two_codes() -> None:
    """What is true of the whole is the sum of the members; the registries disagree in five."""
    members = load("sumsel").members
    assert len(members) == 17
    assert {each.id: each.bps for each in members if each.bps != each.code.replace(".", "")} == {
        "oku-timur": "1609",
        "oku-selatan": "1608",
        "pagar-alam": "1673",
        "lubuk-linggau": "1674",
        "prabumulih": "1672",
    }
    assert {each.id: each.puskesmas for each in members} == {
        "oku": 15, "oki": 25, "muara-enim": 18, "lahat": 31, "musi-rawas": 19, "musi-banyuasin": 24, "banyuasin": 29,
        "oku-timur": 20, "oku-selatan": 15, "ogan-ilir": 24, "empat-lawang": 8, "pali": 4, "muratara": 8,
        "palembang": 39, "pagar-alam": 6, "lubuk-linggau": 8, "prabumulih": 7,
    }  # fmt: skip
    assert [each.code for each in members] == sorted(each.code for each in members)


def test_every_village_of_south_sumatra_has_a_unit() -> None:
    """3,259 by rule: ids of their own, at home in a district of their centre, citizens' own cars."""
    province = load("sumsel")
    units = regions.village_units(province)
    assert len({unit.id for unit in units}) == len(units) == 3259
    where = {district.name: district.member for district in province.districts}
    numbers = {each.id: each.code.replace(".", "") for each in province.members}
    for unit in units:
        assert checked_id(unit.id).split("-")[1] == numbers[where[unit.home] or ""]
        assert unit.private
    pali = regions.village_units(province, "pali")
    assert len(pali) == 71
    assert set(pali) < set(units)
    assert {unit.home for unit in units} == where.keys()
    assert regions.village_units(load("ppu")) == []


def test_a_member_is_a_centre_like_any_other() -> None:
    """Its own codes, counts, districts and units; the province's numbers, words and ways; and together they are all."""
    province = load("sumsel")
    centres = [regions.member_profile(province, each.id) for each in province.members]
    for centre, member in zip(centres, province.members, strict=True):
        assert (centre.name, centre.code, centre.bps) == (member.name, member.code, member.bps)
        assert centre.villages == member.desa + member.kelurahan
        assert len(centre.districts) == member.districts
        assert (centre.labels, centre.numbers, centre.province) == (
            province.labels,
            province.numbers,
            province.province,
        )
        assert nx.is_connected(nx.Graph([road.ends for road in regions.network_of(centre).roads]))
    assert sum(len(centre.districts) for centre in centres) == 241
    assert sum(len(centre.units) for centre in centres) == len(province.units)
    with pytest.raises(regions.ProfileError, match=r"no member 'mars'; it has: oku, oki"):
        regions.member_profile(province, "mars")


@every_profile
def test_its_roads_join_all_districts(name: str) -> None:
    """Connected, plane, and each from one district to another without a leap."""
    network = regions.network_of(load(name))
    graph = nx.Graph([road.ends for road in network.roads])
    assert len(graph) == len(network.districts)
    assert nx.is_connected(graph)
    assert nx.check_planarity(graph)[0]
    for road in network.roads:
        (south, west), (north, east) = road.points[0], road.points[-1]
        assert 1.0 <= road.length / distance(south, west, north, east) < 1.1
        assert len(road.points) >= road.length / 400


@every_profile
def test_the_notice_of_the_polygons_is_in_the_distribution(name: str) -> None:
    """Each profile names it, and it says what its licence asks to be kept."""
    assert "its notice is in the" in text(f"{name}.toml")
    assert "APPROXIMATE" in text(f"{name}.toml")
    notice = " ".join(text("NOTICE").split())
    for part in ("Copyright (c) Cahya DSN", "The above copyright notice and this permission notice shall be included"):
        assert part in notice


BROKEN = [
    ("ppu", 'holder = "diskominfo"', 'holder = "kominfo"', "command names 'kominfo', which is no agency"),
    ("ppu", 'to_be_handed_to = "bpbd"', 'to_be_handed_to = "diskominfo"', "from diskominfo to itself"),
    ("ppu", '"damkar", "rsud", "bpbd"]', '"damkar", "rsud", "polsek"]', "the kind kebakaran names 'polsek'"),
    ("ppu", 'agencies = ["damkar", "rsud", "bpbd"]', "agencies = []", "nobody is sent to the kind kebakaran"),
    ("ppu", 'kind = "kerusuhan"', 'kind = "kebakaran"', "a kind of emergency stands in it twice"),
    ("ppu", 'kind = "kerusuhan"', 'kind = "Kerusuhan!"', "is not an id"),
    ("ppu", '{ id = "dinsos"', '{ id = "dinkes"', "an agency stands in it twice"),
    ("ppu", 'kind = "pupr" }', 'kind = "pu" }', "pu"),
    ("ppu", 'agency = "pupr"', 'agency = "pu"', "pupr-01 names 'pu', which is no agency"),
    ("ppu", 'number = "112"', 'number = "112a"', "'112a' cannot be dialled"),
    ("ppu", "next_unit_s = 60.0", "next_unit_s = 30.0", "do not come one after the other"),
    ("ppu", "again_s = 30.0", "again_s = nan", "do not come one after the other"),
    ("ppu", "supervisor_s = 120.0", "supervisor_s = inf", "do not come one after the other"),
    ("ppu", 'handed-over = "Pasien diserahkan"\n', "", "missing required field `handed-over`"),
    ("ppu", 'handed-over = "Pasien diserahkan"', 'handed-over = " "', "it has no word for handed-over"),
    ("ppu", 'handed-over = "', 'asleep = "x"\nhanded-over = "', "asleep"),
    ("ppu", "[labels]", '[response_target]\nminutes = 0.0\ninterval = "call-to-scene"\n[labels]', "of 0.0 minutes"),
    ("ppu", "[labels]", '[response_target]\nminutes = 9.0\ninterval = "some"\n[labels]', "some"),
    ("ppu", "desa = 30", 'desa = 30\nvillage_units = { prefix = "d", label = "D", kind = "ambulance", agency = "bpbd", '
     "private = true }", "counted by member, and it has none"),
    ("ppu", "longitude = 116.61 }", 'longitude = 116.61, member = "ppu" }', "belongs to 'ppu', which is no member"),
    ("sumsel", 'member = "pali"', 'member = "mars"', "belongs to 'mars', which is no member"),
    ("sumsel", ', member = "pali"', "", "belongs to None, which is no member"),
    ("sumsel", "districts = 5, desa = 65", "districts = 6, desa = 65", "pali has 6 districts, and 5 are named"),
    ("sumsel", "puskesmas = 300", "puskesmas = 299", "its members have 300 puskesmas, and it says 299"),
    ("sumsel", "desa = 2856", "desa = 2857", "its members have 2856 desa, and it says 2857"),
    ("sumsel", 'bps = "1609"', 'bps = "1608"', "two of its members have the same bps"),
    ("sumsel", 'prefix = "desa"', 'prefix = "Desa"', "is not an id"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good", "bad", "sentence"), BROKEN)
def test_a_profile_that_contradicts_itself_is_refused(name: str, good: str, bad: str, sentence: str) -> None:
    """With a sentence that says where."""
    whole = text(f"{name}.toml")
    assert good in whole
    with pytest.raises(regions.ProfileError, match=f"the profile x is wrong: .*{sentence}"):
        read("x", whole.replace(good, bad, 1))


@every_profile
def test_there_are_no_coordinates_of_facilities(name: str) -> None:
    """Only districts have any: no list of facilities states a licence."""

    def keys(value: object) -> list[str]:
        if isinstance(value, dict):
            return [*value, *itertools.chain.from_iterable(keys(each) for each in value.values())]
        return list(itertools.chain.from_iterable(keys(each) for each in value)) if isinstance(value, list) else []

    whole = tomllib.loads(text(f"{name}.toml"))
    assert keys(whole).count("latitude") == len(whole.pop("districts"))
    assert "latitude" not in keys(whole)
