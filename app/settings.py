"""What the environment may set. One frozen class, made once by the caller; there is no global instance."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.carriers import AssetNumber, check_addresses, check_asset_type, check_company_prefix

SHORTEST_SECRET = 32


def _company_prefix(digits: str) -> str:
    return check_company_prefix(digits) if digits else digits


def _asset_type(digits: str, info: ValidationInfo) -> str:
    return check_asset_type(digits, company_prefix=info.data.get("gs1_company_prefix", ""))


def _addresses(text: str) -> str:
    return ",".join(check_addresses(text))


def in_the_uk(value: time) -> time:
    """The time, unless it names a zone of its own."""
    if value.tzinfo is not None:
        raise ValueError("Write a time of the UK without a zone, such as 16:00.")
    return value


LocalTime = Annotated[time, AfterValidator(in_the_uk)]


class Settings(BaseSettings):
    """Every setting is read from `STORES_<NAME>`; the README lists them."""

    model_config = SettingsConfigDict(env_prefix="STORES_", frozen=True, extra="ignore")

    database_url: str | None = Field(
        default=None,
        description="Your own PostgreSQL (15 or newer): postgresql://user:password@host/name. Unset: the embedded one.",
    )
    database_pooler: Literal["none", "transaction"] = Field(
        default="none", description="transaction: STORES_DATABASE_URL leads to PgBouncer in transaction mode."
    )
    direct_database_url: str | None = Field(
        default=None,
        description="Past the pooler to PostgreSQL itself: for the worker, for upgrades and every other command.",
    )
    reports_database_url: str | None = Field(
        default=None, description="A streaming replica, from which reports, dashboards and exports are read."
    )
    reports_max_lag_seconds: int = Field(
        default=60, ge=1, le=86_400, description="A replica that is further behind is not read: the primary is."
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
    gs1_company_prefix: Annotated[str, AfterValidator(_company_prefix)] = Field(
        default="",
        description="Of GS1: labels may then carry our tag in a GS1 DataMatrix. Never change it once they are printed.",
    )
    gs1_asset_number: AssetNumber = Field(
        default=AssetNumber.GIAI, description="What the DataMatrix holds: giai (AI 8004) or grai (AI 8003)."
    )
    gs1_asset_type: Annotated[str, AfterValidator(_asset_type)] = Field(
        default="", description="The type of asset in GRAIs: the digits that the company prefix leaves of twelve."
    )
    public_address: Annotated[str, AfterValidator(_addresses)] = Field(
        default="",
        description="Where people reach this service, https://stores.example.org: labels may then carry a QR code. "
        "Earlier addresses after commas are read, not printed.",
    )
    orders_counted_days: int = Field(
        default=28,
        ge=0,
        le=366,
        description="For so many days what a prescriber ordered for a client counts with their next order for them.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses of reverse proxies whose X-Forwarded-For is believed, with commas between them.",
    )
    session_hours: int = Field(default=12, ge=1, le=72, description="How long a sign-in lasts.")
    cut_off_emergency: LocalTime = Field(
        default=time(20), description="The latest time at which an emergency order counts as made that day."
    )
    cut_off_same_day: LocalTime = Field(default=time(15), description="The same of an order for the same day.")
    cut_off_next_day: LocalTime = Field(default=time(16), description="The same of one for the next working day.")
    cut_off: LocalTime = Field(default=time(16), description="The same of all that are slower.")
    works_saturdays: bool = Field(default=False, description="The stores deliver and collect on Saturdays.")
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
    scrap_second_person_pence: int = Field(
        default=50_000,
        ge=0,
        le=100_000_000,
        description="An item that cost so much or more is scrapped only when a second person agrees. 0: every item.",
    )
    repair_limit_percent: int = Field(
        default=60,
        ge=1,
        le=1000,
        description="So much of what an item is still worth may all its repairs cost; beyond it the advice is to scrap "
        "it. The service's own choice, not the law's.",
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
    mhra_poll: bool = Field(
        default=False, description="The worker asks GOV.UK for new safety notices. The demonstration never does."
    )
    mhra_search_url: str = Field(
        default="https://www.gov.uk/api/search.json", description="GOV.UK's Search API: which notices there are."
    )
    mhra_content_url: str = Field(
        default="https://www.gov.uk/api/content", description="GOV.UK's Content API: what a notice says."
    )
    mhra_every_minutes: int = Field(default=60, ge=5, le=1440, description="How often GOV.UK is asked.")
    mhra_first_days: int = Field(
        default=90, ge=1, le=10_000, description="The first time, notices of so many days back are taken in."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines are written.")

    @property
    def polls_mhra(self) -> bool:
        """Whether GOV.UK is asked for safety notices."""
        return self.mhra_poll and not self.demonstration

    @property
    def public_addresses(self) -> tuple[str, ...]:
        """The addresses of the label pages; the first is printed."""
        return check_addresses(self.public_address)


def check_settings(settings: Settings) -> str:
    """The address of the database. Raises ValueError when a setting that the service cannot do without is missing."""
    if settings.database_url is None:
        raise ValueError("Set STORES_DATABASE_URL, or start with scripts/run, which brings a PostgreSQL of its own.")
    if settings.secret_key is None or len(settings.secret_key.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"Set STORES_SECRET_KEY to at least {SHORTEST_SECRET} random characters.")
    return settings.database_url
