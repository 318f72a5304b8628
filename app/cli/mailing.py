"""Which way messages are sent, from the settings."""

from app.domain.email_addresses import check_email
from app.integrations.mail import Mailer, NullMailer
from app.integrations.mail_notify import NotifyMailer
from app.integrations.mail_smtp import SmtpMailer
from app.settings import Settings


class NoMailSet(Exception):
    """A setting that the chosen way of sending needs is missing or wrong."""


def mailer_of(settings: Settings) -> Mailer:
    """The way that STORES_MAIL names; the demonstration never sends anything. Raises NoMailSet."""
    if settings.demonstration or settings.mail == "none":
        return NullMailer()
    return _smtp(settings) if settings.mail == "smtp" else _notify(settings)


def _smtp(settings: Settings) -> SmtpMailer:
    try:
        sender = check_email(settings.mail_from)
    except ValueError as error:
        raise NoMailSet(f"Set STORES_MAIL_FROM to the address that messages come from. {error}") from error
    return SmtpMailer(
        host=settings.mail_host,
        port=settings.mail_port,
        sender=sender,
        user=settings.mail_user,
        password=settings.mail_password,
        tls=settings.mail_tls,
    )


def _notify(settings: Settings) -> NotifyMailer:
    if settings.notify_api_key is None or not settings.notify_template_id:
        raise NoMailSet("Set STORES_NOTIFY_API_KEY and STORES_NOTIFY_TEMPLATE_ID.")
    try:
        return NotifyMailer(settings.notify_api_key, settings.notify_template_id, settings.notify_url)
    except ValueError as error:
        raise NoMailSet(str(error)) from error
