"""Who is told of a run, by mail or by a webhook, and of what: as the settings give it."""

from dataclasses import dataclass
from typing import Final, Literal

Event = Literal["failure", "refusal", "late", "quarantine"]
FAILURE: Final[Event] = "failure"
REFUSAL: Final[Event] = "refusal"
LATE: Final[Event] = "late"
QUARANTINE: Final[Event] = "quarantine"
Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True)
class Addressees:
    """Nobody is told anything unless smtp_host or webhook_url is set.

    on: what is told: failure (the machine or the program, a killed run too), refusal (nothing was published), late (a
    source is late), quarantine (a file that was dropped was put aside). late_months: by how many months at least.
    email_to: addresses. email_from: the address that messages come from. smtp_host, smtp_port: where the mail server
    that takes them listens. smtp_security: starttls, tls, or none inside a network that you trust. smtp_user,
    smtp_password: where the server asks for them.
    webhook_url: receives a JSON object by POST. timeout_seconds: how long either may take to answer.
    """

    on: tuple[Event, ...] = (FAILURE, REFUSAL, LATE, QUARANTINE)
    late_months: int = 1
    email_to: tuple[str, ...] = ()
    email_from: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Security = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    webhook_url: str = ""
    timeout_seconds: int = 10

    def __post_init__(self) -> None:  # noqa: D105
        if self.smtp_host and not (self.email_to and self.email_from):
            raise ValueError("smtp_host needs email_to and email_from")
        if any("@" not in address or not address.isprintable() for address in (*self.email_to, self.email_from or "@")):
            raise ValueError("email_to and email_from must be addresses, as operator@example.fr")
        if self.smtp_password and self.smtp_security == "none":
            raise ValueError("smtp_password would be sent in clear: set smtp_security to starttls or tls")
        if self.webhook_url and not self.webhook_url.startswith(("https://", "http://")):
            raise ValueError("webhook_url must start with https:// or http://")
        if self.timeout_seconds < 1 or self.late_months < 1:
            raise ValueError("timeout_seconds and late_months must be 1 or more")
