"""A unit's file: every mistake is a sentence that names the line and what it means."""

from pathlib import Path

import pytest

from fieldunit.agent.config import Config, broker_of, read_config
from fieldunit.agent.sections import SettingError

GOOD = """
[unit]
id = "ambulans-01"
centre = "bojonegoro"

[broker]
address = "127.0.0.1:1883"

[[receiver]]
kind = "serial"
address = "/dev/ttyUSB0"
"""


def read(folder: Path, text: str) -> Config:
    path = folder / "unit.toml"
    path.write_text(text)
    return read_config(path)


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    """Three sections are enough."""
    config = read(tmp_path, GOOD)
    assert config.sampling.parked_s == 60
    assert config.budget.bytes_per_day is None
    assert config.receivers[0].source == "gnss"
    assert config.receivers[0].baud is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[unit]", "[Unit]", "unit.toml: the section [unit] is missing"),
        ('id = "ambulans-01"\n', "", "unit.toml, [unit]: the line id is missing: the unit's id as enrolled"),
        ('id = "ambulans-01"', "id = 7", "[unit]: id = 7 cannot be meant (needed: str, got int); it is: the unit's id"),
        ('kind = "serial"', 'kind = "bluetooth"', "[[receiver]] number 1: kind = 'bluetooth' cannot be meant"),
        ('kind = "serial"', 'kind = "tcp"', "[[receiver]] gnss: '/dev/ttyUSB0' is no address: write HOST:PORT"),
        ('kind = "serial"', 'kind = "file"\nbaud = 9600', "[[receiver]] gnss: only a serial port has a baud"),
        ('kind = "serial"', 'kind = "serial"\nbaud = 96', "baud = 96 is no speed of a serial port"),
        ('kind = "serial"', 'kind = "serial"\nbadu = 9600', "there is no line 'badu' here; did you mean baud?"),
        ("[[receiver]]", "[receiver]", "[receiver] may stand there several times: write [[receiver]]"),
        ("[[receiver]]", "[sampling]\nparked_s = -1\n[[receiver]]", "seconds between fixes while parked"),
        ("[[receiver]]", '[sampling]\nparked_s = "often"\n[[receiver]]', "parked_s = 'often' cannot be meant"),
        ("[[receiver]]", "[budget]\nbytes_per_day = 20\n[[receiver]]", "a day's budget is 100000 or more"),
        ("[[receiver]]", "[smapling]\n[[receiver]]", "there is no section 'smapling'; there are unit, broker"),
        ("[[receiver]]", "[clock]\nearliest = 5\n[[receiver]]", "no date before this day is believed"),
        ("1883", "1883:", "'127.0.0.1:1883:' is no broker"),
        ("[broker]", "[broker", "unit.toml is no TOML"),
        ("[broker]", '[broker]\npassword = "a"\npassword_file = "b"', "give password or password_file, not both"),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """In the words of whoever wrote the line."""
    with pytest.raises(SettingError) as told:
        broker_of(read(tmp_path, GOOD.replace(old, new)), {})
    assert sentence in str(told.value)


def test_receivers_are_told_apart_and_ranked(tmp_path: Path) -> None:
    """By their order in the file, unless they say otherwise; two of one name cannot be."""
    modem = '[[receiver]]\nsource = "modem"\nkind = "gpsd"\naddress = "127.0.0.1:2947"\n'
    assert [r.source for r in read(tmp_path, GOOD + modem).receivers] == ["gnss", "modem"]
    assert [r.source for r in read(tmp_path, GOOD + modem + "priority = 0\n").receivers] == ["gnss", "modem"]
    first = GOOD.replace('kind = "serial"', 'kind = "serial"\npriority = 5')
    assert [r.source for r in read(tmp_path, first + modem + "priority = 1\n").receivers] == ["modem", "gnss"]
    with pytest.raises(SettingError, match="'modem' stands there twice"):
        read(tmp_path, GOOD + modem + modem)
    with pytest.raises(SettingError, match=r"there is no \[\[receiver\]\]"):
        read(tmp_path, GOOD[: GOOD.index("[[receiver]]")])


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """It is named, with the reason."""
    with pytest.raises(SettingError, match=r"absent\.toml cannot be read: No such file"):
        read_config(tmp_path / "absent.toml")
    (tmp_path / "unit.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match="is no text in UTF-8"):
        read_config(tmp_path / "unit.toml")


def test_the_password_comes_from_the_best_place(tmp_path: Path) -> None:
    """Environment, then its own file, then this one; a file without one is told."""
    secret = tmp_path / "secret"
    with_line = GOOD.replace("[broker]", '[broker]\npassword = "line"')
    with_file = GOOD.replace("[broker]", f'[broker]\npassword_file = "{secret}"')
    with pytest.raises(SettingError, match="gives no password"):
        broker_of(read(tmp_path, with_file), {})
    secret.write_text("file\n")
    found = [broker_of(read(tmp_path, text), {}).password for text in (GOOD, with_line, with_file)]
    found.append(broker_of(read(tmp_path, with_file), {"SIGAP_UNIT_PASSWORD": "environment"}).password)
    assert found == [None, "line", "file", "environment"]
