"""Addresses that people enter: looked at when they are entered, for in the night of an alarm it is too late."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?=.{{1,255}}\Z){_LABEL}(?:\.{_LABEL})*")
"""As HTML's input of type email has it: what mail servers take without quoting. Between labels there must be a dot: if
it could be missing, a long word could be cut in as many ways as it has subsets, and all would be tried."""

_NOT_IN_URLS = re.compile(r"[\s\x00-\x20\x7f-\x9f\\<>\"]")
_SHOWN = 80


class NoAddress(ValueError):
    """That is no address of its kind; the sentence says what one is."""


def telephone(text: str) -> str:
    """A number as a modem dials it.

    Raises:
        NoAddress: it is none.
    """
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 20):
        raise NoAddress(
            f"{text[:_SHOWN]!r} is no telephone number: 3 to 20 digits without blanks, and a plus before them if it is "
            "international, as in +6281234567890"
        )
    return text


def mail(text: str) -> str:
    """An address of mail.

    Raises:
        NoAddress: it is none.
    """
    if not _MAIL.fullmatch(text):
        raise NoAddress(f"{text[:_SHOWN]!r} is no address of mail, as in jaga@dinkes.example")
    return text


def web(text: str) -> str:
    """An address that something is posted to, or a gateway's.

    Raises:
        NoAddress: it is none of HTTP, has blanks or control characters, or holds a user's name.
    """
    shown = repr(text[:_SHOWN])
    if _NOT_IN_URLS.search(text):
        raise NoAddress(
            f"{shown} has a blank or another character that is in no address: write it as a browser shows it"
        )
    try:
        read = urlsplit(text)
        host, port = read.hostname, read.port
    except ValueError as error:
        raise NoAddress(f"{shown} is no address: its host or its port cannot be read") from error
    if read.scheme not in ("http", "https") or not host or port == 0:
        raise NoAddress(f"{shown} is no http or https address, as in https://receiver.example/path")
    if "@" in read.netloc:
        raise NoAddress(f"{shown} holds a user name: leave it out")
    return text


CHECKS: Mapping[str, Callable[[str], str]] = {"sms": telephone, "mail": mail, "webhook": web}
"""By the kind of a contact's way."""
