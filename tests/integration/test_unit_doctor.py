"""The doctor at a broker as it is operated: with TLS, passwords and access rules; each refusal is a line of its own."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldunit.agent.config import Config
from fieldunit.doctor import broker, examination
from fieldunit.doctor.finding import Finding, Level
from gateway.demo.broker import Mosquitto
from tests.agent_settings import make_config, receiver
from tests.authority import Authority, Certificate
from tracker.wire import health
from tracker.wire.health import Health

PASSWORD = "a-units-own-secret"  # noqa: S105 - of this test's broker
MESSAGE = health.encode(Health(at=datetime(2026, 11, 22, tzinfo=UTC)))


class GuardedMosquitto(Mosquitto):
    """As in `deploy/mosquitto`: TLS, a password, and rules by user name."""

    def __init__(self, directory: Path, shown: Certificate) -> None:
        super().__init__(directory)
        self._shown = shown

    def configuration(self, store: Path) -> str:
        """One listener, with TLS, for those who have a password."""
        passwords, rules = self.directory / "passwords", self.directory / "rules"
        for name in ("ambulans-01", "ambulans-02"):
            flags = ["-b"] if passwords.exists() else ["-b", "-c"]
            subprocess.run(
                ["mosquitto_passwd", *flags, str(passwords), name, PASSWORD], check=True, capture_output=True
            )
        rules.write_text(
            "pattern write sigap/v1/+/units/%u/health\npattern read sigap/v1/+/units/%u/command\n"
            "pattern read sigap/v1/+/gateway/presence\n"
        )
        for file in (passwords, rules):
            file.chmod(0o644)
        own = super().configuration(store).replace("allow_anonymous true", "allow_anonymous false")
        listener, *others = own.splitlines()
        tls = [f"certfile {self._shown.certificate}", f"keyfile {self._shown.key}"]
        guards = [f"password_file {passwords}", f"acl_file {rules}"]
        return "\n".join([listener, *tls, *guards, *others]) + "\n"


@pytest.fixture
def authority(server_dir: Path) -> Authority:
    return Authority(server_dir, "authority")


@pytest.fixture
def start(server_dir: Path) -> Iterator[Callable[[Certificate], GuardedMosquitto]]:
    """Starts a broker that shows this certificate."""
    with contextlib.ExitStack() as stack:

        def starting(shown: Certificate) -> GuardedMosquitto:
            made = GuardedMosquitto(server_dir / "guarded", shown)
            made.start()
            stack.callback(made.stop)
            return made

        yield starting


def settings(folder: Path, port: int, ca: Path, *, unit: str = "ambulans-01", password: str = PASSWORD) -> Config:
    """A unit's file for this broker."""
    more = '[[receiver]]\nsource = "phone"\nkind = "udp"\naddress = "127.0.0.1:1"\n'
    config = make_config(folder, port=port, receivers=receiver(folder / "gnss"), more=more)
    return config._replace(
        unit=config.unit.__class__(id=unit, centre="bojonegoro", state=config.unit.state),
        broker=config.broker.__class__(
            address=f"127.0.0.1:{port}", tls_ca=str(ca), username="ambulans-01", password=password
        ),
    )


def levels(findings: list[Finding]) -> dict[str, Level]:
    return {finding.check: finding.level for finding in findings}


def test_a_good_broker_and_a_certificate_that_ends_soon(
    tmp_path: Path, authority: Authority, start: Callable[[Certificate], GuardedMosquitto]
) -> None:
    """Both are said: what works, and until when; and that no gateway has been heard."""
    running = start(authority.sign("broker", "IP:127.0.0.1"))
    found = broker.examine(settings(tmp_path, running.port, authority.certificate), MESSAGE)
    assert levels(found) == {
        "certificate": Level.WARNING,
        "broker": Level.OK,
        "access": Level.OK,
        "centre": Level.WARNING,
    }
    assert "days: have it renewed before" in found[0].detail
    assert not examination.failed(found)


def test_a_certificate_that_has_expired(
    tmp_path: Path, authority: Authority, start: Callable[[Certificate], GuardedMosquitto]
) -> None:
    """Nothing further is tried: no password goes to a stranger."""
    running = start(authority.sign("broker", "IP:127.0.0.1", days=-1))
    [found] = broker.examine(settings(tmp_path, running.port, authority.certificate), MESSAGE)
    assert (found.check, found.level) == ("certificate", Level.FAILED)
    assert "has expired, or this device's clock is ahead" in found.detail


def test_a_wrong_password(
    tmp_path: Path, authority: Authority, start: Callable[[Certificate], GuardedMosquitto]
) -> None:
    """Named with what to look at."""
    running = start(authority.sign("broker", "IP:127.0.0.1"))
    wrong = settings(tmp_path, running.port, authority.certificate, password=PASSWORD[::-1])
    found = broker.examine(wrong, MESSAGE)
    assert levels(found)["broker"] is Level.FAILED
    assert "check its id, user name and password" in found[-1].detail


def test_rules_that_do_not_let_the_unit_publish(
    tmp_path: Path, authority: Authority, start: Callable[[Certificate], GuardedMosquitto]
) -> None:
    """The login is good, and the id is another's: a broker swallows such messages without a word to 3.1.1 clients."""
    running = start(authority.sign("broker", "IP:127.0.0.1"))
    found = broker.examine(settings(tmp_path, running.port, authority.certificate, unit="ambulans-02"), MESSAGE)
    assert levels(found)["broker"] is Level.OK
    assert levels(found)["access"] is Level.FAILED
    assert "its access rules must name this unit" in next(f.detail for f in found if f.check == "access")


def test_another_servers_port(tmp_path: Path, authority: Authority) -> None:
    """A name that nobody knows, and a port where nobody is."""
    config = settings(tmp_path, 1, authority.certificate)
    [found] = broker.examine(config, MESSAGE)
    assert found.level is Level.FAILED
    assert "cannot be reached" in found.detail
    unknown = config._replace(broker=config.broker.__class__(address="broker.invalid:8883"))
    [found] = broker.examine(unknown, MESSAGE)
    assert "broker.invalid" in found.detail
    assert found.level is Level.FAILED
