"""The text of the setting `host` into the address that requests go to.

The keys travel in the headers of each request, so what is not clearly a host is refused, and so is plain HTTP
to any machine but this one.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from etl.errors import UsageError
from etl.quoting import shown

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})+\Z")  # RFC 1123, with at least one dot
_EXPECTED = 'Write the API host alone, for example "api-in21.leadsquared.com"'


def parse_host(value: object, place: str) -> str:
    """The base URL for a bare host name, `https://host`, or (this machine only) `http://127.0.0.1:8080`.

    Raises:  UsageError — no text, no host, more than a host, or plain HTTP to another machine.
    """
    if not isinstance(value, str):
        raise UsageError(f"{place}: {shown(value)} is no text. {_EXPECTED}.")
    # urlsplit drops tabs and line breaks in silence, and a backslash is read as "/" by some and not by others.
    if not value.isascii() or not value.isprintable() or " " in value or "\\" in value:
        raise UsageError(f"{place}: the host holds a character that no host has. {_EXPECTED}.")
    parts = _split(value if "://" in value else f"https://{value}", place)
    _refuse_more_than_a_host(parts, place)
    name = _host_name(parts, place)
    _refuse_the_wrong_scheme(parts, is_bare="://" not in value, place=place)
    return f"{parts.scheme}://{name}{_port(parts)}"


def _split(url: str, place: str) -> SplitResult:
    """The parts of the address. Neither the address nor its user part is quoted: it may hold a key."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a wrong port shows only when asked for
    except ValueError:
        raise UsageError(f"{place}: this is no host with a port. {_EXPECTED}.") from None
    if parts.port == 0:
        raise UsageError(f"{place}: port 0 cannot be reached. Write the port that the server listens on.")
    return parts


def _refuse_more_than_a_host(parts: SplitResult, place: str) -> None:
    """User name, path and query may hold keys that somebody pasted, so they are named and not quoted."""
    if "@" in parts.netloc:
        raise UsageError(f"{place}: there is a user name before the host. Take it out, up to and including the @.")
    if parts.path not in {"", "/"}:
        raise UsageError(f"{place}: there is a path behind the host. Take it out, from the first / on.")
    if parts.query or parts.fragment:
        raise UsageError(f"{place}: there is a query behind the host. Take it out, from the ? or # on.")


def _host_name(parts: SplitResult, place: str) -> str:
    name = parts.hostname or ""
    if parts.scheme not in {"http", "https"}:
        raise UsageError(f"{place}: {shown(parts.scheme)}:// is not known. {_EXPECTED}.")
    if parts.netloc.endswith(":"):
        raise UsageError(f"{place}: the port behind {shown(name)} is missing. {_EXPECTED}.")
    if is_loopback(name):
        return f"[{name}]" if ":" in name else name
    if not _NAME.match(name):
        found = shown(name) if "." in name else "this"  # a text without a dot may be a key in the wrong place
        raise UsageError(f"{place}: {found} is no host name. {_EXPECTED}.")
    return name


def _refuse_the_wrong_scheme(parts: SplitResult, is_bare: bool, place: str) -> None:
    name = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(name):
        raise UsageError(
            f"{place}: http:// would send the keys in clear to {shown(name)}. Write https://{parts.netloc.lower()}; "
            "http:// is for a server on this machine only, such as http://127.0.0.1:8080."
        )
    if is_bare and is_loopback(name):
        raise UsageError(
            f"{place}: {shown(parts.netloc)} is this machine. Write the full address, "
            f"for example http://{parts.netloc.lower()}."
        )


def is_loopback(name: str) -> bool:
    """Whether a host name stays on this machine by itself: 127.0.0.0/8, ::1 or localhost."""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback and "%" not in name
    except ValueError:
        return False


def _port(parts: SplitResult) -> str:
    return f":{parts.port}" if parts.port is not None else ""
