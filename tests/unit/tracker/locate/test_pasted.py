"""What people paste: coordinates, links of map services, codes, and whole messages with all of it."""

import time

import pytest
from hypothesis import given, strategies

from tracker.locate import Box, Located, read
from tracker.locate.names import parts, spelled

BOJONEGORO = Box(-7.6, 111.3, -6.9, 112.3)
PPU = Box(-1.7, 116.2, -0.6, 117.0)  # just south of the equator
HERE = (-7.150975, 111.88186)


def best(text: str, home: Box | None = BOJONEGORO) -> Located:
    """The first place of a text."""
    found = read(text, home)
    assert found.places, found
    return found.places[0]


def at(text: str, home: Box | None = BOJONEGORO) -> tuple[float, float]:
    """Where that is, to 0.1 m."""
    return round(best(text, home).latitude, 6), round(best(text, home).longitude, 6)


@pytest.mark.parametrize(
    "text",
    [
        "-7.150975,111.881860",
        "-7.150975, 111.881860",
        "-7.150975 111.881860",
        "(-7.150975, 111.881860)",
        "−7.150975, 111.881860",
        "-7,150975, 111,881860",
        "-7,150975 ; 111,881860",
        "-7,150975 111,881860",
        "-7,150975,111,881860",
        "-7.150975/111.881860",
        "-7.150975°, 111.881860°",
        "Lat: -7.150975 Long: 111.881860",
        "Lat -7.150975, Lng 111.881860",
        "latitude=-7.150975 longitude=111.881860",
        "Latitude : -7.150975\nLongitude : 111.881860",
        "Lat/Long: -7.150975, 111.881860",
        "Lintang -7.150975 Bujur 111.881860",
        "Lintang: 7,150975 LS Bujur: 111,881860 BT",
        "7.150975 LS 111.881860 BT",
        "7,150975 LS, 111,881860 BT",
        "7,150975° LS dan 111,881860° BT",
        "7.150975 lintang selatan, 111.881860 bujur timur",
        "LS 7.150975 BT 111.881860",
        "S7.150975 E111.881860",
        "S 7.150975, E 111.881860",
        "7.150975S 111.881860E",
        "7.150975°S, 111.881860°E",
        "111.881860 BT 7.150975 LS",
        "Bujur 111.881860 Lintang -7.150975",
        "111.881860, -7.150975",
        "111.881860 -7.150975",
        "7.150975, 111.881860",
        "111,881860 ; 7,150975",
        "Telp 0812-3456-7890, koordinat -7.150975, 111.881860 rumah pagar hijau",
        "kecelakaan jam 10.30 di -7.150975,111.881860, korban 2",
        "[22/11/2026 10.31] Bu Siti: -7.150975,111.881860",
    ],
)
def test_decimal_coordinates_are_read_however_they_are_written(text: str) -> None:
    """Points or commas, letters of two languages, either order, with or without the south's minus."""
    assert at(text) == HERE


