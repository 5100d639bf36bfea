"""The one reader of the environment. Values are frozen; a unit is in the name where it is not obvious.

``SIGAP_CENTRE=bojonegoro`` sets ``centre``; ``sigap serve --help`` prints the whole list from this file.
"""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tracker.wire.topics import ID_PATTERN

_CHECKOUT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """What a gateway needs to know before it starts."""

    model_config = SettingsConfigDict(env_prefix="SIGAP_", frozen=True)

    centre: str = Field("bojonegoro", pattern=ID_PATTERN, description="the centre this gateway serves")
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
    web_dir: Path = Field(_CHECKOUT / "dashboards" / "web" / "dist", description="the built board")


def described() -> list[tuple[str, str, str]]:
    """Every setting as (environment variable, default as text, description), for ``--help``."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else str(field.default)
        rows.append((f"SIGAP_{name.upper()}", default, field.description or ""))
    return rows
