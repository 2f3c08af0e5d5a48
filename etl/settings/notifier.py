"""Who is told how an import ended, as frozen types. Addresses are secrets: whoever knows one can write to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.settings.secret import Secret

SUBMITTER = "submitter"
"""In a list of addresses: the person who submitted the file."""


class Kind(StrEnum):
    """By what way somebody is told."""

    WEBHOOK = "webhook"  # JSON, for a program
    SLACK = "slack"  # an incoming webhook of Slack
    TEAMS = "teams"  # a workflow of Microsoft Teams that takes a webhook
    PING = "ping"  # an address that is asked at start and end, and misses it where there is none
    SMTP = "smtp"  # e-mail
    APPRISE = "apprise"  # any other service, through the library of that name


class When(StrEnum):
    """Of which ends somebody is told."""

    SUCCESS = "success"  # exit code 0
    ATTENTION = "attention"  # any other
    BOTH = "both"

    def is_met(self, *, needs_attention: bool) -> bool:
        """Whether an end is one of these."""
        return self is When.BOTH or needs_attention is (self is When.ATTENTION)


class Security(StrEnum):
    """How the way to a mail server is kept from being read."""

    TLS = "tls"  # from the first byte, as on port 465 (RFC 8314)
    STARTTLS = "starttls"  # asked for before anything else is said (RFC 3207)
    NONE = "none"  # open: for a server on the same machine or network, without a password


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed in, by whom, and for whom. to: addresses, `SUBMITTER` among them; all ASCII."""

    host: str
    port: int
    security: Security
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Notifier:
    """One entry of `[notify]`.

    timeout_seconds: it may take so long, all in all. shows_values: values of cells go out as they are. address: None for
    e-mail, or where it could not be read; problem says why then. token: of a webhook, sent as `Authorization: Bearer`.
    origin: where the address comes from, in words.
    """

    name: str
    kind: Kind
    when: When
    timeout_seconds: float
    shows_values: bool = False
    address: Secret | None = None
    token: Secret | None = None
    mail: MailServer | None = None
    problem: str | None = None
    origin: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message, log or error may hold."""
        found = (self.address, self.token, self.mail.password if self.mail else None)
        return tuple(one.reveal() for one in found if one is not None)
