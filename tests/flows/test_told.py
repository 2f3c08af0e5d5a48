"""An import that nobody watches: who is told, in which words, and what is left for who watches the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.flows.desk import Desk
from tests.flows.sheets import visit, visits, write
from tests.foreign.server import ForeignServer
from tests.notify.listeners import HttpListener, MailListener, closed_port, deaf_listener, http_listener, mail_listener

SLACK_PATH = "/services/T000/B000/sLaCk-t0ken-very-secret"
PASSWORD = "smtp p4ss-very-secret"


@pytest.fixture
def http() -> Iterator[HttpListener]:
    """Who takes webhooks, chats and pings."""
    with http_listener() as listener:
        yield listener


@pytest.fixture
def mail() -> Iterator[MailListener]:
    """Who takes letters."""
    with mail_listener() as listener:
        yield listener


def tell(desk: Desk, **notifiers: str) -> None:
    """Write `[notify]` into the settings file."""
    parts = [f"[notify.{name}]\n{lines}\n" for name, lines in notifiers.items()]
    (desk.folder / "etl.toml").write_text("\n".join(parts), encoding="utf-8")


def test_a_bad_row_is_told_to_everybody_in_the_right_words(
    desk: Desk, server: ForeignServer, http: HttpListener, mail: MailListener
) -> None:
    """Counts, what to correct with the values masked, where the failed file lies and the command; nothing secret anywhere."""
    desk.environ["SLACK_URL"] = http.at(SLACK_PATH)
    secret = desk.home / "teams.url"
    secret.write_text(http.at("/teams?sig=t34ms-very-secret"), encoding="utf-8")
    secret.chmod(0o600)
    tell(
        desk,
        office='slack = {env = "SLACK_URL"}',
        team=f'teams = {{file = "{secret}"}}\nshow_values = true',
        program=f'webhook = "{http.at("/hook")}"\ntoken = "tok-very-secret"',
        watch=f'ping = "{http.at("/ping/uuid?a=b")}"',
        mail=f'smtp = "{mail.server}"\nsecurity = "none"\nfrom = "etl@example.com"\nto = ["submitter", "ops@example.com"]',
        happy=f'webhook = "{http.at("/only-success")}"\nwhen = "success"',
    )
    sheet = write(desk.folder / "visits.csv", [*visits(3), visit(4, **{"Visited On": "31/02/2026 10:00"})])

    ended = desk.run(sheet, "-q", "--submitted-by", "priya@example.com", "--log-file", "etl.log")

    assert ended.code == 4
    assert http.paths[0] == "/ping/uuid/start?a=b"
    assert sorted(http.paths[1:]) == sorted(["/ping/uuid/4?a=b", "/hook", SLACK_PATH, "/teams?sig=t34ms-very-secret"])
    (letter,) = mail.letters
    assert letter.to == ("priya@example.com", "ops@example.com")
    assert letter.subject == "[etl] visits.csv: 1 row to correct"
    failed = desk.folder / "visits.failed.csv"
    for words in (
        "run 1, account env, mapping visits\n",
        "  3 created\n  1 invalid\n  4 data rows in all\n",
        'B5: "••/••/•••• ••:••" is no date and time',
        f"To correct: {failed}\n",
        f"Command:    etl run {failed} -m {desk.folder / 'visits.yaml'}\n",
        "Values of cells are masked",
    ):
        assert words in letter.text
    assert "31/02" not in letter.text + http.body_of("/hook") + http.body_of(SLACK_PATH) + http.body_of(
        "/ping/uuid/4?a=b"
    )
    assert "31/02/2026" in http.body_of("/teams?sig=t34ms-very-secret")
    hook = json.loads(http.body_of("/hook"))
    assert (hook["exit_code"], hook["inputs"][0]["rows"]) == (4, {"created": 3, "invalid": 1})
    assert hook["inputs"][0]["failed"] == str(failed)
    (posted,) = [one for one in http.posted if one.path == "/hook"]
    assert posted.headers["Authorization"] == "Bearer tok-very-secret"
    files = b"".join(
        content for path, content in desk.bytes_of_all_files().items() if path.name not in {"etl.toml", "teams.url"}
    )
    assert b"very-secret" not in files + ended.said.encode()


def test_dead_notifiers_change_nothing_but_are_said(desk: Desk, server: ForeignServer, http: HttpListener) -> None:
    """Refusing, hanging and unset ones: the rows are in, exit code 0, each has its line even with -q; the living are told."""
    with ExitStack() as stack:
        deaf = stack.enter_context(deaf_listener())
        tell(
            desk,
            gone=f'slack = "http://127.0.0.1:{closed_port()}{SLACK_PATH}"\nwhen = "both"',
            deaf=f'webhook = "http://127.0.0.1:{deaf}/x-very-secret"\nwhen = "both"\ntimeout = 1',
            mute=f'smtp = "127.0.0.1:{deaf}"\nfrom = "etl@example.com"\nto = "ops@example.com"\nwhen = "both"\ntimeout = 1',
            unset='teams = {env = "TEAMS_URL"}\nwhen = "both"',
            moved=f'webhook = "{http.at("/old")}"\nwhen = "both"',
            alive=f'webhook = "{http.at("/hook")}"\nwhen = "both"',
        )
        http.answers["/old"] = (302, "", "http://127.0.0.1:1/new")
        sheet = write(desk.folder / "visits.csv", visits(2))

        ended = desk.run(sheet, "-q", "--log-file", "etl.log")

    assert (ended.code, ended.out, len(server.activities)) == (0, "", 2)
    lines = ended.err.splitlines()
    assert lines == [
        "notify.gone (slack) could not be told: 127.0.0.1: connection refused.",
        "notify.deaf (webhook) could not be told: no answer within 1 seconds.",
        "notify.mute (smtp) could not be told: no answer within 1 seconds.",
        f"notify.unset (teams) could not be told: {desk.folder / 'etl.toml'}: notify.unset.teams: the environment variable "
        "TEAMS_URL is not set. Set it to the address.",
        "notify.moved (webhook) could not be told: 127.0.0.1 answers that the address is another one by now (302). Write "
        "the new one in the settings.",
    ]
    log = (desk.folder / "etl.log").read_text("utf-8")
    assert all(line in log for line in lines)
    assert json.loads(http.body_of("/hook"))["subject"] == "visits.csv: done, 2 rows sent"


def test_what_watchers_of_the_machine_find(desk: Desk, server: ForeignServer) -> None:
    """Heartbeat and metrics tell the end and its code; the JSON log names run, account and chunk; -q says nothing at all."""
    sheet = write(desk.folder / "visits.csv", visits(30))
    options = ("--heartbeat", "beat.json", "--metrics", "etl.prom", "--log-file", "log.jsonl", "--log-json")

    ended = desk.run(sheet, "-q", *options)
    first = (desk.folder / "etl.prom").read_text("utf-8").splitlines()
    second = desk.run("missing.csv", "-q", "--metrics", "etl.prom", "--heartbeat", "beat.json")

    assert (ended.code, ended.said) == (0, "")
    lines = [json.loads(line) for line in (desk.folder / "log.jsonl").read_text("utf-8").splitlines()]
    assert {(one["run"], one["account"]) for one in lines if one["chunk"]} == {(1, "env")}
    assert len({one["chunk"] for one in lines if one["chunk"]}) == 2
    assert lines[-1]["run"] == 1
    assert all(one["level"] == "info" and one["at"] for one in lines)
    metrics = (desk.folder / "etl.prom").read_text("utf-8").splitlines()
    own = 'account="env",mapping="visits"'
    assert f'etl_last_run_rows{{{own},outcome="created"}} 30' in first
    assert f"etl_last_run_requests{{{own}}} 2" in first
    assert second.code == 2
    assert f"etl_last_run_exit_code{{{own}}} 0" in first
    assert f"etl_last_run_exit_code{{{own}}} 2" in metrics
    (success,) = [line for line in metrics if line.startswith("etl_last_success_timestamp_seconds")]
    (end,) = [line for line in metrics if line.startswith("etl_last_run_end_timestamp_seconds")]
    assert float(success.split()[-1]) < float(end.split()[-1])
    beat = json.loads((desk.folder / "beat.json").read_text("utf-8"))
    assert (beat["state"], beat["exit_code"], beat["command"]) == ("ended", 2, "etl run")


def test_a_night_is_told_file_by_file(
    desk: Desk, server: ForeignServer, http: HttpListener, mail: MailListener
) -> None:
    """Each file to its own submitter, the missing one to the team, one ping for the night; the second night tells nothing."""
    inbox = desk.folder / "night" / "inbox"
    inbox.mkdir(parents=True)
    (desk.folder / "visits.yaml").rename(inbox.parent / "visits.yaml")
    route = "    files: {name}*.csv\n    mapping: visits.yaml\n    submitter: {name}@example.com\n"
    routes = "".join(f"  {name.title()}:\n{route.format(name=name)}" for name in ("nagpur", "pune", "goa"))
    (inbox.parent / "routes.yaml").write_text(
        f"version: 1\ntime_zone: Asia/Kolkata\nsettle: 0s\nroutes:\n{routes}    expected: daily by 00:00\n", "utf-8"
    )
    tell(
        desk,
        mail=f'smtp = "{mail.server}"\nsecurity = "none"\nfrom = "etl@example.com"\nwhen = "both"',
        watch=f'ping = "{http.at("/p")}"',
        team=f'slack = "{http.at("/slack")}"',
    )
    write(inbox / "nagpur.csv", visits(2))
    write(inbox / "pune.csv", [visit(3), visit(4, Remarks="")])

    first = desk.etl("inbox", "night", "-q", "--metrics", "etl.prom")
    second = desk.etl("inbox", "night", "-q")

    assert (first.code, second.code, second.said) == (4, 0, "")
    told = {letter.to: letter.subject for letter in mail.letters}
    assert told[("nagpur@example.com",)] == "[etl] nagpur.csv: done, 2 rows sent"
    assert told[("pune@example.com",)] == "[etl] pune.csv: 1 row to correct"
    assert told[("goa@example.com",)].startswith("[etl] No file from Goa on ")
    assert len(mail.letters) == 3
    (letter,) = [one for one in mail.letters if "pune" in one.subject]
    (failed,) = inbox.parent.glob("attention/*/*/pune.failed.csv")
    assert f"To correct: {failed}\n" in letter.text
    assert f"Command:    etl run {failed} -m {inbox.parent / 'visits.yaml'}\n" in letter.text
    slack = [json.loads(one.body)["text"].splitlines()[0] for one in http.posted if one.path == "/slack"]
    assert slack == ["pune.csv: 1 row to correct", told[("goa@example.com",)].removeprefix("[etl] ")]
    assert [path for path in http.paths if path != "/slack"] == ["/p/start", "/p/4", "/p/start", "/p/0"]
    assert 'etl_last_run_exit_code{account="",mapping=""} 4' in (desk.folder / "etl.prom").read_text("utf-8")
