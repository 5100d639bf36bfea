"""Lists of facilities as people send them: their headers, their commas, their mistakes, told with the row's number."""

from pathlib import Path
from typing import Any

import pytest

from gateway.services.facility_list import ListUnusable, Row, plain, read, slug


def rows_of(path: Path, text: str, encoding: str = "utf-8", **options: Any) -> Any:
    """What is read from a file of this text."""
    path.write_bytes(text.encode(encoding))
    given: dict[str, Any] = {"columns": {}, "only": {}, "kind": None, **options}
    return read(path, given["columns"], given["only"], given["kind"], by_name=given.get("by_name", False))


def test_columns_are_found_under_the_names_that_lists_give_them(tmp_path: Path) -> None:
    """English or Indonesian, any case; what has no column is unknown."""
    found = rows_of(
        tmp_path / "f.csv",
        "Kode,Nama,Jenis,Lintang,Bujur,Kecamatan,Kelas,Tempat_Tidur,Layanan\n"
        "3522014, RSUD  Sosodoro ,hospital,-7.150975,111.88,Bojonegoro,b,265,ICU; ct;icu\n"
        ",Ngraho,puskesmas,,,,BELUM DITETAPKAN,,\n",
    )
    assert found.refused == []
    assert found.rows == [
        Row(2, "3522014", "RSUD Sosodoro", "hospital", -7.150975, 111.88, 6, "Bojonegoro", "B", 265, ("icu", "ct")),
        Row(3, None, "Ngraho", "puskesmas", None, None, 0, None, None, None, ()),
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name;lat;lon\nA;-7,15;111,88\n", "utf-8"),
        ("name\tlat\tlon\r\nA\t-7.150\t+111.88\r\n", "utf-8-sig"),
        ('name,lat,lon\n\n"A","\u22127,15","111,880"\n', "utf-8"),
    ],
)
def test_separators_and_decimal_commas_of_any_office(tmp_path: Path, text: str, encoding: str) -> None:
    """Semicolons with commas in the numbers, tabs, a byte-order mark, a typographer's minus."""
    (row,) = rows_of(tmp_path / "f.csv", text, encoding, kind="puskesmas").rows
    assert (row.name, row.kind, row.latitude, row.longitude, row.decimals) == ("A", "puskesmas", -7.15, 111.88, 2)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (",hospital,-7.1,111.8,x1,,", "a name"),
        ("A,Rumah Sakit!,-7.1,111.8,x1,,", "no kind"),
        ("A,hospital,-7.1x,111.8,x1,,", "latitude '-7.1x' is no number of degrees"),
        ("A,hospital,-7.1,,x1,,", "one half of a point"),
        ("A,hospital,-7.1,111.8,x/1,,", "'x/1' is no id"),
        ("A,hospital,-7.1,111.8,x1,?,", "no class"),
        ("A,hospital,-7.1,111.8,x1,,many", "no number of beds"),
        ("A,hospital,nan,inf,x1,,", "no number of degrees"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_its_number_and_the_rest_is_read(
    tmp_path: Path, cells: str, says: str
) -> None:
    """Numbers are those that a spreadsheet shows, also behind a cell of two lines."""
    found = rows_of(
        tmp_path / "f.csv",
        f'name,kind,lat,lon,id,class,beds\n"two\nlines",hospital,-7.1,111.8,x0,,\n{cells}\nB,hospital,0,0,x2,,\n',
    )
    assert [each.number for each in found.refused] == [4]
    assert says in found.refused[0].because
    assert [(row.number, row.name, row.latitude) for row in found.rows] == [(2, "two lines", -7.1), (5, "B", None)]


def test_an_id_stands_in_a_list_once(tmp_path: Path) -> None:
    """The second row is refused, and says which one was first."""
    found = rows_of(tmp_path / "f.csv", "id,name,lat,lon\nx,A,1,2\nX,B,1,2\n", kind="hospital")
    assert [(each.number, each.because) for each in found.refused] == [(3, "id 'x' stands in row 2 already")]


def test_a_list_of_several_centres_is_read_in_part_with_columns_that_are_named(tmp_path: Path) -> None:
    """Rows of another value are passed over; a named column goes before those found by themselves."""
    text = "profile,name,lat,lon,bpjs_lat,bpjs_lon,code\na,A,1,1,2,3,k1\nb,B,1,1,2,3,k2\n"
    columns = {"latitude": "BPJS_lat", "longitude": "bpjs_lon"}
    found = rows_of(tmp_path / "f.csv", text, columns=columns, only={"profile": "b"}, kind="hospital")
    assert [(row.name, row.id, row.latitude, row.longitude) for row in found.rows] == [("B", "k2", 2.0, 3.0)]
    nameless = rows_of(tmp_path / "f.csv", text, only={"profile": "b"}, kind="hospital", by_name=True)
    assert [row.id for row in nameless.rows] == [None]


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", {}, "no column"),
        ("name,kind\n", {}, "no column for latitude, longitude; it has name, kind"),
        ("name,lat,lon\n", {}, "no column says what kind"),
        ("name,kind,lat,lon\n", {"columns": {"latitude": "y"}}, "there is no column 'y'"),
        ("name,kind,lat,lon\n", {"columns": {"lattitude": "lat"}}, "there is no field 'lattitude'"),
        ("name,kind,lat,lon\n", {"only": {"profile": "x"}}, "there is no column 'profile'"),
    ],
)
def test_a_file_that_is_no_list_says_what_it_lacks(tmp_path: Path, text: str, options: Any, says: str) -> None:
    """And what it has."""
    with pytest.raises(ListUnusable, match=says):
        rows_of(tmp_path / "f.csv", text, **options)


@pytest.mark.parametrize(
    ("written", "kind"),
    [("Rumah Sakit", "hospital"), ("RSUD", "hospital"), ("PKM", "puskesmas"), ("Klinik Pratama", "klinik-pratama")],
)
def test_kinds_have_the_words_that_rankings_look_for(tmp_path: Path, written: str, kind: str) -> None:
    """A list's own word for a hospital is a hospital, in a row as in the option; other kinds keep theirs."""
    (row,) = rows_of(tmp_path / "f.csv", f"name,kind,lat,lon\nA,{written},1,2\n").rows
    (other,) = rows_of(tmp_path / "f.csv", "name,lat,lon\nA,1,2\n", kind=written).rows
    assert (row.kind, other.kind) == (kind, kind)


def test_another_encoding_is_told_with_its_row(tmp_path: Path) -> None:
    """So that one knows which program has written it; a file that is not there likewise."""
    path = tmp_path / "f.csv"
    path.write_bytes("name,kind,lat,lon\nCafé,hospital,1,2\n".encode("latin-1"))
    with pytest.raises(ListUnusable, match="row 2 is not UTF-8"):
        read(path, {}, {}, None)
    with pytest.raises(ListUnusable, match="No such file"):
        read(tmp_path / "none.csv", {}, {}, None)


def test_spellings_of_one_name_are_one(tmp_path: Path) -> None:
    """RSUD and its long form, with and without Puskesmas; an id is made of it that fits."""
    assert plain("RS Umum Daerah Dr. R. Sosodoro") == plain("Rumah Sakit Umum Daerah dr R Sosodoro")
    assert plain("UPTD Puskesmas NGRAHO") == plain("Ngraho") == "ngraho"
    assert plain("RS Ibu dan Anak Fatma") == "rsia fatma"
    assert slug("hospital", "RS Umum Daerah Dr. R. Sosodoro Djatikoesoemo") == "hospital-rsud-dr-r-sosodoro-djat"
    assert tmp_path.exists()
