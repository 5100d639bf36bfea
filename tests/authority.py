"""A certificate authority for tests, made with the machine's openssl: keys and certificates that last for the test."""

import subprocess
from pathlib import Path
from typing import NamedTuple

DAYS = 2


class Certificate(NamedTuple):
    """PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs what it is asked to.

    Args:
        directory: for its files.
        name: of the authority, and of its files.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self.certificate = directory / f"{name}.pem"
        self._key = directory / f"{name}.key"
        self._run(
            "req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate, "-days", str(DAYS),
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
        )  # fmt: skip

    def sign(self, name: str, alternatives: str | None, *, days: int = DAYS, key: Path | None = None) -> Certificate:
        """A certificate of this authority.

        Args:
            name: common name, and of its files.
            alternatives: the names it is for, as in `IP:127.0.0.1`; None for a client's.
            days: that it is valid from now on; below zero, it has expired.
            key: of another certificate; None for a new one.
        """
        made = Certificate(self._directory / f"{name}.pem", key or self._directory / f"{name}.key")
        request = self._directory / f"{name}.csr"
        keyed = ["-new", "-key", made.key] if key else [*_NEW_KEY, "-keyout", made.key]
        self._run("req", *keyed, "-out", request, "-subj", f"/CN={name}")
        extensions = self._directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n" if alternatives else "extendedKeyUsage=clientAuth\n")
        self._run(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
            "-days", str(days), "-extfile", extensions, "-out", made.certificate,
        )  # fmt: skip
        made.key.chmod(0o644)  # the broker's account reads it; it is worth nothing
        return made

    def _run(self, *arguments: object) -> None:
        ran = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def pin_by_openssl(certificate: Path) -> str:
    """The pin of a certificate, by the commands that the unit's documentation gives."""
    public = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-pubkey", "-noout"], capture_output=True, check=True
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "der"], input=public, capture_output=True, check=True
    ).stdout
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-binary"], input=der, capture_output=True, check=True
    ).stdout
    return subprocess.run(["base64"], input=digest, capture_output=True, check=True).stdout.decode().strip()
