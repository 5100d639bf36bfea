"""Settings of the broker are understood, or refused in words that help."""

from pathlib import Path

import pytest

from fieldunit.uplink.broker import Broker, BrokerSettingError, read_broker


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:1884", "127.0.0.1", 1884),
        ("mqtt.example.id", "mqtt.example.id", 1883),
        ("[::1]:1884", "::1", 1884),
        ("[::1]", "::1", 1883),
    ],
)
def test_addresses(address: str, host: str, port: int) -> None:
    """Host and port, and the usual port where none is given."""
    assert read_broker(address, None, None, None) == Broker(host, port)


@pytest.mark.parametrize("address", ["", ":1883", "host:", "host:0", "host:65536", "host:mqtt", "host:１２"])
def test_addresses_that_cannot_be_meant(address: str) -> None:
    """The sentence shows how one looks."""
    with pytest.raises(BrokerSettingError, match=r"127\.0\.0\.1:1883"):
        read_broker(address, None, None, None)


def test_a_user_name_alone_is_half_a_setting() -> None:
    """A password alone is whole: the user is the unit."""
    with pytest.raises(BrokerSettingError, match="no password"):
        read_broker("host:1", "somebody", None, None)
    assert read_broker("host:1", None, "secret", None).username is None


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    """A missing file and a file of something else."""
    with pytest.raises(BrokerSettingError, match="is no file"):
        read_broker("host:1", None, None, str(tmp_path / "absent.pem"))
    (tmp_path / "text.pem").write_text("no certificate")
    with pytest.raises(BrokerSettingError, match="PEM"):
        read_broker("host:1", None, None, str(tmp_path / "text.pem"))
