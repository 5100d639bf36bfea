"""Names of places as people here spell them, brought to one spelling: shortened words written out, the spelling of
before 1972 as it is today, and house numbers left away.
"""

import re
import unicodedata
from functools import lru_cache

import msgspec

_SHORT = {
    "jl": "jalan", "jln": "jalan", "jlan": "jalan", "jalanan": "jalan", "gg": "gang", "lr": "lorong",
    "lrg": "lorong", "ds": "desa", "dsn": "dusun", "dkh": "dukuh", "dk": "dukuh", "kp": "kampung", "kmp": "kampung",
    "kpg": "kampung",
    "kec": "kecamatan", "kel": "kelurahan", "kab": "kabupaten", "prov": "provinsi", "perum": "perumahan",
    "perumnas": "perumahan", "prm": "perumahan", "komp": "komplek", "kompleks": "komplek", "psr": "pasar",
    "pkm": "puskesmas", "puskes": "puskesmas", "puskemas": "puskesmas", "pusk": "puskesmas", "pusling": "puskesmas",
    "rumkit": "rs", "hospital": "rs", "rumahsakit": "rs",
    "mesjid": "masjid", "msjd": "masjid", "ponpes": "pondok pesantren", "stasion": "stasiun",
    "jend": "jenderal", "jendral": "jenderal", "let": "letnan", "letjen": "letnan jenderal", "kol": "kolonel",
    "dr": "dokter", "drs": "", "h": "", "hj": "", "kh": "kiai", "kyai": "kiai", "hr": "", "a": "ahmad", "ach": "ahmad",
    "achmad": "ahmad", "akhmad": "ahmad", "moh": "muhammad", "moch": "muhammad", "muh": "muhammad",
    "mohammad": "muhammad", "mohamad": "muhammad", "muhamad": "muhammad", "mh": "muhammad husni",
    "sdn": "sd negeri", "smpn": "smp negeri", "sman": "sma negeri", "smkn": "smk negeri",
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
}  # fmt: skip
"""Written out; names of one letter only where nothing else is meant by them."""

_PHRASES = (
    ("rumah sakit", "rs"), ("r s", "rs"), ("rs umum daerah", "rsud"), ("r s u d", "rsud"), ("rs umum", "rsu"),
    ("rs ibu dan anak", "rsia"), ("rs ibu anak", "rsia"), ("rs jiwa", "rsj"),
    ("pusat kesehatan masyarakat", "puskesmas"), ("pom bensin", "spbu"), ("dr soetomo", "dokter sutomo"),
)  # fmt: skip
_OLD = (("oe", "u"), ("dj", "j"), ("tj", "c"), ("sj", "sy"))
"""Of before 1972; people and hospitals kept it in their names. `nj` stays: it is `nj` today in Banjar and Tanjung."""

_HOUSE = re.compile(
    r"\b(?:no(?:mor)?|nmr|blok|blk|kav(?:ling)?|rt|rw|lantai|lt|km)\s*[.:/]?\s*(?:[a-z]\s*[-/]?\s*)?[0-9]+[a-z]?(?:\s*[/-]\s*[0-9]+[a-z]?)*\b"
    r"|\brt\s*\d+\s*/?\s*(?:rw\s*)?\d+\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"[^0-9a-z]+")

KINDS = {
    "jalan": "street", "gang": "street", "lorong": "street",
    "desa": "village", "kelurahan": "village", "dusun": "village", "dukuh": "village", "kampung": "village",
    "kecamatan": "district", "kabupaten": "regency", "provinsi": "regency",
    "rs": "facility", "rsu": "facility", "rsud": "facility", "rsia": "facility", "rsj": "facility",
    "puskesmas": "facility", "klinik": "facility", "pustu": "facility",
}  # fmt: skip
"""What kind of place a name begins with that word."""

_HOSPITALS = ("rs", "rsu", "rsud", "rsia", "rsj")


class Spelled(msgspec.Struct, frozen=True):
    """A name in the one spelling."""

    bare: str  # without the word for its kind: "jalan melati" is "melati"
    kind: str | None  # that the word says; None: none does
    word: str | None = None  # of a facility: rs, puskesmas, klinik


@lru_cache(maxsize=1 << 14)
def spelled(name: str) -> Spelled:
    """A name in the one spelling.

    Args:
        name: as somebody wrote it; house numbers and neighbourhoods (RT, RW) are left away.
    """
    text = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(each for each in text if not unicodedata.combining(each))
    text = _HOUSE.sub(" ", text)
    text = _KEPT.sub(" ", text).strip()
    for phrase, short in _PHRASES:
        text = re.sub(rf"\b{phrase}\b", short, text)
    words = " ".join(_SHORT.get(word, word) for word in text.split()).split()
    words = [_today(word) for word in words]
    kind = KINDS.get(words[0]) if len(words) > 1 else None
    if kind is None:
        return Spelled(" ".join(words), None)
    word = None
    if kind == "facility":  # few know which kind of hospital one is
        word = "rs" if words[0] in _HOSPITALS else words[0]
    return Spelled(" ".join(words[1:]), kind, word)


def _today(word: str) -> str:
    for old, new in _OLD:
        word = word.replace(old, new)
    return word


_AREA = r"desa|ds|kelurahan|kel|kecamatan|kec|kabupaten|kab|dusun|dsn|prov|provinsi"
_BEGINS = re.compile(
    rf"\s+(?=(?:{_AREA}|jalan|jln|jl|gang|gg|rsud|rsu|rs|puskesmas|pkm)\b\.?\s*\S)"
    r"|\s+(?:dekat|depan|sebelah|belakang|samping|seberang|sekitar|arah|di)\s+",
    re.IGNORECASE,
)
_CITY = re.compile(r"(\S+)\s+(?=kota\s+\S+(?:\s+\S+)?\s*$)", re.IGNORECASE)


def parts(text: str) -> list[str]:
    """The names that an address is made of: what commas and lines part, what begins with the word for its kind, and
    what stands behind a word like "near"."""
    text = ", ".join(" ".join(line.split()) for line in text.splitlines())
    text = _BEGINS.sub(", ", f" {text} ")
    if (city := _CITY.search(text)) and not KINDS.keys() & spelled(city[1]).bare.split():  # Puskesmas Kota Baru
        text = f"{text[: city.end(1)]}, {text[city.end() :]}"
    return [each.strip() for each in re.split(r"[,;]+", text) if each.strip()]
