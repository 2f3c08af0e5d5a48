"""`[notify]` is checked before anything is sent, and a secret that is not there just now keeps no import back."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.settings.notifier import Kind, Notifier, Security, When
from etl.settings.notifiers import load_notifiers
from tests.settings.conftest import Home

MAIL = '[notify.a]\nsmtp = "mail.example.com"\nfrom = "etl@example.com"\n'
ADDRESS = "https://hooks.example.com/very-secret"


def load(home: Home, text: str, **environ: str) -> tuple[Notifier, ...]:
    home.here.write_text(text, encoding="utf-8")
    return load_notifiers(environ, home.cwd, home.directories)


REFUSED = {
    "no table": ("notify = 3", "notify is no table"),
    "setting in the wrong place": ('[notify]\nwhn = "both"', "notify.whn: this is no setting. Did you mean when"),
    "two ways": ('[notify.a]\nslack = "https://x.y/z"\nping = "https://x.y/z"', "and there are slack and ping"),
    "no way": ('[notify.a]\nwhen = "both"', "and none stands there"),
    "misspelled": ('[notify.a]\nsmtp = "x"\npasword = "x"', "notify.a.pasword is no setting .* Did you mean password"),
    "when": (f'[notify.a]\nping = "{ADDRESS}"\nwhen = "allways"', '"allways" is none of success, attention, both'),
    "timeout": (f'[notify]\ntimeout = 0\n[notify.a]\nping = "{ADDRESS}"', "notify.timeout: .* from 1 to 60"),
    "show_values": (f'[notify.a]\nping = "{ADDRESS}"\nshow_values = "yes"', "write true or false"),
    "no address": ('[notify.a]\nping = "hc-ping.com/x"', "notify.a.ping: this is no web address"),
    "user in the address": ('[notify.a]\nping = "https://u:p@hc-ping.com/x"', "this is no web address"),
    "open line to a chat": ('[notify.a]\nslack = "http://hooks.example.com/very-secret"', "begins with http://"),
    "token on an open line": ('[notify.a]\nwebhook = "http://h.example.com/x"\ntoken = "t"', "sent over https only"),
    "spaces": ('[notify.a]\nteams = "https://x.example.com/a b"', "has spaces or odd signs"),
    "command in a foreign file": ('[notify.a]\nslack = {command = "pass x"}', "in your own settings file only"),
    "no way to a secret": ("[notify.a]\nslack = 7", "this is no address. Write a text"),
    "no mail server": ('[notify.a]\nsmtp = "smtp://x"\nfrom = "a@b.c"', "is no mail server"),
    "no sender": ('[notify.a]\nsmtp = "mail.example.com"', "say which address e-mail comes from"),
    "user alone": (MAIL + 'user = "x"', "user and password belong together"),
    "password on an open line": (MAIL + 'user = "x"\npassword = "y"\nsecurity = "none"', "not sent over an open line"),
    "no recipient": (MAIL + "to = []", "write a list of addresses"),
    "line in an address": (MAIL + 'to = ["a@b.c\\nBcc: x@y.z"]', "is no e-mail address"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused(home: Home, name: str) -> None:
    """With its place and the remedy, and never the secret."""
    text, why = REFUSED[name]

    with pytest.raises(UsageError, match=why) as caught:
        load(home, text)

    assert "very-secret" not in str(caught.value)


def test_what_stands_there(home: Home, tmp_path: Path) -> None:
    """Defaults, what [notify] says for all, and secrets by each way; none of them shows itself."""
    secret = tmp_path / "url"
    secret.write_text(f"{ADDRESS}\n", encoding="utf-8")
    secret.chmod(0o600)
    text = f"""
        [notify]
        timeout = 3
        [notify.office]
        slack = {{file = "{secret}"}}
        when = "both"
        [notify.hook]
        webhook = {{env = "HOOK"}}
        [notify.mail]
        smtp = "mail.example.com:465"
        user = "imports"
        password = {{env = "PASSWORD"}}
        from = "etl@example.com"
        to = ["submitter", "ops@example.com"]
    """
    office, hook, mail = load(home, text, HOOK=ADDRESS, PASSWORD="two words")

    assert (office.kind, office.when, office.timeout_seconds, office.shows_values) == (
        Kind.SLACK,
        When.BOTH,
        3.0,
        False,
    )
    assert (office.secrets, hook.secrets, mail.secrets) == ((ADDRESS,), (ADDRESS,), ("two words",))
    assert (hook.when, hook.problem) == (When.ATTENTION, None)
    assert mail.mail is not None
    assert (mail.mail.port, mail.mail.security, mail.mail.to) == (465, Security.TLS, ("submitter", "ops@example.com"))
    assert "very-secret" not in repr((office, hook, mail))
    assert "two words" not in repr(mail)


def test_a_secret_that_is_not_there_now(home: Home, tmp_path: Path) -> None:
    """A variable that is not set, a file that is gone, a variable with a wrong address: a problem to tell, no error."""
    ways = {"a": 'slack = {env = "A"}', "b": f'ping = {{file = "{tmp_path}/gone"}}', "c": 'teams = {env = "C"}'}
    text = "\n".join(f"[notify.{name}]\n{line}" for name, line in ways.items())
    problems = [one.problem for one in load(home, text, C="nonsense")]

    assert [str(problem).partition(": notify.")[2] for problem in problems] == [
        "a.slack: the environment variable A is not set. Set it to the address.",
        f"b.ping: there is no file {tmp_path}/gone. Correct the path.",
        "c.teams, variable C: this is no web address. Copy it again; it begins with https://.",
    ]


def test_nobody_is_told_without_settings(home: Home) -> None:
    """No file, and a file without [notify]."""
    assert load_notifiers({}, home.cwd, home.directories) == ()
    assert load(home, 'ledger = "l.db"') == ()


def test_the_example_of_the_manual(home: Home) -> None:
    """What docs/telling.md shows is taken, one notifier of each kind; its secrets are not there, which is told later."""
    page = (Path(__file__).parents[2] / "docs" / "telling.md").read_text("utf-8")
    found = load(home, page.partition("```toml\n")[2].partition("```")[0])

    assert {one.kind for one in found} == set(Kind)
    assert {one.name for one in found if one.problem is None} == {"program"}