@pytest.mark.parametrize(
    "text",
    [
        "7°09'03.51\"S 111°52'54.70\"E",
        "7°9'3.51\"S, 111°52'54.7\"E",
        "7° 9' 3,51\" LS 111° 52' 54,7\" BT",
        "7°9’3.51”S 111°52’54.7”E",
        "7º 9' 3.51'' LS 111º 52' 54.7'' BT",
        "S 7°9'3.51\" E 111°52'54.7\"",
        "7 derajat 9 menit 3,51 detik LS, 111 derajat 52 menit 54,7 detik BT",
        "7 9 3.51 S 111 52 54.7 E",
        "07-09-03.51 LS 111-52-54.7 BT",
        "111°52'54.7\"BT 7°9'3.51\"LS",
        "-7°9'3.51\" 111°52'54.7\"",
        "7°9.0585'S 111°52.9116'E",
        "https://www.google.com/maps/place/7%C2%B009'03.5%22S+111%C2%B052'54.7%22E/@-7.15,111.88,17z",
    ],
)
def test_degrees_minutes_and_seconds_are_read(text: str) -> None:
    """To a second's tenth, which is 3 m."""
    latitude, longitude = at(text)
    assert latitude == pytest.approx(-7.150975, abs=2e-5)
    assert longitude == pytest.approx(111.881860, abs=2e-5)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("https://maps.google.com/?q=-7.150975,111.881860", "google-maps"),
        ("https://maps.google.com/maps?q=-7.150975%2C111.881860&z=17&hl=id", "google-maps"),
        ("http://maps.google.co.id/maps?q=loc:-7.150975,111.881860", "google-maps"),
        ("https://maps.google.com/maps?q=loc:-7.150975+111.881860", "google-maps"),
        ("https://www.google.com/maps?ll=-7.150975,111.881860&z=16", "google-maps"),
        ("https://www.google.co.id/maps/@-7.150975,111.881860,17z?hl=id", "google-maps"),
        ("https://www.google.com/maps/search/?api=1&query=-7.150975%2C111.881860", "google-maps"),
        ("https://www.google.com/maps/search/-7.150975,+111.881860?entry=tts", "google-maps"),
        ("https://www.google.com/maps/dir/?api=1&destination=-7.150975,111.881860&travelmode=driving", "google-maps"),
        ("https://www.google.com/maps/dir/-7.30,111.70/-7.150975,111.881860/@-7.2,111.8,12z", "google-maps"),
        ("https://www.google.com/maps/dir//-7.150975,111.881860", "google-maps"),
        ("https://maps.google.com/maps?saddr=-7.3,111.7&daddr=-7.150975,111.881860", "google-maps"),
        (
            "https://www.google.com/maps/place/RSUD+Sosodoro/@-7.1612,111.8901,15z/data=!3m1!4b1!4m6!3m5!1s0x2e77:0x1"
            "!8m2!3d-7.150975!4d111.88186!16s%2Fg%2F1",
            "google-maps",
        ),
        (
            "https://www.google.com/maps/dir/Rumah/Pasar/@-7.2,111.8,12z/data=!4m13!4m12!1m5!1m1!1s0x1:0x2!2m2!1d111.7"
            "!2d-7.3!1m5!1m1!1s0x3:0x4!2m2!1d111.88186!2d-7.150975!3e0",
            "google-maps",
        ),
        ("maps.google.com/?q=-7.150975,111.881860", "google-maps"),
        ("www.google.com/maps/@-7.150975,111.881860,17z", "google-maps"),
        ("comgooglemaps://?q=-7.150975,111.881860&zoom=14", "google-maps"),
        ("google.navigation:q=-7.150975,111.881860", "google-maps"),
        ("https://www.openstreetmap.org/?mlat=-7.150975&mlon=111.881860#map=17/-7.15/111.88", "openstreetmap"),
        ("https://www.openstreetmap.org/#map=17/-7.150975/111.881860", "openstreetmap"),
        ("https://maps.apple.com/?ll=-7.150975,111.881860&q=Lokasi", "apple-maps"),
        ("https://maps.apple.com/place?coordinate=-7.150975,111.881860&name=Pin", "apple-maps"),
        ("https://waze.com/ul?ll=-7.150975%2C111.881860&navigate=yes", "waze"),
        ("https://www.waze.com/live-map/directions?to=ll.-7.150975%2C111.881860&ll=-7.150975,111.881860", "waze"),
        ("geo:-7.150975,111.881860", "geo-uri"),
        ("geo:-7.150975,111.881860;u=35", "geo-uri"),
        ("geo:-7.150975,111.881860?z=17", "geo-uri"),
        ("geo:0,0?q=-7.150975,111.881860(Rumah%20Bu%20Siti)", "geo-uri"),
        ("https://www.bing.com/maps?cp=-7.150975~111.881860&lvl=16", "bing.com"),
        ("https://yandex.com/maps/?ll=111.881860%2C-7.150975&z=16", "yandex.com"),
        ("https://wego.here.com/?map=-7.150975,111.881860,15,normal", "wego.here.com"),
        ("Lokasi saya: https://maps.google.com/?q=-7.150975,111.881860 tolong cepat", "google-maps"),
        ("[22/11/26 10.31] Pak RT: lokasi: https://maps.google.com/?q=-7.150975,111.881860", "google-maps"),
        (
            "22/11/26 10.31 - +62 812-3456-7890: location: https://maps.google.com/?q=-7.150975,111.881860",
            "google-maps",
        ),
        ("Kecelakaan dekat pasar (https://maps.google.com/?q=-7.150975,111.881860).", "google-maps"),
    ],
)
def test_links_of_map_services_are_read_without_asking_them(text: str, source: str) -> None:
    """The pin, not the view; the destination, not the start."""
    assert at(text) == HERE
    assert best(text).source == source


