"""TLS to a real Mosquitto: only the right broker is talked to, and each wrong one is named in a sentence."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldunit.agent.unit import Report, ReportingUnit, Station, open_units
from fieldunit.outbox import Epoch
from fieldunit.uplink.broker import BrokerSettingError, read_broker
from fieldunit.uplink.tls import pin_of
from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from tests.authority import Authority, Certificate, pin_by_openssl
from tests.gateway_traffic import rmc
from tests.receiving_centre import CENTRE, ReceivingCentre, eventually

UNIT = "ambulans-01"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class TlsMosquitto(Mosquitto):
    """Speaks TLS to units, and in clear to the test's centre on a second port.

    Args:
        shown: the certificate it shows.
        clients: of the authority that units' own certificates must be of; None: it asks for none.
    """

    def __init__(self, directory: Path, shown: Certificate, clients: Path | None = None) -> None:
        super().__init__(directory)
        self._shown = shown
        self._clients = clients
        self.tls_port = 0

    def configuration(self, store: Path) -> str:
        """As of the other, and a listener with TLS."""
        self.tls_port = self.tls_port or free_port()
        lines = [
            f"listener {self.tls_port} 127.0.0.1",
            f"certfile {self._shown.certificate}",
            f"keyfile {self._shown.key}",
            "allow_anonymous true",
        ]
        if self._clients is not None:
            lines += [f"cafile {self._clients}", "require_certificate true"]
        return super().configuration(store) + "\n".join(lines) + "\n"


@pytest.fixture
def authority(server_dir: Path) -> Authority:
    return Authority(server_dir, "authority")


@pytest.fixture
def start(server_dir: Path) -> Iterator[Callable[..., TlsMosquitto]]:
    """Starts brokers that show a given certificate."""
    with contextlib.ExitStack() as stack:

        def starting(shown: Certificate, clients: Path | None = None) -> TlsMosquitto:
            broker = TlsMosquitto(server_dir / f"broker-{shown.certificate.stem}", shown, clients)
            broker.start()
            stack.callback(broker.stop)
            return broker

        yield starting


@contextlib.contextmanager
def unit_of(
    state: Path, broker: TlsMosquitto, ca: Path, troubles: list[str], **options: object
) -> Iterator[ReportingUnit]:
    """A unit that trusts this authority."""
    address = read_broker(f"127.0.0.1:{broker.tls_port}", None, None, str(ca), **options)  # type: ignore[arg-type] # files
    station = Station(CENTRE, address, state, None, troubles.append, reconnect_min_s=0.05)
    with open_units(station, [UNIT], 1.0) as ([unit], network):
        yield unit
        network.check()


def test_a_fix_arrives_over_tls_with_pin_and_certificate(
    authority: Authority, start: Callable[..., TlsMosquitto], tmp_path: Path
) -> None:
    """The broker is of the trusted authority, shows the pinned key, and asks for the unit's own certificate; the bytes
    of the connection are counted.
    """
    shown, own = authority.sign("broker", "IP:127.0.0.1"), authority.sign("unit", None)
    broker = start(shown, authority.certificate)
    troubles: list[str] = []
    options = {
        "certificate": str(own.certificate),
        "key": str(own.key),
        "pins": ("A" * 43 + "=", f"sha256/{pin_by_openssl(shown.certificate)}"),
    }
    with (
        ReceivingCentre(broker.port, receipts=True) as centre,
        unit_of(tmp_path, broker, authority.certificate, troubles, **options) as unit,
    ):
        centre.say_online(True)
        unit.report(Report(Epoch("gnss", NOW, (rmc(NOW),)), NOW))
        eventually(lambda: unit.tally().receipted == 1)
    assert troubles == []


Wrong = Callable[[Authority, Path], tuple[Certificate, Path, str]]
"""What the broker shows, whom the unit trusts, and what it says."""


def of_a_stranger(authority: Authority, directory: Path) -> tuple[Certificate, Path, str]:
    other = Authority(directory, "other")
    return other.sign("strange", "IP:127.0.0.1"), authority.certificate, "not of the authority that this unit trusts"


def of_another_name(authority: Authority, _: Path) -> tuple[Certificate, Path, str]:
    shown = authority.sign("elsewhere", "DNS:mqtt.example.id,IP:127.0.0.9")
    return shown, authority.certificate, "is for another name"


def expired(authority: Authority, _: Path) -> tuple[Certificate, Path, str]:
    return authority.sign("old", "IP:127.0.0.1", days=-1), authority.certificate, "has expired, or this device's clock"


@pytest.mark.parametrize("wrong", [of_a_stranger, of_another_name, expired])
def test_a_wrong_broker_is_refused_with_a_sentence(
    wrong: Wrong, authority: Authority, start: Callable[..., TlsMosquitto], server_dir: Path, tmp_path: Path
) -> None:
    """Nothing is sent to it, the sentence is said once, and the fix stays in the outbox."""
    shown, trusted, sentence = wrong(authority, server_dir)
    broker = start(shown)
    troubles: list[str] = []
    with (
        ReceivingCentre(broker.port, receipts=True) as centre,
        unit_of(tmp_path, broker, trusted, troubles) as unit,
    ):
        unit.report(Report(Epoch("gnss", NOW, (rmc(NOW),)), NOW))
        eventually(lambda: troubles)
        assert not unit.up
        assert unit.tally().waiting == 1
        assert centre.heard == []
    assert [trouble for trouble in troubles if sentence in trouble] == troubles[:1]


def test_another_key_than_the_pinned_one_is_refused(
    authority: Authority, start: Callable[..., TlsMosquitto], tmp_path: Path
) -> None:
    """Though the certificate is good; one for the same key, renewed, is taken."""
    first = authority.sign("first", "IP:127.0.0.1")
    renewed = authority.sign("renewed", "IP:127.0.0.1", key=first.key)
    second = authority.sign("second", "IP:127.0.0.1")
    pin = pin_by_openssl(first.certificate)
    troubles: list[str] = []
    with unit_of(tmp_path, start(second), authority.certificate, troubles, pins=(pin,)) as unit:
        eventually(lambda: troubles)
        assert not unit.up
    assert "for another key than the pinned one" in troubles[0]
    with unit_of(tmp_path, start(renewed), authority.certificate, troubles, pins=(pin,)) as unit:
        eventually(lambda: unit.up)


def test_a_broker_that_wants_a_certificate_says_so(
    authority: Authority, start: Callable[..., TlsMosquitto], tmp_path: Path
) -> None:
    """The unit has none; it says what is missing, and goes on trying."""
    broker = start(authority.sign("strict", "IP:127.0.0.1"), authority.certificate)
    troubles: list[str] = []
    with unit_of(tmp_path, broker, authority.certificate, troubles) as unit:
        eventually(lambda: troubles)
        assert not unit.up
    assert "does it accept this unit's certificate, or want one?" in troubles[0]


def test_the_pin_is_what_openssl_says(authority: Authority, server_dir: Path) -> None:
    """Of elliptic keys and of RSA, in certificates of the authority and of others."""
    rsa = Certificate(server_dir / "rsa.pem", server_dir / "rsa.key")
    authority._run(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", rsa.key, "-out", rsa.certificate, "-subj", "/CN=rsa"
    )
    for certificate in (authority.certificate, authority.sign("broker", "IP:127.0.0.1").certificate, rsa.certificate):
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        assert pin_of(der) == pin_by_openssl(certificate)
        for cut in range(len(der)):  # never anything but a ValueError, or another pin
            with contextlib.suppress(ValueError):
                pin_of(der[:cut])


def test_settings_that_cannot_be_meant(authority: Authority, server_dir: Path) -> None:
    """Each says what is wrong with it."""
    ca, own, other = str(authority.certificate), authority.sign("unit", None), authority.sign("unit-2", None)
    for options, sentence in (
        ({"pins": ("abc",)}, "is no pin"),
        ({"certificate": str(server_dir / "absent.pem")}, "is no file: give the unit's own certificate"),
        ({"key": str(own.key)}, "no certificate of the unit"),
        ({"certificate": str(own.certificate), "key": str(other.key)}, "belong together"),
    ):
        with pytest.raises(BrokerSettingError, match=sentence):
            read_broker("127.0.0.1:8883", None, None, ca, **options)
    with pytest.raises(BrokerSettingError, match="needs TLS"):
        read_broker("127.0.0.1:1883", None, None, None, pins=("A" * 43 + "=",))
