r"""TLS to the broker: whom the unit trusts, and what a refused certificate means for whoever runs the unit.

Trusted is one authority, that of the given file, and none of the machine's. A pin on top of it names the broker's
public key itself: then a certificate of the same authority for another key does not do. A pin is the SHA-256 of the
key's SubjectPublicKeyInfo in Base64, as in RFC 7469, 2.4; of the certificate of a broker:

    openssl x509 -in broker.pem -pubkey -noout | openssl pkey -pubin -outform der \
        | openssl dgst -sha256 -binary | base64

The pin is looked at within the handshake, before the password is sent.
"""

import base64
import binascii
import hashlib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

_NOT_YET, _EXPIRED, _HOST = 9, 10, 62  # X509_V_ERR_*, x509_vfy.h of OpenSSL
_ADDRESS = 64  # X509_V_ERR_IP_ADDRESS_MISMATCH
_STRANGERS = (18, 19, 20, 21)  # self-signed, alone or in the chain; issuer not found, or not enough of it


class TlsSettingError(ValueError):
    """A setting cannot be meant; the sentence says how it should look."""


class WrongKey(ssl.SSLError):
    """The broker has a good certificate, for another key than the pinned one."""


class _PinnedSocket(ssl.SSLSocket):
    """Looks at the key at the end of the handshake."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
            self._check_key()
        except BaseException:
            self.close()  # paho has not taken it over yet, and would leave it open
            raise

    def _check_key(self) -> None:
        pins: frozenset[str] = getattr(self.context, "pins", frozenset())
        certificate = self.getpeercert(binary_form=True)
        if pins and (certificate is None or pin_of(certificate) not in pins):
            raise WrongKey("the broker's public key is not the pinned one")


class _PinnedContext(ssl.SSLContext):
    """Knows the pins."""

    sslsocket_class = _PinnedSocket
    pins: frozenset[str] = frozenset()


def make_context(
    authority: str, *, certificate: str | None = None, key: str | None = None, pins: Sequence[str] = ()
) -> ssl.SSLContext:
    """Settings of the connections to one broker: TLS 1.2 or newer, host name and validity checked.

    Args:
        authority: PEM file of the authority that signed the broker's certificate.
        certificate: PEM file of the unit's own, where the broker asks for one.
        key: PEM file of its private key; None: it is in the same file.
        pins: of the broker's public key; several, so that a new key can be pinned before it is used.

    Raises:
        TlsSettingError: a file is absent or is something else, or a pin is none.
    """
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _check_file(authority, "give the certificate of the broker's authority (PEM)")
    try:
        context.load_verify_locations(cafile=authority)
    except (ssl.SSLError, OSError) as error:
        raise TlsSettingError(f"{authority} cannot be read as a certificate in PEM form: {error}") from error
    if certificate is not None:
        _check_file(certificate, "give the unit's own certificate (PEM), or none")
        if key is not None:
            _check_file(key, "give the private key of the unit's certificate (PEM)")
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise TlsSettingError(
                f"{certificate} and its private key cannot be used: {error}; both must be PEM, belong together, and "
                "the key must not ask for a password"
            ) from error
    elif key is not None:
        raise TlsSettingError(f"there is a private key, {key}, but no certificate of the unit: give both, or neither")
    context.pins = frozenset(_checked_pin(pin) for pin in pins)
    return context


def pin_of(certificate: bytes) -> str:
    """The pin of a certificate in DER: Base64 of the SHA-256 of its public key's bytes.

    Raises:
        ValueError: the bytes are no certificate.
    """
    try:
        whole = _children(certificate, 0, len(certificate))[0]
        signed = _children(certificate, *whole[1:])[0]
        body = _children(certificate, *signed[1:])
        # Version (context tag 0, absent in version 1), serial number, signature, issuer, validity, subject, the key.
        key = body[6 if certificate[body[0][0]] == 0xA0 else 5]
    except IndexError:
        raise ValueError("no certificate: it holds no key") from None
    return base64.b64encode(hashlib.sha256(certificate[key[0] : key[2]]).digest()).decode("ascii")


def explain(error: ssl.SSLError, broker: str) -> str:
    """Why there is no connection, in a sentence for whoever runs the unit.

    Args:
        error: of the handshake.
        broker: where to.
    """
    if isinstance(error, WrongKey):
        return (
            f"{broker} shows a certificate for another key than the pinned one: has the broker's key been renewed? If "
            "so, pin the new one; if not, this is not the broker"
        )
    if not isinstance(error, ssl.SSLCertVerificationError):
        if "UNKNOWN_CA" in str(error) or "CERTIFICATE_REQUIRED" in str(error) or "BAD_CERTIFICATE" in str(error):
            return f"{broker} does not accept this unit's certificate ({error.reason}); is it of the right authority?"
        return f"no TLS with {broker} ({error.reason or error}); does it speak TLS on this port?"
    code = error.verify_code
    if code == _EXPIRED:
        return f"the certificate of {broker} has expired, or this device's clock is ahead ({_clock()}); renew it there"
    if code == _NOT_YET:
        return f"the certificate of {broker} is not valid yet: is this device's clock right? It says {_clock()}"
    if code in (_HOST, _ADDRESS):
        return f"the certificate of {broker} is for another name ({error.verify_message}); give the name that it is for"
    if code in _STRANGERS:
        return f"the certificate of {broker} is not of the authority that this unit trusts; is the file the right one?"
    return f"the certificate of {broker} is refused: {error.verify_message}"


def _clock() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _no_password() -> str:
    raise ValueError("it is encrypted")


def _check_file(path: str, advice: str) -> None:
    if not Path(path).is_file():
        raise TlsSettingError(f"{path} is no file: {advice}")


def _checked_pin(pin: str) -> str:
    text = pin.removeprefix("sha256/")
    try:
        if len(base64.b64decode(text, validate=True)) == 32:
            return text
    except binascii.Error:
        pass  # said below, as for one of another length
    raise TlsSettingError(f"{pin!r} is no pin: 44 characters, the SHA-256 of the broker's public key in Base64")


_Part = tuple[int, int, int]  # where an element begins, where its content does, where both end


def _children(data: bytes, begin: int, end: int) -> list[_Part]:
    """The elements of DER that stand in a row there (X.690, 8.1)."""
    parts: list[_Part] = []
    at = begin
    while at < end:
        if at + 2 > end:
            raise ValueError("no certificate: it ends within an element")
        length, content = data[at + 1], at + 2
        if length & 0x80:
            digits = length & 0x7F
            length = int.from_bytes(data[content : content + digits], "big")
            content += digits
        if content + length > end:
            raise ValueError("no certificate: an element is longer than what holds it")
        parts.append((at, content, content + length))
        at = content + length
    return parts