def test_a_link_whose_numbers_are_the_view_says_that_nobody_put_a_pin() -> None:
    """A map that somebody looked at is not where they are: any pin comes before it."""
    seen = best("https://www.google.com/maps/@-7.150975,111.881860,17z")
    assert (seen.kind, seen.note) == ("view", "the middle of the map that was shown, not a pin")
    both = read("https://www.google.com/maps/@-7.15,111.88,17z rumahnya -7.2001,111.9001", BOJONEGORO)
    assert [each.kind for each in both.places] == ["point", "view"]


@pytest.mark.parametrize(
    "link",
    [
        "https://maps.app.goo.gl/AbCdEf123456",
        "https://goo.gl/maps/AbCdEf",
        "maps.app.goo.gl/AbCdEf123",
        "https://g.co/kgs/abc123",
    ],
)
def test_a_shortened_link_is_said_to_hold_nothing(link: str) -> None:
    """Nobody is asked where it leads; the call-taker is told what to ask the caller for."""
    found = read(f"RSUD Padangan {link}", BOJONEGORO)
    assert found.places == ()
    assert "shortened" in found.problems[0]
    assert "paste the numbers" in found.problems[0]
    assert found.words == "RSUD Padangan"


def test_a_link_without_a_point_gives_its_name_to_the_search() -> None:
    """A place that is only named can still be among those that the centre knows."""
    assert read("https://www.google.com/maps/place/RSUD+Padangan", BOJONEGORO).words == "RSUD Padangan"
    assert read("https://maps.google.com/?q=Puskesmas+Ngraho", BOJONEGORO).words == "Puskesmas Ngraho"
    assert read("https://www.openstreetmap.org/node/12345", BOJONEGORO).problems == (
        "the link to openstreetmap.org holds no point",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6P4HRVXJ+JP9", (-7.150987, 111.881859)),
        ("6P4HRVXJ+JP", (-7.150938, 111.881812)),
        ("https://plus.codes/6P4HRVXJ+JP", (-7.150938, 111.881812)),
        ("RVXJ+JP", (-7.150938, 111.881812)),
        ("RVXJ+JP Bojonegoro", (-7.150938, 111.881812)),
        ("rvxj+jp Kab. Bojonegoro, Jawa Timur", (-7.150938, 111.881812)),
    ],
)
def test_plus_codes_are_read(text: str, expected: tuple[float, float]) -> None:
    """Full ones mean one cell on Earth, short ones the nearest of that name."""
    assert at(text) == pytest.approx(expected, abs=3e-5)


def test_a_short_plus_code_is_of_the_area_that_stands_behind_it() -> None:
    """The same short code is found again every degree."""
    near = {"Palembang": (-2.99, 104.76)}
    found = read("RVXJ+JP Palembang", Box(-5.0, 102.0, -1.6, 106.2), near.get)
    assert found.places[0].latitude == pytest.approx(-3.150938, abs=1e-4)
    assert found.places[0].score == pytest.approx(0.95)
    assert read("RVXJ+JP", None).problems[0].startswith("RVXJ+JP is a short plus code")


def test_short_links_of_openstreetmap_and_waze_hold_their_point() -> None:
    """They look like shortened ones and are none."""
    osm = best("https://osm.org/go/0EEQjE--", None)
    assert (osm.latitude, osm.longitude) == pytest.approx((51.5106, 0.0549), abs=2e-3)
    waze = best("https://waze.com/ul/hqqvxc8h5pp")
    assert waze.source == "waze"


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("-1.25, 116.70", (-1.25, 116.70), None),
        ("1.2512, 116.7012", (-1.2512, 116.7012), "read as south: its minus was missing"),
        ("116.7012, -1.2512", (-1.2512, 116.7012), "read as longitude, latitude"),
        ("116.7012, 1.2512", (-1.2512, 116.7012), "read as longitude, latitude; read as south: its minus was missing"),
        ("1.2512 LU, 116.7012 BT", (1.2512, 116.7012), None),
        ("1.2512 N 116.7012 E", (1.2512, 116.7012), None),
        ("3.5952, 98.6722", (3.5952, 98.6722), None),
    ],
)
def test_the_centres_region_says_which_reading_is_meant(
    text: str, expected: tuple[float, float], note: str | None
) -> None:
    """On the equator a missing minus is another place in Indonesia; letters are believed, and so is Medan."""
    found = best(text, PPU)
    assert (found.latitude, found.longitude) == expected
    assert (found.note or "").replace("; written to about a kilometre", "").replace(
        "written to about a kilometre", ""
    ) == (note or "")


