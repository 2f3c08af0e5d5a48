"""What the settings of a notifier may be: addresses, tokens, mail servers. No message quotes a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from etl.errors import UsageError
from etl.quoting import shown
from etl.settings.host import is_loopback
from etl.settings.notifier import SUBMITTER, Kind, Security
from etl.settings.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias, TypeGuard

    Check: TypeAlias = Callable[[str, str], Secret]

_LONGEST_SECRET = 2000
_TLS_PORT, _SUBMISSION_PORT = 465, 587  # RFC 8314, RFC 6409
_SERVER = re.compile(r"(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?")
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.\-\[\]:]{1,255}")


def is_email(text: str) -> bool:
    """Whether a text can stand as the address of a letter: one address, in ASCII, that cannot add lines to its head."""
    return _EMAIL.fullmatch(text) is not None and not set(text) & set('<>()[]\\,;:"')


def comes_from_elsewhere(value: object) -> TypeGuard[dict[str, str]]:
    """Whether a secret is named as a variable, file or command."""
    ways = {"env", "file", "command"}
    return isinstance(value, dict) and len(value) == 1 and set(value) <= ways and all(map(_is_text, value.values()))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def checked_text(text: str, place: str) -> Secret:
    """A password or token. White space around it is refused rather than taken off: it was pasted carelessly."""
    if not text or text != text.strip() or not text.isprintable() or len(text) > _LONGEST_SECRET:
        raise UsageError(
            f"{place}: this is empty, too long, or has white space around or line breaks in it. Correct it."
        )
    return Secret(text)


def checked_address(kind: Kind) -> Check:
    """What accepts the address of a kind. No message quotes one: it is a secret."""

    def check(text: str, place: str) -> Secret:
        if not text or any(not "!" <= sign <= "~" for sign in text) or len(text) > _LONGEST_SECRET:
            raise UsageError(f"{place}: this is no address: it is empty, too long, or has spaces or odd signs in it.")
        if kind is Kind.APPRISE:
            if "://" not in text:
                raise UsageError(f"{place}: this is no address of apprise. Write one as its pages have it: service://…")
            return Secret(text)
        try:
            parts = urlsplit(text)
            is_whole = bool(parts.hostname) and parts.port != 0 and not parts.fragment
        except ValueError:
            is_whole = False
        if not is_whole or parts.scheme not in {"https", "http"} or "@" in parts.netloc:
            raise UsageError(f"{place}: this is no web address. Copy it again; it begins with https://.")
        secret = Secret(text)
        if kind in {Kind.SLACK, Kind.TEAMS} and not is_kept_private(secret):
            raise UsageError(
                f"{place}: the address begins with http://, which anybody on the way can read. Write https://."
            )
        return secret

    return check


def is_kept_private(address: Secret) -> bool:
    """Whether nobody on the way reads what is sent there."""
    parts = urlsplit(address.reveal())
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def parse_server(value: object, place: str) -> tuple[str, int]:
    """`mail.example.com:587` as host and port."""
    found = _SERVER.fullmatch(value) if isinstance(value, str) else None
    port = int(found["port"] or _SUBMISSION_PORT) if found else 0
    if found is None or not 0 < port <= 65535:
        raise UsageError(
            f'{place}: {shown(value)} is no mail server. Write its name, with the port, like "mail.example.com:587".'
        )
    return found["host"].strip("[]"), port


def parse_security(value: object, port: int, place: str) -> Security:
    if value is None:
        return Security.TLS if port == _TLS_PORT else Security.STARTTLS
    if not isinstance(value, str) or value not in tuple(Security):
        raise UsageError(f"{place}: {shown(value)} is none of {', '.join(Security)}. Write one of them.")
    return Security(value)


def parse_recipients(value: object, place: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise UsageError(f'{place}: write a list of addresses, like ["{SUBMITTER}", "operations@example.com"].')
    for one in listed:
        if one != SUBMITTER and (not isinstance(one, str) or not is_email(one)):
            raise UsageError(
                f'{place}: {shown(one)} is no e-mail address. Write addresses, and "{SUBMITTER}" for the person who '
                "submitted the file."
            )
    return tuple(dict.fromkeys(listed))
