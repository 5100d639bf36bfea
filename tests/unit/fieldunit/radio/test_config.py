"""The bridge's file: the one that ships is one that works, and what is missing is said."""

from pathlib import Path

import pytest

from fieldunit.radio.config import ConfigError, broker_of, read_config
from fieldunit.radio.table import read_table

SHIPPED = Path(__file__).parents[4] / "deploy" / "radio" / "radio.toml"


def test_the_example_that_ships_is_read() -> None:
    """Both halves of it, whole."""
    config = read_config(SHIPPED)
    assert (config.bridge, config.port.baud) == ("induk", 9600)
    table = read_table(SHIPPED.read_text(), SHIPPED.name)
    assert table.radios == {"fs-100-1001": "ambulans-01", "nx-2": "ambulans-02"}
    assert table.statuses["fs-99"] == "emergency"


def test_the_bridges_id_is_its_user_at_the_broker(tmp_path: Path) -> None:
    """With the password of its file; without one nobody is named."""
    (tmp_path / "password").write_text("a secret of its own\n")
    file = tmp_path / "radio.toml"
    text = (
        'centre = "bojonegoro"\nbridge = "induk"\nstate = "/x"\n[port]\ndevice = "/dev/ttyUSB0"\n'
        f'[broker]\naddress = "127.0.0.1:1883"\npassword_file = "{tmp_path / "password"}"\n'
    )
    file.write_text(text)
    broker = broker_of(read_config(file))
    assert (broker.username, broker.password) == ("induk", "a secret of its own")
    file.write_text(text.rpartition("password_file")[0])
    assert broker_of(read_config(file)).username is None


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('bridge = "induk"', 'bridge = "Induk"', "bridge"),
        ("baud = 9600", 'baud = "9600"', "baud"),
        ("[port]", "[ports]", "port"),
        ('centre = "bojonegoro"', "", "centre"),
        ("[broker]", "[broker", "line 8"),
    ],
)
def test_what_cannot_be_meant_is_said(tmp_path: Path, old: str, new: str, word: str) -> None:
    """In one sentence, with the field or the line."""
    file = tmp_path / "radio.toml"
    file.write_text(SHIPPED.read_text().replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert word in str(caught.value)


def test_a_password_that_cannot_be_read_is_said() -> None:
    """The example's own file is not on this machine."""
    with pytest.raises(ConfigError) as caught:
        broker_of(read_config(SHIPPED))
    assert "/etc/sigap/radio.password" in str(caught.value)
