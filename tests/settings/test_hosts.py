"""The keys go only to what is clearly a host, and never in clear to another machine."""

from __future__ import annotations

import pytest

from etl.errors import UsageError
from etl.settings.host import parse_host

ACCEPTED = {
    "bare": ("api-in21.leadsquared.com", "https://api-in21.leadsquared.com"),
    "https": ("https://api-in21.leadsquared.com", "https://api-in21.leadsquared.com"),
    "slash-at-the-end": ("https://api.leadsquared.com/", "https://api.leadsquared.com"),
    "capitals": ("HTTPS://API.LeadSquared.com", "https://api.leadsquared.com"),
    "port": ("gateway.example.com:8443", "https://gateway.example.com:8443"),
    "loopback": ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    "loopback-elsewhere": ("http://127.9.9.9:80", "http://127.9.9.9:80"),
    "loopback-by-name": ("http://localhost:8080", "http://localhost:8080"),
    "loopback-v6": ("http://[::1]:8080", "http://[::1]:8080"),
    "loopback-over-tls": ("https://localhost", "https://localhost"),
}

NOT_A_HOST = {
    "empty": ("", "this is no host name"),
    "one-word": ("india", "this is no host name"),
    "key-in-the-wrong-place": ("u$r0123456789", "this is no host name"),
    "underscore": ("api_in21.leadsquared.com", '"api_in21.leadsquared.com" is no host name'),
    "two-dots": ("api..leadsquared.com", '"api..leadsquared.com" is no host name'),
    "hyphen-first": ("-api.leadsquared.com", '"-api.leadsquared.com" is no host name'),
    "too-long": (("a" * 60 + ".") * 5 + "com", "is no host name"),
    "space-inside": ("api .leadsquared.com", "holds a character that no host has"),
    "space-behind": ("api.leadsquared.com ", "holds a character that no host has"),
    "line-break": ("api.leadsquared\n.com", "holds a character that no host has"),
    "tab": ("api.lead\tsquared.com", "holds a character that no host has"),
    "backslash": ("http://127.0.0.1\\@evil.example.com", "holds a character that no host has"),
    "look-alike": ("аpi.leadsquared.com", "holds a character that no host has"),  # Cyrillic а
    "path": ("api.leadsquared.com/v2", "there is a path behind the host. Take it out, from the first / on."),
    "path-with-scheme": ("https://api.leadsquared.com/v2/", "there is a path behind the host"),
    "query": ("https://api.leadsquared.com?accessKey=k1", "there is a query behind the host"),
    "fragment": ("https://api.leadsquared.com#top", "there is a query behind the host"),
    "user": ("https://me:k1@api.leadsquared.com", "there is a user name before the host"),
    "user-that-looks-like-loopback": ("http://127.0.0.1@evil.example.com", "there is a user name before the host"),
    "other-scheme": ("ftp://api.leadsquared.com", '"ftp":// is not known'),
    "port-no-number": ("api.leadsquared.com:https", "this is no host with a port"),
    "port-too-large": ("api.leadsquared.com:70000", "this is no host with a port"),
    "port-zero": ("http://127.0.0.1:0", "port 0 cannot be reached"),
    "port-missing": ("api.leadsquared.com:", 'the port behind "api.leadsquared.com" is missing'),
    "bracket-open": ("http://[::1", "this is no host with a port"),
    "plain-http": (
        "http://api.leadsquared.com",
        'http:// would send the keys in clear to "api.leadsquared.com". Write https://api.leadsquared.com; '
        "http:// is for a server on this machine only, such as http://127.0.0.1:8080.",
    ),
    "plain-http-in-the-local-network": ("http://10.0.0.7:8080", "http:// would send the keys in clear"),
    "plain-http-to-any-address": ("http://0.0.0.0:8080", "http:// would send the keys in clear"),
    "plain-http-loopback-as-prefix": ("http://127.0.0.1.example.com", "http:// would send the keys in clear"),
    "plain-http-localhost-as-prefix": ("http://localhost.example.com", "http:// would send the keys in clear"),
    "loopback-without-scheme": (
        "127.0.0.1:8080",
        '"127.0.0.1:8080" is this machine. Write the full address, for example http://127.0.0.1:8080.',
    ),
    "localhost-without-scheme": ("localhost:8080", "Write the full address, for example http://localhost:8080."),
}


@pytest.mark.parametrize(("text", "base_url"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_hosts_become_base_urls(text: str, base_url: str) -> None:
    """A host alone, or with https, or http on this machine, becomes the address that requests go to."""
    assert parse_host(text, "LSQ_HOST") == base_url


@pytest.mark.parametrize(("text", "message"), NOT_A_HOST.values(), ids=NOT_A_HOST.keys())
def test_what_is_not_clearly_a_host_is_refused(text: str, message: str) -> None:
    """Anything else is refused, naming the place; what may hold a key is not quoted."""
    with pytest.raises(UsageError) as caught:
        parse_host(text, "LSQ_HOST")

    assert caught.value.message.startswith("LSQ_HOST: ")
    assert message in caught.value.message
    assert "k1" not in caught.value.message
    assert "u$r0" not in caught.value.message
