"""Telling works over real sockets, keeps secrets, and is never waited for longer than was said."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from etl.clock import SystemClock
from etl.notify.notice import Ending, Notice
from etl.notify.ping import address_of
from etl.notify.tellers import SENDERS, Tellers, send
from etl.notify.trouble import NotToldError, late, words_of_answer
from etl.settings.notifier import SUBMITTER, Kind, MailServer, Notifier, Security, When
from etl.settings.secret import Secret
from tests.notify.listeners import closed_port, deaf_listener, http_listener, mail_listener
from tests.notify.test_wording import AT

NOTICE = Notice("etl run", 0, (Ending("visits.xlsx", 0),), AT, "vm", submitter="priya@example.com")
PASSWORD = "p4ss w0rd-very-secret"


def by(kind: Kind, address: str | None = None, **more: object) -> Notifier:
    made = Notifier("one", kind, When.BOTH, 1.0, address=Secret(address) if address else None)
    return replace(made, **more)  # type: ignore[arg-type]


def by_mail(port: int, security: Security = Security.NONE, *, host: str = "127.0.0.1", login: bool = False) -> Notifier:
    user, password = ("imports", Secret(PASSWORD)) if login else (None, None)
    return by(Kind.SMTP, mail=MailServer(host, port, security, "etl@example.com", (SUBMITTER,), user, password))


def why(notifier: Notifier, notice: Notice = NOTICE) -> str:
    with pytest.raises(NotToldError) as caught:
        send(notifier, notice)
    return caught.value.why


def test_every_kind_has_a_way() -> None:
    """None was forgotten."""
    assert set(SENDERS) == set(Kind)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.NONE])
def test_a_letter_over_each_kind_of_line(security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logged in, encrypted where that was asked for, with the head that keeps answering machines away."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with mail_listener(tls=tls, login=("imports", PASSWORD)) as listener:
        send(by_mail(listener.port, security, login=True), NOTICE)

    (letter,) = listener.letters
    assert (letter.is_encrypted, letter.login) == (security is Security.STARTTLS, ("imports", PASSWORD))
    assert (letter.sender, letter.to) == ("etl@example.com", ("priya@example.com",))
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message["Date"] == "Wed, 03 Jun 2026 18:30:00 +0000"
    assert letter.text.startswith("visits.xlsx: done, nothing to send\n")


@pytest.mark.parametrize("name", ["x" * 100, "दौरा " * 18], ids=["long", "in another script"])
def test_a_long_subject_arrives_as_it_is(name: str) -> None:
    """No blank at its start, and no encoded word longer than mail programs take (RFC 2047: 75)."""
    with mail_listener() as listener:
        send(by_mail(listener.port), replace(NOTICE, endings=(Ending(name, 0),)))

    (letter,) = listener.letters
    raw = letter.raw.partition(b"\r\n\r\n")[0].decode()
    assert letter.subject == f"[etl] {' '.join(f'{name}: done, nothing to send'.split())}"
    assert all(len(word) <= 75 for word in raw.split() if word.startswith("=?"))


def test_mail_servers_that_say_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in words, without the password even where the server repeats it."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with mail_listener(tls=tls, login=("imports", "another"), refused=frozenset({"priya@example.com"})) as listener:
        told = {
            "certificate": why(by_mail(listener.port, Security.STARTTLS)),
            "login": why(by_mail(listener.port, login=True)),
            "recipient": why(by_mail(listener.port)),
            "nobody": why(by_mail(listener.port), replace(NOTICE, submitter=None)),
        }
    with mail_listener(greeting="554 go away very-secret") as listener:
        told["open"] = why(by_mail(listener.port))
    with mail_listener() as listener:
        told["no starttls"] = why(by_mail(listener.port, Security.STARTTLS))

    assert told == {
        "certificate": "127.0.0.1: its TLS certificate is not accepted",
        "login": "127.0.0.1 does not accept user and password (535)",
        "recipient": "127.0.0.1 refuses priya@example.com (550): no such person",
        "nobody": "there is nobody to write to: nobody is said to have submitted the file. Say --submitted-by, or name an "
        "address in notify.one.to",
        "open": "127.0.0.1 answered 554: go away very-secret",
        "no starttls": '127.0.0.1: it does not offer STARTTLS. Where the way to it is safe, write security = "none"',
    }


def test_answers_that_repeat_a_secret() -> None:
    """A chat that says no may quote the address; what is said of it does not."""
    with http_listener() as listener:
        listener.answers["/T0/B0/tok-very-secret"] = (
            404,
            "no_service: tok-very-secret at /T0/B0/tok-very-secret\n" * 9,
            "",
        )
        told = why(by(Kind.SLACK, listener.at("/T0/B0/tok-very-secret")))

    assert told.startswith("127.0.0.1 answered 404: no_service: •••• at ••••")
    assert "secret" not in told
    assert len(told) < 200
    assert words_of_answer("key=abcd1234 x", ["https://h.example/p?key=abcd1234"]) == "•••• x"


UNREACHABLE: dict[str, tuple[Callable[[int], Notifier], str]] = {
    "web, nobody there": (
        lambda port: by(Kind.WEBHOOK, f"http://127.0.0.1:{port}/very-secret"),
        "127.0.0.1: connection refused",
    ),
    "web, no such host": (
        lambda _: by(Kind.WEBHOOK, "http://no-such-host.invalid/very-secret"),
        "no-such-host.invalid: there is no such host, or it cannot be looked up",
    ),
    "web, no TLS there": (
        lambda _: by(Kind.TEAMS, "https://127.0.0.1:{http}/very-secret"),
        "127.0.0.1: no TLS connection could be made",
    ),
    "mail, nobody there": (by_mail, "127.0.0.1: connection refused"),
    "mail, no such host": (
        lambda port: by_mail(port, host="no-such-host.invalid"),
        "no-such-host.invalid: there is no such host, or it cannot be looked up",
    ),
    "not read": (lambda _: by(Kind.SLACK, problem="TEAMS_URL is not set."), "TEAMS_URL is not set."),
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_those_who_cannot_be_reached(name: str) -> None:
    """The reason in a few words that hold the host, and nothing of the address behind it."""
    make, expected = UNREACHABLE[name]
    notifier = make(closed_port())
    if notifier.address is not None and "{http}" in notifier.address.reveal():
        with http_listener() as listener:
            told = why(replace(notifier, address=Secret(notifier.address.reveal().format(http=listener.port))))
    else:
        told = why(notifier)

    assert told == expected


def test_one_that_hangs_holds_nobody_up() -> None:
    """Three messages each: who hangs is tried once, counts all, and the others have theirs; a ping is tried to its end."""
    clock = SystemClock()
    with deaf_listener() as deaf, http_listener() as listener:
        began = clock.monotonic()
        tellers = Tellers(
            [
                replace(by(Kind.WEBHOOK, f"http://127.0.0.1:{deaf}/x", timeout_seconds=0.3), name="deaf"),
                replace(by(Kind.PING, f"http://127.0.0.1:{deaf}/p", timeout_seconds=0.3), name="ping"),
                by(Kind.WEBHOOK, listener.at("/hook")),
            ],
            clock,
        )
        tellers.begun()
        for _ in range(3):
            tellers.tell(lambda _: NOTICE)
        tellers.ended(lambda _: NOTICE)
        problems = tellers.close()
        seconds = clock.monotonic() - began

    assert listener.paths == ["/hook"] * 3
    assert problems == (
        "notify.deaf (webhook) could not be told (3 messages): no answer within 0.3 seconds.",
        "notify.ping (ping) could not be told (2 messages): no answer within 0.3 seconds.",
    )
    assert seconds < 5


def test_who_hangs_is_tried_once_and_a_ping_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three messages one is tried; but the end of a command is told though its start was not taken."""
    tried: list[str] = []

    def hang(notifier: Notifier, _address: str, _notice: Notice) -> None:
        tried.append(notifier.kind)
        raise late(notifier)

    monkeypatch.setitem(SENDERS, Kind.WEBHOOK, hang)
    monkeypatch.setitem(SENDERS, Kind.PING, hang)
    tellers = Tellers([by(Kind.WEBHOOK, "x"), by(Kind.PING, "x")], SystemClock())
    for _ in range(3):
        tellers.tell(lambda _: NOTICE)
        tellers.ended(lambda _: NOTICE)
    problems = tellers.close()

    assert sorted(tried) == ["ping"] * 3 + ["webhook"]
    assert all("(3 messages)" in problem for problem in problems)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://hc-ping.com/uuid", "https://hc-ping.com/uuid/start"),
        ("https://hc-ping.com/uuid/", "https://hc-ping.com/uuid/start"),
        ("https://hc-ping.com/key/slug?create=1", "https://hc-ping.com/key/slug/start?create=1"),
    ],
)
def test_the_address_of_a_ping(address: str, expected: str) -> None:
    """One step more in the path, before the query."""
    assert address_of(address, "start") == expected


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what apprise loads
def test_other_services_through_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told by the library; where that fails, is not there, or knows no such address, that is said without the address."""
    with http_listener() as listener:
        send(by(Kind.APPRISE, f"json://127.0.0.1:{listener.port}/very-secret"), NOTICE)
    told = [
        why(by(Kind.APPRISE, address))
        for address in (f"json://127.0.0.1:{closed_port()}/very-secret", "no://such-secret")
    ]
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    told.append(why(by(Kind.APPRISE, "json://127.0.0.1/")))

    assert "visits.xlsx: done" in listener.posted[0].body
    assert told == [
        "apprise could not deliver it to json",
        "apprise does not know this kind of address",
        "apprise is not installed here. Run: pip install 'etl[apprise]'",
    ]
