"""Names as callers say and call-takers type them, against names as maps and lists have them."""

import time

import pytest

from tracker.locate.gazetteer import Entry, Gazetteer, search
from tracker.locate.names import parts, spelled

HERE = (-7.15, 111.88)


def entry(name: str, kind: str, latitude: float = -7.15, longitude: float = 111.88, within: str | None = None) -> Entry:
    return Entry(name, kind, latitude, longitude, "test", within)


KNOWN = Gazetteer(
    [
        entry("Bojonegoro", "district"),
        entry("Padangan", "district", -7.18, 111.61),
        entry("Trucuk", "district", -7.12, 111.83),
        entry("Purwosari", "district", -7.22, 111.67),
        entry("Baureno", "district", -7.12, 112.10),
        entry("Ledok Wetan", "village", -7.151, 111.886, "Bojonegoro"),
        entry("Padangan", "village", -7.158, 111.612, "Padangan"),
        entry("Sumberejo", "village", -7.13, 111.84, "Trucuk"),
        entry("Sumberejo", "village", -7.09, 111.70, "Malo"),
        entry("Sukorejo", "village", -7.165, 111.87, "Bojonegoro"),
        entry("Sukorejo", "village", -7.30, 111.64, "Tambakrejo"),
        entry("Kedungadem", "village", -7.32, 112.04, "Kedungadem"),
        entry("Banjarsari", "village", -7.11, 111.85, "Trucuk"),
        entry("Simpang IV Sipin", "village", -7.0, 111.0, "Telanaipura"),
        entry("Simpang III Sipin", "village", -7.0, 111.1),
        entry("Jalan Melati", "street", -7.18, 111.612, "Padangan"),
        entry("Jalan Melati", "street", -7.12, 112.09, "Baureno"),
        entry("Jalan Ahmad Yani", "street"),
        entry("Jalan Jenderal Sudirman", "street"),
        entry("Jalan Dokter Sutomo", "street"),
        entry("Jalan Kiai Haji Hasyim Asyari", "street"),
        entry("Jalan Panglima Polim", "street"),
        entry("RSUD Dr. R. Sosodoro Djatikoesoemo", "hospital"),
        entry("RS Umum Aisyiyah Bojonegoro", "hospital"),
        entry("RS Umum Daerah H. Abdul Manap", "hospital"),
        entry("RSUD Padangan", "hospital", -7.17, 111.61),
        entry("PADANGAN", "puskesmas", -7.175, 111.61),
        entry("Puskesmas Purwosari", "puskesmas", -7.22, 111.67),
        entry("Sukarami", "village", -2.93, 104.7, "Sukarami, Kota Palembang"),
        entry("Sukarami", "village", -4.0, 103.9, "Pengandonan, Kabupaten Ogan Komering Ulu"),
        entry("Puskesmas Kota Baru", "puskesmas"),
        entry("Sepaku I", "puskesmas"),
        entry("Sepaku III", "puskesmas"),
    ]
)


@pytest.mark.parametrize(
    ("said", "name", "kind", "within"),
    [
        ("Ledok Wetan", "Ledok Wetan", "village", "Bojonegoro"),
        ("ledokwetan", "Ledok Wetan", "village", "Bojonegoro"),
        ("kel. ledok wetan", "Ledok Wetan", "village", "Bojonegoro"),
        ("Kelurahan Ledokwetan Kec. Bojonegoro", "Ledok Wetan", "village", "Bojonegoro"),
        ("ledokwetan bojonegoro", "Ledok Wetan", "village", "Bojonegoro"),
        ("ledok weten", "Ledok Wetan", "village", "Bojonegoro"),
        ("ds. Sumberejo kec. Trucuk", "Sumberejo", "village", "Trucuk"),
        ("desa sumberrejo, kecamatan trucuk", "Sumberejo", "village", "Trucuk"),
        ("Sumbrejo Trucuk", "Sumberejo", "village", "Trucuk"),
        ("Ds Sumberejo, Malo", "Sumberejo", "village", "Malo"),
        ("kedung adem", "Kedungadem", "village", "Kedungadem"),
        ("Bnjarsari trucuk", "Banjarsari", "village", "Trucuk"),
        ("simpang 4 sipin", "Simpang IV Sipin", "village", "Telanaipura"),
        ("Dusun Krajan RT 02 RW 03 Ds. Sukorejo Kec. Bojonegoro", "Sukorejo", "village", "Bojonegoro"),
        ("sukorejo kec tambakrejo", "Sukorejo", "village", "Tambakrejo"),
        ("kec. padangan", "Padangan", "district", None),
        ("Kecamatan Trucuk", "Trucuk", "district", None),
        ("Padangan", "Padangan", "village", "Padangan"),
        ("Jl. Melati, Padangan", "Jalan Melati", "street", "Padangan"),
        ("jln melati no. 12 kec baureno", "Jalan Melati", "street", "Baureno"),
        ("Kecelakaan Jl Melati 3 Padangan dekat pasar", "Jalan Melati", "street", "Padangan"),
        ("Jl. A. Yani No 7", "Jalan Ahmad Yani", "street", None),
        ("jalan ahmat yani", "Jalan Ahmad Yani", "street", None),
        ("Jl Jend. Soedirman 45", "Jalan Jenderal Sudirman", "street", None),
        ("jl dr soetomo", "Jalan Dokter Sutomo", "street", None),
        ("jln. KH. Hasyim Asy'ari", "Jalan Kiai Haji Hasyim Asyari", "street", None),
        ("RSUD Sosodoro", "RSUD Dr. R. Sosodoro Djatikoesoemo", "hospital", None),
        ("rumah sakit sosodoro", "RSUD Dr. R. Sosodoro Djatikoesoemo", "hospital", None),
        ("R.S.U.D. Sosodoro Jatikusumo", "RSUD Dr. R. Sosodoro Djatikoesoemo", "hospital", None),
        ("rs jatikusumo bojonegoro", "RSUD Dr. R. Sosodoro Djatikoesoemo", "hospital", None),
        ("RS Aisiyah", "RS Umum Aisyiyah Bojonegoro", "hospital", None),
        ("rsud abdul manaf kota jambi", "RS Umum Daerah H. Abdul Manap", "hospital", None),
        ("rumah sakit umum daerah padangan", "RSUD Padangan", "hospital", None),
        ("Sukarami kota Palembang", "Sukarami", "village", "Sukarami, Kota Palembang"),
        ("sukarami kab. ogan komering ulu", "Sukarami", "village", "Pengandonan, Kabupaten Ogan Komering Ulu"),
        ("puskesmas kota baru", "Puskesmas Kota Baru", "puskesmas", None),
        ("pkm padangan", "PADANGAN", "puskesmas", None),
        ("puskesmas pandangan", "PADANGAN", "puskesmas", None),
        ("Puskesmas Purwosari", "Puskesmas Purwosari", "puskesmas", None),
        ("puskesmas sepaku 3", "Sepaku III", "puskesmas", None),
        ("Puskesmas Sepaku I", "Sepaku I", "puskesmas", None),
    ],
)
def test_places_are_found_as_people_say_them(said: str, name: str, kind: str, within: str | None) -> None:
    """Shortened words, old spellings, typos, words run together, addresses with everything in one line."""
    best = search([KNOWN], said)[0]
    assert (best.name, best.kind, best.within) == (name, kind, within)
    assert best.score >= 0.65