@pytest.mark.parametrize(
    "text",
    [
        "", "Jalan Veteran 12", "RT 02 RW 03", "22.11.2026", "jam 10.30 sampai 11.45", "0812-3456-7890", "112, 119",
        "korban 2 orang, umur 40,5", "https://example.org/berita", "12,5 km dari 3,2", "95.5, 200.1",
        "Jl. A. Yani No. 7, 11",
    ],
)  # fmt: skip
def test_what_is_no_place_is_not_taken_for_one(text: str) -> None:
    """House numbers, dates, telephone numbers and times stand in every message."""
    assert read(text, BOJONEGORO).places == ()


def test_two_numbers_far_away_are_told_and_not_used() -> None:
    """Null island and Europe are slips of the finger."""
    found = read("titik 0.0000, 0.0000", BOJONEGORO)
    assert found.places == ()
    assert "outside Indonesia" in found.problems[0]


def test_numbers_to_a_kilometre_say_so() -> None:
    """An address read from a map of the province is no pin."""
    found = best("-7.15, 111.88")
    assert found.note == "written to about a kilometre"
    assert found.score < best("-7.150975, 111.881860").score


def test_words_beside_a_point_are_its_name() -> None:
    """What the caller wrote of it helps the crew to find the door."""
    found = read("Rumah pagar hijau sebelah masjid https://maps.google.com/?q=-7.150975,111.881860", BOJONEGORO)
    assert found.places[0].name == "Rumah pagar hijau sebelah masjid"
    assert found.words == "Rumah pagar hijau sebelah masjid"


@pytest.mark.parametrize("text", ["https://[", "geo:", "https://maps.google.com/?q=", "///kata.dua.tiga", "+", "++++"])
def test_broken_ones_are_told_and_break_nothing(text: str) -> None:
    """A call-taker pastes whatever is on the clipboard."""
    assert read(text, BOJONEGORO).places == ()


PIECES = (
    "-7.150975", "111,881860", ",", " ", "\n", "7°9'3.51\"", "LS", "BT", "S",
    "https://maps.google.com/?q=", "geo:", "@", "!3d-7.1!4d111.8", "RVXJ+JP",
    "Jl. Veteran", "/", "?", "#map=17/", "&ll=", "%", "///a.b.c",
    "0", "lat", ":", "osm.org/go/", "waze.com/ul/h", "+", "-", "(", ")", "[22/11/26 10.31]",
)  # fmt: skip


@given(strategies.lists(strategies.sampled_from(PIECES) | strategies.text(max_size=6), max_size=12))
def test_whatever_is_pasted_gives_points_on_earth_or_none(pieces: list[str]) -> None:
    """A clipboard holds anything; each point has a score and lies on Earth."""
    for home in (BOJONEGORO, None):
        for place in read("".join(pieces), home).places:
            assert abs(place.latitude) <= 90
            assert abs(place.longitude) <= 180
            assert 0 <= place.score <= 1


@pytest.mark.parametrize(
    "piece",
    [" ", "\t", "\n ", "1 ", "1,", "7.15,", "1°1'", "7S", "RVXJ+", "geo:", "https://", "a ", "///a.", "[1/1/26 1.1] "],
)
def test_a_long_text_takes_no_longer_than_it_is(piece: str) -> None:
    """2,000 characters are 10 to 100 ms on our machine; what grows with the square would be minutes at 20,000."""
    began = time.perf_counter()
    text = (piece * 2000)[:2000]
    read(text, BOJONEGORO)
    for each in parts(text):
        spelled(each)
    assert time.perf_counter() - began < 1.0
