"""The one reader of the environment. Values are frozen; a unit is in the name where it is not obvious.

``SIGAP_CENTRE=bojonegoro`` sets ``centre``; ``sigap serve --help`` prints the whole list from this file.
"""

import base64
import binascii
import ssl
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import conninfo
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway import signing
from tracker import regions
from tracker.errors import BadInput
from tracker.wire.topics import checked_id

_CHECKOUT = Path(__file__).resolve().parents[1]


class RoadSettings(BaseSettings):
    """Where the regions of roads lie: all that is needed to build and look at them."""

    model_config = SettingsConfigDict(env_prefix="SIGAP_", frozen=True)

    roads_dir: Path | None = Field(None, description="folder of the regions that `sigap roads build` makes")


class NeighbourSettings(BaseSettings):
    """Other systems around the centre. What is not set is not worked with; a secret is read here and nowhere else."""

    model_config = SettingsConfigDict(env_prefix="SIGAP_", frozen=True)

    sisrute_url: str | None = Field(None, description="where SISRUTE's interface begins", pattern="^https?://")
    sisrute_id: str | None = Field(None, description="the account there")
    sisrute_password: SecretStr | None = Field(None, description="its password")
    sisrute_key: Literal["md5", "sha256"] = Field(
        "md5", description="how the password becomes a key: md5, or sha256 for the newer interface"
    )
    satusehat_url: str | None = Field(None, description="FHIR base of SATUSEHAT", pattern="^https?://")
    satusehat_auth_url: str | None = Field(None, description="where SATUSEHAT gives out tokens", pattern="^https?://")
    satusehat_client_id: str | None = Field(None, description="the account there")
    satusehat_client_secret: SecretStr | None = Field(None, description="its secret")
    satusehat_organization: str | None = Field(None, description="the centre's number there as an Organization")
    telephony_secret: SecretStr | None = Field(
        None, description="that the telephone exchange signs its events with: whsec_ and base64 of 24 bytes at least"
    )
    smtp_host: str | None = Field(None, description="the server that mail goes by")
    smtp_port: int | None = Field(None, ge=1, le=65535, description="its port; none: 587 for starttls, 465 for tls")
    smtp_security: Literal["starttls", "tls"] = Field("starttls", description="how mail is encrypted on its way there")
    smtp_username: str | None = Field(None, description="the account there; none: the server asks for none")
    smtp_password: SecretStr | None = Field(None, description="its password")
    smtp_sender: str | None = Field(None, description="the address that mail is from")
    smtp_ca: Path | None = Field(
        None, description="PEM file of the authority that signed the mail server; none: those this computer trusts"
    )
    gsm_port: str | None = Field(
        None, description="serial port of a GSM modem, best by its name in /dev/serial/by-id; SMS go by it"
    )
    gsm_pin: SecretStr | None = Field(None, description="PIN of its SIM card, if it wants one")
    reach_webhook_secret: SecretStr | None = Field(
        None, description="that webhooks to contacts are signed with: whsec_ and base64 of 24 bytes at least"
    )
    webhooks_private: bool = Field(
        False, description="true: webhooks, those of contacts too, may also go to this machine and to private networks"
    )

    @field_validator("telephony_secret", "reach_webhook_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                length = len(base64.b64decode(value.get_secret_value().removeprefix("whsec_"), validate=True))
            except binascii.Error:
                length = 0
            if length < 24:
                raise ValueError("a secret is whsec_ and base64 of 24 bytes at least: `openssl rand -base64 32`")
        return value


class Settings(RoadSettings, NeighbourSettings):
    """What a gateway needs to know before it starts."""

    centre: str = Field("bojonegoro", description="the centre this gateway serves")
    profile: str | None = Field(
        None, description="profile that the centre begins with; none: the one of the centre's name, if there is one"
    )
    database_url: SecretStr = Field(..., description="PostgreSQL or TimescaleDB, a libpq URL or key=value string")
    mqtt_host: str = Field("127.0.0.1", description="the broker's host")
    mqtt_port: int = Field(1883, ge=1, le=65535, description="the broker's port")
    mqtt_username: str | None = Field(
        None, description="user of the live session; the backlog session is this name with -backlog behind it"
    )
    mqtt_password: SecretStr | None = Field(None, description="password of both sessions")
    mqtt_tls_ca: Path | None = Field(None, description="PEM file of the authority that signed the broker; none: no TLS")
    http_host: str = Field("127.0.0.1", description="address to listen on")
    http_port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes a free one and prints it")
    districts_file: Path | None = Field(
        None, description="GeoJSON of the districts as polygons with names: arrival times are scored by them"
    )
    villages_file: Path | None = Field(
        None, description="CSV or GeoJSON of the villages with names and points: callers say them"
    )
    caller_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="secret of the hashes that callers are known by; none: one that the database keeps itself",
    )
    phone_url: str | None = Field(
        None, description="https address under which phones reach this gateway", pattern="^https?://"
    )
    phone_broker: str | None = Field(
        None,
        description="HOST:PORT of the broker as phones reach it, 8883 (TLS) if there is no port",
        pattern=r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$",
    )
    intake_secret: SecretStr | None = Field(
        None, description="whsec_ and base64: a call-taking system signs its incidents with it (Standard Webhooks)"
    )
    mqtt_live: bool = Field(True, description="publish each unit's position as a retained message for other systems")
    web_dir: Path = Field(_CHECKOUT / "dashboards" / "web" / "dist", description="the built board")

    @field_validator("centre")
    @classmethod
    def _is_id(cls, value: str) -> str:
        try:
            return checked_id(value)
        except BadInput as error:
            raise ValueError(error.detail) from None

    @field_validator("profile")
    @classmethod
    def _is_profile(cls, value: str | None) -> str | None:
        if value is not None and value not in regions.names():
            raise ValueError(f"there is no profile {value!r}; there is: {', '.join(regions.names())}")
        return value

    @property
    def profile_name(self) -> str | None:
        """The profile that the centre begins with; None: there is none."""
        return self.profile or (self.centre if self.centre in regions.names() else None)

    @field_validator("database_url")
    @classmethod
    def _is_connection_string(cls, value: SecretStr) -> SecretStr:
        try:
            conninfo.conninfo_to_dict(value.get_secret_value())
        except psycopg.ProgrammingError:  # its own words would show the password
            raise ValueError("neither postgresql://user@host/database nor key=value pairs") from None
        return value

    @field_validator("intake_secret")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            signing.key(value.get_secret_value())
        return value

    @field_validator("mqtt_tls_ca")
    @classmethod
    def _holds_certificates(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except ssl.SSLError:
                raise ValueError(f"there is no certificate in PEM form in {value}") from None
            except OSError as error:
                raise ValueError(f"{value} cannot be read: {error.strerror}") from None
        return value


def described() -> list[tuple[str, str, str]]:
    """Every setting as (environment variable, default as text, description), for ``--help``."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else str(field.default if field.default is not None else "none")
        rows.append((f"SIGAP_{name.upper()}", default, field.description or ""))
    return rows