@pytest.mark.parametrize("said", ["", "   ", "?", "x", "qwertyuiop", "Zimbabwe", "no 12", "RT 02 RW 03", "jalan"])
def test_what_is_not_there_is_not_found(said: str) -> None:
    """A wrong village is worse than none."""
    assert search([KNOWN], said) == []


def test_of_several_of_one_name_the_nearest_comes_first() -> None:
    """Where the map is looking decides what no word decides."""
    assert search([KNOWN], "jl melati", (-7.12, 112.1))[0].within == "Baureno"
    assert search([KNOWN], "jl melati", (-7.18, 111.6))[0].within == "Padangan"


def test_the_first_letters_are_enough_while_somebody_types() -> None:
    """The list is there before the name is."""
    assert search([KNOWN], "keduN")[0].name == "Kedungadem"
    assert search([KNOWN], "jl jend")[0].name == "Jalan Jenderal Sudirman"


def test_an_address_falls_back_to_its_area_where_the_street_is_unknown() -> None:
    """Knowing the village is better than nothing, and its score says that it is less."""
    found = search([KNOWN], "Jl. Entah Berantah 9, Desa Sukorejo, Kec. Bojonegoro")
    assert (found[0].name, found[0].within) == ("Sukorejo", "Bojonegoro")


@pytest.mark.parametrize(
    ("name", "bare", "kind"),
    [
        ("Jl. Dr. Soetomo No. 7A", "dokter sutomo", "street"),
        ("Gg. Mawar II", "mawar 2", "street"),
        ("Ds. Tjampurdjo", "campurjo", "village"),
        ("RSU Moh. Saleh", "muhammad saleh", "facility"),
        ("Puskesmas", "puskesmas", None),
        ("Kp. Baru RT.03/RW.02", "baru", "village"),
        ("Perum. Griya Asri Blok C-12", "perumahan griya asri", None),
    ],
)
def test_names_have_one_spelling(name: str, bare: str, kind: str | None) -> None:
    """Whatever list they come from."""
    assert (spelled(name).bare, spelled(name).kind) == (bare, kind)


def test_addresses_fall_into_their_parts() -> None:
    """With commas and without."""
    assert parts("Jl. Veteran 12 Desa Sukorejo Kec. Bojonegoro Kab. Bojonegoro") == [
        "Jl. Veteran 12", "Desa Sukorejo", "Kec. Bojonegoro", "Kab. Bojonegoro",
    ]  # fmt: skip
    assert parts("kebakaran di pasar\ndekat RSUD Padangan") == ["kebakaran", "pasar", "RSUD Padangan"]


def test_a_province_is_searched_while_somebody_types() -> None:
    """3,259 villages and as many streets; 0.5 s is what a slow machine takes, and it is 20 ms on ours."""
    many = Gazetteer(
        [entry(f"Suka{chr(97 + at % 26)}{chr(97 + at // 26 % 26)}maju {at % 40}", "village") for at in range(6500)]
    )
    began = time.perf_counter()
    search([many, KNOWN], "desa sukaabmaju 12 kec padangan")
    assert time.perf_counter() - began < 0.5
