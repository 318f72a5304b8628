"""What the environment may set. One frozen class, made once by the caller; there is no global instance."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting is read from `STORES_<NAME>`; the README lists them."""

    model_config = SettingsConfigDict(env_prefix="STORES_", frozen=True, extra="ignore")

    database_url: str | None = Field(
        default=None,
        description="Your own PostgreSQL (15 or newer): postgresql://user:password@host/name. Unset: the embedded one.",
    )
    data_dir: Path = Field(default=Path(".data"), description="Where the embedded PostgreSQL and local secrets live.")
    host: str = Field(
        default="127.0.0.1", description="Address to serve on. Demonstration mode binds to loopback alone."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to serve on.")
    secret_key: SecretStr | None = Field(
        default=None,
        description="Signs forms and encrypts access notes. At least 32 characters; required in production.",
    )
    demonstration: bool = Field(default=False, description="Demonstration users and a banner on every page.")
    service_name: str = Field(default="Equipment Stores", min_length=1, max_length=40, description="Printed on labels.")
    return_phone: str = Field(
        default="0300 000 0000", max_length=20, description="The return telephone number on labels."
    )
    tag_prefix: str = Field(
        default="ES",
        pattern=r"^[A-Z]{2,4}$",
        description="The letters that begin this service's asset tags. Never change it once labels are printed.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses of reverse proxies whose X-Forwarded-For is believed, with commas between them.",
    )
    session_hours: int = Field(default=12, ge=1, le=72, description="How long a sign-in lasts.")
    examination_look_ahead_days: int = Field(
        default=28,
        ge=0,
        le=180,
        description="Somebody must decide before an item goes out whose thorough examination falls due within so many "
        "days. 0: nobody is asked.",
    )
    no_access_tries: int = Field(
        default=3, ge=1, le=20, description="After so many visits at which nobody opened, the manager is told."
    )
    max_body_bytes: int = Field(default=1_000_000, ge=10_000, description="The largest request body taken.")
    mail: Literal["none", "smtp", "notify"] = Field(
        default="none",
        description="How the worker sends messages. With none, people read them under Messages alone.",
    )
    mail_host: str = Field(default="localhost", description="The SMTP server.")
    mail_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    mail_user: str | None = Field(default=None, description="Who signs in to the SMTP server, if anybody does.")
    mail_password: SecretStr | None = Field(default=None, description="And their password.")
    mail_from: str = Field(default="", description="The address that messages come from by SMTP; required for smtp.")
    mail_tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way to the SMTP server is encrypted."
    )
    notify_api_key: SecretStr | None = Field(default=None, description="GOV.UK Notify's API key; required for notify.")
    notify_template_id: str = Field(
        default="", description="Notify's e-mail template, which shows ((subject)) and ((body)); required for notify."
    )
    notify_url: str = Field(default="https://api.notifications.service.gov.uk", description="Where Notify's API is.")
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines are written.")
